// The first frame of every message, as the intercom and every client read it from whoever connects.
#include "fuzz.hpp"
#include "wire/message.hpp"

using namespace convoke;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text(data, size);
  (void)wire::verify_header(bytes);
  const auto header = wire::decode_header(bytes);
  if (!header) return 0;
  const auto again = wire::decode_header(wire::encode_header(*header));
  fuzz::require(again.has_value(), "a header that was read cannot be read again");
  fuzz::require(*again == *header, "a header changes on its way through");
  return 0;
}
