#include "agents/team/tool_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

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
    if (!tool.find(needed)) return report(tool.mark, fmt::format("expected the key {} in an entry of tools", quote(needed)));
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
    const Node *url = text_of(tool, "url"), *headers = tool.find("headers"), *parameters = tool.find("parameters");
    bool known = url && url->sound && (!headers || headers->sound) && !(parameters && !parameters->is(Shape::list));
    for (const Node* parameter : items_of(tool, "parameters")) known &= text_of(*parameter, "name") != nullptr;
    if (!known) return;
    for (const auto& mistake : tools::check_http(decode_tool(tool)))
      report(place_of_http(tool, mistake.where), fmt::format("expected {}, found {}", mistake.expected, quote(mistake.where)));
  }

  // A header by its name or its value; else it is the URL, or a piece of it.
  Mark place_of_http(const Node& tool, const std::string& where) const {
    if (const Node* headers = tool.find("headers")) {
      for (const auto& entry : headers->entries) {
        if (entry.key == where) return entry.mark;
        if (entry.value->text == where) return entry.value->mark;
      }
    }
    return place_of(*tool.find("url"), where);
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
    const Node *response = text_of(tool, "response"), *parameters = tool.find("parameters"), *data = tool.find("data");
    bool known = !(parameters && !parameters->is(Shape::list)) && !(data && !data->is(Shape::map));
    for (const Node* parameter : items_of(tool, "parameters")) known &= text_of(*parameter, "name") != nullptr;
    if (!response || !response->sound || !known) return;
    for (const auto& bad : tools::check_placeholders(decode_tool(tool)))
      report(place_of(*response, bad.written), fmt::format("expected {}, found {}", bad.expected, quote(bad.written)));
  }

  // Where in the file the placeholder stands; where the text begins if it is not written there in one piece.
  Mark place_of(const Node& response, const std::string& written) const {
    const std::size_t at = response.mark.line == 0 ? std::string_view::npos : file_text_.find(written, response.mark.offset);
    if (at == std::string_view::npos) return response.mark;
    const std::string_view before = file_text_.substr(0, at);
    const std::size_t newline = before.rfind('\n');
    const auto line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
    return {line, static_cast<int>(newline == std::string_view::npos ? at + 1 : at - newline), at};
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
