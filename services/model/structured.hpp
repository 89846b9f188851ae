// Answers in the shape of a JSON Schema: plans, and anything else, filled from the conversation without inventing.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "model/chat_request.hpp"
#include "model/dates.hpp"
#include "model/planning.hpp"

namespace convoke::model {

/// Those members of the plan that the schema knows, in its types.
nlohmann::ordered_json plan_json(const Plan& plan, const nlohmann::ordered_json& schema);

/// The same as text of at most `max_tokens` (0: any number): long goals and actions are cut at a word until it fits, so that it stays JSON.
std::string plan_text(Plan plan, const nlohmann::ordered_json& schema, std::size_t max_tokens);

/// An enum gets the value that the last user message speaks for (else its first), a boolean what words like yes and no say, numbers and
/// texts what stands in the text. Without a schema: {"answer": …}.
nlohmann::ordered_json fill_schema(const ChatRequest& request, Day today);

}  // namespace convoke::model
