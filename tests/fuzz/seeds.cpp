// convoke-fuzz-seeds DIR: writes the smallest frame of every kind of message and of every member of the unions inside, so that the fuzzer
// need not find out by chance how each begins. Run when a kind is added; the files belong to the corpus.
#include <flatbuffers/flatbuffers.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "wire/message.hpp"

namespace {

using namespace convoke;
using flatbuffers::FlatBufferBuilder;

void write(const std::filesystem::path& folder, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << bytes;
}

/// A table with nothing in it, or with nothing but a union's type and an empty member.
std::uint32_t table(FlatBufferBuilder& builder, flatbuffers::voffset_t type_field = 0, std::uint8_t type = 0) {
  std::uint32_t member = 0;
  if (type != 0) member = builder.EndTable(builder.StartTable());
  const auto start = builder.StartTable();
  if (type != 0) {
    builder.AddOffset(static_cast<flatbuffers::voffset_t>(type_field + sizeof(flatbuffers::voffset_t)), flatbuffers::Offset<void>(member));
    builder.AddElement<std::uint8_t>(type_field, type, 0);
  }
  return builder.EndTable(start);
}

void body(const std::filesystem::path& folder, wire::Body kind, const std::string& name, flatbuffers::voffset_t field = 0,
          std::uint8_t type = 0) {
  FlatBufferBuilder builder;
  const auto member = table(builder, field, type);
  builder.Finish(wire::CreateEnvelope(builder, kind, flatbuffers::Offset<void>(member)));
  std::string bytes(1, static_cast<char>(kind));
  bytes.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  write(folder / "body", name, bytes);
}

template <class Member> void bodies(const std::filesystem::path& folder, wire::Body kind, flatbuffers::voffset_t field, Member last) {
  for (std::uint8_t type = 1; type <= static_cast<std::uint8_t>(last); ++type)
    body(folder, kind, std::string(wire::EnumNameBody(kind)) + "-" + std::to_string(type), field, type);
}

/// What is said to the intercom, message after message, as fuzz_intercom.cpp reads it.
class Conversation {
 public:
  /// Everybody says who it is; the numbers of statements rise.
  template <class Body> Conversation& say(std::uint8_t who, Body body, wire::HeaderT header = {}) {
    if constexpr (requires { body.number; }) body.number = ++number_;
    if constexpr (requires { body.number; }) header.dest_kind = wire::DestKind::intercom;
    auto message = wire::message(std::move(body));
    header.kind = message.header.kind;
    header.class_ = message.header.class_;
    header.protocol = wire::protocol_version;
    header.id = wire::to_wire({1, ++number_});
    header.source_replica = wire::to_wire({3, 3});
    header.ttl_ms = 5000;
    message.header = std::move(header);
    const auto frames = wire::encode(message);
    bytes_ += static_cast<char>(who - 1);
    for (const auto& frame : {frames.header, frames.body})
      bytes_.append({static_cast<char>(frame.size() & 0xff), static_cast<char>(frame.size() >> 8)});
    bytes_ += frames.header + frames.body;
    return *this;
  }

  Conversation& join(std::uint8_t who, const std::string& service, const std::string& agent, std::uint32_t credit) {
    wire::RegisterT statement;
    statement.replica = wire::to_wire({2, who});
    statement.service = statement.name = service;
    if (!agent.empty()) statement.agents.push_back(agent);
    statement.credit = credit;
    for (auto kind = 1; kind <= static_cast<int>(wire::Body::MAX); ++kind) statement.kinds.push_back(static_cast<std::uint8_t>(kind));
    return say(who, std::move(statement));
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::uint64_t number_ = 0;
};

wire::HeaderT to(wire::DestKind kind, const std::string& source, const std::string& dest) {
  wire::HeaderT header;
  header.dest_kind = kind;
  header.source = source;
  header.dest = dest;
  header.turn = header.attempt = 1;
  return header;
}

void conversations(const std::filesystem::path& folder) {
  const std::string agent = "office.HrAgent";
  wire::WorkT work;
  work.agent = agent;
  work.session = "s";
  work.turn = work.attempt = 1;
  wire::ReportT report;
  report.agent = agent;
  report.session = "s";
  report.turn = report.attempt = 1;
  report.body.Set(wire::TurnResultT{});
  Conversation turn;
  turn.join(1, "groupchat", "", 0).join(2, "worker", agent, 1).say(1, work, to(wire::DestKind::agent, "service/groupchat", agent));
  turn.say(2, report, to(wire::DestKind::owner, "agent/" + agent, "")).say(2, wire::CreditT{}).say(2, wire::LeaveT{});
  write(folder / "intercom", "turn", turn.bytes());
  wire::SubscribeT streams;
  streams.add.emplace_back("s~t1");
  wire::QueryT question;
  question.body.Set(wire::ReadDirectoryT{});
  Conversation stream;
  stream.join(1, "gateway", "", 0).join(2, "groupchat", "", 0).say(1, streams);
  stream.say(2, wire::PushT{}, to(wire::DestKind::stream, "service/groupchat", "s~t1"));
  stream.say(1, question, to(wire::DestKind::intercom, "service/gateway", "")).say(1, wire::HeartbeatT{});
  write(folder / "intercom", "stream", stream.bytes());
}

/// What a session is told, as fuzz_session.cpp reads it.
class Told {
 public:
  template <class Member> Told& report(std::uint8_t whom, Member member) {
    wire::ReportT report;
    report.body.Set(std::move(member));
    return say(2, whom, wire::encode_body(wire::message(std::move(report))));
  }
  template <class Member> Told& command(std::string key, Member member) {
    wire::CommandT command;
    command.key = std::move(key);
    command.body.Set(std::move(member));
    return say(3, 0, wire::encode_body(wire::message(std::move(command))));
  }
  Told& pass(std::uint8_t seconds) { return say(0, seconds, {}); }

