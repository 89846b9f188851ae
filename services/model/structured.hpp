// Answers in the shape of a JSON Schema: plans, and anything else, filled from the conversation without inventing.
#pragma once

#include <nlohmann/json.hpp>

#include "model/chat_request.hpp"
#include "model/dates.hpp"
#include "model/planning.hpp"

namespace convoke::model {

/// Those members of the plan that the schema knows, in its types.
nlohmann::ordered_json plan_json(const Plan& plan, const nlohmann::ordered_json& schema);

/// An enum gets the value that the last user message speaks for (else its first), a boolean what words like yes and no say, numbers and
/// texts what stands in the text. Without a schema: {"answer": …}.
nlohmann::ordered_json fill_schema(const ChatRequest& request, Day today);

}  // namespace convoke::model
