#include <fmt/format.h>

#include "wire/message.hpp"

namespace convoke::wire {
namespace {

// Bounds for the verifier: deeper or larger than anything we send, small enough that hostile bytes cost nothing.
constexpr flatbuffers::uoffset_t max_depth = 32;
constexpr flatbuffers::uoffset_t max_tables = 200'000;

flatbuffers::FlatBufferBuilder& builder() {
  thread_local flatbuffers::FlatBufferBuilder shared(4096);
  shared.Clear();
  return shared;
}

template <class T> bool verifies(std::string_view bytes) {
  // FlatBuffers reads scalars where they lie: a buffer that is not aligned must not be read at all.
  if (bytes.size() < 8 || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) != 0) return false;
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), max_depth, max_tables);
  return verifier.VerifyBuffer<T>(nullptr);
}

std::string finished(const flatbuffers::FlatBufferBuilder& done) {
  return {reinterpret_cast<const char*>(done.GetBufferPointer()), done.GetSize()};
}

// Frames come from a transport's buffers at any address; the rare misaligned one is copied.
struct Aligned {
  explicit Aligned(std::string_view bytes) : view(bytes) {
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) == 0) return;
    copy.assign(bytes);
    view = copy;
  }
  std::string copy;
  std::string_view view;
};

// A union that names a kind and holds nothing passes FlatBuffers' verifier; whoever goes by its kind would read what is not there. Kinds
// that are not known here hold nothing either, and are for the receiver to name.
template <class Union> bool is_hollow(const Union& body) {
  using Kind = decltype(body.type);
  return body.type != Kind::NONE && body.type <= Kind::MAX && body.value == nullptr;
}

bool has_hollow_union(const BodyUnion& body) {
  switch (body.type) {
    case Body::Command: return is_hollow(body.AsCommand()->body);
    case Body::Query: return is_hollow(body.AsQuery()->body);
    case Body::Report: return is_hollow(body.AsReport()->body);
    case Body::Push: return is_hollow(body.AsPush()->body);
    case Body::Answer: return is_hollow(body.AsAnswer()->body);
    default: return false;
  }
}

}  // namespace

std::string encode_header(const HeaderT& header) {
  auto& fbb = builder();
  fbb.Finish(CreateHeader(fbb, &header));
  return finished(fbb);
}

std::string encode_body(const Message& message) {
  auto& fbb = builder();
  const auto body = message.body.Pack(fbb);
  EnvelopeBuilder envelope(fbb);
  envelope.add_body_type(message.body.type);
  envelope.add_body(body);
  fbb.Finish(envelope.Finish());
  return finished(fbb);
}

Frames encode(const Message& message) { return {encode_header(message.header), encode_body(message)}; }

Result<const Header*> verify_header(std::string_view bytes) {
  if (!verifies<Header>(bytes))
    return fail(convoke::Fault::malformed, fmt::format("header frame of {} bytes does not verify", bytes.size()));
  const auto* header = flatbuffers::GetRoot<Header>(bytes.data());
  if (header->protocol() != protocol_version)
    return fail(convoke::Fault::protocol_version,
                fmt::format("message speaks protocol {}, this process {}", header->protocol(), protocol_version));
  return header;
}

Result<HeaderT> decode_header(std::string_view bytes) {
  const Aligned aligned(bytes);
  const auto header = verify_header(aligned.view);
  if (!header) return std::unexpected(header.error());
  HeaderT unpacked;
  (*header)->UnPackTo(&unpacked);
  return unpacked;
}

Result<Message> decode(std::string_view header_bytes, std::string_view body_bytes, std::size_t max_bytes) {
  if (header_bytes.size() + body_bytes.size() > max_bytes)
    return fail(convoke::Fault::too_large,
                fmt::format("message of {} bytes, at most {} are taken", header_bytes.size() + body_bytes.size(), max_bytes));
  auto header = decode_header(header_bytes);
  if (!header) return std::unexpected(header.error());
  if (!is_known(header->kind)) return fail(convoke::Fault::unknown_kind, fmt::format("message kind {} is not known here", header->kind));
  const Aligned aligned(body_bytes);
  if (!verifies<Envelope>(aligned.view))
    return fail(convoke::Fault::malformed, fmt::format("body frame of {} bytes does not verify", body_bytes.size()));
  const auto* envelope = flatbuffers::GetRoot<Envelope>(aligned.view.data());
  if (static_cast<std::uint8_t>(envelope->body_type()) != header->kind || envelope->body() == nullptr)
    return fail(convoke::Fault::malformed, "body frame holds another kind than the header says");
  Message message;
  message.header = std::move(*header);
  message.body.type = envelope->body_type();
  message.body.value = BodyUnion::UnPack(envelope->body(), envelope->body_type(), nullptr);
  if (has_hollow_union(message.body)) return fail(convoke::Fault::malformed, "the body names a kind and holds nothing of it");
  return message;
}

FaultT make_fault(convoke::Fault code, std::string text) {
  FaultT fault;
  fault.code = static_cast<std::uint16_t>(code);
  fault.text = std::move(text);
  return fault;
}

Message fault_reply(const HeaderT& request, convoke::Fault code, std::string text) {
  return reply(request, make_fault(code, std::move(text)));
}

Message fault_reply(const HeaderT& request, const Error& error) { return fault_reply(request, error.code, error.message); }

}  // namespace convoke::wire
