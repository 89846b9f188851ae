// How every bench says what it found: one line a row, ours beside what one would use otherwise, their ratio, the budget, and whether it is
// met.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace convoke::bench {

double median(std::vector<double> values);

enum class Better : bool { lower, higher };

/// `theirs` empty: there is nothing to compare with, and the budget is in the row's own unit.
struct Row {
  std::string what;
  std::string unit;
  std::string against;
  Better better = Better::lower;
  double budget = 0;  // of the ratio ours/theirs; 0: none, the row is for information
  std::vector<double> ours = {};
  std::vector<double> theirs = {};  // taken in turn with ours: ratios are taken pair by pair
};

/// Prints the line; false when the budget is not met, or nothing was measured.
bool print(const Row& row);
/// A row that cannot be measured here, and why.
void print_skipped(const std::string& what, const std::string& reason);

/// Fills a row by taking both sides in turn, and prints it.
bool compare(Row row, int rounds, const std::function<double()>& ours, const std::function<double()>& theirs);

}  // namespace convoke::bench
