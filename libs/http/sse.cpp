#include "http/sse.hpp"

#include <charconv>

namespace convoke::http::sse {

Status Parser::feed(std::string_view bytes, const std::function<void(const Event&)>& on_event) {
  if (failed_) return fail(Fault::too_large, "server-sent events: one event was beyond the limit");
  while (!bytes.empty()) {
    if (after_cr_) {  // the LF of a CRLF that was cut between two reads
      after_cr_ = false;
      if (bytes.front() == '\n') bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) {
      partial_ += bytes;
      bytes = {};
    } else {
      after_cr_ = bytes[end] == '\r';
      if (partial_.empty()) {
        line(bytes.substr(0, end), on_event);
      } else {
        partial_ += bytes.substr(0, end);
        line(partial_, on_event);
        partial_.clear();
      }
      bytes.remove_prefix(end + 1);
    }
    if (partial_.size() + data_.size() > limit_) {
      failed_ = true;
      return fail(Fault::too_large, "server-sent events: one event is beyond " + std::to_string(limit_) + " bytes");
    }
  }
  return {};
}

void Parser::line(std::string_view text, const std::function<void(const Event&)>& on_event) {
  if (at_start_ && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  at_start_ = false;
  if (text.empty()) {
    if (has_data_) on_event(Event{type_.empty() ? std::string_view("message") : std::string_view(type_), data_, id_});
    data_.clear();
    type_.clear();
    has_data_ = false;
    return;
  }
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    std::uint64_t milliseconds = 0;
    const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    if (error == std::errc{} && rest == value.data() + value.size()) retry_ms_ = milliseconds;
  }
}

std::string encode(std::string_view data, std::string_view type, std::string_view id) {
  std::string out;
  out.reserve(data.size() + type.size() + id.size() + 24);
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  if (!type.empty()) out.append("event: ").append(type).append("\n");
  for (std::size_t start = 0; start <= data.size();) {
    auto end = data.find_first_of("\r\n", start);
    if (end == std::string_view::npos) end = data.size();
    out.append("data: ").append(data.substr(start, end - start)).append("\n");
    start = end + (data.substr(end).starts_with("\r\n") ? 2 : 1);
  }
  return out += '\n';
}

}  // namespace convoke::http::sse
