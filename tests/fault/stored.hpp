// What an installation has in Redis of one session, in a form that can be compared: the transcripts of its agents, read as groupchat reads
// them, and a census of all keys and fields that belong to it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace convoke::test {

struct Stored {
  nlohmann::json transcripts;  // instance → entries, without usage and ids of calls
  nlohmann::json census;       // kind of key or field → how many: `log`, `log entries`, `field h`, …; and commands' records by name
  int strikes = 0;             // records of commands that cost owners their lives; they are not in the census
  bool is_due = false;         // something is owed
};

/// `socket`: of Redis itself. All in one moment. Throws when Redis does not answer, or an entry cannot be read.
Stored stored(const std::string& socket, const std::string& session);
/// Whether something is owed to any scope.
bool is_anything_due(const std::string& socket);
/// Kinds of keys that belong to no session and stay, such as `epoch` or `u key`.
nlohmann::json kinds_of_keys(const std::string& socket);

}  // namespace convoke::test
