// Script files of the offline model.
#include "fuzz.hpp"
#include "model/script.hpp"

using namespace convoke;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto script = model::parse_script(fuzz::text(data, size), "script.yaml");
  if (!script) fuzz::require(!script.error().message.empty(), "a refusal without a reason");
  return 0;
}
