#include "api/streams.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/async.hpp"
#include "core/hash.hpp"

namespace convoke::api {
namespace {

constexpr std::size_t heads_per_request = 1'000;

}  // namespace

struct Streams::Subscription::State {
  std::string conversation;
  std::string user;
  Reader reader;
  Sink sink;
  bool closed = false;
};

Streams::Subscription& Streams::Subscription::operator=(Subscription&& other) noexcept {
  if (this == &other) return *this;
  close();
  streams_ = other.streams_;
  state_ = std::move(other.state_);
  return *this;
}

void Streams::Subscription::pause() {
  if (state_) state_->reader.pause();
}
void Streams::Subscription::resume() {
  // A copy: what is delivered may end this very subscription.
  if (const auto state = state_) streams_->perform(state, state->reader.resume());
}
Position Streams::Subscription::position() const { return state_ ? state_->reader.position() : Position{}; }
void Streams::Subscription::close() {
  if (const auto state = std::exchange(state_, nullptr)) streams_->close(state);
}

Streams::Streams(runtime::Runtime& runtime, bus::Client& bus, Backend& backend, StreamOptions options)
    : runtime_(runtime), bus_(bus), backend_(backend), options_(options), timer_(runtime.io()) {}

Streams::Subscription Streams::open(std::string conversation, std::string user, Position from, Sink sink) {
  auto& readers = conversations_[conversation];
  if (readers.empty()) bus_.subscribe({conversation});
  auto state = std::make_shared<State>(State{conversation, std::move(user), Reader(from, options_.reader), std::move(sink)});
  readers.push_back(state);
  ++readers_;
  perform(state, state->reader.start());
  return Subscription(this, state);
}

void Streams::close(const Shared& state) {
  if (std::exchange(state->closed, true)) return;
  --readers_;
  const auto found = conversations_.find(state->conversation);
  std::erase(found->second, state);
  if (!found->second.empty()) return;
  conversations_.erase(found);
  bus_.unsubscribe({state->conversation});
}

void Streams::on_push(const wire::PushT& push) {
  if (const auto* batch = push.body.AsEventBatch()) {
    for (const auto& event : batch->events)
      for (const auto& state : readers_of(event.conversation)) perform(state, state->reader.on_pushed(event));
  } else if (const auto* delta = push.body.AsDelta()) {
    for (const auto& state : readers_of(delta->conversation)) perform(state, state->reader.on_delta(*delta));
  }
}

std::vector<Streams::Shared> Streams::readers_of(const std::string& conversation) const {
  const auto found = conversations_.find(conversation);
  return found == conversations_.end() ? std::vector<Shared>{} : found->second;
}

void Streams::perform(const Shared& state, ReadActions actions) {
  for (const auto& action : actions) {
    if (state->closed) return;
    if (const auto* page = std::get_if<read::Page>(&action))
      runtime_.spawn("page", fetch(state, page->at));
    else if (std::holds_alternative<read::Heads>(action))
      timer_.expires_at(std::min(timer_.expiry(), std::chrono::steady_clock::now() + options_.heads_soon));
    else
      state->sink(action);
  }
}

asio::awaitable<void> Streams::fetch(Shared state, Position at) {
  Caller caller{state->user, {}};
  auto page = co_await backend_.page(state->conversation, at.from, at.after_id, std::move(caller));
  if (state->closed) co_return;
  if (page) {
    perform(state, state->reader.on_page(*page));
    co_return;
  }
  perform(state, state->reader.on_page_failed(page.error(), runtime_.now().steady, system_random()));
  while (!state->closed && state->reader.retry_at()) {
    const auto wait = *state->reader.retry_at() - runtime_.now().steady;
    co_await sleep_for(std::max(Millis{1}, wait));
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) co_return;
    perform(state, state->reader.on_time(runtime_.now().steady));
  }
}

asio::awaitable<void> Streams::run() {
  while (true) {
    timer_.expires_after(options_.heads_every);
    // The timer is moved forward, and the wait with it cancelled, when somebody needs heads soon.
    while (std::chrono::steady_clock::now() < timer_.expiry()) {
      boost::system::error_code ignored;
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      const auto cancelled = co_await asio::this_coro::cancellation_state;
      if (cancelled.cancelled() != asio::cancellation_type::none) co_return;
    }
    ask_heads();
  }
}

void Streams::ask_heads() {
  std::map<std::uint8_t, std::vector<std::string>> by_partition;
  for (const auto& [conversation, readers] : conversations_)
    by_partition[partition_of("s:" + std::string(session_of(conversation)))].push_back(conversation);
  for (auto& [partition, conversations] : by_partition)
    if (asking_.insert(partition).second) runtime_.spawn("heads", heads(partition, std::move(conversations)));
}

asio::awaitable<void> Streams::heads(std::uint8_t partition, std::vector<std::string> conversations) {
  for (std::size_t at = 0; at < conversations.size(); at += heads_per_request) {
    wire::ReadHeadsT query;
    const auto end = std::min(conversations.size(), at + heads_per_request);
    query.conversations.assign(conversations.begin() + static_cast<std::ptrdiff_t>(at),
                               conversations.begin() + static_cast<std::ptrdiff_t>(end));
    const auto asked = query.conversations;
    const auto scope = "s:" + std::string(session_of(conversations[at]));
    auto answer = co_await backend_.ask<wire::HeadsT>(scope, Caller{}, std::move(query));
    if (!answer) break;  // asked again in a second
    tell_heads(*answer, asked);
  }
  asking_.erase(partition);
}

// A conversation that the answer leaves out is gone with its session, or could not be asked for (loading failed, another partition): its
// readers ask for a page, whose answer tells which.
void Streams::tell_heads(const wire::HeadsT& heads, const std::vector<std::string>& asked) {
  std::set<std::string_view> told;
  for (const auto& head : heads.heads) {
    told.insert(head.conversation);
    for (const auto& state : readers_of(head.conversation)) perform(state, state->reader.on_head(head));
  }
  wire::HeadT missing;
  missing.missing = true;
  for (const auto& conversation : asked)
    if (!told.contains(conversation))
      for (const auto& state : readers_of(conversation)) perform(state, state->reader.on_head(missing));
}

}  // namespace convoke::api
