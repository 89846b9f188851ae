#include "runtime/config_file.hpp"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "core/file.hpp"

namespace convoke::runtime {
namespace {

constexpr std::size_t max_config_bytes = std::size_t{1} << 20;

FileValue read_value(const std::string& section, const YAML::Node& key, const YAML::Node& node) {
  FileValue value{section, key.as<std::string>(""), {}, key.Mark().line + 1, {}};
  if (node.IsScalar()) {
    value.text = node.Scalar();
  } else if (node.IsSequence()) {
    for (const auto& item : node) {
      if (!item.IsScalar()) value.mistake = "expected a list of plain values";
      if (item.IsScalar()) value.text += (value.text.empty() ? "" : ",") + item.Scalar();
    }
  } else if (!node.IsNull()) {
    value.mistake = "expected a value or a list of values";
  }
  return value;
}

}  // namespace

Result<std::vector<FileValue>> read_config_file(const std::string& path) try {
  const auto text = read_file("the configuration", path, max_config_bytes);
  if (!text) return std::unexpected(text.error());
  const YAML::Node root = YAML::Load(*text);
  std::vector<FileValue> values;
  if (root.IsNull()) return values;
  if (!root.IsMap()) return fail(Fault::malformed, path + ":1: expected sections with keys");
  for (const auto& section : root) {
    const auto name = section.first.as<std::string>("");
    const int line = section.first.Mark().line + 1;
    if (section.second.IsNull()) continue;
    if (!section.second.IsMap()) {
      values.push_back({name, {}, {}, line, "expected a section with keys"});
      continue;
    }
    for (const auto& entry : section.second) values.push_back(read_value(name, entry.first, entry.second));
  }
  return values;
} catch (const YAML::Exception& error) {
  return fail(Fault::malformed, fmt::format("{}:{}: {}", path, error.mark.line + 1, error.msg));
}

}  // namespace convoke::runtime
