#include "agents/team/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "agents/team/decode.hpp"
#include "agents/team/tool_rules.hpp"

namespace convoke::agents {
namespace {

using Shape = Node::Shape;

const std::vector<std::string> roles{"default", "planner", "selector", "gate", "summary"};
const std::vector<std::string> other_kinds{"mcp", "builtin", "agent", "code"};

class Rules {
 public:
  Rules(const Node& root, std::string_view text, Mistakes& mistakes) : root_(root), text_(text), mistakes_(mistakes) {
    const Node* agents = root.find("agents");
    all_agents_known_ = agents && agents->is(Shape::list);
    bool all_sound = true;
    agents_ = names_in(items_of(root, "agents"), "name", all_sound);
    std::size_t nameless = 0;
    for (const Node* agent : items_of(root, "agents")) {
      const Node* name = agent->find("name");
      if (name == nullptr) ++nameless;
      if (name && !(name->is(Shape::text) && name->sound)) meant_.push_back(name->text);
    }
    guess_names(nameless);
    for (const Node* agent : items_of(root, "agents")) {
      const Node *name = text_of(*agent, "name"), *tools = agent->find("tools");
      if (!name) continue;
      Tools& own = tools_[name->text];
      own.complete = !tools || tools->is(Shape::list);
      own.names = names_in(items_of(*agent, "tools"), "name", own.complete);
      for (const auto& tool : own.names) tool_names_.push_back(name->text + "." + tool);
    }
  }

  void check() {
    check_models();
    check_unique(items_of(root_, "agents"), "name", "agent", mistakes_);
    for (const Node* agent : items_of(root_, "agents")) check_agent(*agent);
    check_unique(items_of(root_, "topics"), "type", "topic", mistakes_);
    for (const Node* topic : items_of(root_, "topics")) check_agents(*topic, "subscribers", false);
    check_unique(items_of(root_, "rooms"), "name", "room", mistakes_);
    for (const Node* room : items_of(root_, "rooms")) check_agents(*room, "members", false);
    for (const Node* rule : items_of(root_, "people")) check_agents(*rule, "agents", true);
    check_unique(items_of(root_, "starting_tasks"), "id", "starting task", mistakes_);
    for (const Node* task : items_of(root_, "starting_tasks")) check_task(*task);
  }

 private:
  void report(const Mark& mark, std::string message) { mistakes_.push_back({mark, std::move(message)}); }

  // Every entry of `models` is a role or is used by an agent; whatever else it is, it is a misspelt role.
  void check_models() {
    const Node* models = root_.find("models");
    if (!models) return;
    for (const auto& entry : models->entries) {
      const auto uses = [&](const Node* agent) {
        const Node* model = text_of(*agent, "model");
        return model && model->text == entry.key;
      };
      if (std::ranges::find(roles, entry.key) != roles.end() || std::ranges::any_of(items_of(root_, "agents"), uses)) continue;
      report(entry.mark, fmt::format("expected a role ({}) or the model of an agent, found {}{}", joined(roles), quote(entry.key),
                                     did_you_mean(entry.key, roles)));
    }
  }

  void check_agent(const Node& agent) {
    check_agents(agent, "can_contact", true);
    check_unique(items_of(agent, "tools"), "name", "tool", mistakes_);
    for (const Node* tool : items_of(agent, "tools"))
      if (!tool->skipped) check_tool_rules(*tool, text_, mistakes_);
    if (const Node* kind = text_of(agent, "kind"); kind && kind->text == "human" && !items_of(agent, "tools").empty())
      report(agent.find("tools")->mark, "expected no tools of a human agent: people do its steps");
    const Node *model = text_of(agent, "model"), *models = root_.find("models");
    if (!model || !models || models->find(model->text) || std::ranges::find(roles, model->text) != roles.end()) return;
    std::vector<std::string> names;
    names.reserve(models->entries.size());
    for (const auto& entry : models->entries) names.push_back(entry.key);
    report(model->mark, fmt::format("expected an entry of models ({}), found {}{}", joined(names), quote(model->text),
                                    did_you_mean(model->text, names)));
  }

