// A message as cores and shells handle it: header and body unpacked into plain structs. Bytes are verified once, here, when they come in
// (decode), and after that code sees typed tables. Sizes are bounded by the caller's limit before anything is read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/id.hpp"
#include "core/result.hpp"
#include "wire/body_generated.h"
#include "wire/header_generated.h"

namespace convoke::wire {

inline constexpr std::uint16_t protocol_version = 1;

struct Message {
  HeaderT header;
  BodyUnion body;
  /// Nobody waits for it: it may stay until the next message to the same place leaves, or for some milliseconds. Stays in this process.
  bool may_wait = false;

  /// The body as `T` (such as CommandT), or nullptr when it is something else.
  template <class T> const T* as() const {
    return body.type == BodyUnionTraits<T>::enum_value ? static_cast<const T*>(body.value) : nullptr;
  }
  template <class T> T* as() { return body.type == BodyUnionTraits<T>::enum_value ? static_cast<T*>(body.value) : nullptr; }
};

/// The two frames of a message; a transport adds its routing frame.
struct Frames {
  std::string header;
  std::string body;
};

inline Uuid to_wire(const convoke::Uuid& id) { return Uuid(id.hi, id.lo); }
inline convoke::Uuid from_wire(const Uuid& id) { return {id.hi(), id.lo()}; }

/// Bodies into messages: sets the union and the header's kind and class (kinds.hpp). Everything else of the header is the caller's.
template <class T> Message message(T body);

/// A message that answers `request`: correlation, class, trace, partition, destination = the replica it came from.
template <class T> Message answer_to(const HeaderT& request, T body);
/// The same for an Answer's union member (AcceptedT, LogPageT …) and for a Fault.
template <class T> Message reply(const HeaderT& request, T member);
Message fault_reply(const HeaderT& request, convoke::Fault code, std::string text);
Message fault_reply(const HeaderT& request, const Error& error);
FaultT make_fault(convoke::Fault code, std::string text);

Frames encode(const Message& message);
std::string encode_header(const HeaderT& header);
std::string encode_body(const Message& message);

/// MALFORMED (with the frame's name) when bytes do not verify, PROTOCOL_VERSION, UNKNOWN_KIND, or TOO_LARGE beyond `max_bytes`. Text fields
/// are valid UTF-8 afterwards only where the receiver checks; doors check what people send.
Result<Message> decode(std::string_view header, std::string_view body, std::size_t max_bytes);
/// The verified header alone, for routing; it points into `bytes`.
Result<const Header*> verify_header(std::string_view bytes);
Result<HeaderT> decode_header(std::string_view bytes);

}  // namespace convoke::wire

#include "wire/message_inl.hpp"
