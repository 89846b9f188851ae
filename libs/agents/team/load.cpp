#include "agents/team/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "agents/team/decode.hpp"
#include "agents/team/rules.hpp"
#include "agents/team/structure.hpp"
#include "agents/team/yaml_reader.hpp"
#include "core/file.hpp"
#include "core/hash.hpp"
#include "tools/json_input.hpp"

namespace convoke {
extern const std::string_view embedded_team_schema;
}

namespace convoke::agents {
namespace {

// Every check in its order; what an anchor carries to several places is said once.
void check_document(Node& root, std::string_view text, Mistakes& mistakes) {
  refuse_other_kinds(root, mistakes);
  check_structure(root, mistakes);
  check_rules(root, text, mistakes);
}

void put_in_order(Mistakes& mistakes) {
  const auto rank = [](const Mistake& mistake) { return std::tie(mistake.mark.line, mistake.mark.column, mistake.message); };
  std::ranges::sort(mistakes, {}, rank);
  const auto repeated = std::ranges::unique(mistakes, {}, rank);
  mistakes.erase(repeated.begin(), repeated.end());
}

NodePtr read_and_check(std::string_view text, Mistakes& mistakes) {
  const NodePtr root = read_yaml(text, mistakes);
  if (root) check_document(*root, text, mistakes);
  put_in_order(mistakes);
  return root;
}

std::vector<Diagnostic> diagnostics(const Mistakes& mistakes, std::string_view filename) {
  std::vector<Diagnostic> all;
  for (const auto& mistake : mistakes) all.push_back({std::string(filename), mistake.mark.line, mistake.mark.column, mistake.message});
  return all;
}

std::string one_a_line(const std::vector<Diagnostic>& all) {
  std::string text;
  for (const auto& diagnostic : all) text.append(text.empty() ? "" : "\n").append(to_string(diagnostic));
  return text;
}

}  // namespace

std::string_view team_schema() { return embedded_team_schema; }

std::string to_string(const Diagnostic& diagnostic) {
  if (diagnostic.line == 0) return fmt::format("{}: {}", diagnostic.file, diagnostic.message);
  return fmt::format("{}:{}:{}: {}", diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message);
}

std::vector<Diagnostic> check_team(std::string_view text, std::string_view filename) {
  Mistakes mistakes;
  read_and_check(text, mistakes);
  return diagnostics(mistakes, filename);
}

Result<Team> parse_team(std::string_view text, std::string_view filename) {
  Mistakes mistakes;
  const NodePtr root = read_and_check(text, mistakes);
  if (!mistakes.empty()) return fail(Fault::invalid, one_a_line(diagnostics(mistakes, filename)));
  return decode_team(*root);
}

Result<Team> load_team(const std::string& path) {
  const auto text = read_file("the team file", path, max_team_bytes);
  if (!text) return std::unexpected(text.error());
  return parse_team(*text, path);
}

Result<std::shared_ptr<const Team>> team_from_json(std::string_view text) {
  // The same text comes again and again: to its scope, and from there to every cache. Reading it costs milliseconds, keeping it megabytes.
  thread_local std::pair<Digest, std::shared_ptr<const Team>> last;
  const auto digest = sha256(text);
  if (last.second && last.first == digest) return last.second;
  const auto json = tools::parse_json<nlohmann::ordered_json>(text, max_team_bytes);
  if (!json) return fail(json.error().code, "the team: " + json.error().message);
  const NodePtr root = from_json_value(*json);
  Mistakes mistakes;
  check_document(*root, {}, mistakes);
  put_in_order(mistakes);
  if (!mistakes.empty()) return fail(Fault::invalid, one_a_line(diagnostics(mistakes, "team")));
  last = {digest, std::make_shared<const Team>(decode_team(*root))};
  return last.second;
}

}  // namespace convoke::agents
