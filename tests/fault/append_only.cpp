#include "fault/append_only.hpp"

#include <optional>

namespace convoke::test {
namespace {

// End of the command that begins at `at`; npos when it is not whole.
std::size_t end_of_command(const std::string& text, std::size_t at) {
  const auto number_at = [&](char mark) -> std::optional<std::size_t> {
    const auto end = text.find("\r\n", at);
    if (end == std::string::npos || text[at] != mark) return std::nullopt;
    const auto value = std::stoul(text.substr(at + 1, end - at - 1));
    at = end + 2;
    return value;
  };
  const auto parts = number_at('*');
  if (!parts) return std::string::npos;
  for (std::size_t i = 0; i < *parts; ++i) {
    const auto size = at < text.size() ? number_at('$') : std::nullopt;
    if (!size || at + *size + 2 > text.size()) return std::string::npos;
    at += *size + 2;
  }
  return at;
}

}  // namespace

std::filesystem::path append_only_file(const std::filesystem::path& folder) {
  std::filesystem::path newest;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
    if (file.path().string().ends_with(".incr.aof") &&
        (newest.empty() || file.last_write_time() > std::filesystem::last_write_time(newest)))
      newest = file.path();
  return newest;
}

std::vector<Entry> commits_in(const std::string& text, std::size_t from) {
  std::vector<Entry> commits;
  std::optional<std::size_t> begin;
  bool has_hash = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = end_of_command(text, at);
    if (end == std::string::npos) break;
    const auto command = text.substr(at, std::min<std::size_t>(end - at, 20));
    const auto is = [&](const std::string& name) { return command.find("\r\n" + name + "\r\n") != std::string::npos; };
    if (is("MULTI")) {
      begin = at;
      has_hash = false;
    }
    has_hash = has_hash || is("HSET");
    if (is("EXEC") && begin) {
      if (has_hash && *begin >= from) commits.push_back({*begin, end - *begin});
      begin.reset();
    }
    at = end;
  }
  return commits;
}

std::size_t occurrences(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + words.size())) ++count;
  return count;
}

}  // namespace convoke::test
