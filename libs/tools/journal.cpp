#include "tools/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "core/failpoint.hpp"
#include "core/text.hpp"
#include "tools/arguments.hpp"
#include "tools/journal_file.hpp"
#include "tools/json_input.hpp"
#include "tools/render.hpp"

namespace convoke::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view key_begin = R"({"key": ")", repeat_mark = R"("repeat": true, )", failed_mark = R"("failed": true, )";
constexpr std::size_t max_key_bytes = 512;

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= max_key_bytes &&
         std::ranges::all_of(key, [](char letter) { return letter > ' ' && letter < 127 && letter != '"' && letter != '\\'; });
}

// The first fields of a line stand in a fixed order, so that an old journal is indexed without parsing its JSON.
struct Head {
  std::string_view key;
  bool repeat = false;
  bool failed = false;
};

std::optional<Head> head_of(std::string_view line) {
  if (!line.starts_with(key_begin) || !line.ends_with('}')) return {};
  line.remove_prefix(key_begin.size());
  const std::size_t end = line.find("\", ");
  if (end == std::string_view::npos) return {};
  const std::string_view rest = line.substr(end + 3);
  return Head{line.substr(0, end), rest.starts_with(repeat_mark), rest.starts_with(failed_mark)};
}

std::string timestamp(UnixTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{now - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

// When a line was written. A result has its quotes escaped, and arguments stand before the time: the last such field is the line's own.
std::optional<UnixTime> time_of(std::string_view line) {
  constexpr std::string_view field = R"(, "time": ")";
  const auto at = line.rfind(field);
  if (at == std::string_view::npos) return {};
  const std::string text(line.substr(at + field.size(), 24));
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  int ms = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &year, &month, &day, &hours, &minutes, &seconds, &ms) != 7) return {};
  const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
  return UnixTime{date} + std::chrono::hours{hours} + std::chrono::minutes{minutes} + std::chrono::seconds{seconds} + Millis{ms};
}

std::string json_text(std::string_view text) { return Json(text).dump(); }

// Of a line that may be damaged: empty where it is something else.
std::string text_in(const Json& fields, const char* name) {
  const auto found = fields.find(name);
  return found != fields.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string write_line(const Tool& tool, const Call& call, std::string_view arguments, std::string_view mark, UnixTime now,
                       const std::string* result) {
  std::string line = fmt::format(R"({}{}", {}"session": {}, "agent": {}, "tool": {}, "arguments": {}, "time": "{}")", key_begin, call.key,
                                 mark, json_text(call.session), json_text(call.agent), json_text(tool.name), arguments, timestamp(now));
  if (result) line += R"(, "result": )" + json_text(*result);
  return line + "}";
}

std::string failure_scope(std::string_view session, std::string_view agent, std::string_view tool) {
  return fmt::format("{}\n{}\n{}", session, agent, tool);
}

std::string failure_text(const Tool& tool) {
  return tool.fail.message.empty() ? fmt::format("{} failed, as its team file orders.", tool.name) : tool.fail.message;
}

Status check_call(const Call& call) {
  if (!is_key(call.key)) return fail(Fault::invalid, "a call key is 1 to 512 printable ASCII characters without space, quote or backslash");
  if (!is_utf8(call.session) || !is_utf8(call.agent)) return fail(Fault::invalid, "session and agent of a call must be UTF-8");
  return {};
}

}  // namespace

struct Journal::State {
  State(std::string path, std::optional<Millis> keep) : file(std::move(path)), keep_for(keep) {}

  JournalFile file;
  std::unordered_multimap<std::uint64_t, std::uint64_t> lines;  // hash of the key → offset of the line that applied it
  std::map<std::string, std::uint32_t> failures;                // session, agent, tool → failures so far
  struct Entry {
    UnixTime written;
    std::uint64_t hash = 0;
    std::uint64_t offset = 0;
  };
  std::deque<Entry> by_age;  // of `lines`, where they are not kept for ever
  std::optional<Millis> keep_for;
  UnixTime present{};

  Result<JournalFile::Lock> enter(UnixTime at);
  void forget();
  bool is_forgotten(std::string_view line, Millis after) const;
  void remember(std::uint64_t offset, std::string_view line);
  Result<std::optional<Json>> find(std::string_view key) const;
  Result<Applied> repeat(const Tool& tool, const Call& call, const std::string& arguments, UnixTime now, const Json& first);
  Result<Applied> apply(const Tool& tool, const Call& call, const std::string& arguments, UnixTime now, std::string rendered);
};

// Locks the file and learns what others have written since.
Result<JournalFile::Lock> Journal::State::enter(UnixTime at) {
  present = at;
  auto lock = file.lock([this] {
    lines.clear();
    failures.clear();
    by_age.clear();
  });
  if (!lock) return lock;
  std::function<bool(std::string_view)> is_old;
  if (keep_for) is_old = [this](std::string_view line) { return is_forgotten(line, 2 * *keep_for); };  // clocks may differ
  if (auto read = file.catch_up([this](auto offset, auto line) { remember(offset, line); }, is_old); !read)
    return std::unexpected(std::move(read.error()));
  forget();
  return lock;
}

