// The second frame, one of every kind: the first byte is the kind that the header names, the rest is the frame.
#include "fuzz.hpp"
#include "wire/kinds.hpp"
#include "wire/message.hpp"

using namespace convoke;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  wire::HeaderT header;
  header.protocol = wire::protocol_version;
  header.kind = data[0];
  const auto head = wire::encode_header(header);
  const auto message = wire::decode(head, fuzz::text(data, size).substr(1), 1 << 20);
  if (!message) return 0;
  const auto body = wire::encode_body(*message);
  const auto again = wire::decode(head, body, 16 << 20);
  fuzz::require(again.has_value(), "a body that was read cannot be read again");
  fuzz::require(wire::encode_body(*again) == body, "a body changes on its way through");
  return 0;
}
