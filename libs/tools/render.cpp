#include "tools/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "tools/arguments.hpp"

namespace convoke::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view today_key = "clock.today", next_month_key = "clock.first_of_next_month";

// Walks a response text: plain text to one side, the inside of each {…} to the other; a stray brace is reported and taken as text.
struct Visitor {
  std::function<void(std::string_view)> text;
  std::function<void(std::string_view)> placeholder;
  std::function<void(std::string_view written, std::string_view expected)> stray = [](auto, auto) {};
};

void walk(std::string_view response, const Visitor& visitor) {
  for (std::size_t at = 0; at < response.size();) {
    const std::size_t brace = response.find_first_of("{}", at);
    visitor.text(response.substr(at, brace - at));
    if (brace == std::string_view::npos) return;
    at = brace + 1;
    if (at < response.size() && response[at] == response[brace]) {
      visitor.text(response.substr(brace, 1));
      ++at;
      continue;
    }
    const std::size_t end = response[brace] == '{' ? response.find_first_of("{}\n", at) : std::string_view::npos;
    if (end != std::string_view::npos && response[end] == '}') {
      visitor.placeholder(response.substr(at, end - at));
      at = end + 1;
      continue;
    }
    visitor.stray(response.substr(brace, 1),
                  response[brace] == '{' ? "a closing '}' on the same line, or {{ for a brace" : "}} for a brace");
    visitor.text(response.substr(brace, 1));
  }
}

std::string today(UnixTime now) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(now)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string first_of_next_month(UnixTime now) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(now)};
  const std::chrono::year_month next = date.year() / date.month() + std::chrono::months{1};
  return fmt::format("{:04}-{:02}-01", static_cast<int>(next.year()), static_cast<unsigned>(next.month()));
}

std::string heading(std::string_view key) {
  std::string text(key);
  std::ranges::replace(text, '_', ' ');
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string shown(const Json& value);

std::string cell(const Json& value) {
  std::string text;
  for (const char letter : shown(value)) {
    if (letter == '|') text += '\\';
    text += letter == '\n' ? ' ' : letter;
  }
  return text;
}

std::string table(const Json& records) {
  std::string head = "|", line = "|", body;
  for (const auto& [key, value] : records[0].items()) {
    head += fmt::format(" {} |", heading(key));
    line += " --- |";
  }
  for (const auto& record : records) {
    body += "\n|";
    for (const auto& [key, value] : records[0].items()) body += fmt::format(" {} |", record.contains(key) ? cell(record[key]) : "");
  }
  return head + "\n" + line + body;
}

std::string shown(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.is_null() ? "" : value.dump();
  if (!value.empty() && std::ranges::all_of(value, [](const Json& item) { return item.is_object(); })) return table(value);
  std::string text;
  for (const auto& item : value) text.append(text.empty() ? "" : ", ").append(shown(item));
  return text;
}

const Json* find(const Json& data, std::string_view path) {
  const Json* at = &data;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string key(path.substr(0, dot));
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &(*at)[key];
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return at;
}

const Parameter* find_parameter(const Tool& tool, std::string_view name) {
  const auto found = std::ranges::find(tool.parameters, name, &Parameter::name);
  return found == tool.parameters.end() ? nullptr : &*found;
}

struct Values {
  const Tool& tool;
  Json arguments;
  Json data;
  UnixTime now;
};

std::string value_of(const Values& values, std::string_view name) {
  if (name == today_key) return today(values.now);
  if (name == next_month_key) return first_of_next_month(values.now);
  if (name.starts_with("data.")) {
    const Json* value = find(values.data, name.substr(5));
    return value ? shown(*value) : "";
  }
  const auto given = values.arguments.find(std::string(name));
  return given == values.arguments.end() ? "not given" : shown(*given);
}

std::string expected_names(const Tool& tool) {
  std::string names;
  for (const auto& parameter : tool.parameters) names += fmt::format("{}{{{}}}", names.empty() ? "" : ", ", parameter.name);
  return names.empty() ? "no parameter (the tool has none)" : "a parameter: " + names;
}

std::optional<BadPlaceholder> check_name(const Tool& tool, const Json& data, std::string_view name, std::size_t at) {
  std::string written = fmt::format("{{{}}}", name);
  if (name.starts_with("clock.")) {
    if (name == today_key || name == next_month_key) return {};
    return BadPlaceholder{std::move(written), "{clock.today} or {clock.first_of_next_month}", at};
  }
  if (name.starts_with("data.")) {
    if (find(data, name.substr(5))) return {};
    return BadPlaceholder{std::move(written), "a key of the tool's data", at};
  }
  if (find_parameter(tool, name)) return {};
  return BadPlaceholder{std::move(written), expected_names(tool), at};
}

}  // namespace

Result<std::string> render(const Tool& tool, std::string_view arguments_json, UnixTime now) {
  auto complete = complete_arguments(tool, arguments_json);
  if (!complete) return complete;
  const Values values{tool, Json::parse(*complete), Json::parse(tool.data_json), now};
  std::string result;
  const auto add = [&](std::string_view text) { result += text; };
  walk(tool.response, {.text = add, .placeholder = [&](std::string_view name) { result += value_of(values, name); }});
  return result;
}

std::vector<BadPlaceholder> check_placeholders(const Tool& tool) {
  std::vector<BadPlaceholder> found;
  const Json data = Json::parse(tool.data_json);
  const auto offset = [&](std::string_view part) { return static_cast<std::size_t>(part.data() - tool.response.data()); };
  walk(tool.response,
       {.text = [](std::string_view) {},
        .placeholder =
            [&](std::string_view name) {
              auto bad = check_name(tool, data, name, offset(name) - 1);
              if (bad && std::ranges::find(found, bad->written, &BadPlaceholder::written) == found.end()) found.push_back(std::move(*bad));
            },
        .stray = [&](std::string_view brace,
                     std::string_view expected) { found.push_back({std::string(brace), std::string(expected), offset(brace)}); }});
  return found;
}

}  // namespace convoke::tools
