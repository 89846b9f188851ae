#include "model/spelling.hpp"

#include <algorithm>
#include <vector>

namespace convoke::model {
namespace {

/// Damerau-Levenshtein distance (neighbours may be swapped), as far as it is at most 2; 3 otherwise.
std::size_t distance(std::string_view left, std::string_view right) {
  const auto n = left.size();
  const auto m = right.size();
  if (std::max(n, m) - std::min(n, m) > 2) return 3;
  std::vector<std::vector<std::size_t>> d(n + 1, std::vector<std::size_t>(m + 1));
  for (std::size_t i = 0; i <= n; ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= m; ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= n; ++i) {
    for (std::size_t j = 1; j <= m; ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return std::min<std::size_t>(d[n][m], 3);
}

}  // namespace

double resemblance(std::string_view left, std::string_view right) {
  if (left.size() < 4 || right.size() < 4 || left.front() != right.front() || left[1] != right[1]) return 0;
  const auto longest = std::max(left.size(), right.size());
  const auto shortest = std::min(left.size(), right.size());
  const auto common = static_cast<std::size_t>(std::ranges::mismatch(left, right).in1 - left.begin());
  // photograph and photo: one begins with the other.
  if (common == shortest && shortest >= 5) return 0.8;
  if (longest - shortest <= 2) {
    const auto far = distance(left, right);
    if (far == 1 && shortest >= 5) return 1;
    if (far == 2 && shortest >= 8) return 0.8;
  }
  if (common >= 6 && common * 10 >= longest * 6) return 0.7;
  return 0;
}

}  // namespace convoke::model
