#include "api/reader.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "wire/message.hpp"

using namespace convoke;
using namespace convoke::api;

namespace {

Uuid id_of(std::uint64_t seq, std::uint64_t history = 1) { return {history, seq}; }

wire::EventT event(std::uint64_t seq, std::string message = {}, std::uint64_t turn = 0, std::uint64_t history = 1) {
  wire::EventT made;
  made.seq = seq;
  made.id = wire::to_wire(id_of(seq, history));
  made.kind = wire::EventKind::message;
  made.author = turn ? "agent/t.a" : "user/u";
  made.message = std::move(message);
  made.turn = turn;
  return made;
}

wire::DeltaT piece(std::string message, std::uint64_t turn, std::uint32_t attempt, std::uint64_t offset, std::uint64_t after,
                   std::string text) {
  wire::DeltaT made;
  made.message = std::move(message);
  made.author = "agent/t.a";
  made.turn = turn;
  made.attempt = attempt;
  made.offset = offset;
  made.after_seq = after;
  made.text = std::move(text);
  return made;
}

wire::LogPageT page(const std::vector<wire::EventT>& events, std::uint64_t head) {
  wire::LogPageT made;
  made.events = events;
  made.head = head;
  return made;
}

wire::HeadT head(std::uint64_t seq, std::vector<wire::DeltaT> live = {}) {
  wire::HeadT made;
  made.head = seq;
  made.live = std::move(live);
  return made;
}

template <class T> std::vector<T> all(const ReadActions& actions) {
  std::vector<T> found;
  for (const auto& action : actions)
    if (const auto* match = std::get_if<T>(&action)) found.push_back(*match);
  return found;
}

std::vector<std::uint64_t> seqs(const ReadActions& actions) {
  std::vector<std::uint64_t> found;
  for (const auto& delivered : all<read::Event>(actions)) found.push_back(delivered.event.seq);
  return found;
}

std::string text(const ReadActions& actions) {
  std::string joined;
  for (const auto& delivered : all<read::Delta>(actions)) joined += delivered.delta.text;
  return joined;
}

Reader opened(std::uint64_t upto) {
  Reader reader({});
  reader.start();
  std::vector<wire::EventT> events;
  for (std::uint64_t seq = 1; seq <= upto; ++seq) events.push_back(event(seq));
  reader.on_page(page(events, upto));
  return reader;
}

using Seqs = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("reader: what was written anew after a fail-over is noticed by its id, and nothing follows before the log has spoken") {
  auto reader = opened(5);
  const auto told = reader.on_pushed(event(4, {}, 0, 2));  // 4 and 5 are lost, others come in their place
  REQUIRE(all<read::Page>(told).size() == 1);
  CHECK(all<read::Page>(told)[0].at == Position{6, id_of(5)});
  CHECK(seqs(reader.on_pushed(event(6, {}, 0, 2))).empty());
  const auto reset = reader.on_page_failed({Fault::history_reset, "reset"}, {}, 0);
  CHECK(all<read::Reset>(reset).size() == 1);
  CHECK(seqs(reader.on_page(page({event(1), event(2), event(3), event(4, {}, 0, 2)}, 6))) == Seqs{1, 2, 3, 4});
}

TEST_CASE("reader: versions that go back are a doubt too, and one that is unfounded costs a page") {
  auto reader = opened(5);
  auto later = event(6);
  later.session_version = 9;
  CHECK(seqs(reader.on_pushed(later)) == Seqs{6});
  auto earlier = event(7);
  earlier.session_version = 8;
  const auto doubt = reader.on_pushed(earlier);
  CHECK(seqs(doubt).empty());
  REQUIRE(all<read::Page>(doubt).size() == 1);
  CHECK(seqs(reader.on_page(page({earlier}, 7))) == Seqs{7});
  auto next = event(8);
  next.session_version = 9;
  CHECK(seqs(reader.on_pushed(next)) == Seqs{8});
}

TEST_CASE("reader: a page that was asked for before the doubt settles nothing") {
  auto reader = opened(3);
  REQUIRE(all<read::Page>(reader.on_pushed(event(5))).size() == 1);
  CHECK(all<read::Page>(reader.on_pushed(event(3, {}, 0, 2))).empty());  // one outstanding
  const auto old = reader.on_page(page({event(4), event(5)}, 5));
  CHECK(seqs(old).empty());
  REQUIRE(all<read::Page>(old).size() == 1);
  CHECK(seqs(reader.on_page(page({event(4), event(5)}, 5))) == Seqs{4, 5});
}

TEST_CASE("reader: nothing is delivered before the first page, then what was pushed meanwhile follows it") {
  Reader reader({});
  CHECK(all<read::Page>(reader.start()).size() == 1);
  CHECK(reader.on_pushed(event(3)).empty());
  CHECK(reader.on_delta(piece("m", 1, 1, 0, 2, "hel")).empty());
  const auto out = reader.on_page(page({event(1), event(2)}, 2));
  REQUIRE(all<read::Opened>(out).size() == 1);
  CHECK(all<read::Opened>(out)[0].from == 1);
  CHECK(all<read::Opened>(out)[0].head == 2);
  CHECK(seqs(out) == Seqs{1, 2, 3});
  CHECK(text(out) == "hel");
  CHECK(reader.position() == Position{4, id_of(3)});
}

TEST_CASE("reader: a gap is read from the log, once, and repeats are dropped") {
  auto reader = opened(1);
  const auto gap = reader.on_pushed(event(3));
  CHECK(seqs(gap).empty());
  REQUIRE(all<read::Page>(gap).size() == 1);
  CHECK(all<read::Page>(gap)[0].at == Position{2, id_of(1)});
  CHECK(all<read::Page>(reader.on_pushed(event(4))).empty());  // one outstanding
  CHECK(seqs(reader.on_page(page({event(2), event(3)}, 3))) == Seqs{2, 3, 4});
  CHECK(reader.on_pushed(event(2)).empty());
  CHECK(all<read::Page>(reader.on_head(head(4))).empty());
  CHECK(all<read::Page>(reader.on_head(head(5))).size() == 1);
}

TEST_CASE("reader: a position that does not match begins again, visibly") {
  Reader reader({5, id_of(4)});
  reader.start();
  const auto out = reader.on_page_failed(Error(Fault::history_reset, "log differs"), SteadyTime{}, 0);
  CHECK(all<read::Reset>(out).size() == 1);
  REQUIRE(all<read::Page>(out).size() == 1);
  CHECK(all<read::Page>(out)[0].at == Position{1, Uuid{}});
  const auto anew = reader.on_page(page({event(1)}, 1));
  CHECK(seqs(anew) == Seqs{1});
  REQUIRE(all<read::Opened>(anew).size() == 1);
  CHECK(all<read::Opened>(anew)[0].from == 1);
}

TEST_CASE("reader: a head below what was delivered makes it check its position") {
  auto reader = opened(3);
  const auto out = reader.on_head(head(1));
  REQUIRE(all<read::Page>(out).size() == 1);
  CHECK(all<read::Page>(out)[0].at == Position{4, id_of(3)});
}

TEST_CASE("reader: a conversation that heads leave out, or call missing, is asked for, and goes on if it is there") {
  Reader reader({});
  reader.start();
  reader.on_page(page({event(1), event(2)}, 2));
  wire::HeadT missing;
  missing.missing = true;
  CHECK(all<read::Page>(reader.on_head(missing)).size() == 1);
  SECTION("its owner could not say") {
    CHECK(all<read::Failed>(reader.on_page_failed(Error(Fault::unavailable, "loading failed"), SteadyTime{}, 1)).empty());
    REQUIRE(reader.retry_at());
    CHECK(all<read::Page>(reader.on_time(*reader.retry_at())).size() == 1);
    CHECK(seqs(reader.on_page(page({event(3)}, 3))) == std::vector<std::uint64_t>{3});
  }
  SECTION("it is gone") { CHECK(all<read::Failed>(reader.on_page_failed(Error(Fault::gone, "deleted"), SteadyTime{}, 1)).size() == 1); }
}

TEST_CASE("reader: retryable refusals are asked again after a back-off, others end it") {
  Reader reader({});
  reader.start();
  CHECK(reader.on_page_failed(Error(Fault::no_owner, "nobody"), SteadyTime{Millis{1'000}}, 7).empty());
  REQUIRE(reader.retry_at());
  CHECK(*reader.retry_at() >= SteadyTime{Millis{1'050}});
  CHECK(reader.on_time(SteadyTime{Millis{1'001}}).empty());
  CHECK(all<read::Page>(reader.on_time(SteadyTime{Millis{1'100}})).size() == 1);
  const auto out = reader.on_page_failed(Error(Fault::not_found, "no such conversation"), SteadyTime{Millis{1'200}}, 7);
  CHECK(all<read::Failed>(out).size() == 1);
  CHECK(reader.over());
  CHECK(reader.on_pushed(event(1)).empty());
}

TEST_CASE("reader: pieces wait for the event before them, and a gap is healed from the text so far") {
  auto reader = opened(1);
  const auto early = reader.on_delta(piece("m", 1, 1, 0, 2, "ab"));
  CHECK(text(early).empty());
  CHECK(all<read::Page>(early).size() == 1);  // the delta told of event 2
  CHECK(text(reader.on_pushed(event(2))) == "ab");
  const auto gap = reader.on_delta(piece("m", 1, 1, 4, 2, "ef"));
  CHECK(text(gap).empty());
  CHECK(all<read::Heads>(gap).size() == 1);
  CHECK(text(reader.on_head(head(2, {piece("m", 1, 1, 0, 2, "abcde")}))) == "cdef");
}

TEST_CASE("reader: lower attempts and finished messages are dropped, a higher attempt starts anew") {
  auto reader = opened(1);
  CHECK(text(reader.on_delta(piece("m", 1, 1, 0, 1, "one"))) == "one");
  const auto again = reader.on_delta(piece("m", 1, 2, 0, 1, "two"));
  REQUIRE(all<read::Delta>(again).size() == 1);
  CHECK(all<read::Delta>(again)[0].delta.offset == 0);
  CHECK(reader.on_delta(piece("m", 1, 1, 3, 1, "zombie")).empty());
  CHECK(seqs(reader.on_pushed(event(2, "m", 1))) == Seqs{2});
  CHECK(text(reader.on_delta(piece("m", 1, 2, 3, 1, " late"))).empty());
  CHECK(text(reader.on_delta(piece("old", 0, 1, 0, 1, "x"))).empty());
}

TEST_CASE("reader: while paused nothing is delivered; afterwards the log gives what was left out") {
  auto reader = opened(1);
  reader.pause();
  CHECK(reader.on_pushed(event(2)).empty());
  CHECK(reader.on_delta(piece("m", 1, 1, 0, 1, "x")).empty());
  const auto out = reader.resume();
  REQUIRE(all<read::Page>(out).size() == 1);
  CHECK(seqs(reader.on_page(page({event(2)}, 2))) == Seqs{2});
}

namespace {

// A conversation with its owner, a lossy push and a client that checks what it is given.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  void run(int steps) {
    perform(reader_.start());
    for (int step = 0; step < steps; ++step) {
      now_ += Millis{10};
      if (chance(4)) commit();
      if (chance(2)) produce();
      if (chance(40) && !text_.empty()) restart();
      if (chance(60)) toggle_pause();
      transmit();
      answer_page();
      if (chance(20)) perform(reader_.on_head(told()));
      perform(reader_.on_time(now_));
      REQUIRE(reader_.kept() <= 64 + 1 + 1024 + 64);
    }
    settle();
    REQUIRE(delivered_ == log_.size());
    if (!text_.empty()) REQUIRE(seen_[message_] == text_);  // a new attempt that has said nothing is not seen yet
  }

 private:
  bool chance(unsigned one_in) { return random_() % one_in == 0; }
  std::string name() const { return "m" + std::to_string(turn_); }

  // Some events are the end of the message that is being produced.
  void commit() {
    const bool finishes = chance(3) && !text_.empty();
    log_.push_back(finishes ? event(log_.size() + 1, message_, turn_) : event(log_.size() + 1));
    if (finishes) {
      message_ = "m" + std::to_string(++turn_);
      attempt_ = 1;
      text_.clear();
    }
    push_.emplace_back(log_.back());
  }

  void produce() {
    std::string text(1 + random_() % 5, static_cast<char>('a' + random_() % 26));
    push_.emplace_back(piece(message_, turn_, attempt_, text_.size(), log_.size(), text));
    text_ += text;
  }

  void restart() {
    ++attempt_;
    text_.clear();
  }

  void toggle_pause() {
    if (reader_.paused())
      perform(reader_.resume());
    else
      reader_.pause();
  }

  // Loses a quarter, doubles a fifth, and takes from anywhere near the front.
  void transmit() {
    while (push_.size() > 3 || (!push_.empty() && chance(2))) {
      const auto at = static_cast<std::ptrdiff_t>(random_() % std::min<std::size_t>(push_.size(), 4));
      const auto message = push_[static_cast<std::size_t>(at)];
      if (!chance(5)) push_.erase(push_.begin() + at);
      if (chance(4)) continue;
      if (const auto* pushed = std::get_if<wire::EventT>(&message))
        perform(reader_.on_pushed(*pushed));
      else
        perform(reader_.on_delta(std::get<wire::DeltaT>(message)));
    }
  }

  void answer_page() {
    if (!page_ || chance(3)) return;
    const auto at = *std::exchange(page_, std::nullopt);
    if (chance(6)) return perform(reader_.on_page_failed(Error(Fault::no_owner, "moving"), now_, random_()));
    std::vector<wire::EventT> events;
    for (auto seq = at.from; seq <= log_.size() && events.size() < 5; ++seq) events.push_back(log_[seq - 1]);
    perform(reader_.on_page(page(events, log_.size())));
  }

  wire::HeadT told() const {
    return head(log_.size(),
                text_.empty() ? std::vector<wire::DeltaT>{} : std::vector{piece(message_, turn_, attempt_, 0, log_.size(), text_)});
  }

  void settle() {
    if (reader_.paused()) perform(reader_.resume());
    for (int round = 0; round < 2'000; ++round) {
      now_ += Millis{100};
      answer_page();
      if (round % 10 == 0) perform(reader_.on_head(told()));
      perform(reader_.on_time(now_));
    }
  }

  void perform(const ReadActions& actions) {
    for (const auto& action : actions) std::visit([this](const auto& each) { take(each); }, action);
  }
  void take(const read::Event& each) {
    REQUIRE(each.event.seq == ++delivered_);
    REQUIRE(wire::from_wire(each.event.id) == id_of(each.event.seq));
    if (each.event.turn) finished_.insert(each.event.message);
  }
  void take(const read::Delta& each) {
    const auto& delta = each.delta;
    REQUIRE_FALSE(finished_.contains(delta.message));
    REQUIRE(delta.after_seq <= delivered_);
    auto& attempt = attempts_[delta.message];
    REQUIRE(delta.attempt >= attempt);
    if (delta.attempt > attempt) seen_[delta.message].clear();
    attempt = delta.attempt;
    REQUIRE(delta.offset == seen_[delta.message].size());
    seen_[delta.message] += delta.text;
  }
  void take(const read::Page& each) {
    REQUIRE_FALSE(page_);
    REQUIRE(each.at.from == delivered_ + 1);
    page_ = each.at;
  }
  void take(const read::Heads&) {}
  void take(const read::Opened&) { REQUIRE(std::exchange(opened_, true) == false); }
  void take(const read::Reset&) { FAIL("the history did not change"); }
  void take(const read::Failed&) { FAIL("nothing refused for good"); }

  std::mt19937 random_;
  Reader reader_{Position{}};
  SteadyTime now_{};
  std::vector<wire::EventT> log_;
  std::deque<std::variant<wire::EventT, wire::DeltaT>> push_;
  std::optional<Position> page_;
  std::uint64_t turn_ = 1;
  std::uint32_t attempt_ = 1;
  std::string message_ = "m1";
  std::string text_;
  std::uint64_t delivered_ = 0;
  bool opened_ = false;
  std::set<std::string> finished_;
  std::map<std::string, std::uint32_t> attempts_;
  std::map<std::string, std::string> seen_;
};

}  // namespace

TEST_CASE("reader: whatever the push loses, repeats and reorders, the client sees the log") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    World(seed).run(300);
  }
}
