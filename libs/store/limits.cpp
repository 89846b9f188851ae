#include "store/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace convoke::store {
namespace {

/// Collects the first breach while the parts of a commit go by.
class Checker {
 public:
  explicit Checker(const Limits& limits) : limits_(limits) {}

  void at_most(std::string_view what, std::size_t value, std::size_t limit) {
    if (value > limit) breach(Reason::too_large, fmt::format("{} has {}, at most {} are allowed", what, value, limit));
  }
  void must(bool holds, std::string_view text) {
    if (!holds) breach(Reason::invalid, std::string(text));
  }
  void bytes(std::string_view what, std::size_t value, std::size_t limit) {
    total_ += value;
    if (value > limit) breach(Reason::too_large, fmt::format("{} has {} bytes, at most {} are allowed", what, value, limit));
  }
  /// Two of a kind with one name have no defined order, so they are refused.
  void name(std::string_view what, std::string_view text) {
    if (text.empty() || text.size() > limits_.name_bytes) {
      breach(Reason::invalid, fmt::format("a {} name has {} bytes, 1 to {} are allowed", what, text.size(), limits_.name_bytes));
    } else if (!names_.emplace(what, text).second) {
      breach(Reason::invalid, fmt::format("{} {} appears twice in one commit", what, text));
    }
  }
  std::optional<CommitAnswer> finish() {
    at_most("a commit's bytes", total_, limits_.commit_bytes);
    at_most("a commit's names", names_.size(), limits_.commit_names);
    return std::move(answer_);
  }

 private:
  void breach(Reason reason, std::string text) {
    if (!answer_) answer_ = refusal(reason, std::move(text));
  }

  const Limits& limits_;
  std::size_t total_ = 0;
  std::set<std::pair<std::string_view, std::string_view>> names_;
  std::optional<CommitAnswer> answer_;
};

bool is_deletable(std::string_view name) { return name.starts_with("part:") || is_log(name); }

}  // namespace

bool is_scope(std::string_view scope, const Limits& limits) {
  if (scope.size() < 3 || scope.size() > limits.scope_bytes || scope[1] != ':') return false;
  if (scope[0] != 's' && scope[0] != 'u' && scope[0] != 't') return false;
  return std::ranges::none_of(scope, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_log(std::string_view name) { return (name.starts_with("log:") && name.size() > 4) || (name.starts_with("tr:") && name.size() > 3); }

CommitAnswer refusal(Reason reason, std::string text) {
  CommitAnswer answer;
  answer.outcome = Outcome::refused;
  answer.reason = reason;
  answer.text = std::move(text);
  return answer;
}

std::optional<CommitAnswer> check(const Commit& commit, const Limits& limits) {
  Checker checker(limits);
  checker.must(is_scope(commit.scope, limits), "a scope is s:<session>, u:<user> or t:<team>");
  const bool session = commit.scope.starts_with("s:");
  checker.must(!commit.create || commit.version == 0, "a commit that creates expects version 0");
  checker.must(!session || commit.create || commit.version > 0, "the first commit of a session must create it");
  checker.must(!commit.remove || (commit.version > 0 && !commit.state && commit.appends.empty() && commit.parts.empty() &&
                                  commit.pieces.empty() && commit.deletes.empty() && !commit.due_unix_ms),
               "a commit that removes a scope may carry keys alone");
  constexpr std::int64_t kMostMs = std::int64_t{1} << 53;  // what a Redis score holds exactly
  checker.must(!commit.due_unix_ms || (*commit.due_unix_ms >= 0 && *commit.due_unix_ms < kMostMs), "a due time is from 0 to 2^53 ms");
  if (commit.state) checker.bytes("the state", commit.state->size(), limits.state_bytes);
  std::size_t entries = 0;
  for (const auto& append : commit.appends) {
    checker.name("log", append.log);
    checker.must(is_log(append.log), "a log is log:<conversation> or tr:<agent>");
    checker.must(append.first > 0 && !append.entries.empty(), "an append has at least one entry and begins at 1 or later");
    entries += append.entries.size();
    for (const auto& entry : append.entries) checker.bytes("a log entry", entry.size(), limits.entry_bytes);
  }
  checker.at_most("a commit's log entries", entries, limits.commit_entries);
  for (const auto& key : commit.keys) {
    checker.name("key", key.key);
    checker.at_most("a body hash", key.body_hash.size(), 255);
    checker.bytes("a recorded answer", key.answer.size(), limits.answer_bytes);
    checker.must(!key.ttl || key.ttl->count() > 0, "a key's time to live is above 0");
  }
  for (const auto& part : commit.parts) {
    checker.name("part", part.name);
    checker.bytes("a part", part.bytes.size(), limits.part_bytes);
  }
  for (const auto& piece : commit.pieces) {
    checker.name("piece", piece.name);
    checker.bytes("a piece of the state", piece.bytes.size(), limits.state_bytes);
  }
  for (const auto& name : commit.deletes) {
    checker.name("deleted", name);
    checker.must(is_deletable(name), "only part:<name>, log:<conversation> and tr:<agent> can be deleted");
    const bool also_written = std::ranges::any_of(commit.parts, [&](const Part& part) { return name == "part:" + part.name; }) ||
                              std::ranges::any_of(commit.appends, [&](const Append& append) { return name == append.log; });
    checker.must(!also_written, "one commit can not both write and delete the same name");
  }
  return checker.finish();
}

}  // namespace convoke::store
