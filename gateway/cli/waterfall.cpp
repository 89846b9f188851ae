#include "cli/waterfall.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace convoke::cli {
namespace {

struct Row {
  std::string id;
  std::string parent;
  std::string label;
  std::int64_t start = 0;
  std::int64_t end = 0;
  bool failed = false;
};

constexpr std::size_t deepest = 24;

/// Within what can be taken from each other.
std::int64_t time_in(const Json& span, const char* name) {
  const auto found = span.find(name);
  const auto time = found != span.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  return std::clamp(time, std::int64_t{0}, std::numeric_limits<std::int64_t>::max() / 4);
}

std::vector<Row> rows_of(const Json& spans) {
  std::vector<Row> rows;
  for (const auto& span : spans) {
    if (!span.is_object()) continue;
    Row row{text_of(span, "id"),
            text_of(span, "parent"),
            {},
            time_in(span, "start_us"),
            time_in(span, "end_us"),
            span.contains("fault") || (span.contains("attributes") && span["attributes"].contains("error.type"))};
    const auto named = [&](const char* name) { return span.contains(name) ? text_of(span, name) : std::string("?"); };
    row.label = fmt::format("{} · {}", named("service"), named("name"));
    row.end = std::max(row.end, row.start);
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, [](const Row& row) { return std::pair(row.start, row.id); });
  return rows;
}

class Drawing {
 public:
  Drawing(const Json& spans, std::size_t width) : rows_(rows_of(spans)) {
    std::set<std::string> ids;
    for (const auto& row : rows_) ids.insert(row.id);
    // A parent that was not kept, or a span that names itself: shown as a root.
    for (std::size_t at = 0; at < rows_.size(); ++at)
      (ids.contains(rows_[at].parent) && rows_[at].parent != rows_[at].id ? children_[rows_[at].parent] : roots_).push_back(at);
    if (rows_.empty()) return;
    first_ = rows_.front().start;
    for (const auto& row : rows_) last_ = std::max(last_, row.end);
    label_ = std::clamp<std::size_t>(width * 2 / 5, 16, 60);
    bar_ = std::max<std::size_t>(width > label_ + 12 ? width - label_ - 12 : 0, 10);
  }

  std::vector<std::string> lines() {
    for (const auto at : roots_) draw(at, 0);
    for (std::size_t at = 0; at < rows_.size(); ++at) draw(at, 0);  // circles have no root
    return std::move(lines_);
  }

 private:
  void draw(std::size_t at, std::size_t depth) {
    if (!drawn_.insert(at).second) return;
    const auto& row = rows_[at];
    const auto text = brief(std::string(std::min(depth, deepest) * 2, ' ') + (row.failed ? "✗ " : "") + row.label, label_);
    const auto total = static_cast<double>(std::max<std::int64_t>(1, last_ - first_));
    const auto scale = [&](std::int64_t time) {
      return static_cast<std::size_t>(static_cast<double>(time - first_) / total * static_cast<double>(bar_));
    };
    const auto begin = std::min(scale(row.start), bar_ - 1);
    const auto end = std::clamp(scale(row.end), begin + 1, bar_);
    std::string bar(begin, ' ');
    for (auto column = begin; column < end; ++column) bar += "█";
    bar.append(bar_ - end, ' ');
    const auto took = row.end - row.start;
    const auto time = took < 10'000 ? fmt::format("{:.2f} ms", static_cast<double>(took) / 1'000) : duration_text(took / 1'000);
    lines_.push_back(fmt::format("{}{} {} {}", text, std::string(label_ - std::min(label_, width_of(text)), ' '), bar, time));
    for (const auto child : children_[row.id]) draw(child, depth + 1);
  }

  std::vector<Row> rows_;
  std::vector<std::size_t> roots_;
  std::map<std::string, std::vector<std::size_t>> children_;
  std::set<std::size_t> drawn_;
  std::vector<std::string> lines_;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::size_t label_ = 40;
  std::size_t bar_ = 40;
};

}  // namespace

std::vector<std::string> waterfall(const Json& spans, std::size_t width) { return Drawing(spans, width).lines(); }

}  // namespace convoke::cli
