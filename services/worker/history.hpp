// An instance's transcript as the messages of a model's conversation. A transcript is in the order in which things were committed, and
// turns that wait for an answer let others pass; a model wants each call followed by its result, and the matter at hand at the end.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agents/turns/transcripts.hpp"
#include "llm/chat.hpp"
#include "wire/work_generated.h"

namespace convoke::worker {

struct History {
  /// The opening, earlier turns, then those that this turn continues, then this turn's input. Each assistant message with calls is followed
  /// by one tool message per call.
  std::vector<llm::Message> messages;
  /// What the turns that this one continues have done already.
  std::size_t done = 0;     // tool results without a fault, and calls of which a person says that they were carried out
  std::size_t failed = 0;   // with one
  std::size_t refused = 0;  // of these, by the server of a tool that may be called once
  std::size_t unknown = 0;  // calls of which nobody knows, the person who was asked included
  /// Calls that this turn's input orders anew: a person says that they were not carried out.
  std::vector<llm::ToolCall> again;
  /// The input that began the matter at hand: the step, question or message that the answer is for.
  std::string matter;
};

/// `opening`: what the model is told before all else. Earlier turns beyond `max_bytes` are left out, the oldest first; the matter at hand
/// never is.
History history_of(const agents::Entries& transcript, const wire::WorkT& work, std::size_t max_bytes, llm::Message opening);

/// Whether it is the result of a call that the server of a tool which may be called once refused.
bool is_refusal(const wire::ItemT& item);

/// Call id under which a question is put that no tool call of the model asked for: the turn's own.
std::string question_id(std::uint64_t turn);

}  // namespace convoke::worker
