#include "agents/turns/turn.hpp"

#include <algorithm>

#include "agents/turns/host.hpp"
#include "wire/blob.hpp"

namespace convoke::agents {
namespace {

constexpr Millis first_piece{2};

}  // namespace

namespace {

constexpr std::size_t max_text_told = std::size_t{256} << 10;  // an owner keeps no more

}  // namespace

Turn::Turn(TurnHost& host, BeginTurn begin)
    : host_(host),
      key_(std::move(begin.key)),
      attempt_(begin.attempt),
      header_(std::move(begin.header)),
      work_(std::move(begin.work)),
      items_(work_->items),
      changed_(host.services_.io, asio::steady_timer::time_point::max()),
      cancel_(host.services_.io.get_executor()),
      halt_(host.services_.io.get_executor()),
      flush_timer_(host.services_.io) {}

Now Turn::now() const { return host_.services_.now(); }

Error Turn::over() const {
  if (auto refusal = host_.book_.refusal(key_, attempt_)) return *refusal;
  return {Fault::turn_closed, "the turn is over"};
}

asio::awaitable<Status> Turn::wait_for_change() {
  boost::system::error_code ignored;
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (halt_.is_set() || host_.book_.refusal(key_, attempt_)) co_return std::unexpected(over());
  co_return Status{};
}

asio::awaitable<Result<std::uint64_t>> Turn::item(wire::ItemT item) {
  while (!host_.book_.has_room(key_, attempt_)) {
    if (halt_.is_set()) co_return std::unexpected(over());
    auto waited = co_await wait_for_change();
    if (!waited) co_return std::unexpected(std::move(waited.error()));
  }
  const auto number = host_.book_.item(key_, attempt_, item, host_.steady());
  host_.perform();
  if (!number) co_return std::unexpected(over());
  item.n = *number;
  items_.push_back(std::move(item));
  co_return *number;
}

asio::awaitable<Status> Turn::acknowledged() {
  while (!host_.book_.acknowledged(key_, attempt_)) {
    if (halt_.is_set()) co_return std::unexpected(over());
    auto waited = co_await wait_for_change();
    if (!waited) co_return waited;
  }
  if (host_.book_.refusal(key_, attempt_)) co_return std::unexpected(over());
  co_return Status{};
}

asio::awaitable<Status> Turn::may_begin() {
  while (true) {
    const auto may = host_.book_.may_begin(key_, attempt_, host_.steady());
    if (may == TurnBook::May::begin) co_return Status{};
    if (may == TurnBook::May::never) {
      if (cancelled()) co_return fail(Fault::cancelled, "the turn is being cancelled");
      co_return std::unexpected(over());
    }
    if (may == TurnBook::May::refresh) {
      host_.book_.refresh(key_, attempt_, host_.steady());
      host_.perform();
    }
    auto waited = co_await wait_for_change();
    if (!waited) co_return waited;
  }
}

void Turn::delta(std::string_view text) {
  if (text.empty() || halt_.is_set()) return;
  pending_text_ += text;
  schedule_flush();
}

void Turn::restart_text() {
  pending_text_.clear();
  text_offset_ = 0;
}

void Turn::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  const auto since = host_.steady() - flushed_;
  // What comes within a moment goes out as one piece, or not at all when the answer is complete by then; after that a piece per interval.
  flush_timer_.expires_after(std::max(first_piece, host_.options_.delta_interval - since));
  flush_timer_.async_wait([turn = shared_from_this()](const boost::system::error_code& error) {
    turn->flush_scheduled_ = false;
    if (!error) turn->flush_text();
  });
}

wire::Message Turn::delta_of(std::uint64_t offset, std::string text) const {
  wire::DeltaT delta;
  delta.conversation = work_->conversation;
  delta.message = work_->message;
  delta.author = "agent/" + work_->agent;
  delta.turn = work_->turn;
  delta.attempt = work_->attempt;
  delta.offset = offset;
  delta.after_seq = work_->after_seq;
  delta.text = std::move(text);
  wire::PushT push;
  push.body.Set(std::move(delta));
  auto message = wire::message(std::move(push));
  const auto owner = to_owner(work_->session, work_->agent);
  message.header.partition = owner.partition;
  message.header.source = owner.source;
  message.header.turn = work_->turn;
  message.header.attempt = work_->attempt;
  message.header.trace = header_.trace;
  return message;
}

