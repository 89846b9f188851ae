// Who is there: replicas as they stated themselves, looked up by id, service and agent. Statements are applied here; what follows from them
// (routes, lost turns, views) is the core's business. Iteration is in the order of ids, so that every run does the same.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "intercom/action.hpp"

namespace convoke::intercom {

/// One attempt at one turn of one instance.
struct TurnRef {
  std::string agent;
  std::string session;
  std::uint64_t turn = 0;
  std::uint32_t attempt = 0;
  auto operator<=>(const TurnRef&) const = default;
};

/// How many more turns a worker takes. `free` is what it stated last; from that go the turns that it was given after what it had received
/// by then, and to it come the results that passed since: so statements and work that cross neither lose nor double a slot.
class Credit {
 public:
  void restart(std::uint32_t free);  // a new connection
  void state(std::uint32_t free, std::uint64_t received);
  void gave(std::uint64_t position) { given_.push_back(position); }  // the how-manieth message of the connection it was
  void ended() { ++results_; }
  std::uint32_t available() const;

 private:
  std::uint32_t free_ = 0;
  std::uint32_t results_ = 0;
  std::deque<std::uint64_t> given_;
};

struct Replica {
  convoke::Uuid id;
  std::string name;
  std::string service;
  std::set<std::string, std::less<>> agents;        // full names
  std::set<std::string, std::less<>> teams_served;  // of `<team>.*`
  std::vector<std::string> stated_agents;
  std::vector<wire::ClaimT> claims;
  std::vector<wire::TeamVersionT> teams;
  std::bitset<256> kinds;
  bool draining = false;
  std::string discovered_tools;

  bool connected = false;  // false: its connection ended; it is lost unless it comes back in time
  Peer peer = 0;
  SteadyTime disconnected;  // since when, while it is not
  SteadyTime heard;
  std::uint64_t register_number = 0;
  std::uint64_t credit_number = 0;
  std::uint64_t subscribe_number = 0;

  Credit credit;
  std::map<TurnRef, SteadyTime> in_flight;  // and when it spoke of it last, or was given it

  bool serves(std::string_view agent) const;
  bool takes(std::uint8_t kind) const { return kinds[kind]; }
  bool may_speak_as(std::string_view source) const;
};

class Registry {
 public:
  Replica* find(const convoke::Uuid& id) const;
  /// Why the statement cannot be accepted (INVALID: a name, an id), or nothing.
  static Status check(const wire::RegisterT& statement);
  /// Creates or updates; true when something changed that a View shows.
  bool apply(const wire::RegisterT& statement, Replica*& replica);
  void remove(const convoke::Uuid& id);

  /// A ready replica of the service that understands the kind, each in turn; nullptr: none.
  Replica* next_of(std::string_view service, std::uint8_t kind);
  const std::map<convoke::Uuid, std::unique_ptr<Replica>>& all() const { return all_; }
  std::size_t size() const { return all_.size(); }

 private:
  std::map<convoke::Uuid, std::unique_ptr<Replica>> all_;
  std::unordered_map<convoke::Uuid, Replica*> by_id_;  // looked up for every message, never walked
  std::map<std::string, convoke::Uuid, std::less<>> last_of_service_;
};

}  // namespace convoke::intercom
