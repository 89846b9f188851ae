// The sentences this server says itself: answers from tool results, and honest replies where no tool does the work.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "llm/chat.hpp"
#include "model/arguments.hpp"
#include "model/catalogue.hpp"
#include "model/task.hpp"

namespace convoke::model {

/// What replies begin with that ask nothing: what follows may quote a question.
inline constexpr std::string_view what_i_am = "This is Convoke's offline model: a rule-based program, not a language model.";

/// The results at the end of the conversation, verbatim, and a line "AGENT SUMMARY: …".
std::string answer_from_results(const std::vector<llm::Message>& messages);

/// Says what this is, and gives back what the conversation has: the earlier results, or the text that was asked about.
std::string plain_reply(const Task& task);

/// None of the tools fits.
std::string no_tool_reply(const Task& task, const Catalogue& catalogue);

/// What earlier steps replied, without who did what and without their summaries.
std::string replies_of(const std::string& history);

/// Gives what wants information the results of earlier steps: where it has nothing, or nothing but a reference to them; behind a topic they
/// are added. What the person said stays.
void use_history(Filled& filled, const Tool& tool, const Reading& action, const std::string& history);

/// A tool that puts a question to a person: one required parameter, the question, and a description that speaks of a person.
const Tool* asking_tool(const Catalogue& catalogue);

/// A tool that ends what was asked for undone: a reason, and whether a person called it off.
const Tool* ending_tool(const Catalogue& catalogue);

bool wants_information(const Parameter& parameter);

}  // namespace convoke::model
