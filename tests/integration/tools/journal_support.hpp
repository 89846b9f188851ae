// A journal in a fresh folder, and its lines as a test reads them.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "tools/journal.hpp"

namespace convoke::tools::test {

using convoke::test::TempDir;

struct Folder {
  std::string file() const { return dir.file("effects.jsonl"); }
  TempDir dir;
};

inline Tool bake() {
  return {.name = "bake_cookies",
          .parameters = {{.name = "cookie_type"}, {.name = "quantity", .type = Type::integer}},
          .response = "Baked {quantity} {cookie_type} cookies on {clock.today}."};
}

inline Call call(const std::string& key, const std::string& session = "s1") {
  return {.key = key, .session = session, .agent = "company.BakerAgent", .arguments = R"({"cookie_type": "oat", "quantity": 12})"};
}

inline constexpr UnixTime today{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + std::chrono::hours{9}};
inline constexpr UnixTime tomorrow = today + std::chrono::days{1};

/// Every line of the file; a line that is not complete JSON fails the test.
inline std::vector<nlohmann::json> lines_of(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(input), {}};
  CHECK((text.empty() || text.back() == '\n'));
  std::vector<nlohmann::json> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(nlohmann::json::parse(text.substr(at, end - at)));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

/// How often each key was applied, repeats not counted.
inline std::map<std::string, int> applied(const std::string& file) {
  std::map<std::string, int> counts;
  for (const auto& line : lines_of(file))
    if (!line.value("repeat", false)) ++counts[line["key"]];
  return counts;
}

}  // namespace convoke::tools::test
