// The effects journal, `effects.jsonl` in the data folder: what template tools have applied, one JSON line a call, shared by all workers of
// an installation. It is what makes a template tool idempotent: a call key that is already there is not applied again; its recorded result
// is returned and a line with "repeat": true is added, so that repeats can be counted. A line is complete or it is not there: half a line
// left by a killed process is cut off by the next writer, before it could have been reported as applied.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"
#include "tools/tool.hpp"

namespace convoke::tools {

struct Call {
  std::string key;  // see call_key()
  std::string session;
  std::string agent;      // full name, <team>.<name>
  std::string arguments;  // JSON text
};

struct Applied {
  std::string text;     // Markdown for the model, or the sentence of the failure
  bool failed = false;  // the tool failed (`fail:` of the team file); recorded like a result
  bool repeat = false;  // this key had been applied before; nothing was applied now
};

/// The key of one tool call: (session, agent, turn, response item, call index), numbers from the committed response.
std::string call_key(std::string_view session, std::string_view agent, std::uint64_t turn, std::uint64_t item, std::uint64_t call);

class Journal {
 public:
  /// UNAVAILABLE when the file cannot be opened for writing. The folder must exist. `keep`: calls applied longer ago are forgotten (their
  /// lines stay), and would be applied again; nothing: for ever. It must be longer than a turn may last, its repetitions included. `now` is
  /// needed with it.
  static Result<Journal> open(const std::string& path, std::optional<Millis> keep = {}, UnixTime now = {});
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  /// Applies the tool once per key and returns after the line is on disk. Takes about a millisecond (one fdatasync) and never waits
  /// longer than 250 ms for another process. Does not wait `delay_ms`: that is the worker's, before.
  /// TOOL_INVALID_ARGUMENTS: nothing was applied. CONFLICT: the key was used for another tool or other arguments. UNAVAILABLE: the file is
  /// busy, unwritable or full; repeat with the same key. A tool with `journal: false` is only rendered.
  Result<Applied> apply(const Tool& tool, const Call& call, UnixTime now);

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace convoke::tools
