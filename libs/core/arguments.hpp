// A program's arguments, made ready for CLI11, which takes the next argument for the value of `--name=`.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace convoke {

/// Without the program's name, `--name=` as the option with an empty value, and backwards, as CLI::App::parse() takes them.
inline std::vector<std::string> arguments_for_cli11(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view text(argv[i]);
    const bool is_empty_value = text.starts_with("--") && text.size() > 3 && text.find('=') == text.size() - 1;
    arguments.emplace_back(is_empty_value ? text.substr(0, text.size() - 1) : text);
    if (is_empty_value) arguments.emplace_back();
  }
  std::ranges::reverse(arguments);
  return arguments;
}

}  // namespace convoke
