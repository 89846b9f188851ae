// Logs: one JSON object a line on standard error (`ts`, `level`, `service`, `replica`, `msg`, and `trace_id`, `span_id` when given), so
// that any collector reads them without rules. Lines are counted per level; a test fails on an ERROR line it did not expect, so ERROR
// means that somebody has to look. A log line never holds a secret and never the text of a conversation.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "telemetry/trace.hpp"

namespace convoke::telemetry::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };

struct Options {
  std::string service;
  std::string replica;
  Level level = Level::info;
};

/// Until this is called, lines are written with empty service and replica.
void set_up(Options options);
void set_level(Level level);
std::optional<Level> parse_level(std::string_view name);
bool enabled(Level level);

/// Lines written at that level since the start; suppressed ones are not counted.
std::uint64_t count(Level level);

/// The one function behind all others. Invalid UTF-8 in `message` is replaced.
void write(Level level, std::string_view message, const TraceContext& context = {});
/// Waits until everything is written; called before a process ends.
void flush();

template <class... Args> void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args> void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args> void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args> void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}
/// With the trace that the line belongs to: log::traced(Level::warn, context, "…", …).
template <class... Args> void traced(Level level, const TraceContext& context, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...), context);
}

}  // namespace convoke::telemetry::log
