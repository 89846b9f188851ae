#include "intercom/registry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/name.hpp"

namespace convoke::intercom {
namespace {

constexpr std::uint32_t most_free = 1'000'000;

bool is_wildcard(std::string_view agent) { return agent.ends_with(".*"); }

}  // namespace

void Credit::restart(std::uint32_t free) {
  free_ = std::min(free, most_free);
  results_ = 0;
  given_.clear();
}

void Credit::state(std::uint32_t free, std::uint64_t received) {
  free_ = std::min(free, most_free);
  results_ = 0;
  while (!given_.empty() && given_.front() <= received) given_.pop_front();
}

std::uint32_t Credit::available() const {
  const std::uint64_t slots = std::uint64_t{free_} + results_;
  return slots > given_.size() ? static_cast<std::uint32_t>(slots - given_.size()) : 0;
}

bool Replica::serves(std::string_view agent) const {
  if (agents.contains(agent)) return true;
  return !teams_served.empty() && teams_served.contains(agent.substr(0, agent.find('.')));
}

bool Replica::may_speak_as(std::string_view source) const {
  constexpr std::string_view as_service = "service/";
  constexpr std::string_view as_agent = "agent/";
  if (source.starts_with(as_service)) return source.substr(as_service.size()) == service;
  if (source.starts_with(as_agent)) return serves(source.substr(as_agent.size()));
  return false;
}

Replica* Registry::find(const convoke::Uuid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Status Registry::check(const wire::RegisterT& statement) {
  if (!wire::from_wire(statement.replica)) return fail(Fault::invalid, "a registration needs a replica id");
  if (!is_name(statement.service)) return fail(Fault::invalid, fmt::format("'{}' is no name of a service", statement.service));
  for (const auto& agent : statement.agents) {
    const bool ok = is_wildcard(agent) ? is_name(std::string_view(agent).substr(0, agent.size() - 2)) : split_agent(agent).has_value();
    if (!ok) return fail(Fault::invalid, fmt::format("'{}' is no agent: <team>.<name> or <team>.* is", agent));
  }
  return {};
}

bool Registry::apply(const wire::RegisterT& statement, Replica*& replica) {
  const convoke::Uuid id = wire::from_wire(statement.replica);
  auto& slot = all_[id];
  bool changed = slot == nullptr;
  if (changed) {
    slot = std::make_unique<Replica>();
    slot->id = id;
    by_id_[id] = slot.get();
  }
  replica = slot.get();
  changed = changed || replica->name != statement.name || replica->service != statement.service ||
            replica->stated_agents != statement.agents || replica->claims != statement.claims || replica->teams != statement.teams ||
            replica->draining != statement.draining || replica->discovered_tools != statement.discovered_tools;
  replica->name = statement.name;
  replica->service = statement.service;
  replica->stated_agents = statement.agents;
  replica->agents.clear();
  replica->teams_served.clear();
  for (const auto& agent : statement.agents) {
    if (is_wildcard(agent))
      replica->teams_served.insert(agent.substr(0, agent.size() - 2));
    else
      replica->agents.insert(agent);
  }
  replica->claims = statement.claims;
  replica->teams = statement.teams;
  replica->draining = statement.draining;
  replica->discovered_tools = statement.discovered_tools;
  replica->kinds.reset();
  for (const auto kind : statement.kinds) replica->kinds.set(kind);
  replica->register_number = statement.number;
  return changed;
}

void Registry::remove(const convoke::Uuid& id) {
  by_id_.erase(id);
  all_.erase(id);
}

Replica* Registry::next_of(std::string_view service, std::uint8_t kind) {
  const auto fits = [&](const Replica& replica) {
    return replica.connected && !replica.draining && replica.service == service && replica.takes(kind);
  };
  const auto last = last_of_service_.find(service);
  Replica* first = nullptr;
  for (const auto& [id, replica] : all_) {
    if (!fits(*replica)) continue;
    if (first == nullptr) first = replica.get();
    if (last != last_of_service_.end() && id > last->second) {
      first = replica.get();
      break;
    }
    if (last == last_of_service_.end()) break;
  }
  if (first == nullptr) return nullptr;
  if (last == last_of_service_.end())
    last_of_service_.emplace(std::string(service), first->id);
  else
    last_of_service_.find(service)->second = first->id;
  return first;
}

}  // namespace convoke::intercom
