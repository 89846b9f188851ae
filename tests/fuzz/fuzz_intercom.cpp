// What peers send the intercom: one message after another, each a byte that says who sends it and whether time passes, the lengths of both
// frames in two bytes each, and the frames. What processes can read the router can route, what it changes of a header is that alone, and
// whatever it says itself can be read. The fourth peer takes nothing that it is sent.
#include <algorithm>
#include <vector>

#include "fuzz.hpp"
#include "intercom/intercom_core.hpp"
#include "wire/label.hpp"

using namespace convoke;

namespace {

void check_header(std::string_view bytes) {
  const auto read = wire::decode_header(bytes);
  std::vector<std::uint8_t> frame(bytes.begin(), bytes.end());
  intercom::HeaderView view;
  if (!view.read(frame)) {
    fuzz::require(!read || bytes.size() > intercom::max_header_bytes, "a header that everybody but the router can read");
    return;
  }
  fuzz::require(view.bytes() == bytes, "a header that changes when it is read");
  if (read) {
    fuzz::require(view.dest() == read->dest && view.source() == read->source, "a message that goes elsewhere");
    fuzz::require(view.id() == wire::from_wire(read->id) && view.class_of() == read->class_, "another message");
  }
  const Uuid replica{7, 8};
  if (!view.set_source_replica(replica)) return;
  fuzz::require(view.bytes() == std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()), "two headers of one message");
  fuzz::require(view.source_replica() == replica, "a sender that is not who it is");
}

template <class Member> void check_member(const intercom::BodyView& view, wire::Body kind, std::string_view bytes) {
  wire::HeaderT header;
  header.protocol = wire::protocol_version;
  header.kind = static_cast<std::uint8_t>(kind);
  const auto read = wire::decode(wire::encode_header(header), bytes, 1 << 20);
  fuzz::require(!read || view.as<Member>() != nullptr, "a body that everybody but the router can read");
}

void check_body(std::string_view bytes) {
  const std::string moved = " " + std::string(bytes);  // another alignment
  const intercom::BodyView view(bytes);
  const intercom::BodyView again(std::string_view(moved).substr(1));
  fuzz::require(view.empty() == again.empty(), "a body that can be read at some addresses");
  check_member<wire::Work>(view, wire::Body::Work, bytes);
  check_member<wire::Report>(again, wire::Body::Report, bytes);
}

class Hub {
 public:
  Hub() : core_(small(), {999, 999}, [] { return 7u; }, Now{}) {}

  void pass(Millis time) {
    now_.steady += time;
    now_.unix += time;
    perform([&](intercom::Actions& out) { core_.on_tick(now_, out); });
  }

  void receive(intercom::Peer peer, std::string header, std::string_view body) {
    const std::span bytes(reinterpret_cast<std::uint8_t*>(header.data()), header.size());
    perform([&](intercom::Actions& out) { core_.on_message(peer, bytes, body, now_, out); });
  }

 private:
  static intercom::Settings small() {
    intercom::Settings settings;
    settings.hold_back = Millis{0};
    settings.stream_window = settings.reserve = 4'096;
    settings.max_unconfirmed = 8;
    settings.max_parked = settings.max_instances = settings.max_subscriptions = settings.max_replicas = 3;
    return settings;
  }

  template <class Event> void perform(Event event) {
    intercom::Actions out;
    event(out);
    for (std::size_t i = 0; i < out.list.size(); ++i) {
      const auto action = out.list[i];
      if (action.kind == intercom::Action::Kind::send) {
        const auto& frames = out.parcels.at(action.parcel);
        fuzz::require(wire::decode(frames.header, frames.body, 64u << 20).has_value(), "the intercom says something that cannot be read");
      }
      if (action.kind != intercom::Action::Kind::forget && action.peer == 4) core_.on_send_failed(action.peer, now_);
      fuzz::require(i < 10'000, "an event without an end");
    }
  }

  intercom::IntercomCore core_;
  Now now_{};
};

std::string_view take(std::string_view& bytes, std::size_t count) {
  const auto taken = bytes.substr(0, count);
  bytes.remove_prefix(taken.size());
  return taken;
}

std::size_t length(std::string_view& bytes) {
  const auto two = take(bytes, 2);
  return two.size() < 2 ? 0 : static_cast<std::size_t>(static_cast<unsigned char>(two[0]) | static_cast<unsigned char>(two[1]) << 8);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::text(data, size);
  Hub hub;
  while (!rest.empty()) {
    const auto what = static_cast<unsigned char>(take(rest, 1).front());
    const auto header_size = length(rest);
    const auto body_size = length(rest);
    const auto header = take(rest, header_size);
    const auto body = take(rest, body_size);
    check_header(header);
    check_body(body);
    fuzz::require(!wire::label_of(header, body).empty(), "a message without a name");
    hub.receive(1 + what % 4, std::string(header), body);
    hub.pass(Millis{(what >> 2) * 20});
  }
  hub.pass(Millis{10'000});
  return 0;
}
