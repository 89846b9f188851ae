// What was typed: the command and its values, checked. CLI11 stays behind arguments.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace convoke::cli {

/// How a command ended, for scripts. `convoke --help` lists them.
enum Code : int {
  ok = 0,
  failed = 1,       // refused, or the run did not complete
  usage = 2,        // wrong arguments
  not_running = 3,  // no instance, or it cannot be reached
  not_found = 4,
  conflict = 5,     // the state does not allow it (decided already, stale revision, running already)
  not_allowed = 6,  // no valid key, or not allowed
  unknown = 7,      // no answer in time: repeat
  waits = 8,        // for a person, whom this command cannot ask
  interrupted = 130,
  nobody_reads = 141,  // what is printed: whoever read it has ended, as `head` does; what a shell says of SIGPIPE
};

struct Invocation {
  std::string command;  // `task`, `team apply`
  std::string data;     // folder of the instance
  std::string url;      // empty: that of the instance
  std::string color = "auto";
  bool json = false;
  std::string self = "convoke";  // how a person names the same installation again: `convoke --data /x`
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<std::string>> lists;
  std::set<std::string> flags;

  std::string text(const std::string& name) const {
    const auto found = texts.find(name);
    return found == texts.end() ? std::string() : found->second;
  }
  std::vector<std::string> list(const std::string& name) const {
    const auto found = lists.find(name);
    return found == lists.end() ? std::vector<std::string>() : found->second;
  }
  bool flag(const std::string& name) const { return flags.contains(name); }
};

struct Parsed {
  Invocation invocation;
  std::optional<int> exit;  // set: print `message` and leave (help, version, a mistake)
  std::string message;      // a plain sentence when a mistake is to be told as JSON (invocation.json)
};

/// The most worker processes that an agent can have.
constexpr std::uint64_t most_workers = 99;

/// Seconds that a gateway may be away before a command that waits for it ends.
constexpr std::uint64_t default_patience = 30;

/// A word as a shell reads it back.
std::string shell_word(const std::string& word);

/// `state_home` is $XDG_STATE_HOME or ~/.local/state.
Parsed parse_arguments(int argc, const char* const* argv, const std::string& state_home);

}  // namespace convoke::cli
