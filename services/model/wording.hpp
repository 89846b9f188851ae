// The sentences of plans and questions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/arguments.hpp"
#include "model/catalogue.hpp"

namespace convoke::model {

std::string capitalised(std::string text);

/// "set_up_payroll" as "Set up payroll".
std::string spoken(const std::string& tool_name);

/// An argument as it stands in a sentence.
std::string argument_text(const nlohmann::ordered_json& value);

/// " for Anna Bell", where the tool is called for a person; else empty.
std::string beneficiary(const Tool& tool, const Filled& filled);

/// Whom or what the tool is called for: a person, else what a name stands for; else empty.
std::string subject_of(const Tool& tool, const Filled& filled);

/// The question for parameters that nothing fills, and for dates that are not said exactly.
std::string question_for(const Tool& tool, const std::vector<const Parameter*>& missing, const std::vector<const Parameter*>& vague);

}  // namespace convoke::model
