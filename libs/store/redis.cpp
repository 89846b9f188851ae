#include "store/redis.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

#include "core/failpoint.hpp"
#include "store/redis_store.hpp"

namespace convoke::store {

namespace asio = boost::asio;

Result<std::unique_ptr<Store>> make_redis_store(asio::any_io_executor executor, RedisOptions options) {
  const std::string_view endpoint = options.endpoint;
  std::string host, port;
  if (endpoint.starts_with("unix:")) {
    host = endpoint.substr(5);
  } else if (const auto colon = endpoint.rfind(':'); colon != std::string_view::npos) {
    host = endpoint.substr(0, colon);
    port = endpoint.substr(colon + 1);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) host.clear();
  }
  if (host.empty()) return fail(Fault::invalid, "a Redis endpoint is host:port or unix:/path/of/socket, not " + options.endpoint);
  return std::make_unique<RedisStore>(std::move(executor), std::move(options), std::move(host), std::move(port));
}

RedisStore::RedisStore(asio::any_io_executor executor, RedisOptions options, std::string host, std::string port)
    : executor_(std::move(executor)), options_(std::move(options)), host_(std::move(host)), port_(std::move(port)), wake_(executor_) {
  link_.text = "not connected yet";
}

RedisStore::~RedisStore() {
  *alive_ = false;
  if (main_) main_->abandon();
  if (reads_) reads_->abandon();
}

Counters RedisStore::counters() const {
  Counters now = counters_;
  now.in_flight = in_flight_;
  now.waiting = static_cast<std::uint32_t>(waiting_.size());
  now.writes = past_writes_ + (main_ ? main_->writes() : 0) + (reads_ ? reads_->writes() : 0);
  return now;
}

void RedisStore::refuse_later(CommitDone done, CommitAnswer answer) {
  ++counters_.refused;
  asio::post(executor_, [held = std::move(done), answer = std::move(answer)]() mutable { held(std::move(answer)); });
}

void RedisStore::commit(Commit commit, CommitDone done) {
  if (auto refused = check(commit, options_.limits)) return refuse_later(std::move(done), std::move(*refused));
  if (!link_.up) return refuse_later(std::move(done), refusal(link_.reason, "Redis is away: " + link_.text));
  if (waiting_.size() >= options_.limits.max_waiting) {
    return refuse_later(std::move(done), refusal(Reason::overloaded, fmt::format("{} commits wait already", waiting_.size())));
  }
  Outgoing outgoing;
  outgoing.scope_kind = commit.scope.front();
  outgoing.bytes = encode_commit(commit, script(Script::commit).sha, options_.limits);
  outgoing.new_version = commit.version + 1;
  for (auto& key : commit.keys) outgoing.keys.push_back(std::move(key.key));
  outgoing.done = std::move(done);
  waiting_.push_back(std::move(outgoing));
  pump();
}

void RedisStore::pump() {
  while (link_.up && in_flight_ < options_.limits.max_in_flight && !waiting_.empty()) {
    Outgoing next = std::move(waiting_.front());
    waiting_.pop_front();
    send(std::move(next));
  }
}

void RedisStore::send(Outgoing outgoing) {
  ++in_flight_;
  CONVOKE_FAILPOINT("commit", std::string_view(&outgoing.scope_kind, 1), "before");
  Call call;
  call.bytes = std::move(outgoing.bytes);
  call.reload = &script(Script::commit).load;
  call.replicated = true;
  call.done = [this, outgoing = std::move(outgoing)](Reply reply, Loss loss) mutable {
    --in_flight_;
    CONVOKE_FAILPOINT("commit", std::string_view(&outgoing.scope_kind, 1), "after");
    CommitAnswer answered = answer(outgoing, reply.get(), loss);
    outgoing.done(std::move(answered));
    pump();
  };
  main_->send(std::move(call));
}

CommitAnswer RedisStore::answer(const Outgoing& outgoing, const redisReply* reply, Loss loss) {
  CommitAnswer answered;
  notice(reply, loss);
  if (reply != nullptr) {
    answered = decode_commit(*reply, outgoing.new_version, outgoing.keys);
  } else if (loss == Loss::not_sent) {
    answered = refusal(link_.reason, error_of_loss(loss).message);
  } else {
    answered.reason = loss == Loss::not_replicated ? Reason::no_replicas : Reason::away;
    answered.text = error_of_loss(loss).message;
  }
  ++(answered.ok() ? counters_.commits : answered.outcome == Outcome::unknown ? counters_.unknown : counters_.refused);
  return answered;
}