void Turn::flush_text() {
  if (pending_text_.empty() || halt_.is_set()) return;
  auto text = std::exchange(pending_text_, {});
  if (text_offset_ == 0) text_so_far_.clear();
  if (text_so_far_.size() == text_offset_ && text_offset_ + text.size() <= max_text_told) text_so_far_ += text;
  const auto offset = std::exchange(text_offset_, text_offset_ + text.size());
  auto message = delta_of(offset, std::move(text));
  message.header.dest_kind = wire::DestKind::stream;
  message.header.dest = work_->conversation;
  flushed_ = host_.steady();
  host_.services_.bus.send(std::move(message));
}

void Turn::tell_text() {
  if (text_offset_ == 0 || text_so_far_.size() != text_offset_ || halt_.is_set()) return;
  auto message = delta_of(0, text_so_far_);
  message.header.dest_kind = wire::DestKind::owner;
  host_.services_.bus.send(std::move(message));
}

namespace {

constexpr Millis read_again{200};

wire::Message query(const wire::WorkT& work, const wire::QueryBodyUnion& body) {
  wire::QueryT question;
  question.scope = "s:" + work.session;
  question.body = body;
  auto message = wire::message(std::move(question));
  const auto address = to_owner(work.session, work.agent);
  message.header.dest_kind = address.dest_kind;
  message.header.partition = address.partition;
  message.header.source = address.source;
  return message;
}

}  // namespace

asio::awaitable<Result<wire::AnswerT>> Turn::ask_owner(wire::QueryBodyUnion body) {
  // An owner that is away comes back; meanwhile the turn waits, as long as it may take altogether.
  while (true) {
    auto message = query(*work_, body);
    auto answer = co_await host_.services_.bus.request(std::move(message), host_.options_.query_deadline);
    if (answer || !retryable(answer.error().code)) co_return answer;
    co_await sleep_for(read_again);
    if (!host_.book_.holds(key_, attempt_)) co_return std::unexpected(over());
  }
}

asio::awaitable<Status> Turn::load_items() {
  if (items_.size() >= work_->items_total) co_return Status{};
  while (items_.size() < work_->items_total) {
    wire::ReadItemsT read;
    read.agent = work_->agent;
    read.turn = work_->turn;
    read.from = items_.size() + 1;
    wire::QueryBodyUnion body;
    body.Set(std::move(read));
    auto answer = co_await ask_owner(std::move(body));
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    auto* page = answer->body.AsItemPage();
    if (page == nullptr || page->items.empty()) co_return fail(Fault::malformed, "the owner sent no items where some are missing");
    for (auto& item : page->items) {
      if (item.n == items_.size() + 1) items_.push_back(std::move(item));
    }
  }
  host_.book_.know_last(key_, attempt_, items_.back());
  co_return Status{};
}

asio::awaitable<Result<Transcript>> Turn::transcript() {
  auto& cache = host_.transcripts_;
  auto known = cache.find(work_->session, work_->agent, work_->transcript);
  const auto from = cache.wanted_from(known, work_->transcript);
  if (from != known.length() + 1) known = Transcript{from, {}};
  if (known.length() >= work_->transcript) co_return known;
  while (known.length() < work_->transcript) {
    wire::ReadTranscriptT read;
    read.agent = work_->agent;
    read.from = known.length() + 1;
    read.to = work_->transcript;
    wire::QueryBodyUnion body;
    body.Set(std::move(read));
    auto answer = co_await ask_owner(std::move(body));
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    const auto* page = answer->body.AsTranscriptPage();
    if (page == nullptr || page->from != known.length() + 1 || page->entries.empty()) {
      co_return fail(Fault::malformed, "the owner sent another page of the transcript than was asked for");
    }
    for (const auto& blob : page->entries) {
      auto entry = wire::unpack<Entry>({reinterpret_cast<const char*>(blob.bytes.data()), blob.bytes.size()});
      if (!entry) co_return std::unexpected(std::move(entry.error()));
      if (known.length() < work_->transcript) known.entries.push_back(std::make_shared<const Entry>(std::move(*entry)));
    }
  }
  cache.keep(work_->session, work_->agent, known);
  co_return known;
}

}  // namespace convoke::agents
