#include "agents/team/tool_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "agents/team/decode.hpp"
#include "tools/http_request.hpp"
#include "tools/render.hpp"

namespace convoke::agents {
namespace {

using Shape = Node::Shape;

// Tools that every agent has by itself, to speak to agents and people.
const std::vector<std::string> reserved{"ask_human", "chat_with_agent", "contact_human", "end_step"};
// Keys that go with one kind alone.
const std::vector<std::string> template_keys{"response", "data", "fail", "delay_ms", "journal"};
const std::vector<std::string> http_keys{"url", "method", "headers"};

bool fits(const Node& value, std::string_view type) {
  switch (value.shape) {
    case Shape::nothing: return false;
    case Shape::boolean: return type == "boolean";
    case Shape::integer: return type == "integer" || type == "number";
    case Shape::number: return type == "number";
    case Shape::text: return type == "string";
    case Shape::list: return type == "list";
    case Shape::map: return type == "object";
  }
  return false;
}

/// Where the braces of a text stand in the file, by their bytes in the text.
using Braces = std::map<std::size_t, Mark>;

class ToolRules {
 public:
  ToolRules(std::string_view file_text, Mistakes& mistakes) : file_text_(file_text), mistakes_(mistakes) {}

  void check(const Node& tool) {
    if (const Node* name = text_of(tool, "name"); name && std::ranges::find(reserved, name->text) != reserved.end())
      report(name->mark, fmt::format("expected another name for a tool: every agent has {} by itself", quote(name->text)));
    const auto parameters = items_of(tool, "parameters");
    check_unique(parameters, "name", "parameter", mistakes_);
    for (const Node* parameter : parameters) check_parameter(*parameter);
    const Node *failure = tool.find("fail"), *journal = tool.find("journal");
    if (failure && journal && journal->is(Shape::boolean) && !journal->boolean)
      report(failure->mark, "expected journal: true with fail: failures are counted in the journal");
    check_kind(tool);
  }

 private:
  void check_kind(const Node& tool) {
    const Node* kind = text_of(tool, "kind");
    if (!tool.is(Shape::map) || (tool.find("kind") && (!kind || !kind->sound))) return;
    const bool is_http = kind && kind->text == "http";
    if (!kind && tool.find("url") && !tool.find("response"))
      return report(place_of_key(tool, "url"), "expected \"kind: http\" in a tool that has a url");
    for (const auto& key : is_http ? template_keys : http_keys)
      if (tool.find(key))
        report(place_of_key(tool, key), fmt::format("expected no {} in a tool of kind {}", key, is_http ? "http" : "template"));
    const std::string_view needed = is_http ? "url" : "response";
    if (!tool.find(needed)) report(tool.mark, fmt::format("expected the key {} in an entry of tools", quote(needed)));
    if (is_http)
      check_http(tool);
    else
      check_response(tool);
  }

  static Mark place_of_key(const Node& map, std::string_view key) {
    const auto found = std::ranges::find(map.entries, key, &Entry::key);
    return found == map.entries.end() ? map.mark : found->mark;
  }

  void check_http(const Node& tool) {
    const auto mistakes = tools::check_http(decode_tool(tool));
    if (mistakes.empty()) return;
    const Node* url = text_of(tool, "url");
    const auto braces = url ? braces_of(*url) : Braces();
    for (const auto& mistake : mistakes)
      if (const auto place = place_of_http(tool, mistake, braces))
        report(*place, fmt::format("expected {}, found {}", mistake.expected, quote(mistake.where)));
  }

  // Nothing where what is concerned is not there, or not as it should be: that has been said.
  std::optional<Mark> place_of_http(const Node& tool, const tools::HttpMistake& mistake, const Braces& braces) const {
    using In = tools::HttpMistake::In;
    if (mistake.in == In::url || mistake.in == In::placeholder) {
      const Node* url = text_of(tool, "url");
      if (!url || !url->sound) return std::nullopt;
      if (mistake.in == In::url) return url->mark;
      return knows_parameters(tool) ? std::optional(place_of(*url, mistake.at, braces)) : std::nullopt;
    }
    const auto& headers = tool.find("headers")->entries;
    const auto& header = *std::ranges::find(headers, mistake.header, &Entry::key);
    if (mistake.in == In::header_value && !header.value->sound) return std::nullopt;
    return mistake.where == header.key ? header.mark : header.value->mark;
  }

  static bool knows_parameters(const Node& tool) {
    const Node* parameters = tool.find("parameters");
    if (parameters && !parameters->is(Shape::list)) return false;
    return std::ranges::all_of(items_of(tool, "parameters"), [](const Node* one) { return text_of(*one, "name") != nullptr; });
  }

  void report(const Mark& mark, std::string message) { mistakes_.push_back({mark, std::move(message)}); }

