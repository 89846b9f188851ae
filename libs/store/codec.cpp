#include "store/codec.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "core/hash.hpp"

namespace convoke::store {
namespace {

constexpr int most_elements = 1'000'000;

/// A plain reader's functions, but for lists, whose memory hiredis takes before it has seen a single element.
redisReplyObjectFunctions* bounded_functions() {
  static const auto plain = [] {
    const std::unique_ptr<redisReader, ReaderDelete> reader(redisReaderCreate());
    return *reader->fn;
  }();
  static redisReplyObjectFunctions bounded = [] {
    auto functions = plain;
    functions.createArray = [](const redisReadTask* task, int elements) -> void* {
      return elements > most_elements ? nullptr : plain.createArray(task, elements);
    };
    return functions;
  }();
  return &bounded;
}

std::string_view text_in(const redisReply& reply) {
  if (reply.str == nullptr) return {};
  return {reply.str, static_cast<std::size_t>(reply.len)};
}

std::span<redisReply* const> items_in(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) return {};
  return {reply.element, reply.elements};
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A reply of another shape than asked for is an error of Redis, or a bug; both read the same to the caller.
Error unexpected(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) return error_of(reply);
  return Error(Fault::internal, fmt::format("Redis answered with a reply of type {} that was not asked for", reply.type));
}

std::string record_of(const KeyRecord& key) {
  std::string record;
  record.reserve(1 + key.body_hash.size() + key.answer.size());
  record.push_back(static_cast<char>(static_cast<unsigned char>(key.body_hash.size())));
  record += key.body_hash;
  record += key.answer;
  return record;
}

Recorded parse_record(const std::string& key, std::string_view record) {
  Recorded recorded{.key = key, .body_hash = {}, .answer = {}};
  if (record.empty()) return recorded;
  const auto hash = std::min<std::size_t>(static_cast<unsigned char>(record[0]), record.size() - 1);
  recorded.body_hash = record.substr(1, hash);
  recorded.answer = record.substr(1 + hash);
  return recorded;
}

void add_commit_keys(Command& command, const Commit& commit, const std::string& scope) {
  const Partition partition = partition_of(commit.scope);
  command.number(3 + commit.keys.size() + commit.appends.size() + commit.parts.size() + commit.deletes.size());
  command.keep(partition_key(partition, "epoch")).add(scope).keep(partition_key(partition, "due"));
  for (const auto& key : commit.keys) command.keep(fmt::format("{}:key:{}", scope, key.key));
  for (const auto& append : commit.appends) command.keep(fmt::format("{}:{}", scope, append.log));
  for (const auto& part : commit.parts) command.keep(fmt::format("{}:part:{}", scope, part.name));
  for (const auto& name : commit.deletes) command.keep(fmt::format("{}:{}", scope, name));
}

std::string field_of(std::string_view name) {
  if (name.starts_with("part:")) return "p:" + std::string(name.substr(5));
  return "h:" + std::string(name);
}

CommitAnswer decode_refusal(const redisReply& reply, const std::vector<std::string>& keys) {
  const auto items = items_in(reply);
  const std::string_view what = items.empty() ? std::string_view{} : text_in(*items[0]);
  CommitAnswer answer;
  if (what == "epoch" && items.size() == 2) {
    answer.outcome = Outcome::refused_epoch;
    answer.epoch = parse_epoch(text_in(*items[1]));
  } else if ((what == "version" || what == "gone") && items.size() == 2) {
    answer.outcome = what == "gone" ? Outcome::gone : Outcome::refused_version;
    answer.version = number_in(text_in(*items[1]));
  } else if (what == "repeated") {
    answer.outcome = Outcome::repeated;
    for (std::size_t i = 1; i + 1 < items.size(); i += 2) {
      const auto index = static_cast<std::size_t>(items[i]->integer);
      if (index >= 1 && index <= keys.size()) answer.recorded.push_back(parse_record(keys[index - 1], text_in(*items[i + 1])));
    }
  } else if (what == "log" && items.size() == 4 && text_in(*items[1]).size() >= 2) {
    return refusal(Reason::invalid,
                   fmt::format("{} is at {}, not at {}", text_in(*items[1]).substr(2), text_in(*items[2]), text_in(*items[3])));
  } else {
    return refusal(Reason::other, unexpected(reply).message);
  }
  return answer;
}

}  // namespace

std::string partition_key(Partition partition, std::string_view what) { return fmt::format("{{p{:03}}}:{}", partition, what); }

