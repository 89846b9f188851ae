#include "soak/talk.hpp"

#include <fmt/format.h>

namespace convoke::soak {

std::string Talk::take(const Json& event) {
  const auto seq = event.value("seq", std::uint64_t{0});
  if (seq != next()) return fmt::format("{}: event {} came where {} was due", conversation, seq, next());
  ids.push_back(event.value("id", ""));
  const auto kind = event.value("kind", "");
  const auto data = event.value("data", Json::object());
  if (kind == "message" && event.value("author", "").starts_with("agent/")) ++answers;
  if (kind == "request_opened") requests.push_back(data);
  if (kind == "run_ended") {
    ++ends;
    stop_reason = data.value("stop_reason", "");
  }
  changed.set();
  return {};
}

}  // namespace convoke::soak
