// What clients of the doors send as JSON: bodies of the task API and of the native one by verb (the first byte), frames of /api/ws, API
// keys.
#include <array>

#include "api/common/access.hpp"
#include "api/common/actions.hpp"
#include "api/common/fields.hpp"
#include "api/ws/protocol.hpp"
#include "fuzz.hpp"

using namespace convoke;

namespace {

constexpr std::array<std::string_view, 9> verbs{"task", "chat", "post", "decide", "clarify", "answer", "cancel", "letter", "delete"};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto verb = verbs[data[0] % verbs.size()];
  const auto body = fuzz::text(data, size).substr(1);
  const api::InputLimits limits;
  if (auto fields = api::Fields::parse(body, limits)) {
    const auto action = api::parse_action(verb, *fields, {"ann", "key-1", "company"});
    fuzz::require(!action || fields->good(), "an action out of fields with mistakes");
    if (const auto* decide = action ? action->body.AsDecide() : nullptr)
      fuzz::require(decide->revision == fields->number("revision", api::Need::optional), "an approval of another revision");
    fuzz::require(api::hash_of(verb, fields->json()).size() == 16, "a request without a hash");
    (void)api::dump(fields->json());
  }
  (void)api::ws::parse(body, limits);
  (void)api::parse_keys(body);
  return 0;
}
