#include "common/row.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

namespace convoke::bench {
namespace {

std::string amount(double value, const std::string& unit) {
  return value >= 100 ? fmt::format("{:.0f} {}", value, unit) : fmt::format("{:.2f} {}", value, unit);
}

}  // namespace

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

bool print(const Row& row) {
  const double ours = median(row.ours);
  double judged = ours;
  auto line = fmt::format("{:<58} ours {:>16}", row.what, amount(ours, row.unit));
  bool measured = ours > 0;
  if (!row.theirs.empty()) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(row.ours.size(), row.theirs.size()); ++i)
      if (row.ours[i] > 0 && row.theirs[i] > 0) ratios.push_back(row.ours[i] / row.theirs[i]);
    measured = !ratios.empty();
    judged = median(std::move(ratios));
    line += fmt::format("   {} {:>14}   ratio {:.3g}", row.against, amount(median(row.theirs), row.unit), judged);
  }
  const bool met = row.budget == 0 || (measured && (row.better == Better::lower ? judged <= row.budget : judged >= row.budget));
  if (row.budget != 0)
    line += fmt::format("   budget {} {:g}   {}", row.better == Better::lower ? "<=" : ">=", row.budget, met ? "met" : "NOT MET");
  fmt::print("{}\n", line);
  std::fflush(stdout);
  return met;
}

void print_skipped(const std::string& what, const std::string& reason) {
  fmt::print("{:<58} skipped: {}\n", what, reason);
  std::fflush(stdout);
}

bool compare(Row row, int rounds, const std::function<double()>& ours, const std::function<double()>& theirs) {
  for (int i = 0; i < rounds; ++i) {
    row.theirs.push_back(theirs());
    row.ours.push_back(ours());
  }
  return print(row);
}

}  // namespace convoke::bench
