#include "agents/team/node.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace convoke::agents {
namespace {

using Json = nlohmann::ordered_json;

template <class Number> bool read_whole(std::string_view text, Number& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_integer(std::string_view text, std::int64_t& value) {
  if (text.starts_with("0x")) return text.size() > 2 && text[2] != '-' && read_whole(text.substr(2), value, 16);
  if (text.starts_with("0o")) return text.size() > 2 && text[2] != '-' && read_whole(text.substr(2), value, 8);
  if (text.starts_with('+')) text.remove_prefix(1);
  return !text.starts_with("+-") && read_whole(text, value, 10);
}

bool read_number(std::string_view text, double& value) {
  const auto allowed = [](char letter) { return (letter >= '0' && letter <= '9') || std::string_view("+-.eE").contains(letter); };
  if (!std::ranges::all_of(text, allowed) || text.find_first_of("0123456789") == std::string_view::npos) return false;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : found->value.get();
}

void resolve_plain(Node& node) {
  const std::string& text = node.text;
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) { return std::ranges::find(words, text) != words.end(); };
  if (is_one_of({"", "~", "null", "Null", "NULL"})) {
    node.shape = Node::Shape::nothing;
  } else if (is_one_of({"true", "True", "TRUE", "false", "False", "FALSE"})) {
    node.shape = Node::Shape::boolean;
    node.boolean = text[0] == 't' || text[0] == 'T';
  } else if (read_integer(text, node.integer)) {
    node.shape = Node::Shape::integer;
    node.number = static_cast<double>(node.integer);
  } else if (read_number(text, node.number)) {
    node.shape = Node::Shape::number;
  } else {
    node.shape = Node::Shape::text;
  }
}

Json to_json_value(const Node& node) {
  switch (node.shape) {
    case Node::Shape::nothing: return nullptr;
    case Node::Shape::boolean: return node.boolean;
    case Node::Shape::integer: return node.integer;
    case Node::Shape::number: return node.number;
    case Node::Shape::text: return node.text;
    case Node::Shape::list: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(to_json_value(*item));
      return list;
    }
    case Node::Shape::map: break;
  }
  Json map = Json::object();
  for (const auto& entry : node.entries) map[entry.key] = to_json_value(*entry.value);
  return map;
}

NodePtr from_json_value(const Json& value) {
  auto node = std::make_shared<Node>();
  if (value.is_object()) {
    node->shape = Node::Shape::map;
    for (const auto& [key, part] : value.items()) node->entries.push_back({key, {}, from_json_value(part)});
  } else if (value.is_array()) {
    node->shape = Node::Shape::list;
    for (const auto& part : value) node->items.push_back(from_json_value(part));
  } else if (value.is_string()) {
    node->shape = Node::Shape::text;
    node->text = value.get<std::string>();
  } else {
    node->text = value.dump();
    resolve_plain(*node);
  }
  return node;
}

std::string_view describe(Node::Shape shape) {
  switch (shape) {
    case Node::Shape::nothing: return "nothing";
    case Node::Shape::boolean: return "true or false";
    case Node::Shape::integer: return "a whole number";
    case Node::Shape::number: return "a number";
    case Node::Shape::text: return "a text";
    case Node::Shape::list: return "a list";
    case Node::Shape::map: return "a map";
  }
  return "a value";
}

}  // namespace convoke::agents
