#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model/script.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr int deepest = 64;

/// Plain scalars as YAML 1.2's JSON schema reads them; quoted ones are texts.
Json scalar(const YAML::Node& node) {
  const auto& text = node.Scalar();
  if (node.Tag() == "!") return text;
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  const bool numeric =
      text.find_first_not_of("+-0123456789.eE") == std::string::npos && text.find_first_of("0123456789") != std::string::npos;
  const auto number = numeric ? Json::parse(text, nullptr, false) : Json(Json::value_t::discarded);
  return number.is_number() ? number : Json(text);
}

Json to_json(const YAML::Node& node, int depth = 0) {
  if (depth > deepest) throw YAML::Exception(node.Mark(), "nested too deeply");
  if (node.IsSequence()) {
    auto list = Json::array();
    for (const auto& entry : node) list.push_back(to_json(entry, depth + 1));
    return list;
  }
  if (node.IsMap()) {
    auto object = Json::object();
    for (const auto& entry : node) object[entry.first.as<std::string>()] = to_json(entry.second, depth + 1);
    return object;
  }
  return node.IsScalar() ? scalar(node) : Json(nullptr);
}

}  // namespace

Result<Script> load_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Fault::not_found, fmt::format("the script {} cannot be read", path));
  std::ostringstream text;
  text << file.rdbuf();
  return parse_script(text.str(), path);
}

Result<Script> parse_script(std::string_view text, std::string_view name) {
  try {
    auto script = Script::read(to_json(YAML::Load(std::string(text))));
    if (!script) return fail(script.error().code, fmt::format("{}: {}", name, script.error().message));
    return script;
  } catch (const YAML::Exception& error) {
    return fail(Fault::malformed, fmt::format("{}:{}:{}: {}", name, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
}

}  // namespace convoke::model