std::string scope_key(std::string_view scope) {
  std::string key = partition_key(partition_of(scope), scope.substr(0, 2));
  for (const char c : scope.substr(std::min<std::size_t>(2, scope.size()))) {
    if (c == ':') {
      key += "%3A";
    } else if (c == '%') {
      key += "%25";
    } else {
      key.push_back(c);
    }
  }
  return key;
}

std::string epoch_text(const Epoch& epoch) {
  return epoch == Epoch{} ? std::string{} : fmt::format("{} {}", epoch.number, to_string(epoch.replica));
}

void ReaderDelete::operator()(redisReader* reader) const { redisReaderFree(reader); }

std::unique_ptr<redisReader, ReaderDelete> make_reader() {
  return std::unique_ptr<redisReader, ReaderDelete>(redisReaderCreateWithFunctions(bounded_functions()));
}

Epoch parse_epoch(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return {};
  return Epoch{.number = number_in(text.substr(0, space)), .replica = parse_uuid(text.substr(space + 1)).value_or(Uuid{})};
}

// An array of bulk strings (RESP 2). hiredis formats each argument as if by printf, which was half of what a commit cost to encode.
std::string Command::bytes() const {
  constexpr std::size_t head = 24;  // kind, digits, end of line, and the end of line behind a string
  std::size_t size = head;
  for (const auto part : parts_) size += part.size() + head;
  std::string bytes;
  bytes.reserve(size);
  const auto begin = [&bytes](char kind, std::size_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    bytes.append(1, kind).append(digits.data(), end).append("\r\n");
  };
  begin('*', parts_.size());
  for (const auto part : parts_) {
    begin('$', part.size());
    bytes.append(part).append("\r\n");
  }
  return bytes;
}

std::string encode_commit(const Commit& commit, std::string_view sha, const Limits& limits) {
  const std::string scope = scope_key(commit.scope);
  Command command("EVALSHA");
  command.add(sha);
  add_commit_keys(command, commit, scope);
  command.keep(epoch_text(commit.epoch)).number(commit.version).number(commit.version + 1);
  command.keep(commit.due_unix_ms ? std::to_string(*commit.due_unix_ms) : std::string{}).add(commit.scope).add(scope);
  command.add(commit.remove ? "1" : "").number(limits.tombstone_ttl.count());
  command.add(commit.state ? "1" : "").add(commit.state ? std::string_view(*commit.state) : std::string_view{}).number(commit.format);
  command.number(commit.keys.size()).number(commit.appends.size()).number(commit.parts.size()).number(commit.deletes.size());
  command.number(commit.pieces.size());
  for (const auto& key : commit.keys) {
    command.keep("k:" + key.key)
        .keep(record_of(key))
        .keep(key.ttl ? std::to_string(std::min(*key.ttl, limits.key_ttl).count()) : std::string{});
  }
  for (const auto& append : commit.appends) {
    command.keep("h:" + append.log).number(append.first - 1).number(append.entries.size());
    for (const auto& entry : append.entries) command.add(entry);
  }
  for (const auto& part : commit.parts) command.keep("p:" + part.name).add(part.bytes);
  for (const auto& name : commit.deletes) command.keep(field_of(name));
  for (const auto& piece : commit.pieces) command.keep("s:" + piece.name).add(piece.bytes);
  return command.bytes();
}

CommitAnswer decode_commit(const redisReply& reply, std::uint64_t new_version, const std::vector<std::string>& keys) {
  if (reply.type == REDIS_REPLY_ERROR) return refusal(reason_of(reply), std::string(text_in(reply)));
  if (reply.type != REDIS_REPLY_INTEGER || reply.integer != 1) return decode_refusal(reply, keys);
  CommitAnswer answer;
  answer.outcome = Outcome::ok;
  answer.version = new_version;
  return answer;
}

std::string encode_claim(const Claim& claim, std::string_view sha) {
  Command command("EVALSHA");
  command.add(sha).add("2").keep(partition_key(claim.partition, "epoch")).keep(partition_key(claim.partition, "fmt"));
  return command.number(claim.at_least).keep(to_string(claim.replica)).number(claim.format).bytes();
}

Result<ClaimAnswer> decode_claim(const redisReply& reply, Partition partition) {
  const auto items = items_in(reply);
  if (items.size() != 3) return std::unexpected(unexpected(reply));
  return ClaimAnswer{.partition = partition,
                     .held = text_in(*items[0]) == "1",
                     .epoch = parse_epoch(text_in(*items[1])),
                     .format = static_cast<std::uint32_t>(number_in(text_in(*items[2])))};
}

