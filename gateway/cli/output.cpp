#include "cli/output.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ostream>
#include <utility>

#include "core/text.hpp"

namespace convoke::cli {
namespace {

constexpr std::string_view clear_line = "\r\033[K";

// How many bytes a character has that steers a terminal, or the order in which it shows what comes next; 0: none stands here.
std::size_t steering_bytes(std::string_view text) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0; };
  const auto is_in = [](int value, int least, int most) { return value >= least && value <= most; };
  if (byte(0) == 0x7F || (byte(0) < 0x20 && byte(0) != '\n' && byte(0) != '\t')) return 1;
  if (byte(0) == 0xC2 && is_in(byte(1), 0x80, 0x9F)) return 2;  // C1
  if (byte(0) == 0xD8 && byte(1) == 0x9C) return 2;             // U+061C
  const bool of_general = byte(0) == 0xE2 && byte(1) == 0x80 && (is_in(byte(2), 0x8E, 0x8F) || is_in(byte(2), 0xAA, 0xAE));
  const bool of_isolates = byte(0) == 0xE2 && byte(1) == 0x81 && is_in(byte(2), 0xA6, 0xA9);
  return of_general || of_isolates ? 3 : 0;  // U+200E, U+200F, U+202A to U+202E; U+2066 to U+2069
}

}  // namespace

Output::Output(std::ostream& out, std::ostream& err, bool terminal, bool color, bool json)
    : out_(out), err_(err), terminal_(terminal), color_(color), json_(json) {}

std::string Output::paint(Tone tone, std::string_view text) const {
  constexpr std::array<std::string_view, 7> codes{"", "1", "2", "32", "31", "33", "36"};
  const auto code = codes.at(static_cast<std::size_t>(tone));
  if (!color_ || code.empty()) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

// Everything goes out at once: whoever reads sees it, and whether it arrived is known.
void Output::write(std::string_view text, std::string_view end) {
  if (write_error_ != 0) return;
  errno = 0;
  out_ << text << end << std::flush;
  if (out_.good()) return;
  write_error_ = errno != 0 ? errno : EIO;
  if (failed_) failed_(write_error_);
}

void Output::line(std::string_view text) {
  end_pieces();
  clear_progress();
  write(text, "\n");
}

void Output::piece(std::string_view text) {
  if (text.empty()) return;
  clear_progress();
  write(text);
  mid_line_ = text.back() != '\n';
}

void Output::prompt(std::string_view text) {
  end_pieces();
  if (!json_) return piece(paint(Tone::bold, text));
  err_ << text << std::flush;
}

void Output::end_pieces() {
  if (std::exchange(mid_line_, false)) write("\n");
}

void Output::progress(std::string_view text) {
  if (!terminal_ || !can_rewrite_ || json_ || mid_line_) return;
  // A full last column would make some terminals begin another line.
  write(clear_line, paint(Tone::dim, brief(text, width() - 1)));
  progress_shown_ = true;
}

void Output::rows(const std::vector<std::string>& lines) {
  const auto columns = terminal_ ? width() : 0;
  for (const auto& each : lines) line(terminal_ ? brief(each, columns) : each);
}

std::size_t Output::width() const {
  if (fixed_width_ > 0) return fixed_width_;
  struct winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Output::clear_progress() {
  if (std::exchange(progress_shown_, false)) write(clear_line);
}

void Output::value(const Json& json) {
  clear_progress();
  write(api::dump(json), "\n");
}

void Output::error(const Error& error) { this->error(error.message, convoke::name_of(error.code)); }

void Output::error(std::string_view sentence, std::string_view code) {
  end_pieces();
  clear_progress();
  if (json_)
    err_ << api::dump({{"error", {{"code", code}, {"message", sentence}}}}) << '\n' << std::flush;
  else
    err_ << paint(Tone::bad, "convoke: ") << safe(sentence) << '\n' << std::flush;
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t count_of(const Json& json, const char* name, std::uint64_t otherwise) {
  const auto found = json.find(name);
  const bool fits = found != json.end() && (found->is_number_unsigned() || (found->is_number_integer() && found->get<std::int64_t>() >= 0));
  return fits ? found->get<std::uint64_t>() : otherwise;
}

Json object_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_object() ? *found : Json::object();
}

Json list_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_array() ? *found : Json::array();
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::string> table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  widths.reserve(head.size());
  for (const auto& cell : head) widths.push_back(width_of(cell));
  for (const auto& row : rows)
    for (std::size_t at = 0; at < row.size() && at < widths.size(); ++at) widths[at] = std::max(widths[at], width_of(row[at]));
  std::vector<std::string> lines;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t at = 0; at < row.size() && at < widths.size(); ++at) {
      line += row[at];
      if (at + 1 < row.size()) line.append(widths[at] - width_of(row[at]) + 2, ' ');
    }
    lines.push_back(std::move(line));
  };
  add(head);
  for (const auto& row : rows) add(row);
  return lines;
}

std::string duration_text(std::int64_t ms) {
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1'000);
  return fmt::format("{} min {} s", ms / 60'000, ms / 1'000 % 60);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 1u << 20) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{} KiB", bytes >> 10);
}

std::string safe(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto steering = steering_bytes(text);
    result += steering > 0 ? '?' : text.front();
    text.remove_prefix(std::max<std::size_t>(1, steering));
  }
  return result;
}

std::string brief(std::string_view text, std::size_t width) {
  auto line = safe(text.substr(0, text.find('\n')));
  std::ranges::replace(line, '\t', ' ');
  std::size_t columns = 0, kept = 0;  // bytes of all but the last column that fit
  for (std::size_t at = 0; at < line.size(); ++at) {
    if ((static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) continue;
    if (++columns <= width) kept = at;
    if (columns > width) return line.substr(0, kept) + "…";
  }
  return line;
}

}  // namespace convoke::cli
