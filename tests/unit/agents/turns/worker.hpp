// A turn book with what it asks for collected, on a clock of the test's own.
#pragma once

#include <catch2/catch.hpp>
#include <set>

#include "agents/turns/book.hpp"

namespace convoke::agents::test {

using May = TurnBook::May;

inline const TurnKey key{"s1", "company.HrAgent", 7};

class Worker {
 public:
  explicit Worker(BookOptions options = {}) : book(options, [this] { return Uuid{1, ++ids_}; }) {}

  void give(std::uint32_t attempt = 1, std::uint64_t turn = 7, std::vector<wire::ItemT> items = {}, std::uint32_t timeout_ms = 0) {
    wire::WorkT work;
    work.session = key.session;
    work.agent = key.agent;
    work.turn = turn;
    work.attempt = attempt;
    work.items = std::move(items);
    work.items_total = work.items.size();
    work.timeout_ms = timeout_ms;
    book.on_work({}, std::move(work), now);
    collect();
  }

  std::optional<std::uint64_t> item(std::uint32_t attempt = 1) {
    wire::ItemT item;
    item.text = "response";
    const auto number = book.item(key, attempt, std::move(item), now);
    collect();
    return number;
  }

  void finish(std::uint32_t attempt = 1, std::uint64_t turn = 7) {
    wire::TurnResultT result;
    result.text = "answer";
    book.finish({key.session, key.agent, turn}, attempt, std::move(result), now);
    collect();
  }

  void pass(std::int64_t ms) {
    now += Millis{ms};
    book.tick(now);
    collect();
  }

  void acknowledge(const wire::Message& report, std::uint64_t transcript = 0) {
    wire::AcknowledgedT done;
    done.n = report.as<wire::ReportT>()->n;
    done.transcript = transcript;
    answer(wire::reply(report.header, std::move(done)));
  }

  void refuse(const wire::Message& report, Fault code, std::uint64_t expected = 0) {
    auto fault = wire::make_fault(code, "no");
    fault.expected = expected;
    answer(wire::reply(report.header, std::move(fault)));
  }

  void control(wire::ControlKind kind, std::uint32_t attempt = 1) {
    wire::ControlT control;
    control.session = key.session;
    control.agent = key.agent;
    control.turn = key.turn;
    control.attempt = attempt;
    control.kind = kind;
    control.text = "text";
    wire::HeaderT header;
    header.id = wire::to_wire({9, 9});
    book.on_control(header, control, now);
    collect();
  }

  void answer(const wire::Message& message) {
    CHECK(book.on_answer(message.header, *message.as<wire::AnswerT>(), now));
    collect();
  }

  /// Reports sent since the last call.
  std::vector<wire::Message> sent() { return std::exchange(sent_, {}); }
  wire::Message one() {
    auto messages = sent();
    REQUIRE(messages.size() == 1);
    return std::move(messages.front());
  }
  template <class Action> std::vector<Action> seen() {
    std::vector<Action> result;
    for (auto& action : actions_) {
      if (auto* wanted = std::get_if<Action>(&action)) result.push_back(*wanted);
    }
    actions_.clear();
    return result;
  }

  void collect() {
    for (auto& action : book.take()) {
      if (auto* report = std::get_if<SendReport>(&action)) {
        CHECK(ids_seen_.insert(wire::from_wire(report->message.header.id)).second);
        sent_.push_back(std::move(report->message));
      } else {
        actions_.push_back(std::move(action));
      }
    }
  }

  SteadyTime now{Millis{1'000'000}};

 private:
  std::uint64_t ids_ = 0;

 public:
  TurnBook book;

 private:
  std::vector<wire::Message> sent_;
  std::vector<BookAction> actions_;
  std::set<Uuid> ids_seen_;
};

const wire::ReportT& report(const wire::Message& message) { return *message.as<wire::ReportT>(); }

inline wire::ItemT recorded(std::uint64_t n) {
  wire::ItemT item;
  item.n = n;
  item.text = "recorded";
  return item;
}

}  // namespace convoke::agents::test
