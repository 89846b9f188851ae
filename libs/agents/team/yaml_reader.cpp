#include "agents/team/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/node.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>

#include "agents/team/load.hpp"
#include "core/text.hpp"

namespace convoke::agents {
namespace {

struct Refused {
  Mark mark;
  std::string message;
};

Mark place(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1, static_cast<std::size_t>(std::max(mark.pos, 0))}; }

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, Mistakes& mistakes) : text_(text), mistakes_(mistakes) {}

  NodePtr root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { finish(make(mark), anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) throw Refused{place(mark), "expected an alias of something complete, found one inside what it names"};
    count(mark, known->second.size);
    add(known->second.node, place(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    auto node = make(mark);
    node->text = value;
    node->shape = Node::Shape::text;
    if (tag == "?")
      resolve_plain(*node);
    else if (tag != "!" && tag != "tag:yaml.org,2002:str")
      throw Refused{place(mark), "expected a value without a tag, found " + quote(tag)};
    if (!is_utf8(value)) throw Refused{place(mark), "expected UTF-8 text"};
    if (tag == "!" && !is_closed(node->mark.offset)) throw Refused{place(mark), "expected a closing quote"};
    finish(node, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Shape::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Shape::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    NodePtr node;
    YAML::anchor_t anchor = 0;
    std::size_t count_before = 0;
    bool has_key = false;  // of a map: a key was read, its value comes next
    std::string key;
    Mark key_mark;
  };
  struct Anchored {
    NodePtr node;
    std::size_t size = 1;  // nodes in it, aliases expanded
  };

  // yaml-cpp takes the end of the file for the end of a quoted text.
  bool is_closed(std::size_t begin) const {
    const char quote_mark = begin < text_.size() ? text_[begin] : ' ';
    if (quote_mark != '"' && quote_mark != '\'') return true;
    for (std::size_t at = begin + 1; at < text_.size(); ++at) {
      const bool skips = quote_mark == '"' ? text_[at] == '\\' : text_.substr(at, 2) == "''";
      if (skips)
        ++at;
      else if (text_[at] == quote_mark)
        return true;
    }
    return false;
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    count_ += nodes;
    if (count_ > max_team_nodes) throw Refused{place(mark), fmt::format("expected at most {} values, aliases expanded", max_team_nodes)};
  }

  NodePtr make(const YAML::Mark& mark) {
    count(mark, 1);
    auto node = std::make_shared<Node>();
    node->mark = place(mark);
    return node;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Shape shape) {
    if (levels_.size() >= max_team_depth) throw Refused{place(mark), fmt::format("expected at most {} levels of nesting", max_team_depth)};
    if (expects_key()) throw Refused{place(mark), "expected a plain text as the key, found " + std::string(describe(shape))};
    auto node = make(mark);
    node->shape = shape;
    levels_.push_back({node, anchor, count_ - 1, false, {}, {}});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.anchor) anchors_[level.anchor] = {level.node, count_ - level.count_before};
    if (level.node->is(Node::Shape::map)) merge(*level.node);
    add(level.node, level.node->mark);
  }

  void finish(const NodePtr& node, YAML::anchor_t anchor) {
    if (anchor) anchors_[anchor] = {node, 1};
    add(node, node->mark);
  }

  bool expects_key() const { return !levels_.empty() && levels_.back().node->is(Node::Shape::map) && !levels_.back().has_key; }

  void add(const NodePtr& node, const Mark& mark) {
    if (levels_.empty()) {
      root = node;
      return;
    }
    Level& level = levels_.back();
    if (level.node->is(Node::Shape::list)) {
      level.node->items.push_back(node);
    } else if (!level.has_key) {
      level.has_key = true;
      level.key = node->text;
      level.key_mark = mark;
      if (node->is(Node::Shape::list) || node->is(Node::Shape::map)) throw Refused{mark, "expected a plain text as the key"};
    } else {
      level.has_key = false;
      set(*level.node, level.key, level.key_mark, node);
    }
  }

  void set(Node& map, const std::string& key, const Mark& mark, const NodePtr& value) {
    // The parser gives what is absent the place of whatever comes next.
    if (value->is(Node::Shape::nothing) && value->text.empty()) value->mark = mark;
    for (const auto& entry : map.entries) {
      if (entry.key != key || key == "<<") continue;
      mistakes_.push_back({mark, fmt::format("expected each key once, found {} again (first in line {})", quote(key), entry.mark.line)});
      return;
    }
    map.entries.push_back({key, mark, value});
  }

  void merge(Node& map) {
    std::vector<Entry> own, merged;
    for (auto& entry : map.entries) (entry.key == "<<" ? merged : own).push_back(std::move(entry));
    map.entries = std::move(own);
    for (const auto& entry : merged) {
      std::vector<NodePtr> sources = entry.value->is(Node::Shape::list) ? entry.value->items : std::vector<NodePtr>{entry.value};
      for (const auto& source : sources) {
        if (!source->is(Node::Shape::map)) mistakes_.push_back({entry.mark, "expected a map to merge, found " + found(*source)});
        for (const auto& part : source->entries)
          if (!map.find(part.key)) map.entries.push_back(part);
      }
    }
  }

  std::string_view text_;
  Mistakes& mistakes_;
  std::vector<Level> levels_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t count_ = 0;
};

NodePtr parse(std::string_view text, Mistakes& mistakes) {
  std::istringstream input{std::string(text)};
  YAML::Parser parser(input);
  Builder builder(text, mistakes);
  if (!parser.HandleNextDocument(builder) || !builder.root) {
    mistakes.push_back({{1, 1, 0}, "expected a team, found an empty file"});
    return nullptr;
  }
  const NodePtr root = std::exchange(builder.root, nullptr);
  if (!parser.HandleNextDocument(builder)) return root;
  throw Refused{builder.root ? builder.root->mark : Mark{1, 1, 0}, "expected one document, found a second one"};
}

}  // namespace

NodePtr read_yaml(std::string_view text, Mistakes& mistakes) {
  if (text.size() > max_team_bytes) {
    mistakes.push_back({{1, 1, 0}, fmt::format("expected at most {} bytes, found {}", max_team_bytes, text.size())});
    return nullptr;
  }
  try {
    return parse(text, mistakes);
  } catch (const Refused& refused) {
    mistakes.push_back({refused.mark, refused.message});
  } catch (const YAML::Exception& problem) {
    mistakes.push_back({place(problem.mark), "expected valid YAML: " + problem.msg});
  }
  return nullptr;
}

}  // namespace convoke::agents
