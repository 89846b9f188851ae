#include "wire/label.hpp"

#include <catch2/catch.hpp>

#include "wire/message.hpp"

using namespace convoke;

namespace {

template <class T> std::string label(T body) {
  const auto message = wire::message(std::move(body));
  return wire::label_of(wire::encode_header(message.header), wire::encode_body(message));
}

}  // namespace

TEST_CASE("label: says the kind, its member and what that is") {
  wire::ReportT item;
  item.body.Set(wire::ItemT{});
  CHECK(label(std::move(item)) == "Report.Item.response");
  wire::ReportT result;
  wire::TurnResultT decision;
  decision.outcome = wire::Outcome::decision;
  result.body.Set(std::move(decision));
  CHECK(label(std::move(result)) == "Report.TurnResult.decision");
  wire::AnswerT answer;
  answer.body.Set(wire::AcknowledgedT{});
  CHECK(label(std::move(answer)) == "Answer.Acknowledged");
  CHECK(label(wire::HeartbeatT{}) == "Heartbeat");
  CHECK(label(wire::CommandT{}) == "Command.NONE");
}

TEST_CASE("label: any bytes have one") {
  CHECK(wire::label_of("", "") == "unknown");
  CHECK(wire::label_of(std::string(100, '\xff'), "x") == "unknown");
  const auto message = wire::message(wire::CommandT{});
  CHECK(wire::label_of(wire::encode_header(message.header), std::string(64, '\x7f')) == "Command");
}
