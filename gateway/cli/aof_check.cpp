#include "cli/aof_check.hpp"

#include <sstream>

namespace convoke::cli {
namespace {

// It reads beyond a file's end as zeros, after what is left of a line's end.
bool is_end_of_file(std::string_view found) { return found.find_first_not_of("0ad") == std::string_view::npos; }

bool names_damage(std::string_view line) {
  constexpr std::string_view line_end = "Expected \\r\\n, got: ";
  if (const auto at = line.find(line_end); at != std::string_view::npos) return !is_end_of_file(line.substr(at + line_end.size()));
  return line.find("format error") != std::string_view::npos || line.find("Expected prefix") != std::string_view::npos ||
         line.find("not sane") != std::string_view::npos || line.find("Unexpected EOF reading RDB") != std::string_view::npos ||
         line.find("checksum") != std::string_view::npos;
}

bool names_cut(std::string_view line) {
  return line.find("Expected ") != std::string_view::npos || line.find("Reached EOF") != std::string_view::npos ||
         line.find("is not valid") != std::string_view::npos;
}

}  // namespace

AofVerdict verdict_of(bool fine, std::string_view output) {
  if (fine) return {};
  std::istringstream lines{std::string(output)};
  bool is_cut = false;
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (names_damage(line)) return {AofVerdict::Kind::damaged, line};
    is_cut = is_cut || names_cut(line);
    if (!line.empty()) last = line;
  }
  if (is_cut) return {AofVerdict::Kind::cut, {}};
  return {AofVerdict::Kind::damaged, last.empty() ? "redis-check-aof failed without a word" : last};
}

}  // namespace convoke::cli
