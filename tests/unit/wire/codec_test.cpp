#include <catch2/catch.hpp>

#include <random>

#include "wire/message.hpp"

using namespace convoke;

namespace {

wire::Message sample() {
  wire::PostT post;
  post.conversation = "s~d1";
  post.text = "hello";
  wire::CommandT command;
  command.scope = "s:s";
  command.user = "ann";
  command.key = "k1";
  command.body.Set(std::move(post));
  auto message = wire::message(std::move(command));
  message.header.id = wire::to_wire({1, 2});
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = 17;
  message.header.ttl_ms = 500;
  return message;
}

}  // namespace

TEST_CASE("codec: a message comes back as it went") {
  const auto frames = wire::encode(sample());
  const auto back = wire::decode(frames.header, frames.body, 1 << 20);
  REQUIRE(back);
  CHECK(back->header == sample().header);
  REQUIRE(back->as<wire::CommandT>());
  CHECK(back->as<wire::CommandT>()->body.AsPost()->text == "hello");
  CHECK(back->as<wire::QueryT>() == nullptr);
  CHECK(back->header.class_ == wire::Class::command);
}

TEST_CASE("codec: an answer goes to where the question came from") {
  auto request = sample().header;
  request.source_replica = wire::to_wire({7, 8});
  const auto answer = wire::fault_reply(request, Fault::not_found, "no such plan");
  CHECK(answer.header.correlation == request.id);
  CHECK(answer.header.dest_replica == request.source_replica);
  CHECK(answer.header.class_ == wire::Class::command);
  CHECK(answer.as<wire::AnswerT>()->body.AsFault()->code == static_cast<std::uint16_t>(Fault::not_found));
}

TEST_CASE("codec: rubbish, cut and oversized frames are refused by name") {
  const auto frames = wire::encode(sample());
  CHECK(wire::decode("rubbish!", frames.body, 1 << 20).error().code == Fault::malformed);
  CHECK(wire::decode(frames.header, "rubbish!rubbish!", 1 << 20).error().code == Fault::malformed);
  CHECK(wire::decode(frames.header, frames.body.substr(0, frames.body.size() / 2), 1 << 20).error().code == Fault::malformed);
  CHECK(wire::decode(frames.header, frames.body, 64).error().code == Fault::too_large);
  CHECK(wire::decode("", "", 64).error().code == Fault::malformed);
}

TEST_CASE("codec: another protocol and unknown kinds are named") {
  auto message = sample();
  message.header.protocol = 2;
  auto frames = wire::encode(message);
  CHECK(wire::decode(frames.header, frames.body, 1 << 20).error().code == Fault::protocol_version);
  message = sample();
  message.header.kind = 200;
  frames = wire::encode(message);
  CHECK(wire::decode(frames.header, frames.body, 1 << 20).error().code == Fault::unknown_kind);
  message.header.kind = static_cast<std::uint8_t>(wire::Body::Query);
  frames = wire::encode(message);
  CHECK(wire::decode(frames.header, frames.body, 1 << 20).error().code == Fault::malformed);
}

TEST_CASE("codec: frames at odd addresses are read all the same") {
  const auto frames = wire::encode(sample());
  const std::string shifted = "x" + frames.body;
  CHECK(wire::decode(frames.header, std::string_view(shifted).substr(1), 1 << 20));
}

TEST_CASE("codec: flipped bytes never do more than fail") {
  const auto frames = wire::encode(sample());
  std::mt19937 random(7);  // fixed seed
  for (int i = 0; i < 5000; ++i) {
    auto damaged = frames;
    damaged.header[random() % damaged.header.size()] ^= static_cast<char>(1 + random() % 255);
    damaged.body[random() % damaged.body.size()] ^= static_cast<char>(1 + random() % 255);
    (void)wire::decode(damaged.header, damaged.body, 1 << 20);
  }
}

namespace {

/// A body whose inner union has its type set and no value, which FlatBuffers' verifier lets pass.
template <class Builder, class Kind> std::string hollow(wire::Body outer, Kind inner) {
  flatbuffers::FlatBufferBuilder fbb;
  Builder table(fbb);
  table.add_body_type(inner);
  const auto body = table.Finish();
  wire::EnvelopeBuilder envelope(fbb);
  envelope.add_body_type(outer);
  envelope.add_body(body.Union());
  fbb.Finish(envelope.Finish());
  return {reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize()};
}

std::string verdict(wire::Body outer, const std::string& body) {
  auto header = sample().header;
  header.kind = static_cast<std::uint8_t>(outer);
  const auto decoded = wire::decode(wire::encode_header(header), body, 1 << 20);
  return decoded ? "taken" : std::string(name_of(decoded.error().code));
}

}  // namespace

TEST_CASE("codec: an inner union that names a kind and holds nothing is refused") {
  using wire::Body;
  CHECK(verdict(Body::Command, hollow<wire::CommandBuilder>(Body::Command, wire::CommandBody::Post)) == "MALFORMED");
  CHECK(verdict(Body::Query, hollow<wire::QueryBuilder>(Body::Query, wire::QueryBody::ReadLog)) == "MALFORMED");
  CHECK(verdict(Body::Report, hollow<wire::ReportBuilder>(Body::Report, wire::ReportBody::TurnResult)) == "MALFORMED");
  CHECK(verdict(Body::Push, hollow<wire::PushBuilder>(Body::Push, wire::PushBody::Delta)) == "MALFORMED");
  CHECK(verdict(Body::Answer, hollow<wire::AnswerBuilder>(Body::Answer, wire::AnswerBody::Fault)) == "MALFORMED");
  CHECK(verdict(Body::Command, hollow<wire::CommandBuilder>(Body::Command, wire::CommandBody::NONE)) ==
        "taken");  // of no kind: refused by name
}

TEST_CASE("codec: an inner union of a kind that is not known here is passed on empty, for the receiver to name") {
  const auto unknown = static_cast<wire::CommandBody>(200);
  CHECK(verdict(wire::Body::Command, hollow<wire::CommandBuilder>(wire::Body::Command, unknown)) == "taken");
}
