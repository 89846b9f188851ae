// A document as it was written, with the place of everything in it: what the checks of team files walk over. Made from YAML
// (yaml_reader.hpp) or from the canonical JSON form.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::agents {

struct Mark {
  int line = 0;  // from 1; 0: not from a file
  int column = 0;
  std::size_t offset = 0;
};

struct Node;
using NodePtr = std::shared_ptr<Node>;

struct Entry {
  std::string key;
  Mark mark;
  NodePtr value;
};

struct Node {
  enum class Shape { nothing, boolean, integer, number, text, list, map };
  Shape shape = Shape::nothing;
  Mark mark;
  std::string text;  // of a scalar, as written
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;  // also of an integer
  std::vector<NodePtr> items;
  std::vector<Entry> entries;
  bool sound = true;     // its structure is right: set by the check against the schema
  bool skipped = false;  // already reported as a whole; not looked into

  const Node* find(std::string_view key) const;  // nullptr when it is not a map, or has no such key
  bool is(Shape expected) const { return shape == expected; }
};

/// Reads a plain (unquoted) scalar as YAML 1.2 does: null, true, 12, 0x1f, 1.5, or text.
void resolve_plain(Node& node);

nlohmann::ordered_json to_json_value(const Node& node);
NodePtr from_json_value(const nlohmann::ordered_json& value);

/// "a text", "a whole number", "nothing" …
std::string_view describe(Node::Shape shape);

}  // namespace convoke::agents
