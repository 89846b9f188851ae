#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "core/file.hpp"
#include "model/script.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr int deepest = 64;
constexpr std::size_t most_values = 1'000'000;  // aliases expanded
constexpr std::size_t max_script_bytes = std::size_t{16} << 20;

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

Json to_json(const YAML::Node& node, std::size_t& values, int depth = 0) {
  if (depth > deepest) throw YAML::Exception(node.Mark(), "nested too deeply");
  if (++values > most_values) throw YAML::Exception(node.Mark(), fmt::format("expected at most {} values, aliases expanded", most_values));
  if (node.IsSequence()) {
    auto list = Json::array();
    for (const auto& entry : node) list.push_back(to_json(entry, values, depth + 1));
    return list;
  }
  if (node.IsMap()) {
    auto object = Json::object();
    for (const auto& entry : node) object[entry.first.as<std::string>()] = to_json(entry.second, values, depth + 1);
    return object;
  }
  return node.IsScalar() ? scalar(node) : Json(nullptr);
}

}  // namespace

Result<Script> load_script(const std::string& path) {
  const auto text = read_file("the script", path, max_script_bytes);
  if (!text) return std::unexpected(text.error());
  return parse_script(*text, path);
}

Result<Script> parse_script(std::string_view text, std::string_view name) {
  try {
    std::size_t values = 0;
    auto script = Script::read(to_json(YAML::Load(std::string(text)), values));
    if (!script) return fail(script.error().code, fmt::format("{}: {}", name, script.error().message));
    return script;
  } catch (const YAML::Exception& error) {
    return fail(Fault::malformed, fmt::format("{}:{}:{}: {}", name, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
}

}  // namespace convoke::model
