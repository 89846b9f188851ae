// What an agent is asked, out of the messages of its turn: the action, what is known from before, and answers to earlier questions.
#pragma once

#include <string>
#include <vector>

#include "llm/chat.hpp"

namespace convoke::model {

struct Task {
  std::string action;                // without the blocks below
  std::string function;              // of `Function: <name>`, or empty
  std::string goal;                  // of a line `Goal: …`
  std::string history;               // of earlier steps, inside <conversation_history>
  std::vector<std::string> answers;  // what the person said after a question of the assistant's
};

Task task_of(const std::vector<llm::Message>& messages);

/// The last message is a person's answer to a call that asked a question.
bool answers_question(const std::vector<llm::Message>& messages);

/// Lines `Clarification: …`, taken off the text; a leading `Goal:` and everything from `Earlier results:` on are cut off.
struct Goal {
  std::string text;
  std::vector<std::string> clarifications;
};
Goal goal_of(const std::vector<llm::Message>& messages);

}  // namespace convoke::model