  void check_parameter(const Node& parameter) {
    const Node *type_node = text_of(parameter, "type"), *items = parameter.find("items"), *required = parameter.find("required");
    const Node *value = parameter.find("default"), *choices = parameter.find("enum");
    const std::string type = type_node ? type_node->text : "string";
    if (type_node && !type_node->sound) return;
    if (items && type != "list") report(items->mark, fmt::format("expected items only for type list, found type {}", type));
    if (value && !fits(*value, type)) report(value->mark, fmt::format("expected a default of type {}, found {}", type, found(*value)));
    if (value && required && required->is(Shape::boolean) && required->boolean)
      report(required->mark, "expected no required: true beside a default");
    if (!choices) return;
    std::vector<std::string> texts;
    for (const auto& choice : choices->items) {
      texts.push_back(choice->text);
      if (!fits(*choice, type)) report(choice->mark, fmt::format("expected values of type {} in enum, found {}", type, found(*choice)));
    }
    const bool scalar = type != "list" && type != "object";
    if (value && scalar && fits(*value, type) && std::ranges::find(texts, value->text) == texts.end())
      report(value->mark, fmt::format("expected a default that is in enum ({}), found {}", joined(texts), found(*value)));
  }

  void check_response(const Node& tool) {
    const Node *response = text_of(tool, "response"), *data = tool.find("data");
    if (!response || !response->sound || !knows_parameters(tool) || (data && !data->is(Shape::map))) return;
    const auto mistakes = tools::check_placeholders(decode_tool(tool));
    if (mistakes.empty()) return;
    const auto braces = braces_of(*response);
    for (const auto& bad : mistakes)
      report(place_of(*response, bad.at, braces), fmt::format("expected {}, found {}", bad.expected, quote(bad.written)));
  }

  // Of the text as a whole where the brace is not in the file as one: it may be written as an escape.
  static Mark place_of(const Node& text, std::size_t brace, const Braces& braces) {
    const auto found = braces.find(brace);
    return found == braces.end() ? text.mark : found->second;
  }

  // All of a text, found in the file in the same order, whatever becomes of what is between them.
  Braces braces_of(const Node& text) const {
    constexpr std::string_view braces = "{}";
    Braces places;
    if (text.mark.line == 0) return places;
    const auto begin = begin_of(text), end = end_of(begin);
    auto line = text.mark.line + std::ranges::count(file_text_.substr(text.mark.offset, begin - text.mark.offset), '\n');
    auto line_begin = file_text_.substr(0, begin).rfind('\n') + 1;  // also in the first line
    auto brace = text.text.find_first_of(braces);
    for (auto at = begin; at < end && brace != std::string::npos; ++at) {
      if (file_text_[at] == '\n') ++line, line_begin = at + 1;
      if (!braces.contains(file_text_[at])) continue;
      if (file_text_[at] == text.text[brace]) places[brace] = {static_cast<int>(line), static_cast<int>(at - line_begin) + 1, at};
      brace = text.text.find_first_of(braces, brace + 1);
    }
    return places;
  }

  // Behind what may stand before the text itself: anchors, tags, comments, and the line of a block's `|` or `>`.
  std::size_t begin_of(const Node& text) const {
    constexpr std::string_view blanks = " \t\r\n", before = "&!#|>";
    auto at = text.mark.offset;
    while (at < file_text_.size() && (blanks.contains(file_text_[at]) || before.contains(file_text_[at]))) {
      const bool is_word = file_text_[at] == '&' || file_text_[at] == '!', is_block = file_text_[at] == '|' || file_text_[at] == '>';
      at = blanks.contains(file_text_[at]) ? at + 1 : file_text_.find_first_of(is_word ? blanks : "\n", at);
      if (is_block) break;
    }
    return std::min(at, file_text_.size());
  }

  // Only between double quotes can a brace be written in another way, so that what follows the text must not be taken for it.
  std::size_t end_of(std::size_t begin) const {
    if (begin == file_text_.size() || file_text_[begin] != '"') return file_text_.size();
    auto at = begin + 1;
    while (at < file_text_.size() && file_text_[at] != '"') at += file_text_[at] == '\\' ? 2 : 1;
    return std::min(at, file_text_.size());
  }

  std::string_view file_text_;
  Mistakes& mistakes_;
};

}  // namespace

std::vector<const Node*> items_of(const Node& map, std::string_view key) {
  std::vector<const Node*> items;
  if (const Node* list = map.find(key))
    for (const auto& item : list->items) items.push_back(item.get());
  return items;
}

const Node* text_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  return node && node->is(Shape::text) ? node : nullptr;
}

std::vector<std::string> names_in(const std::vector<const Node*>& nodes, std::string_view key, bool& complete) {
  std::vector<std::string> names;
  for (const Node* node : nodes) {
    const Node* name = text_of(*node, key);
    if (name && name->sound)
      names.push_back(name->text);
    else
      complete = false;
  }
  return names;
}

void check_unique(const std::vector<const Node*>& nodes, std::string_view key, std::string_view what, Mistakes& mistakes) {
  std::map<std::string_view, int> lines;
  for (const Node* node : nodes) {
    const Node* name = text_of(*node, key);
    if (!name || !name->sound) continue;
    const auto [first, added] = lines.emplace(name->text, name->mark.line);
    if (added) continue;
    mistakes.push_back(
        {name->mark, fmt::format("expected another {}: the {} {} is already in line {}", key, what, quote(name->text), first->second)});
  }
}

void check_tool_rules(const Node& tool, std::string_view file_text, Mistakes& mistakes) { ToolRules(file_text, mistakes).check(tool); }

}  // namespace convoke::agents
