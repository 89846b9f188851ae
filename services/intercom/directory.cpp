#include "intercom/directory.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace convoke::intercom {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Words of letters and digits in lower case; a capital after a small letter begins a new one.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  bool open = false;
  char before = ' ';
  for (const char c : text) {
    if (!is_word(c)) {
      open = false;
    } else {
      if (!open || (is_upper(c) && !is_upper(before))) all.emplace_back();
      all.back() += lower(c);
      open = true;
    }
    before = c;
  }
  return all;
}

}  // namespace

wire::ReplicaInfoT describe(const Replica& replica) {
  wire::ReplicaInfoT info;
  info.replica = wire::to_wire(replica.id);
  info.name = replica.name;
  info.service = replica.service;
  info.agents = replica.stated_agents;
  info.teams = replica.teams;
  info.draining = replica.draining;
  info.discovered_tools = replica.discovered_tools;
  return info;
}

wire::ViewT make_view(const Registry& registry, const Partitions& partitions, std::uint64_t number, const convoke::Uuid& intercom) {
  wire::ViewT view;
  view.number = number;
  view.intercom = wire::to_wire(intercom);
  for (const auto& [id, replica] : registry.all()) view.replicas.push_back(describe(*replica));
  for (const auto& id : partitions.owners()) view.owners.push_back(wire::to_wire(id));
  for (const auto& id : partitions.assigned()) view.assigned.push_back(wire::to_wire(id));
  return view;
}

int match(std::string_view name, std::string_view search) {
  const auto wanted = words(search);
  if (wanted.empty()) return 1;
  const auto present = words(name);
  int found = 0;
  for (const auto& word : wanted)
    if (std::ranges::any_of(present, [&](const auto& candidate) { return candidate.starts_with(word); })) ++found;
  return found;
}

wire::DirectoryT make_directory(const Registry& registry, const Partitions& partitions, const WorkQueues& queues, std::string_view search,
                                SteadyTime now) {
  wire::DirectoryT directory;
  for (const auto& [id, replica] : registry.all()) directory.replicas.push_back(describe(*replica));
  directory.queues = queues.info(now);
  directory.partitions_held = partitions.held();
  std::erase_if(directory.queues, [&](const auto& queue) { return match(queue.agent, search) == 0; });
  std::ranges::sort(directory.queues, [&](const auto& left, const auto& right) {
    const int left_fits = match(left.agent, search);
    const int right_fits = match(right.agent, search);
    return left_fits != right_fits ? left_fits > right_fits : left.agent < right.agent;
  });
  return directory;
}

}  // namespace convoke::intercom