void RedisStore::notice(const redisReply* reply, Loss loss) {
  if (loss == Loss::not_replicated) return lose_soon(Reason::no_replicas, error_of_loss(loss).message);
  if (reply == nullptr) return;  // the connection is closed, and has said so itself
  const Reason reason = reason_of(*reply);
  if (is_outage(reason)) lose_soon(reason, error_of(*reply).message);
}

void RedisStore::lose_soon(Reason reason, std::string why) {
  if (losing_ || !link_.up) return;
  losing_ = true;
  asio::post(executor_, [this, alive = alive_, reason, why = std::move(why)] {
    if (*alive && losing_) lose(reason, why);
  });
}

Error RedisStore::error_of_loss(Loss loss) const {
  if (loss == Loss::not_replicated) return Error(Fault::unavailable, "fewer replicas than asked for have the change");
  return Error(Fault::unavailable, "Redis is away: " + link_.text);
}

std::vector<Call> RedisStore::one(std::string bytes, const LuaScript* script) const {
  std::vector<Call> calls(1);
  calls[0].bytes = std::move(bytes);
  if (script != nullptr) calls[0].reload = &script->load;
  return calls;
}

namespace {

/// Replies to several calls, handed on together when the last one is in.
struct Gathered {
  std::vector<Reply> replies;
  std::size_t missing = 0;
  Loss loss = Loss::none;
};

}  // namespace

Task<Result<std::vector<Reply>>> RedisStore::exchange(ConnectionPtr connection, std::vector<Call> calls) {
  auto gathered = std::make_shared<Gathered>();
  gathered->replies.resize(calls.size());
  gathered->missing = calls.size();
  auto initiate = [](auto handler, ConnectionPtr to, std::vector<Call> all, std::shared_ptr<Gathered> into) {
    auto resume = std::make_shared<std::move_only_function<void()>>([held = std::move(handler)]() mutable { held(); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].done = [into, resume, i](Reply reply, Loss loss) {
        into->replies[i] = std::move(reply);
        if (loss != Loss::none) into->loss = loss;
        if (--into->missing == 0) std::exchange(*resume, nullptr)();
      };
      to->send(std::move(all[i]));
    }
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable, std::move(connection),
                                                                       std::move(calls), gathered);
  notice(nullptr, gathered->loss);
  if (gathered->loss != Loss::none) co_return std::unexpected(error_of_loss(gathered->loss));
  co_return std::move(gathered->replies);
}

Task<Result<std::vector<Reply>>> RedisStore::ask(Road road, std::vector<Call> calls) {
  if (!link_.up) co_return std::unexpected(error_of_loss(Loss::not_sent));
  const ConnectionPtr connection = road == Road::main ? main_ : reads_;
  if (calls.empty()) co_return std::vector<Reply>{};
  if (connection->unanswered() + calls.size() > options_.limits.max_calls + options_.limits.max_in_flight) {
    co_return fail(Fault::overloaded, "too many calls to Redis are unanswered");
  }
  counters_.reads += calls.size();
  auto replies = co_await exchange(connection, std::move(calls));
  if (replies) {
    for (const auto& reply : *replies) notice(reply.get(), Loss::none);
  }
  co_return replies;
}

Task<Result<std::vector<ClaimAnswer>>> RedisStore::claim(std::vector<Claim> claims) {
  CONVOKE_FAILPOINT("claim", "", "before");
  std::vector<Call> calls;
  for (const auto& each : claims) {
    Call call;
    call.bytes = encode_claim(each, script(Script::claim).sha);
    call.reload = &script(Script::claim).load;
    call.replicated = true;
    calls.push_back(std::move(call));
  }
  const auto replies = co_await ask(Road::main, std::move(calls));
  CONVOKE_FAILPOINT("claim", "", "after");
  if (!replies) co_return std::unexpected(replies.error());
  std::vector<ClaimAnswer> answers;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const auto answer = decode_claim(*(*replies)[i], claims[i].partition);
    if (!answer) co_return std::unexpected(answer.error());
    answers.push_back(*answer);
  }
  co_return answers;
}

Task<Result<std::vector<PartitionEpoch>>> RedisStore::epochs(std::vector<Partition> partitions) {
  if (partitions.empty()) co_return std::vector<PartitionEpoch>{};
  const auto replies = co_await ask(Road::main, one(encode_epochs(partitions)));
  if (!replies) co_return std::unexpected(replies.error());
  co_return decode_epochs(*replies->front(), partitions);
}

