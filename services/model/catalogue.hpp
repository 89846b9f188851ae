// Agents and tools as a request describes them: from the planner's catalogue or from OpenAI's `tools`. What a parameter wants to be filled
// with is worked out here, once, from its type, name and description.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace convoke::model {

enum class Want : std::uint8_t {
  person,
  party,  // a person or an organisation: client, vendor, sponsor …
  email,
  phone,
  url,
  date,
  month,
  period,
  money,
  percent,
  count,
  code,  // an identifier: order number, SKU …
  version,
  flag,    // boolean
  choice,  // enum
  list,
  place,
  name,   // a named thing, title or short term
  text,   // free text: details, description, reason …
  query,  // the question itself
};

enum class ValueType : std::uint8_t { string, number, integer, boolean, array, object };

struct Parameter {
  std::string name;
  ValueType type = ValueType::string;
  ValueType items = ValueType::string;
  std::string description;
  std::vector<std::string> synonyms;
  std::vector<std::string> choices;  // JSON texts
  bool required = false;
  bool has_default = false;
  double least = 0;  // of a number
  Want want = Want::name;
  std::vector<std::string> words;     // of the name
  std::vector<std::string> leads;     // prepositions among its synonyms: "from", "to"
  std::vector<std::string> examples;  // values that its description gives: "such as annual or perpetual"
  std::vector<std::string> cues;      // stems of the words that announce the value in a text
};

struct Tool {
  std::size_t agent = 0;
  std::string name;
  std::string description;
  std::vector<std::string> synonyms;
  std::vector<Parameter> parameters;
};

enum class AgentKind : std::uint8_t { specialist, generic, human };

struct Agent {
  std::string name;
  std::string description;
  AgentKind kind = AgentKind::specialist;
};

struct Catalogue {
  std::vector<Agent> agents;
  std::vector<Tool> tools;
  std::size_t max_plan_steps = 6;
  std::string today;  // ISO, or empty
};

/// The planner's catalogue (services/model/README.md). INVALID when it has no list of agents.
Result<Catalogue> read_catalogue(const nlohmann::ordered_json& json);

/// OpenAI's `tools`, as a catalogue of one agent without a name. Entries that are no functions are left out.
Catalogue catalogue_of_tools(const nlohmann::ordered_json& tools);

/// Works out `want`, `words` and `cues`.
void analyse(Parameter& parameter);

}  // namespace convoke::model
