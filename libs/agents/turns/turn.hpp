// One turn as its handler sees it: the work, what earlier attempts have done, and the only ways to have an effect. The handler reports what
// must not be lost as items, asks may_begin() immediately before each effect, and returns the result. When the turn is over for the owner
// the handler is cancelled (Asio cancellation) and nothing that it does counts any more.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/turns/book.hpp"
#include "agents/turns/transcripts.hpp"
#include "core/async.hpp"
#include "core/result.hpp"

namespace convoke::agents {

namespace asio = boost::asio;

class TurnHost;

class Turn : public std::enable_shared_from_this<Turn> {
 public:
  Turn(TurnHost& host, BeginTurn begin);
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  const wire::WorkT& work() const { return *work_; }
  const wire::HeaderT& header() const { return header_; }
  /// 1 … n in order: those of earlier attempts, then this one's, acknowledged or not.
  const std::vector<wire::ItemT>& items() const { return items_; }
  Now now() const;

  /// Reports an item and returns its number; waits only while 16 are unacknowledged. TURN_CLOSED when the turn is over; the owner's fault
  /// when it refuses the item for good.
  asio::awaitable<Result<std::uint64_t>> item(wire::ItemT item);
  /// Until all items so far are acknowledged; errors as for item().
  asio::awaitable<Status> acknowledged();
  /// Until an effect may begin: all items acknowledged, and that so recently (`start_within`) that nobody else can have been given the
  /// turn. CANCELLED when the turn is being cancelled. The effect begins before the next co_await.
  asio::awaitable<Status> may_begin();

  /// A piece of the message that is being produced; sent to those who watch, in bundles. Pieces may be lost, and what has not gone out when
  /// the turn ends never does: the result has it.
  void delta(std::string_view text);
  /// The text so far is void: the next piece starts at offset 0.
  void restart_text();

  /// Begin nothing new, report what runs, return CANCELLED.
  bool cancelled() const { return cancel_.is_set(); }
  /// Runs `work` until it ends or the turn is cancelled: CANCELLED then.
  template <class T> asio::awaitable<Result<T>> until_cancelled(asio::awaitable<Result<T>> work);
  /// What people said while the turn ran.
  std::vector<std::string> take_steering() { return std::exchange(steering_, {}); }

  /// The instance's transcript before this turn's input, its newest entries at least; from the cache, or read from the owner.
  asio::awaitable<Result<Transcript>> transcript();

 private:
  friend class TurnHost;
  asio::awaitable<Status> wait_for_change();
  asio::awaitable<Status> load_items();
  asio::awaitable<Result<wire::AnswerT>> ask_owner(wire::QueryBodyUnion body);
  void notify() { changed_.cancel(); }
  void cancel() {
    cancel_.set();
    notify();
  }
  Error over() const;
  void flush_text();
  /// The whole text so far, to the owner alone.
  void tell_text();
  wire::Message delta_of(std::uint64_t offset, std::string text) const;
  void schedule_flush();

  TurnHost& host_;
  TurnKey key_;
  std::uint32_t attempt_;
  wire::HeaderT header_;
  std::shared_ptr<const wire::WorkT> work_;
  std::vector<wire::ItemT> items_;
  std::vector<std::string> steering_;
  std::string answer_;
  bool answered_ = false;
  asio::steady_timer changed_;  // cancelled at each change
  Event cancel_;
  Event halt_;
  asio::steady_timer flush_timer_;
  std::string pending_text_;
  std::uint64_t text_offset_ = 0;
  std::string text_so_far_;  // what was sent of it, while it is not too long to be told whole
  bool flush_scheduled_ = false;
  SteadyTime flushed_{};
};

template <class T> asio::awaitable<Result<T>> Turn::until_cancelled(asio::awaitable<Result<T>> work) {
  if (cancelled()) co_return fail(Fault::cancelled, "the turn is being cancelled");
  const auto executor = co_await asio::this_coro::executor;
  auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(work), asio::deferred),
                                                       asio::co_spawn(executor, cancel_.wait(), asio::deferred));
  auto [order, failure, result, cancel_failure] = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 1) co_return fail(Fault::cancelled, "the turn is being cancelled");
  if (failure) std::rethrow_exception(failure);
  co_return std::move(result);
}

}  // namespace convoke::agents
