// One conversation as its people see it: the events that their reader was given, in their order, and what follows from them. A gap, a
// repeat or an event that does not belong there is a mistake of the system, whatever happened to the processes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/async.hpp"

namespace convoke::soak {

using Json = nlohmann::json;

struct Talk {
  Talk(const boost::asio::any_io_executor& executor, std::size_t whose) : user(whose), changed(executor) {}

  /// The next event of the log; what is wrong with it, or nothing.
  std::string take(const Json& event);
  std::uint64_t next() const { return ids.size() + 1; }

  std::size_t user = 0;
  std::string session;
  std::string conversation;
  std::string plan;
  std::vector<std::string> ids;       // of the events seen
  std::vector<std::string> accepted;  // texts that were posted and accepted
  std::size_t answers = 0;            // messages of agents
  std::vector<Json> requests;         // that were opened
  std::string stop_reason;            // of the last run that ended
  int ends = 0;                       // of runs
  convoke::Event changed;
};

}  // namespace convoke::soak
