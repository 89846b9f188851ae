// A request to the offline model, and what its rules make of the catalogue of a planner.
#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "model/catalogue.hpp"
#include "model/chat_request.hpp"

using namespace convoke;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text(data, size);
  (void)model::parse_chat(bytes);
  const auto json = nlohmann::ordered_json::parse(bytes, nullptr, false);
  if (!json.is_discarded()) (void)model::read_catalogue(json);
  (void)model::count_tokens(bytes);
  return 0;
}
