// Records as they lie in Redis: the first byte picks the table, the rest is the record.
#include "fuzz.hpp"
#include "wire/answer_generated.h"
#include "wire/blob.hpp"
#include "wire/chat_generated.h"
#include "wire/plan_generated.h"
#include "wire/state_generated.h"

using namespace convoke;

namespace {

template <class T> void check(std::string_view bytes) {
  const auto value = wire::unpack<T>(bytes);
  if (!value) return;
  const auto packed = wire::pack(*value);
  const auto again = wire::unpack<T>(packed);
  fuzz::require(again.has_value(), "a record that was read cannot be read again");
  fuzz::require(wire::pack(*again) == packed, "a record changes on its way through");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = fuzz::text(data, size).substr(1);
  switch (data[0] % 9) {
    case 0: check<state::SessionStateT>(bytes); break;
    case 1: check<state::UserStateT>(bytes); break;
    case 2: check<state::TeamStateT>(bytes); break;
    case 3: check<state::TranscriptEntryT>(bytes); break;
    case 4: check<wire::EventT>(bytes); break;
    case 5: check<wire::PlanT>(bytes); break;
    case 6: check<wire::AcceptedT>(bytes); break;
    case 7: check<wire::SpanT>(bytes); break;
    default: check<state::UserSessionT>(bytes); break;
  }
  return 0;
}
