#include "model/summary.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "model/wording.hpp"

namespace convoke::model {
namespace {

constexpr std::size_t step_words = 45;
constexpr std::size_t left_out_words = 50;

std::size_t words_in(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, ' ')) + 1; }

std::string in_words(std::string text, std::size_t most) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ' || ++words != most) continue;
    text.resize(i);
    return text + " …";
  }
  return text;
}

}  // namespace

std::string summary_of(const std::vector<Step>& steps, const std::vector<std::string>& left_out) {
  std::string text = fmt::format("{} step{}: ", steps.size(), steps.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto what =
        steps[i].function.empty() ? steps[i].action.substr(0, steps[i].action.find(". EXCEPTION")) : spoken(steps[i].function);
    text += fmt::format("{}{} ({})", i == 0 ? "" : "; ", what, steps[i].agent);
  }
  std::string rest;
  std::size_t words = 0;
  for (std::size_t i = 0; i < left_out.size(); ++i) {
    words += words_in(left_out[i]);
    if (i > 0 && words > left_out_words) {
      rest += fmt::format(" and {} more", left_out.size() - i);
      break;
    }
    rest += fmt::format("{}{}", i == 0 ? ". Left out: " : ", ", in_words(left_out[i], left_out_words));
  }
  return in_words(std::move(text), step_words - std::min(rest.empty() ? 0 : words_in(rest), step_words / 2)) + rest + ".";
}

}  // namespace convoke::model