// What cannot be read counts as new.
bool Journal::State::is_forgotten(std::string_view line, Millis after) const {
  const auto written = time_of(line);
  return written && *written + after < present;
}

void Journal::State::forget() {
  while (!by_age.empty() && by_age.front().written + *keep_for < present) {
    const auto [begin, end] = lines.equal_range(by_age.front().hash);
    const auto found = std::find_if(begin, end, [&](const auto& line) { return line.second == by_age.front().offset; });
    if (found != end) lines.erase(found);
    by_age.pop_front();
  }
}

void Journal::State::remember(std::uint64_t offset, std::string_view line) {
  const auto head = head_of(line);
  if (!head || head->repeat) return;
  const auto hash = std::hash<std::string_view>{}(head->key);
  if (keep_for) {
    if (is_forgotten(line, *keep_for)) return;
    by_age.push_back({time_of(line).value_or(present), hash, offset});
  }
  lines.emplace(hash, offset);
  if (!head->failed) return;
  const Json fields = Json::parse(line, nullptr, false);
  if (!fields.is_object()) return;
  ++failures[failure_scope(text_in(fields, "session"), text_in(fields, "agent"), text_in(fields, "tool"))];
}

Result<std::optional<Json>> Journal::State::find(std::string_view key) const {
  const auto [begin, end] = lines.equal_range(std::hash<std::string_view>{}(key));
  for (auto at = begin; at != end; ++at) {
    const auto line = file.read_line(at->second);
    if (!line) return std::unexpected(line.error());
    const auto head = head_of(*line);
    if (!head || head->key != key) continue;
    auto fields = parse_json<Json>(*line);  // nested as deep as arguments can be
    if (fields && fields->is_object()) return std::move(*fields);
  }
  return std::optional<Json>();
}

Result<Applied> Journal::State::repeat(const Tool& tool, const Call& call, const std::string& arguments, UnixTime now, const Json& first) {
  // Compared without regard to the order of fields: a model response that was read again may list them differently.
  const bool same = text_in(first, "agent") == call.agent && text_in(first, "tool") == tool.name && first.contains("arguments") &&
                    nlohmann::json::parse(first["arguments"].dump()) == nlohmann::json::parse(arguments);
  if (!same) return fail(Fault::conflict, fmt::format("call {} was applied before with another tool or other arguments", call.key));
  if (auto added = file.append(write_line(tool, call, arguments, repeat_mark, now, nullptr)); !added)
    return std::unexpected(std::move(added.error()));
  return Applied{.text = text_in(first, "result"), .failed = first.contains("failed") && first["failed"] == true, .repeat = true};
}

Result<Applied> Journal::State::apply(const Tool& tool, const Call& call, const std::string& arguments, UnixTime now,
                                      std::string rendered) {
  const auto known = failures.find(failure_scope(call.session, call.agent, tool.name));
  const bool failing = (known == failures.end() ? 0 : known->second) < tool.fail.first;
  if (failing) rendered = failure_text(tool);
  const std::string line = write_line(tool, call, arguments, failing ? failed_mark : "", now, &rendered);
  CONVOKE_FAILPOINT("effect", "", "before");
  const auto offset = file.append(line);
  CONVOKE_FAILPOINT("effect", "", "after");
  if (!offset) return std::unexpected(offset.error());
  remember(*offset, line);
  return Applied{.text = std::move(rendered), .failed = failing};
}

std::string call_key(std::string_view session, std::string_view agent, std::uint64_t turn, std::uint64_t item, std::uint64_t call) {
  return fmt::format("{}/{}/{}/{}/{}", session, agent, turn, item, call);
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<Journal> Journal::open(const std::string& path, std::optional<Millis> keep, UnixTime now) {
  auto state = std::make_unique<State>(path, keep);
  if (auto lock = state->enter(now); !lock) return std::unexpected(std::move(lock.error()));
  return Journal(std::move(state));
}

Result<Applied> Journal::apply(const Tool& tool, const Call& call, UnixTime now) {
  if (auto valid = check_call(call); !valid) return std::unexpected(std::move(valid.error()));
  const auto arguments = complete_arguments(tool, call.arguments);
  if (!arguments) return std::unexpected(arguments.error());
  auto rendered = render(tool, *arguments, now);
  if (!rendered) return std::unexpected(std::move(rendered.error()));
  if (!tool.journal) return Applied{.text = std::move(*rendered)};

  Result<Applied> applied = Applied{};
  {
    const auto lock = state_->enter(now);
    if (!lock) return std::unexpected(lock.error());
    const auto first = state_->find(call.key);
    if (!first) return std::unexpected(first.error());
    applied =
        *first ? state_->repeat(tool, call, *arguments, now, **first) : state_->apply(tool, call, *arguments, now, std::move(*rendered));
  }
  if (!applied) return applied;
  // Outside the lock. A line that another process finds here before it is on disk is no danger: that process syncs too before it reports.
  if (auto synced = state_->file.sync(); !synced) return std::unexpected(std::move(synced.error()));
  return applied;
}

}  // namespace convoke::tools
