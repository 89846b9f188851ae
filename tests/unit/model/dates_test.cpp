#include "model/dates.hpp"

#include <catch2/catch.hpp>

using namespace convoke::model;

namespace {

const Day friday = *parse_iso("2026-11-20");

/// The dates of the text as "2026-12-01", vague ones with a "~", lengths as "length".
std::vector<std::string> dates(const std::string& text) {
  const auto tokens = tokenize(text);
  std::vector<bool> used(tokens.size(), false);
  std::vector<std::string> list;
  for (const auto& found : find_dates(text, tokens, used, friday))
    list.push_back(found.duration ? "length" : (found.vague ? "~" : "") + iso(found.day));
  return list;
}

double number(const std::string& text) {
  const auto found = number_at(text, tokenize(text), 0);
  return found ? found->value : -1;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("model dates: exact days in many forms") {
  for (const char* text : {"on 2026-12-03", "on December 3", "on Dec 3rd, 2026", "the 3rd of December", "3 December 2026", "12/3/2026",
                           "03.12.2026", "Thursday, 3 December", "the third of December", "December third"}) {
    INFO(text);
    CHECK(dates(text) == List{"2026-12-03"});
  }
}

TEST_CASE("model dates: relative to today") {
  CHECK(dates("tomorrow") == List{"2026-11-21"});
  CHECK(dates("from the twenty-first of December") == List{"2026-12-21"});
  CHECK(dates("the day after tomorrow") == List{"2026-11-22"});
  CHECK(dates("on Monday") == List{"2026-11-23"});
  CHECK(dates("next Tuesday") == List{"2026-11-24"});
  CHECK(dates("next Friday") == List{"2026-11-27"});
  CHECK(dates("in two weeks") == List{"2026-12-04"});
  CHECK(dates("3 days from now") == List{"2026-11-23"});
  CHECK(dates("the end of next month") == List{"2026-12-31"});
  CHECK(dates("the first of next month") == List{"2026-12-01"});
  CHECK(dates("January 8th") == List{"2027-01-08"});
}

TEST_CASE("model dates: ranges share what is said once") {
  CHECK(dates("from March 3 to 7") == List{"2027-03-03", "2027-03-07"});
  CHECK(dates("from 3 to 7 March") == List{"2027-03-03", "2027-03-07"});
  CHECK(dates("from December 20 to January 3") == List{"2026-12-20", "2027-01-03"});
}

TEST_CASE("model dates: a week, month or length is no day") {
  CHECK(dates("next week") == List{"~2026-11-23"});
  CHECK(dates("in March") == List{"~2027-03-01"});
  CHECK(dates("for the next six months") == List{"length"});
  CHECK(dates("Q3 2026") == List{"length"});
  CHECK(dates("version 1.2.3") == List{});
  CHECK(dates("you may march on") == List{});
  CHECK(dates("February 30") == List{});
}

TEST_CASE("model dates: numbers in digits and words") {
  CHECK(number("1,200.50 euros") == 1200.5);
  CHECK(number("10k") == 10'000);
  CHECK(number("2.5 million") == 2'500'000);
  CHECK(number("twenty five") == 25);
  CHECK(number("two hundred and six") == 206);
  CHECK(number("a dozen eggs") == 12);
  CHECK(number("half a dozen") == 6);
  CHECK(number("3rd") == -1);
  CHECK(number("5GB") == -1);
  CHECK(number("none") == -1);
}
