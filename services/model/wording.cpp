#include "model/wording.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/words.hpp"

namespace convoke::model {

std::string capitalised(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

std::string argument_text(const nlohmann::ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const auto& item : value) text.append(text.empty() ? "" : ", ").append(item.is_string() ? item.get<std::string>() : item.dump());
  return text;
}

std::string beneficiary(const Tool& tool, const Filled& filled) {
  for (const auto& parameter : tool.parameters) {
    const auto value = filled.arguments.find(parameter.name);
    if (parameter.want == Want::person && value != filled.arguments.end() && value->is_string()) return " for " + value->get<std::string>();
  }
  return {};
}

std::string subject_of(const Tool& tool, const Filled& filled) {
  for (const auto want : {Want::person, Want::party, Want::name}) {
    for (const auto& parameter : tool.parameters) {
      const auto value = filled.arguments.find(parameter.name);
      if (parameter.want == want && value != filled.arguments.end() && value->is_string()) return value->get<std::string>();
    }
  }
  return {};
}

std::string spoken(const std::string& tool_name) {
  std::string text;
  for (const auto& word : identifier_words(tool_name)) text.append(text.empty() ? "" : " ").append(word);
  return capitalised(std::move(text));
}

std::string question_for(const Tool& tool, const std::vector<const Parameter*>& missing, const std::vector<const Parameter*>& vague) {
  const auto label = [](const Parameter& parameter) {
    std::string text;
    for (const auto& word : parameter.words) text.append(text.empty() ? "" : " ").append(word);
    return text;
  };
  std::string text;
  for (std::size_t i = 0; i < missing.size(); ++i)
    text += (i == 0 ? "" : i + 1 == missing.size() ? " and the " : ", the ") + label(*missing[i]);
  if (!missing.empty()) text = fmt::format("To {}, please tell me the {}.", to_lower(spoken(tool.name)), text);
  for (const auto* parameter : vague) {
    text += fmt::format("{}On which day exactly is the {} to {}?", text.empty() ? "" : " ", label(*parameter), to_lower(spoken(tool.name)));
  }
  return text;
}

}  // namespace convoke::model
