#include "owner.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "agents/team/load.hpp"
#include "core/hash.hpp"
#include "wire/blob.hpp"

namespace turns_test {

namespace {

bus::ClientOptions connect_to(std::string endpoint) {
  bus::ClientOptions options;
  options.intercoms = {std::move(endpoint)};
  options.lost_after = Millis{20'000};  // what came meanwhile would be lost: nothing is said again here
  return options;
}

convoke::Uuid fresh() { return {system_random(), system_random()}; }

}  // namespace

Owner::Owner(boost::asio::io_context& io, std::string endpoint)
    : io_(io), replica_(fresh()), bus_(io.get_executor(), connect_to(std::move(endpoint)), {replica_, "groupchat-test", "groupchat"}) {}

void Owner::start() {
  wire::RegisterT registration;
  for (int partition = 0; partition < 256; ++partition) {
    wire::ClaimT claim;
    claim.partition = static_cast<std::uint8_t>(partition);
    claim.epoch = 1;
    registration.claims.push_back(std::move(claim));
  }
  bus_.set_registration(std::move(registration));
  bus_.on_message([this](wire::Message message) { on_message(std::move(message)); });
  boost::asio::co_spawn(io_, bus_.run(), boost::asio::detached);
}

bool Owner::ready() const {
  const auto& owners = bus_.view().owners;
  return bus_.connected() && owners.size() == 256 && wire::from_wire(owners[7]) == replica_;
}

void Owner::serve_team(const agents::Team& team, std::uint32_t version) { teams_[{team.name, version}] = agents::to_json(team); }

void Owner::announce_team(const std::string& team, std::uint32_t version) {
  wire::TeamChangedT changed;
  changed.team = team;
  changed.version = version;
  wire::PushT push;
  push.body.Set(std::move(changed));
  auto message = wire::message(std::move(push));
  message.header.dest_kind = wire::DestKind::stream;
  message.header.dest = "team/" + team;
  bus_.send(std::move(message));
}

void Owner::give(wire::WorkT work) {
  auto& turn = turns_[work.turn];
  turn.attempt = work.attempt;
  turn.closed = false;
  work.items_total = turn.items.size();
  given_[work.turn] = work;
  auto message = wire::message(wire::WorkT(work));
  message.header.dest_kind = wire::DestKind::agent;
  message.header.dest = work.agent;
  message.header.partition = partition_of("s:" + work.session);
  message.header.turn = work.turn;
  message.header.attempt = work.attempt;
  bus_.send(std::move(message));
}

void Owner::control(wire::ControlKind kind, const wire::WorkT& work) {
  wire::ControlT control;
  control.session = work.session;
  control.agent = work.agent;
  control.turn = work.turn;
  control.attempt = work.attempt;
  control.kind = kind;
  auto message = wire::message(std::move(control));
  message.header.dest_kind = wire::DestKind::replica;
  message.header.dest_replica = wire::to_wire(turns_[work.turn].replica);
  bus_.send(std::move(message));
}

void Owner::on_message(wire::Message message) {
  if (message.as<wire::ReportT>()) return on_report(message);
  if (message.as<wire::QueryT>()) return on_query(message);
  if (const auto* state = message.as<wire::WorkStateT>(); state != nullptr && state->status == wire::WorkStatus::lost) {
    turns_[state->turn].lost = state->attempt;
  }
  if (auto* push = message.as<wire::PushT>()) {
    if (auto* delta = push->body.AsDelta()) deltas.push_back(std::move(*delta));
  }
}

void Owner::on_report(const wire::Message& message) {
  const auto& report = *message.as<wire::ReportT>();
  if (lose && lose(report)) return;
  auto& turn = turns_[report.turn];
  turn.replica = wire::from_wire(message.header.source_replica);
  const auto acknowledge = [&] {
    wire::AcknowledgedT done;
    done.n = report.n;
    done.transcript = transcript_after(report);
    bus_.send(wire::reply(message.header, std::move(done)));
  };
  if (turn.closed || report.attempt != turn.attempt) {
    bus_.send(wire::fault_reply(message.header, Fault::turn_closed, "over"));
  } else if (report.body.type == wire::ReportBody::Progress) {
    ++turn.progress;
  } else if (report.body.type == wire::ReportBody::Returned) {
    turn.returned = turn.closed = true;
    acknowledge();
  } else if (const auto* item = report.body.AsItem()) {
    if (report.n > turn.items.size() + 1) {
      auto gap = wire::make_fault(Fault::expected, "a gap");
      gap.expected = turn.items.size() + 1;
      bus_.send(wire::reply(message.header, std::move(gap)));
      return;
    }
    if (report.n == turn.items.size() + 1) turn.items.push_back(*item);
    acknowledge();
  } else if (const auto* result = report.body.AsTurnResult()) {
    if (report.n != turn.items.size()) {
      auto gap = wire::make_fault(Fault::expected, "a gap");
      gap.expected = turn.items.size() + 1;
      bus_.send(wire::reply(message.header, std::move(gap)));
      return;
    }
    turn.result = *result;
    turn.closed = true;
    acknowledge();
  }
}

std::uint64_t Owner::transcript_after(const wire::ReportT& report) {
  const auto& work = given_[report.turn];
  const auto& turn = turns_[report.turn];
  return work.transcript + work.input.size() + turn.items.size() + (turn.result && turn.result->outcome == wire::Outcome::answer ? 1 : 0);
}

void Owner::on_query(const wire::Message& message) {
  const auto& query = *message.as<wire::QueryT>();
  if (const auto* read = query.body.AsReadTeam()) {
    const auto name = query.scope.substr(2);
    for (auto found = teams_.rbegin(); found != teams_.rend(); ++found) {
      if (found->first.first != name || (read->version != 0 && read->version != found->first.second)) continue;
      wire::TeamViewT view;
      view.team = name;
      view.version = found->first.second;
      view.definition = found->second;
      bus_.send(wire::reply(message.header, std::move(view)));
      return;
    }
    bus_.send(wire::fault_reply(message.header, Fault::not_found, "no such team"));
  } else if (const auto* items = query.body.AsReadItems()) {
    wire::ItemPageT page;
    const auto& all = turns_[items->turn].items;
    page.total = all.size();
    if (items->from <= all.size()) page.items.push_back(all[items->from - 1]);  // one a page
    bus_.send(wire::reply(message.header, std::move(page)));
  } else if (const auto* transcript = query.body.AsReadTranscript()) {
    ++transcript_reads;
    const auto& all = transcripts[transcript->agent];
    wire::TranscriptPageT page;
    page.agent = transcript->agent;
    page.from = transcript->from;
    page.length = all.size();
    if (transcript->from <= all.size()) {  // one a page
      wire::BlobT blob;
      const auto& bytes = all[transcript->from - 1];
      blob.bytes.assign(bytes.begin(), bytes.end());
      page.entries.push_back(std::move(blob));
    }
    bus_.send(wire::reply(message.header, std::move(page)));
  }
}

}  // namespace turns_test
