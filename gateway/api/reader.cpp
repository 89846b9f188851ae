#include "api/reader.hpp"

#include <algorithm>
#include <utility>

#include "core/mutation.hpp"
#include "wire/message.hpp"

namespace convoke::api {
namespace {

constexpr std::size_t max_live = 64;     // messages being produced in one conversation at once
constexpr std::size_t most_recent = 16;  // events whose ids are remembered

}  // namespace

Reader::Reader(Position at, ReaderLimits limits)
    : next_(std::max<std::uint64_t>(at.from, 1)), last_id_(at.after_id), limits_(limits), backoff_(limits.retry_first, limits.retry_most) {}

ReadActions Reader::start() {
  ReadActions out;
  want_page(out);
  return out;
}

ReadActions Reader::on_pushed(const wire::EventT& event) {
  ReadActions out;
  if (over_) return out;
  if (contradicts(event)) doubt(out);
  if (event.seq < next_) return out;
  pushed_head_ = std::max(pushed_head_, event.seq);
  if (!paused_ && !doubted_ && (event.seq == next_ || ahead_.size() < limits_.max_ahead)) ahead_.emplace(event.seq, event);
  settle(out);
  return out;
}

// A fail-over of Redis may have lost what was delivered, and others have come in its place since: another id under a known number, or a
// session whose versions went back.
bool Reader::contradicts(const wire::EventT& event) const {
  if (event.seq >= next_) return event.session_version < last_version_;
  const auto back = next_ - 1 - event.seq;
  return back < recent_.size() && recent_[recent_.size() - 1 - back] != wire::from_wire(event.id);
}

// Nothing is delivered until a page, asked for from now on, has checked the position against the log.
void Reader::doubt(ReadActions& out) {
  if (doubted_) return;
  doubted_ = true;
  page_is_old_ = page_asked_;
  ahead_.clear();
  if (!paused_) want_page(out);
}

ReadActions Reader::on_delta(const wire::DeltaT& delta) {
  ReadActions out;
  if (over_ || paused_) return out;
  claimed_head_ = std::max(claimed_head_, delta.after_seq);
  take_delta(delta, out);
  settle(out);
  return out;
}

ReadActions Reader::on_page(const wire::LogPageT& page) {
  ReadActions out;
  if (over_ || !page_asked_) return out;
  page_asked_ = false;
  backoff_.succeeded();
  if (std::exchange(page_is_old_, false)) {
    want_page(out);
    return out;
  }
  doubted_ = false;
  claimed_head_ = page.head;
  if (!opened_) {
    opened_ = true;
    out.emplace_back(read::Opened{next_, page.head});
  }
  const auto before = next_;
  if (!paused_) {
    for (const auto& event : page.events)
      if (event.seq == next_) deliver(event, out);
  }
  // The owner does not show yet what somebody told of: ask again, but not in a tight loop.
  if (!paused_ && next_ == before && behind() && !ahead_.contains(next_)) claimed_head_ = pushed_head_ = next_ - 1;
  settle(out);
  return out;
}

ReadActions Reader::on_page_failed(const Error& error, SteadyTime now, std::uint64_t random) {
  ReadActions out;
  if (over_ || !page_asked_) return out;
  page_asked_ = page_is_old_ = false;
  if (error.code == Fault::history_reset) {
    begin_again(out);
  } else if (retryable(error.code)) {
    retry_at_ = now + backoff_.next(random);
  } else {
    over_ = true;
    out.emplace_back(read::Failed{error});
  }
  return out;
}

ReadActions Reader::on_head(const wire::HeadT& head) {
  ReadActions out;
  if (over_ || !opened_) return out;
  heads_asked_ = false;
  claimed_head_ = std::max(claimed_head_, head.head);
  // Gone, a log shorter than what was delivered, or an answer that was overtaken: the page's check of the position tells which.
  if ((head.missing || head.head + 1 < next_) && !paused_) want_page(out);
  if (!paused_)
    for (const auto& live : head.live) take_delta(live, out);
  settle(out);
  return out;
}

ReadActions Reader::on_time(SteadyTime now) {
  ReadActions out;
  if (over_ || !retry_at_ || now < *retry_at_) return out;
  retry_at_.reset();
  want_page(out);
  return out;
}

ReadActions Reader::resume() {
  ReadActions out;
  if (!std::exchange(paused_, false) || over_) return out;
  settle(out);
  return out;
}

void Reader::deliver(wire::EventT event, ReadActions& out) {
  if (!CONVOKE_MUTATED(reader_repeats) || event.seq % 4 != 0) move_on(event);
  close_message(event);
  out.emplace_back(read::Event{std::move(event)});
}

void Reader::move_on(const wire::EventT& event) {
  next_ = event.seq + 1;
  last_id_ = wire::from_wire(event.id);
  last_version_ = event.session_version;
  if (recent_.size() == most_recent) recent_.erase(recent_.begin());
  recent_.push_back(last_id_);
}

// A finished message takes no more pieces, and with it end all earlier turns of its author.
void Reader::close_message(const wire::EventT& event) {
  if (event.message.empty() || event.turn == 0) return;
  live_.erase(event.message);
  auto& closed = closed_[event.author];
  if (event.turn < closed.turn) return;
  if (event.turn > closed.turn) closed = {event.turn, {}};
  closed.messages.insert(event.message);
}

void Reader::take_ahead(ReadActions& out) {
  if (CONVOKE_MUTATED(reader_jumps_gap) && !ahead_.empty()) next_ = std::max(next_, ahead_.begin()->first);
  while (!ahead_.empty() && ahead_.begin()->first <= next_) {
    auto node = ahead_.extract(ahead_.begin());
    if (node.key() == next_) deliver(std::move(node.mapped()), out);
  }
}

void Reader::want_page(ReadActions& out) {
  if (page_asked_ || retry_at_) return;
  page_asked_ = true;
  out.emplace_back(read::Page{position()});
}

void Reader::begin_again(ReadActions& out) {
  next_ = 1;
  last_id_ = {};
  last_version_ = 0;
  recent_.clear();
  doubted_ = false;
  pushed_head_ = claimed_head_ = 0;
  ahead_.clear();
  held_.clear();
  held_bytes_ = 0;
  live_.clear();
  closed_.clear();
  out.emplace_back(read::Reset{});
  want_page(out);
}

bool Reader::is_closed(const wire::DeltaT& delta) const {
  const auto found = closed_.find(delta.author);
  if (found == closed_.end()) return false;
  return delta.turn < found->second.turn || (delta.turn == found->second.turn && found->second.messages.contains(delta.message));
}

void Reader::take_delta(const wire::DeltaT& delta, ReadActions& out) {
  if (place(delta, out) == Fit::hold) hold(delta);
}

Reader::Fit Reader::place(const wire::DeltaT& delta, ReadActions& out) {
  if (is_closed(delta)) return Fit::drop;
  if (!opened_ || delta.after_seq >= next_) return Fit::hold;
  const auto found = live_.find(delta.message);
  if (found != live_.end() && delta.attempt < found->second.attempt) return Fit::drop;
  const bool begins = found == live_.end() || delta.attempt > found->second.attempt;
  if (begins && delta.offset > 0) {
    if (!std::exchange(heads_asked_, true)) out.emplace_back(read::Heads{});
    return Fit::hold;
  }
  Live* live = live_of(delta);
  return live ? append(*live, delta, out) : Fit::drop;
}

Reader::Fit Reader::append(Live& live, const wire::DeltaT& delta, ReadActions& out) {
  const auto end = delta.offset + delta.text.size();
  if (end <= live.delivered) return Fit::drop;
  if (delta.offset > live.delivered) {
    if (!std::exchange(heads_asked_, true)) out.emplace_back(read::Heads{});
    return Fit::hold;
  }
  auto piece = delta;
  piece.text.erase(0, live.delivered - delta.offset);
  piece.offset = live.delivered;
  live.delivered = end;
  out.emplace_back(read::Delta{std::move(piece)});
  return Fit::delivered;
}

// The entry of the delta's message, made or begun anew when needed; nullptr when there are too many. A newer turn of an author ends what is
// left of its older ones.
Reader::Live* Reader::live_of(const wire::DeltaT& delta) {
  const auto found = live_.find(delta.message);
  if (found == live_.end() && live_.size() >= max_live) return nullptr;
  if (found == live_.end()) {
    std::erase_if(live_, [&](const auto& entry) { return entry.second.author == delta.author && entry.second.turn < delta.turn; });
    auto& closed = closed_[delta.author];
    if (delta.turn > closed.turn) closed = {delta.turn, {}};
  }
  auto& live = live_[delta.message];
  if (delta.attempt > live.attempt) live = {delta.attempt, 0, delta.turn, delta.author};
  return &live;
}

void Reader::hold(const wire::DeltaT& delta) {
  if (held_bytes_ + delta.text.size() > limits_.max_held_bytes || held_.size() >= limits_.max_held_bytes / 64) return;
  held_bytes_ += delta.text.size();
  held_.push_back(delta);
}

// Tries what is held, again and again as long as a piece of it finds its place.
void Reader::take_held(ReadActions& out) {
  for (bool moved = true; moved && !held_.empty();) {
    moved = false;
    auto waiting = std::exchange(held_, {});
    held_bytes_ = 0;
    for (const auto& delta : waiting) {
      const auto fit = place(delta, out);
      if (fit == Fit::hold) hold(delta);
      moved = moved || fit == Fit::delivered;
    }
  }
}

// What is due after anything came in: events that now fit, pieces that now fit, and a page if the log has more.
void Reader::settle(ReadActions& out) {
  if (over_ || paused_ || !opened_) return;
  take_ahead(out);
  take_held(out);
  if (behind() || doubted_) want_page(out);
}

}  // namespace convoke::api
