// What the command line is told and shows: frames of a conversation, a line each, then the same as a directory and as spans; and the words
// of redis-check-aof. Whatever comes, nothing but text reaches the terminal.
#include <algorithm>
#include <sstream>

#include "cli/answers.hpp"
#include "cli/aof_check.hpp"
#include "cli/show.hpp"
#include "cli/waterfall.hpp"
#include "fuzz.hpp"

using namespace convoke;

namespace {

void check_visible(std::string_view text) {
  fuzz::require(std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t'; }),
                "a control character on the terminal");
}

struct Screen {
  explicit Screen(bool json) : out(text, text, false, false, json) {}
  std::ostringstream text;
  cli::Output out;
  cli::Show show{out};
};

void show_all(const cli::Json& json, Screen& screen) {
  screen.show.frame(json);
  screen.show.recall(json);
  for (const auto& line : cli::waiting_lines(screen.show, "convoke")) screen.out.line(line);
  screen.out.rows(cli::agent_lines(json));
  (void)cli::is_whole(json);
  for (const auto width : {20, 80})
    for (const auto& line : cli::waterfall(json.contains("spans") ? json["spans"] : json, static_cast<std::size_t>(width)))
      screen.out.line(line);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::text(data, size);
  (void)cli::verdict_of(false, rest);
  (void)cli::choice_of(rest, true);
  Screen people(false);
  Screen programs(true);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto json = cli::Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;  // as conversation.cpp reads them
    show_all(json, people);
    programs.show.frame(json);
    (void)api::dump(cli::waiting_json(programs.show, "convoke"));
  }
  people.show.progress(1'234);
  check_visible(people.text.str());
  std::istringstream lines(programs.text.str());
  for (std::string line; std::getline(lines, line);) fuzz::require(cli::Json::accept(line), "a line for programs that is no JSON");
  return 0;
}
