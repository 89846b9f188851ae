#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "store/memory.hpp"

namespace convoke::store {

namespace asio = boost::asio;

MemoryStore::MemoryStore(asio::any_io_executor executor, Memory& memory)
    : executor_(std::move(executor)), memory_(memory), ended_(executor_, asio::steady_timer::time_point::max()) {}

Task<void> MemoryStore::run() {
  co_await asio::post(executor_, asio::use_awaitable);
  set_up(true);
  boost::system::error_code ignored;
  if (!closed_) co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void MemoryStore::close() {
  if (closed_) return;
  set_up(false);
  closed_ = true;
  ended_.cancel();
}

void MemoryStore::set_up(bool up) {
  if (closed_ || link_.up == up) return;
  link_.up = up;
  link_.generation += up ? 1 : 0;
  link_.reason = up ? Reason::none : Reason::away;
  link_.text = up ? "" : "the store in memory was disconnected";
  link_.replication_id = "memory";
  counters_.connects += up ? 1 : 0;
  if (handler_) handler_(link_);
}

// The commit happens now and its answer comes later, so that a test sees the same interleavings as with a server.
void MemoryStore::commit(Commit commit, CommitDone done) {
  CommitAnswer answer = link_.up ? memory_.commit(commit) : refusal(link_.reason, link_.text);
  ++(answer.ok() ? counters_.commits : counters_.refused);
  asio::post(executor_, [held = std::move(done), answer = std::move(answer)]() mutable { held(std::move(answer)); });
}

Error MemoryStore::away() const { return Error(Fault::unavailable, "the store is away: " + link_.text); }

Task<Status> MemoryStore::reach() {
  co_await asio::post(executor_, asio::use_awaitable);
  ++counters_.reads;
  if (!link_.up) co_return std::unexpected(away());
  co_return Status{};
}

Task<Result<std::vector<ClaimAnswer>>> MemoryStore::claim(std::vector<Claim> claims) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  std::vector<ClaimAnswer> answers;
  for (const auto& one : claims) {
    const auto answer = memory_.claim(one);
    if (!answer) co_return std::unexpected(answer.error());
    answers.push_back(*answer);
  }
  co_return answers;
}

Task<Result<std::vector<PartitionEpoch>>> MemoryStore::epochs(std::vector<Partition> partitions) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  std::vector<PartitionEpoch> found;
  found.reserve(partitions.size());
  for (const auto partition : partitions) found.push_back({.partition = partition, .epoch = memory_.epoch(partition)});
  co_return found;
}

Task<Result<Scope>> MemoryStore::load(std::string scope) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  co_return memory_.load(scope);
}

Task<Result<std::vector<Recorded>>> MemoryStore::keys(std::string scope, std::vector<std::string> keys) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  co_return memory_.keys(scope, keys);
}

Task<Result<std::vector<std::vector<Due>>>> MemoryStore::due(std::vector<DueQuery> queries) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  std::vector<std::vector<Due>> found;
  found.reserve(queries.size());
  for (const auto& query : queries) found.push_back(memory_.due(query));
  co_return found;
}

Task<Result<Millis>> MemoryStore::time_offset() {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  const auto steady = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
  co_return memory_.now().time_since_epoch() - steady;
}

Task<Result<LogPage>> MemoryStore::read_log(LogQuery query) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  co_return memory_.read_log(query);
}

Task<Result<std::uint64_t>> MemoryStore::head(std::string scope, std::string log) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  co_return memory_.head(scope, log);
}

Task<Result<std::string>> MemoryStore::read_part(std::string scope, std::string name) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  auto part = memory_.read_part(scope, name);
  if (!part) co_return fail(Fault::not_found, "no part " + name + " in " + scope);
  co_return std::move(*part);
}

void MemoryStore::spans_append(std::string session, std::vector<std::string> spans) {
  const auto count = spans.size();
  if (!link_.up || !memory_.spans_append(session, std::move(spans))) counters_.spans_lost += count;
}

Task<Result<std::vector<std::string>>> MemoryStore::spans_read(std::string session) {
  const Status reached = co_await reach();
  if (!reached) co_return std::unexpected(reached.error());
  co_return memory_.spans_read(session);
}

}  // namespace convoke::store
