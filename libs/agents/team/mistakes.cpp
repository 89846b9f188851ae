#include "agents/team/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/text.hpp"

namespace convoke::agents {
namespace {

constexpr std::size_t longest_compared = 64;

char lower(char letter) { return static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }

// Edit distance with transpositions (optimal string alignment), case ignored.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before, last(right.size() + 1), row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = lower(left[i - 1]) == lower(right[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) && lower(left[i - 2]) == lower(right[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last[right.size()];
}

}  // namespace

std::string_view nearest(std::string_view written, const std::vector<std::string>& candidates) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, written.size() / 3) + 1;
  if (written.empty() || written.size() > longest_compared) return best;
  for (const auto& candidate : candidates) {
    if (candidate.size() > longest_compared) continue;
    const bool shortened = written.size() >= 3 && candidate.starts_with(written);
    const std::size_t steps = shortened ? 1 : distance(written, candidate);
    if (steps >= least) continue;
    least = steps;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& candidates) {
  const auto candidate = nearest(written, candidates);
  return candidate.empty() ? "" : fmt::format("; did you mean {}?", quote(candidate));
}

std::string quote(std::string_view text) {
  std::string line = "\"";
  for (const char letter : truncate_utf8(text, 60)) line += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
  return line + (text.size() > 60 ? "…\"" : "\"");
}

std::string found(const Node& node) {
  switch (node.shape) {
    case Node::Shape::text: return quote(node.text);
    case Node::Shape::boolean:
    case Node::Shape::integer:
    case Node::Shape::number: return std::string(truncate_utf8(node.text, 40));
    default: return std::string(describe(node.shape));
  }
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

}  // namespace convoke::agents
