#include "telemetry/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <memory>

#include "core/text.hpp"

namespace convoke::telemetry::log {
namespace {

struct State {
  Options options;
  std::array<std::atomic<std::uint64_t>, 4> counts{};
  spdlog::logger logger{"convoke", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  State() {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);  // a line must not be lost with its process
  }
};

State& state() {
  static State instance;
  return instance;
}

constexpr std::array<std::string_view, 5> level_names{"debug", "info", "warn", "error", "off"};

std::string timestamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                     utc.tm_sec, now.tv_nsec / 1000);
}

}  // namespace

void set_up(Options options) { state().options = std::move(options); }
void set_level(Level level) { state().options.level = level; }

std::optional<Level> parse_level(std::string_view name) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

bool enabled(Level level) { return level != Level::off && level >= state().options.level; }

std::uint64_t count(Level level) { return level == Level::off ? 0 : state().counts[static_cast<std::size_t>(level)].load(); }

void write(Level level, std::string_view message, const TraceContext& context) {
  if (!enabled(level)) return;
  auto& shared = state();
  shared.counts[static_cast<std::size_t>(level)].fetch_add(1);
  std::string line = R"({"ts":")" + timestamp() + R"(","level":")";
  line += level_names[static_cast<std::size_t>(level)];
  line += R"(","service":)";
  append_json_string(line, shared.options.service);
  line += R"(,"replica":)";
  append_json_string(line, shared.options.replica);
  line += R"(,"msg":)";
  append_json_string(line, message);
  if (context) line += R"(,"trace_id":")" + trace_id_hex(context) + R"(","span_id":")" + span_id_hex(context.span) + '"';
  line += '}';
  shared.logger.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void flush() { state().logger.flush(); }

}  // namespace convoke::telemetry::log
