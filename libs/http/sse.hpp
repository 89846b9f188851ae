// Server-sent events (WHATWG HTML, 9.2): an incremental parser that takes bytes as they come, cut anywhere, and hands out events; and the
// encoder for our own streams. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::http::sse {

/// Views into the parser's memory, valid during the call only.
struct Event {
  std::string_view type;  // "message" unless named
  std::string_view data;  // lines joined by \n
  std::string_view id;    // the last id seen so far
};

class Parser {
 public:
  explicit Parser(std::size_t max_event_bytes = 4uz * 1024 * 1024) : limit_(max_event_bytes) {}

  /// Calls `on_event` for every event that these bytes complete. TOO_LARGE when one event exceeds the limit; the parser is then done.
  Status feed(std::string_view bytes, const std::function<void(const Event&)>& on_event);
  /// What the last `retry:` field asked for, in milliseconds.
  std::optional<std::uint64_t> retry_ms() const { return retry_ms_; }

 private:
  void line(std::string_view text, const std::function<void(const Event&)>& on_event);
  std::size_t limit_;
  std::string partial_;  // a line that is not complete yet
  std::string data_;
  std::string type_;
  std::string id_;
  std::optional<std::uint64_t> retry_ms_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
  bool failed_ = false;
};

/// `id:`, `event:` (left out when empty) and one `data:` line per line of data.
std::string encode(std::string_view data, std::string_view type = {}, std::string_view id = {});

}  // namespace convoke::http::sse
