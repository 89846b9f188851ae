#include "cli/waterfall.hpp"

#include <catch2/catch.hpp>

using namespace convoke::cli;

TEST_CASE("waterfall: children stand under their parents, bars to scale") {
  const auto spans = Json::parse(R"([
    {"id":"b","parent":"a","name":"turn","service":"worker","start_us":500000,"end_us":1000000},
    {"id":"a","name":"POST /input_task","service":"gateway","start_us":0,"end_us":1000000},
    {"id":"c","parent":"gone","name":"lost","service":"x","start_us":900000,"end_us":900000,"fault":"TIMEOUT"}])");
  const auto lines = waterfall(spans, 80);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with("gateway · POST /input_task"));
  CHECK(lines[1].starts_with("  worker · turn"));
  CHECK(lines[2].starts_with("✗ x · lost"));
  const auto blocks = [](const std::string& line) {
    std::size_t count = 0;
    for (std::size_t at = line.find("█"); at != std::string::npos; at = line.find("█", at + 1)) ++count;
    return count;
  };
  CHECK(blocks(lines[0]) == 2 * blocks(lines[1]));
  CHECK(blocks(lines[2]) == 1);
  CHECK(lines[0].ends_with("1.0 s"));
}

TEST_CASE("waterfall: circles, rubbish and nothing at all are drawn without harm") {
  CHECK(waterfall(Json::array(), 80).empty());
  CHECK(waterfall(Json::parse(R"([{"id":"a","parent":"b"},{"id":"b","parent":"a"},7])"), 20).size() == 2);
  CHECK(waterfall(Json::parse(R"([{"id":"a","parent":"a","start_us":9,"end_us":1}])"), 1).size() == 1);
}

TEST_CASE("waterfall: spans of other types and of all time are drawn") {
  const auto spans = Json::parse(R"([{"id":7,"parent":[],"name":null,"start_us":"x","end_us":1.5},
    {"id":"a","start_us":-9223372036854775808,"end_us":9223372036854775807}])");
  CHECK(waterfall(spans, 80).size() == 2);
}
