#include "store/memory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/hash.hpp"
#include "core/mutation.hpp"

namespace convoke::store {

void Memory::set_now(UnixTime now) {
  now_ms_ = std::max(now_ms_, unix_ms(now));
  while (!expiries_.empty() && expiries_.begin()->first <= now_ms_) {
    const std::string scope = expiries_.begin()->second;
    expiries_.erase(expiries_.begin());
    const auto at = scopes_.find(scope);
    if (at == scopes_.end()) continue;
    expire(at->second);
    if (at->second.version == 0 && at->second.keys.empty() && at->second.spans.empty()) scopes_.erase(at);
  }
}

void Memory::expire(Data& data) const {
  std::erase_if(data.keys, [&](const auto& item) { return item.second.expires_ms && *item.second.expires_ms <= now_ms_; });
  if (!data.tombstone_until_ms || *data.tombstone_until_ms > now_ms_) return;
  std::erase_if(data.keys, [](const auto& item) { return !item.second.expires_ms; });
  data.tombstone_until_ms.reset();
  data.gone = false;
  data.version = 0;
}

const Memory::Data* Memory::find(std::string_view scope) const {
  const auto at = scopes_.find(scope);
  return at == scopes_.end() ? nullptr : &at->second;
}

// The order of these checks is part of the contract: a repetition is answered from its record even after the scope is gone.
std::optional<CommitAnswer> Memory::refuse(const Commit& commit, const Data* data) const {
  CommitAnswer answer;
  answer.epoch = epoch(partition_of(commit.scope));
  if (answer.epoch != commit.epoch && !CONVOKE_MUTATED(commit_ignores_epoch)) {
    answer.outcome = Outcome::refused_epoch;
    answer.text = fmt::format("partition {} has epoch {}", partition_of(commit.scope), answer.epoch.number);
    return answer;
  }
  answer.version = data != nullptr ? data->version : 0;
  for (const auto& key : commit.keys) {
    if (data == nullptr) break;
    if (const auto at = data->keys.find(key.key); at != data->keys.end()) answer.recorded.push_back(at->second.recorded);
  }
  if (!answer.recorded.empty()) {
    answer.outcome = Outcome::repeated;
    return answer;
  }
  if (data != nullptr && data->gone) {
    answer.outcome = Outcome::gone;
    return answer;
  }
  if (answer.version != commit.version) {
    answer.outcome = Outcome::refused_version;
    return answer;
  }
  for (const auto& append : commit.appends) {
    const auto at = head(commit.scope, append.log);
    if (at + 1 != append.first) {
      return refusal(Reason::invalid, fmt::format("{} of {} is at {}, not at {}", append.log, commit.scope, at, append.first - 1));
    }
  }
  return std::nullopt;
}

CommitAnswer Memory::commit(const Commit& commit) {
  if (auto refused = check(commit, limits_)) return *refused;
  if (outage_ != Reason::none) return refusal(outage_, "the store in memory was told to refuse");
  if (auto refused = refuse(commit, find(commit.scope))) return *refused;
  Data& data = scopes_[commit.scope];
  data.version = commit.version + 1;
  if (commit.remove) {
    remove(commit, data);
  } else {
    write(commit, data);
  }
  record(commit, data);
  set_due(commit.scope, data, commit.due_unix_ms);
  CommitAnswer answer;
  answer.outcome = Outcome::ok;
  answer.version = data.version;
  return answer;
}

void Memory::remove(const Commit& commit, Data& data) {
  data.gone = true;
  data.state.clear();
  data.format = 0;
  data.logs.clear();
  data.parts.clear();
  data.pieces.clear();
  data.spans.clear();
  data.tombstone_until_ms = now_ms_ + limits_.tombstone_ttl.count();
  expiries_.emplace(*data.tombstone_until_ms, commit.scope);
}

void Memory::write(const Commit& commit, Data& data) {
  if (commit.state) {
    data.state = *commit.state;
    data.format = commit.format;
  }
  for (const auto& append : commit.appends) {
    auto& log = data.logs[append.log];
    log.insert(log.end(), append.entries.begin(), append.entries.end());
  }
  for (const auto& part : commit.parts) data.parts.insert_or_assign(part.name, part.bytes);
  for (const auto& piece : commit.pieces) {
    if (piece.bytes.empty()) {
      data.pieces.erase(piece.name);
    } else {
      data.pieces.insert_or_assign(piece.name, piece.bytes);
    }
  }
  for (const auto& name : commit.deletes) {
    if (name.starts_with("part:")) {
      data.parts.erase(name.substr(5));
    } else {
      data.logs.erase(name);
    }
  }
}

void Memory::record(const Commit& commit, Data& data) {
  for (const auto& key : commit.keys) {
    Entry entry{.recorded = {.key = key.key, .body_hash = key.body_hash, .answer = key.answer}, .expires_ms = {}};
    if (key.ttl) {
      entry.expires_ms = now_ms_ + std::min(*key.ttl, limits_.key_ttl).count();
      expiries_.emplace(*entry.expires_ms, commit.scope);
    }
    data.keys.insert_or_assign(key.key, std::move(entry));
  }
}

void Memory::set_due(const std::string& scope, Data& data, std::optional<std::int64_t> due_ms) {
  auto& due = rooms_[partition_of(scope)].due;
  if (data.due_ms) due.erase({*data.due_ms, scope});
  data.due_ms = due_ms;
  if (due_ms) due.emplace(*due_ms, scope);
}

Result<ClaimAnswer> Memory::claim(const Claim& claim) {
  if (outage_ != Reason::none) return fail(Fault::unavailable, "the store in memory was told to refuse");
  Room& room = rooms_[claim.partition];
  ClaimAnswer answer{.partition = claim.partition, .held = room.format <= claim.format, .epoch = room.epoch, .format = room.format};
  if (!answer.held) return answer;
  room.epoch =
      Epoch{.number = std::max(room.epoch.number, claim.at_least) + (CONVOKE_MUTATED(claim_keeps_epoch) ? 0 : 1), .replica = claim.replica};
  room.format = claim.format;
  answer.epoch = room.epoch;
  answer.format = room.format;
  return answer;
}

Epoch Memory::epoch(Partition partition) const { return rooms_[partition].epoch; }

Result<Scope> Memory::load(std::string_view scope) const {
  if (!is_scope(scope, limits_)) return fail(Fault::invalid, "a scope is s:<session>, u:<user> or t:<team>");
  Scope answer;
  answer.epoch = epoch(partition_of(scope));
  const Data* data = find(scope);
  if (data == nullptr) return answer;
  answer.gone = data->gone;
  answer.exists = data->version > 0 && !data->gone;
  answer.version = data->version;
  answer.state = data->state;
  answer.format = data->format;
  for (const auto& [name, bytes] : data->pieces) answer.pieces.push_back({.name = name, .bytes = bytes});
  return answer;
}

std::vector<Recorded> Memory::keys(std::string_view scope, const std::vector<std::string>& keys) const {
  std::vector<Recorded> found;
  const Data* data = find(scope);
  if (data == nullptr) return found;
  for (const auto& key : keys) {
    if (const auto at = data->keys.find(key); at != data->keys.end()) found.push_back(at->second.recorded);
  }
  return found;
}

std::vector<Due> Memory::due(const DueQuery& query) const {
  std::vector<Due> found;
  const auto& room = rooms_[query.partition];
  if (room.due.empty()) return found;
  std::uint32_t skipped = 0;
  for (auto at = room.due.lower_bound({query.from_unix_ms, ""}); at != room.due.end(); ++at) {
    if (at->first > query.to_unix_ms || found.size() >= query.limit) break;
    if (skipped++ >= query.offset) found.push_back({.scope = at->second, .unix_ms = at->first});
  }
  return found;
}

Result<LogPage> Memory::read_log(const LogQuery& query) const {
  if (!is_scope(query.scope, limits_) || !is_log(query.log)) return fail(Fault::invalid, "no such kind of log: " + query.log);
  LogPage page;
  page.head = head(query.scope, query.log);
  if (page.head == 0) return page;
  const auto& log = find(query.scope)->logs.find(query.log)->second;
  const std::size_t most_bytes = std::min(query.max_bytes, limits_.page_bytes);
  const std::size_t most_entries = std::max(1u, std::min(query.max_entries, limits_.page_entries));
  std::size_t bytes = 0;
  for (auto number = std::max<std::uint64_t>(query.from, 1); number <= page.head && page.entries.size() < most_entries; ++number) {
    bytes += log[number - 1].size();
    if (bytes > most_bytes && !page.entries.empty()) break;
    page.entries.push_back({.number = number, .bytes = log[number - 1]});
  }
  return page;
}

std::uint64_t Memory::head(std::string_view scope, std::string_view log) const {
  const Data* data = find(scope);
  if (data == nullptr) return 0;
  const auto at = data->logs.find(log);
  return at == data->logs.end() ? 0 : at->second.size();
}

std::optional<std::string> Memory::read_part(std::string_view scope, std::string_view name) const {
  const Data* data = find(scope);
  if (data == nullptr) return std::nullopt;
  const auto at = data->parts.find(name);
  if (at == data->parts.end()) return std::nullopt;
  return at->second;
}

bool Memory::spans_append(const std::string& session, std::vector<std::string> spans) {
  const auto at = scopes_.find("s:" + session);
  if (at == scopes_.end() || at->second.gone || at->second.version == 0) return false;
  auto& kept = at->second.spans;
  for (auto& span : spans) {
    if (span.size() <= limits_.span_bytes) kept.push_back(std::move(span));
  }
  if (kept.size() > limits_.spans) kept.erase(kept.begin(), kept.end() - limits_.spans);
  return true;
}

std::vector<std::string> Memory::spans_read(std::string_view session) const {
  const Data* data = find("s:" + std::string(session));
  return data == nullptr ? std::vector<std::string>{} : data->spans;
}

std::vector<std::string> Memory::scopes() const {
  std::vector<std::string> found;
  for (const auto& [scope, data] : scopes_) {
    if (data.version > 0 && !data.gone) found.push_back(scope);
  }
  return found;
}

}  // namespace convoke::store