Task<Result<Scope>> RedisStore::load(std::string scope) {
  if (!is_scope(scope, options_.limits)) co_return fail(Fault::invalid, "a scope is s:<session>, u:<user> or t:<team>");
  auto calls = one(encode_load(scope, script(Script::load).sha), &script(Script::load));
  calls[0].replicated = true;  // what is read here is acted on, so the replicas must have it
  const auto replies = co_await ask(Road::main, std::move(calls));
  if (!replies) co_return std::unexpected(replies.error());
  co_return decode_load(*replies->front());
}

Task<Result<std::vector<Recorded>>> RedisStore::keys(std::string scope, std::vector<std::string> keys) {
  if (keys.empty()) co_return std::vector<Recorded>{};
  if (keys.size() > options_.limits.commit_names) co_return fail(Fault::too_large, "too many keys in one look-up");
  auto calls = one(encode_keys(scope, keys, script(Script::keys).sha), &script(Script::keys));
  calls[0].replicated = true;
  const auto replies = co_await ask(Road::main, std::move(calls));
  if (!replies) co_return std::unexpected(replies.error());
  co_return decode_keys(*replies->front(), keys);
}

Task<Result<std::vector<std::vector<Due>>>> RedisStore::due(std::vector<DueQuery> queries) {
  std::vector<Call> calls(queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) calls[i].bytes = encode_due(queries[i]);
  const auto replies = co_await ask(Road::main, std::move(calls));
  if (!replies) co_return std::unexpected(replies.error());
  std::vector<std::vector<Due>> found;
  for (const auto& reply : *replies) {
    auto page = decode_due(*reply);
    if (!page) co_return std::unexpected(page.error());
    found.push_back(std::move(*page));
  }
  co_return found;
}

Task<Result<Millis>> RedisStore::time_offset() {
  const auto before = std::chrono::steady_clock::now();
  const auto replies = co_await ask(Road::main, one(Command("TIME").bytes()));
  if (!replies) co_return std::unexpected(replies.error());
  const auto time = decode_time(*replies->front());
  if (!time) co_return std::unexpected(time.error());
  const auto after = std::chrono::steady_clock::now();
  const auto middle = before.time_since_epoch() + (after - before) / 2;
  co_return time->time_since_epoch() - std::chrono::duration_cast<Millis>(middle);
}

Task<Result<LogPage>> RedisStore::read_log(LogQuery query) {
  if (!is_scope(query.scope, options_.limits) || !is_log(query.log)) co_return fail(Fault::invalid, "no such kind of log: " + query.log);
  auto calls = one(encode_read_log(query, script(Script::read_log).sha, options_.limits), &script(Script::read_log));
  const auto replies = co_await ask(Road::reads, std::move(calls));
  if (!replies) co_return std::unexpected(replies.error());
  co_return decode_read_log(*replies->front(), query.from);
}

Task<Result<std::uint64_t>> RedisStore::head(std::string scope, std::string log) {
  const auto replies = co_await ask(Road::reads, one(encode_head(scope, log)));
  if (!replies) co_return std::unexpected(replies.error());
  co_return decode_head(*replies->front());
}

Task<Result<std::string>> RedisStore::read_part(std::string scope, std::string name) {
  const auto replies = co_await ask(Road::reads, one(encode_read_part(scope, name)));
  if (!replies) co_return std::unexpected(replies.error());
  co_return decode_read_part(*replies->front());
}

void RedisStore::spans_append(std::string session, std::vector<std::string> spans) {
  const auto count = spans.size();
  if (!link_.up || reads_->unanswered() >= options_.limits.max_calls) {
    counters_.spans_lost += count;
    return;
  }
  Call call;
  call.bytes = encode_spans_append(session, spans, script(Script::spans).sha, options_.limits);
  call.reload = &script(Script::spans).load;
  call.done = [this, count](Reply reply, Loss) {
    const auto kept = reply && reply->type == REDIS_REPLY_INTEGER ? static_cast<std::size_t>(reply->integer) : 0;
    counters_.spans_lost += count - std::min(kept, count);
  };
  reads_->send(std::move(call));
}

Task<Result<std::vector<std::string>>> RedisStore::spans_read(std::string session) {
  const auto replies = co_await ask(Road::reads, one(encode_spans_read(session)));
  if (!replies) co_return std::unexpected(replies.error());
  co_return decode_spans_read(*replies->front());
}

}  // namespace convoke::store
