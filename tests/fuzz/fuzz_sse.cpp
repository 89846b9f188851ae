// A model's answer as it streams in: events cut anywhere (the first byte says how), chunks of chat completions, the response put together;
// and the same bytes as an answer in one piece and as a refusal.
#include <vector>

#include "fuzz.hpp"
#include "http/client.hpp"
#include "http/sse.hpp"
#include "llm/chat.hpp"
#include "llm/provider.hpp"

using namespace convoke;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 64;
  const auto bytes = fuzz::text(data, size).substr(1);
  http::sse::Parser parser(1 << 16);
  llm::ChatDecoder decoder;
  llm::Assembly assembly(1 << 16);
  std::vector<llm::StreamEvent> events;
  bool good = true;
  for (std::size_t at = 0; good && at < bytes.size(); at += step) {
    good =
        parser.feed(bytes.substr(at, step), [&](const http::sse::Event& event) { (void)decoder.decode(event.data, events); }).has_value();
  }
  for (const auto& event : events) {
    if (!assembly.apply(event)) break;
  }
  if (const auto response = assembly.take()) {
    const auto text = llm::to_json(*response);
    fuzz::require(llm::response_from_json(text).has_value(), "a response that cannot be read from the transcript");
  }
  (void)llm::decode_complete(bytes);
  (void)llm::classify_status(400 + data[0], bytes);
  http::Response refusal;
  const auto line = bytes.find('\n');
  refusal.headers.add("Retry-After", bytes.substr(0, line));
  if (line != std::string_view::npos) refusal.headers.add("Retry-After-Ms", bytes.substr(line + 1));
  const auto wait = http::retry_after(refusal, UnixTime{} + Millis{1'795'000'000'000});
  fuzz::require(!wait || (*wait >= Millis{0} && *wait <= Millis{3'600'000}), "a wait that is none, or without an end");
  return 0;
}