  const std::string& bytes() const { return bytes_; }

 private:
  Told& say(std::uint8_t what, std::uint8_t whom, const std::string& body) {
    for (const std::size_t byte : {std::size_t{what}, std::size_t{whom}, body.size() & 0xff, body.size() >> 8})
      bytes_ += static_cast<char>(byte);
    bytes_ += body;
    return *this;
  }

  std::string bytes_;
};

void sessions(const std::filesystem::path& folder) {
  wire::ItemT response;
  response.text = R"({"content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"pay","arguments":"{}"}}]})";
  wire::ItemT result;
  result.kind = wire::ItemKind::result;
  result.call = "c1";
  result.tool = "pay";
  wire::ItemT act;
  act.kind = wire::ItemKind::act;
  act.text = "hello";
  wire::AskT agent;
  agent.call = "c2";
  agent.agent = "t.B";
  agent.timeout_ms = 5'000;
  wire::AskT person;
  person.call = "c3";
  wire::TurnResultT asks;
  asks.outcome = wire::Outcome::awaiting;
  asks.asks = {agent, person};
  wire::TurnResultT failed;
  failed.outcome = wire::Outcome::failed;
  failed.fault = 1;
  // Instances in the order of their first turns: the chat's agent, the planner; then who is asked, or the executor.
  Told chat;
  chat.report(0, response).report(0, result).report(0, act).report(0, asks).report(2, wire::TurnResultT{});
  chat.command("a1", wire::AnswerRequestT{})
      .report(0, wire::TurnResultT{})
      .command("p1", wire::PostT{})
      .report(0, response)
      .report(0, failed);
  write(folder / "session", "chat", chat.bytes());
  wire::StepT step;
  step.id = "s1~st1";
  step.agent = "t.A";
  step.action = "do";
  wire::TurnResultT draft;
  draft.outcome = wire::Outcome::draft;
  draft.draft = std::make_unique<wire::PlanDraftT>();
  wire::TurnResultT decision;
  decision.outcome = wire::Outcome::decision;
  decision.decision = std::make_unique<wire::PlanDecisionT>();
  decision.decision->plan = std::make_unique<wire::PlanT>();
  decision.decision->consumed = 1;
  decision.decision->ask.emplace_back().step = step.id;
  decision.decision->assign.emplace_back().step = step.id;
  decision.decision->plan->steps = {step};
  Told task;
  task.report(1, draft).report(2, decision).command("d1", wire::DecideT{}).report(2, decision).pass(3).command("x1", wire::CancelT{});
  write(folder / "session", "task", task.bytes());
  Told dead;
  for (int times = 0; times < 3; ++times) dead.report(1, asks);
  dead.report(0, wire::ReturnedT{}).command("l1", wire::SettleLetterT{}).pass(200).command("e1", wire::DeleteSessionT{});
  write(folder / "session", "dead", dead.bytes());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::filesystem::path folder = arguments[1];
  for (auto kind = 1; kind <= static_cast<int>(wire::Body::MAX); ++kind)
    body(folder, static_cast<wire::Body>(kind), wire::EnumNameBody(static_cast<wire::Body>(kind)));
  bodies(folder, wire::Body::Command, wire::Command::VT_BODY_TYPE, wire::CommandBody::MAX);
  bodies(folder, wire::Body::Query, wire::Query::VT_BODY_TYPE, wire::QueryBody::MAX);
  bodies(folder, wire::Body::Report, wire::Report::VT_BODY_TYPE, wire::ReportBody::MAX);
  bodies(folder, wire::Body::Push, wire::Push::VT_BODY_TYPE, wire::PushBody::MAX);
  bodies(folder, wire::Body::Answer, wire::Answer::VT_BODY_TYPE, wire::AnswerBody::MAX);
  for (char table_number = 0; table_number < 9; ++table_number) {
    FlatBufferBuilder builder;
    builder.Finish(flatbuffers::Offset<void>(table(builder)));
    write(folder / "records", std::to_string(table_number),
          std::string(1, table_number).append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()));
  }
  wire::HeaderT header;
  header.protocol = wire::protocol_version;
  write(folder / "header", "empty", wire::encode_header(header));
  header.kind = 1;
  header.ttl_ms = 1000;
  header.partition = 17;
  header.id = wire::to_wire({1, 2});
  header.correlation = wire::to_wire({3, 4});
  header.dest = "agent/company.HrAgent";
  write(folder / "header", "full", wire::encode_header(header));
  conversations(folder);
  sessions(folder);
}