std::string encode_load(std::string_view scope, std::string_view sha) {
  Command command("EVALSHA");
  return command.add(sha).add("2").keep(partition_key(partition_of(scope), "epoch")).keep(scope_key(scope)).bytes();
}

Result<Scope> decode_load(const redisReply& reply) {
  const auto items = items_in(reply);
  if (items.size() < 5 || items.size() % 2 == 0) return std::unexpected(unexpected(reply));
  Scope scope;
  scope.epoch = parse_epoch(text_in(*items[0]));
  scope.version = number_in(text_in(*items[1]));
  scope.state = text_in(*items[2]);
  scope.format = static_cast<std::uint32_t>(number_in(text_in(*items[3])));
  scope.gone = !text_in(*items[4]).empty();
  scope.exists = scope.version > 0 && !scope.gone;
  for (std::size_t i = 5; i < items.size(); i += 2)
    scope.pieces.push_back({.name = std::string(text_in(*items[i])), .bytes = std::string(text_in(*items[i + 1]))});
  std::ranges::sort(scope.pieces, {}, &Piece::name);
  return scope;
}

std::string encode_keys(std::string_view scope, const std::vector<std::string>& keys, std::string_view sha) {
  const std::string prefix = scope_key(scope);
  Command command("EVALSHA");
  command.add(sha).number(1 + keys.size()).add(prefix);
  for (const auto& key : keys) command.keep(fmt::format("{}:key:{}", prefix, key));
  for (const auto& key : keys) command.keep("k:" + key);
  return command.bytes();
}

Result<std::vector<Recorded>> decode_keys(const redisReply& reply, const std::vector<std::string>& keys) {
  const auto items = items_in(reply);
  if (items.size() != keys.size()) return std::unexpected(unexpected(reply));
  std::vector<Recorded> found;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!text_in(*items[i]).empty()) found.push_back(parse_record(keys[i], text_in(*items[i])));
  }
  return found;
}

std::string encode_epochs(const std::vector<Partition>& partitions) {
  Command command("MGET");
  for (const auto partition : partitions) command.keep(partition_key(partition, "epoch"));
  return command.bytes();
}

Result<std::vector<PartitionEpoch>> decode_epochs(const redisReply& reply, const std::vector<Partition>& partitions) {
  const auto items = items_in(reply);
  if (items.size() != partitions.size()) return std::unexpected(unexpected(reply));
  std::vector<PartitionEpoch> found;
  found.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    found.push_back({.partition = partitions[i], .epoch = parse_epoch(text_in(*items[i]))});
  }
  return found;
}

std::string encode_due(const DueQuery& query) {
  const auto bound = [](std::int64_t ms) {
    if (ms == std::numeric_limits<std::int64_t>::min()) return std::string("-inf");
    if (ms == std::numeric_limits<std::int64_t>::max()) return std::string("+inf");
    return std::to_string(ms);
  };
  Command command("ZRANGE");
  command.keep(partition_key(query.partition, "due")).keep(bound(query.from_unix_ms)).keep(bound(query.to_unix_ms));
  return command.add("BYSCORE").add("LIMIT").number(query.offset).number(query.limit).add("WITHSCORES").bytes();
}

Result<std::vector<Due>> decode_due(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements % 2 != 0) return std::unexpected(unexpected(reply));
  const auto items = items_in(reply);
  std::vector<Due> found;
  for (std::size_t i = 0; i < items.size(); i += 2) {
    const auto score = text_in(*items[i + 1]);
    double value = 0;  // a score is a double; check() keeps it a whole number below 2^53
    std::from_chars(score.data(), score.data() + score.size(), value);
    constexpr double whole = 9'007'199'254'740'992.0;
    if (!(value >= -whole && value <= whole)) return std::unexpected(unexpected(reply));
    found.push_back({.scope = std::string(text_in(*items[i])), .unix_ms = static_cast<std::int64_t>(value)});
  }
  return found;
}

std::string encode_read_log(const LogQuery& query, std::string_view sha, const Limits& limits) {
  const std::string scope = scope_key(query.scope);
  Command command("EVALSHA");
  command.add(sha).add("2").add(scope).keep(scope + ":" + query.log).keep("h:" + query.log);
  command.number(std::max<std::uint64_t>(query.from, 1)).number(std::min(query.max_bytes, limits.page_bytes));
  return command.number(std::max(1u, std::min(query.max_entries, limits.page_entries))).bytes();
}

