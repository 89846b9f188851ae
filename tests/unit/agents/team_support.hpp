// Team files as tests need them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "agents/team/load.hpp"

namespace convoke {
extern const std::string_view company_yaml;
extern const std::string_view teams_readme;
}  // namespace convoke

namespace convoke::agents::test {

/// The smallest good file.
inline constexpr std::string_view small_team = R"(name: small
description: A small team.
models: {default: offline}
agents:
  - name: Helper
    description: Helps.
    instructions: You help.
    tools:
      - name: greet
        description: Greets a person.
        parameters: [{name: person, description: Whom.}]
        response: Hello, {person}.
starting_tasks:
  - {id: hello, name: Hello, prompt: Say hello to Ada., tools: [Helper.greet]}
)";

/// `text` with the first `from` replaced by `to`; a test that names what is not there is wrong.
inline std::string with(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string_view::npos) throw std::logic_error("not in the text: " + std::string(from));
  return std::string(text.substr(0, at)) + std::string(to) + std::string(text.substr(at + from.size()));
}

/// "line:column: message" of every mistake, one a line.
inline std::string mistakes(std::string_view text) {
  std::string all;
  for (const auto& found : check_team(text, "t"))
    all += fmt::format("{}{}:{}: {}", all.empty() ? "" : "\n", found.line, found.column, found.message);
  return all;
}

/// Signatures of an agent's tools, "name(parameter: type, …)", strings without a type, as they are promised.
std::vector<std::string> promised_signatures(std::string_view agent);

}  // namespace convoke::agents::test
