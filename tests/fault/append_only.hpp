// The append-only file of a Redis, as far as harm needs it: where the commits in it begin and end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace convoke::test {

struct Entry {
  std::size_t at = 0;
  std::size_t size = 0;
};

/// The part of the append-only file in `folder` that is being written.
std::filesystem::path append_only_file(const std::filesystem::path& folder);
/// The whole commits in `text` that begin at `from` or later: what one script wrote, from MULTI to EXEC, a scope's hash (HSET) among it.
/// Claims write no hash.
std::vector<Entry> commits_in(const std::string& text, std::size_t from);
std::size_t occurrences(const std::string& text, const std::string& words);

}  // namespace convoke::test