Result<LogPage> decode_read_log(const redisReply& reply, std::uint64_t from) {
  const auto items = items_in(reply);
  if (items.empty()) return std::unexpected(unexpected(reply));
  LogPage page;
  page.head = number_in(text_in(*items[0]));
  auto number = std::max<std::uint64_t>(from, 1);
  for (const auto* item : items.subspan(1)) page.entries.push_back({.number = number++, .bytes = std::string(text_in(*item))});
  return page;
}

std::string encode_head(std::string_view scope, std::string_view log) {
  Command command("HGET");
  return command.keep(scope_key(scope)).keep("h:" + std::string(log)).bytes();
}

Result<std::uint64_t> decode_head(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_NIL) return 0;
  if (reply.type != REDIS_REPLY_STRING) return std::unexpected(unexpected(reply));
  return number_in(text_in(reply));
}

std::string encode_read_part(std::string_view scope, std::string_view name) {
  Command command("GET");
  return command.keep(scope_key(scope) + ":part:" + std::string(name)).bytes();
}

Result<std::string> decode_read_part(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_NIL) return fail(Fault::not_found, "no such part");
  return decode_text(reply);
}

std::string encode_spans_append(std::string_view session, const std::vector<std::string>& spans, std::string_view sha,
                                const Limits& limits) {
  const std::string scope = scope_key("s:" + std::string(session));
  Command command("EVALSHA");
  command.add(sha).add("2").add(scope).keep(scope + ":spans").number(limits.spans).number(limits.spans_ttl.count());
  for (const auto& span : spans) {
    if (span.size() <= limits.span_bytes) command.add(span);
  }
  return command.bytes();
}

std::string encode_spans_read(std::string_view session) {
  Command command("XRANGE");
  return command.keep(scope_key("s:" + std::string(session)) + ":spans").add("-").add("+").bytes();
}

Result<std::vector<std::string>> decode_spans_read(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) return std::unexpected(unexpected(reply));
  std::vector<std::string> spans;
  for (const auto* item : items_in(reply)) {
    const auto entry = items_in(*item);
    const auto fields = entry.size() == 2 ? items_in(*entry[1]) : std::span<redisReply* const>{};
    for (std::size_t i = 1; i < fields.size(); i += 2) spans.emplace_back(text_in(*fields[i]));
  }
  return spans;
}

Result<std::string> decode_text(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING && reply.type != REDIS_REPLY_STATUS) return std::unexpected(unexpected(reply));
  return std::string(text_in(reply));
}

Result<UnixTime> decode_time(const redisReply& reply) {
  const auto items = items_in(reply);
  if (items.size() != 2) return std::unexpected(unexpected(reply));
  return from_unix_ms(static_cast<std::int64_t>(number_in(text_in(*items[0])) * 1000 + number_in(text_in(*items[1])) / 1000));
}

Result<History> decode_history(const redisReply& reply) {
  const auto told = decode_text(reply);
  if (!told) return std::unexpected(told.error());
  History history;
  std::string_view rest = *told;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find_first_of("\r\n"));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = line.substr(0, colon);
    const auto value = line.substr(colon + 1);
    if (name == "master_replid") history.id = value;
    if (name == "master_replid2") history.is_continued = value.find_first_not_of('0') != std::string_view::npos;
  }
  return history;
}

Reason reason_of(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ERROR) return Reason::none;
  const std::string_view text = text_in(reply);
  constexpr std::pair<std::string_view, Reason> kKnown[] = {
      {"MISCONF", Reason::disk_full},
      {"OOM", Reason::out_of_memory},
      {"READONLY", Reason::read_only},
      {"LOADING", Reason::loading},
      {"NOREPLICAS", Reason::no_replicas},
      {"MASTERDOWN", Reason::read_only},
      {"NOAUTH", Reason::away},
      {"WRONGPASS", Reason::away},
      {"NOPERM", Reason::away},
      {"ERR max number of clients", Reason::away},
  };
  for (const auto& [prefix, reason] : kKnown) {
    if (text.starts_with(prefix)) return reason;
  }
  return Reason::other;
}

bool is_no_script(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR && text_in(reply).starts_with("NOSCRIPT"); }

Error error_of(const redisReply& reply) {
  const Reason reason = reason_of(reply);
  return Error(is_outage(reason) ? Fault::unavailable : Fault::internal, "Redis: " + std::string(text_in(reply)));
}

}  // namespace convoke::store
