#include "agents/team/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "agents/team/decode.hpp"
#include "agents/team/tool_rules.hpp"

namespace convoke::agents {
namespace {

using Shape = Node::Shape;

const std::vector<std::string> roles{"default", "planner", "selector", "gate", "summary"};
const std::vector<std::string> other_kinds{"http", "mcp", "builtin", "agent", "code"};

class Rules {
 public:
  Rules(const Node& root, std::string_view text, Mistakes& mistakes) : root_(root), text_(text), mistakes_(mistakes) {
    for (const Node* agent : items_of(root, "agents")) {
      const Node* name = text_of(*agent, "name");
      if (!name) continue;
      agents_.push_back(name->text);
      for (const Node* tool : items_of(*agent, "tools"))
        if (const Node* tool_name = text_of(*tool, "name")) tools_.push_back(name->text + "." + tool_name->text);
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
    if (!model || !models || models->find(model->text)) return;
    std::vector<std::string> names;
    for (const auto& entry : models->entries) names.push_back(entry.key);
    report(model->mark, fmt::format("expected an entry of models ({}), found {}{}", joined(names), quote(model->text),
                                    did_you_mean(model->text, names)));
  }

  void check_agents(const Node& node, std::string_view key, bool star) {
    for (const Node* item : items_of(node, key)) {
      if (!item->is(Shape::text) || !item->sound || (star && item->text == "*")) continue;
      if (std::ranges::find(agents_, item->text) != agents_.end()) continue;
      report(item->mark, fmt::format("expected the name of an agent{} for {}, found {}{}", star ? " or \"*\"" : "", key, quote(item->text),
                                     did_you_mean(item->text, agents_)));
    }
  }

  void check_task(const Node& task) {
    for (const Node* item : items_of(task, "tools")) {
      if (!item->is(Shape::text) || !item->sound || std::ranges::find(tools_, item->text) != tools_.end()) continue;
      report(item->mark,
             fmt::format("expected a tool of an agent, as Agent.tool, found {}{}", quote(item->text), did_you_mean(item->text, tools_)));
    }
  }

  const Node& root_;
  std::string_view text_;
  Mistakes& mistakes_;
  std::vector<std::string> agents_;
  std::vector<std::string> tools_;  // "<Agent>.<tool>"
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
      mistakes.push_back({kind->mark, fmt::format("expected kind template: {} is not available in this version", kind->text)});
      tool->skipped = true;
    }
  }
}

void check_rules(const Node& root, std::string_view text, Mistakes& mistakes) { Rules(root, text, mistakes).check(); }

}  // namespace convoke::agents