  void check_agents(const Node& node, std::string_view key, bool star) {
    for (const Node* item : items_of(node, key)) {
      if (!item->is(Shape::text) || !item->sound || (star && item->text == "*")) continue;
      if (is_known_agent(item->text)) continue;
      report(item->mark, fmt::format("expected the name of an agent{} for {}, found {}{}", star ? " or \"*\"" : "", key, quote(item->text),
                                     did_you_mean(item->text, agents_)));
    }
  }

  // A missing or bad name of an agent is a mistake of its own: whoever refers to that agent makes no second one.
  bool is_known_agent(const std::string& name) const {
    if (!all_agents_known_ || std::ranges::find(agents_, name) != agents_.end()) return true;
    return std::ranges::find(meant_, name) != meant_.end();
  }

  // What an agent without a name is called is known by those who refer to it: the name that is said most often, and more than once, of
  // those that are no agent's and resemble none. A name that is said once may as well be wrong, and is told.
  void guess_names(std::size_t nameless) {
    std::map<std::string, std::size_t> said;
    const auto refer = [&](const Node& node, std::string_view key) {
      for (const Node* item : items_of(node, key)) {
        const auto name = item->text.substr(0, item->text.find('.'));
        const bool is_open = item->is(Shape::text) && name != "*" && std::ranges::find(agents_, name) == agents_.end();
        if (is_open && nearest(name, agents_).empty()) ++said[name];
      }
    };
    for (const auto& [list, key] : {std::pair("agents", "can_contact"), std::pair("topics", "subscribers"), std::pair("rooms", "members"),
                                    std::pair("people", "agents"), std::pair("starting_tasks", "tools")})
      for (const Node* entry : items_of(root_, list)) refer(*entry, key);
    const auto bad = meant_;
    std::vector<std::pair<std::string, std::size_t>> names;
    for (const auto& each : said)
      if (nearest(each.first, bad).empty())
        names.push_back(each);
      else
        meant_.push_back(each.first);  // the good name that the bad one should have been
    std::ranges::sort(
        names, [](const auto& one, const auto& other) { return std::tie(other.second, one.first) < std::tie(one.second, other.first); });
    for (std::size_t i = 0; i < std::min(nameless, names.size()); ++i)
      if (names[i].second > 1) meant_.push_back(names[i].first);
  }

  bool is_known_tool(const std::string& full) const {
    if (std::ranges::find(tool_names_, full) != tool_names_.end()) return true;
    const std::size_t dot = full.find('.');
    if (dot == std::string::npos) return false;
    const auto agent = tools_.find(full.substr(0, dot));
    if (agent == tools_.end())
      return std::ranges::find(agents_, full.substr(0, dot)) == agents_.end() && is_known_agent(full.substr(0, dot));
    return !agent->second.complete && nearest(full.substr(dot + 1), agent->second.names).empty();
  }

  void check_task(const Node& task) {
    for (const Node* item : items_of(task, "tools")) {
      if (!item->is(Shape::text) || !item->sound || is_known_tool(item->text)) continue;
      report(item->mark, fmt::format("expected a tool of an agent, as Agent.tool, found {}{}", quote(item->text),
                                     did_you_mean(item->text, tool_names_)));
    }
  }

  const Node& root_;
  std::string_view text_;
  Mistakes& mistakes_;
  struct Tools {
    std::vector<std::string> names;
    bool complete = true;
  };
  std::vector<std::string> agents_;
  std::vector<std::string> meant_;       // names that agents would have, were they there or good
  bool all_agents_known_ = true;         // `agents` is a list
  std::map<std::string, Tools> tools_;   // by agent
  std::vector<std::string> tool_names_;  // "<Agent>.<tool>"
};

}  // namespace

void refuse_other_kinds(Node& root, Mistakes& mistakes) {
  const Node* agents = root.find("agents");
  if (!agents) return;
  for (const auto& agent : agents->items) {
    const Node* tools = agent->find("tools");
    if (!tools) continue;
    for (const auto& tool : tools->items) {
      const Node* kind = text_of(*tool, "kind");
      if (!kind || std::ranges::find(other_kinds, kind->text) == other_kinds.end()) continue;
      mistakes.push_back({kind->mark, fmt::format("expected kind template or http: {} is not available in this version", kind->text)});
      tool->skipped = true;
    }
  }
}

void check_rules(const Node& root, std::string_view text, Mistakes& mistakes) { Rules(root, text, mistakes).check(); }

}  // namespace convoke::agents
