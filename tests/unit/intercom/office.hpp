// A hub with one owner and workers of one agent, for tests of work on its way.
#pragma once

#include <catch2/catch.hpp>

#include "hub.hpp"

namespace convoke::intercom::test {

using wire::DestKind;
using wire::WorkStatus;

inline constexpr auto agent = "company.HrAgent";
inline constexpr intercom::Peer owner = 1;

struct Office : Hub {
  explicit Office(intercom::Settings settings = quick()) : Hub(std::move(settings)) {
    join(owner, 1, "groupchat", claiming(1, {7}));
    clear();
  }

  void worker(intercom::Peer peer, std::uint32_t credit, std::vector<wire::HeldTurnT> held = {}) {
    auto statement = serving({agent}, credit);
    statement.held = std::move(held);
    join(peer, peer, "worker", std::move(statement));
    take(peer);
  }

  void work(const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1, intercom::Peer from_peer = owner) {
    wire::WorkT body;
    body.session = session;
    body.agent = agent;
    body.turn = turn;
    body.attempt = attempt;
    auto message = from(from_peer, std::move(body), DestKind::agent, agent);
    message.header.turn = turn;
    message.header.attempt = attempt;
    message.header.partition = 7;
    send(from_peer, std::move(message));
  }

  void report(intercom::Peer peer, const std::string& session, std::uint64_t turn, std::uint32_t attempt, wire::ReportBodyUnion body) {
    wire::ReportT report;
    report.session = session;
    report.agent = agent;
    report.turn = turn;
    report.attempt = attempt;
    report.body = std::move(body);
    auto message = from(peer, std::move(report), DestKind::owner);
    message.header.source = std::string("agent/") + agent;
    message.header.partition = 7;
    send(peer, std::move(message));
  }
  void result(intercom::Peer peer, const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1) {
    wire::ReportBodyUnion body;
    body.Set(wire::TurnResultT{});
    report(peer, session, turn, attempt, std::move(body));
  }
  void progress(intercom::Peer peer, const std::string& session, std::uint64_t turn) {
    wire::ReportBodyUnion body;
    body.Set(wire::ProgressT{});
    report(peer, session, turn, 1, std::move(body));
  }

  void busy(intercom::Peer peer, const std::string& session, std::uint64_t turn, std::uint32_t free = 0) {
    wire::CreditT statement;
    statement.free = free;
    statement.received = count(peer);
    statement.busy = std::make_unique<wire::HeldTurnT>(held(session, turn));
    state(peer, std::move(statement));
  }

  static wire::HeldTurnT held(const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1) {
    wire::HeldTurnT one;
    one.session = session;
    one.agent = agent;
    one.turn = turn;
    one.attempt = attempt;
    return one;
  }

  std::vector<wire::WorkStateT> told() { return take<wire::WorkStateT>(owner); }
  /// The only thing that the owner was told since it last asked.
  WorkStatus status() {
    const auto states = told();
    REQUIRE(states.size() == 1);
    return states[0].status;
  }
  std::size_t given(intercom::Peer peer) { return take<wire::WorkT>(peer).size(); }

  WorkStatus ask(const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1) {
    wire::WorkQueryT query;
    query.session = session;
    query.agent = agent;
    query.turn = turn;
    query.attempt = attempt;
    take(owner);
    send(owner, from(owner, std::move(query), DestKind::intercom));
    return status();
  }
};

}  // namespace convoke::intercom::test
