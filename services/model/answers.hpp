// What a person's reply to a question for missing values is: a value, or something else than was asked for. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/arguments.hpp"
#include "model/ranking.hpp"

namespace convoke::model {

/// A value that was asked for.
struct Asked {
  const Tool* tool = nullptr;
  const Parameter* parameter = nullptr;
};

enum class ReplyKind : std::uint8_t {
  value,
  calls_off,  // "never mind", "forget it"
  unknown,    // "I don't know"
  question,   // "who is asking?"
  request,    // "I'd rather order 3 monitors": something else is to be done
};

struct Reply {
  ReplyKind kind = ReplyKind::value;
  std::string request;  // of a request: without what only says that it takes another one's place
};

using Read = std::function<Reading(const std::string&)>;

Reply reply_of(const std::string& text, const std::vector<Asked>& asked, const Index& index, const Read& read);

/// A reply that is no more than the one value that is missing, if it is of that value's kind: a person's name looks like one, and a number
/// is no name.
void answer_directly(Filled& filled, const Reading& answer);

/// Fills what is missing from a reply: what has a shape, or else the reply as a whole.
void take_answer(Filled& filled, const Tool& tool, const Reading& answer);

/// Said before a question that is asked again after such a reply; empty after one that was used.
std::string before_asking_again(const Reply& reply, const std::vector<Asked>& asked, const std::string& text);

/// The end of a request that was called off, or of one whose values nobody knows.
std::string called_off_reply();
std::string unknown_reply(const std::vector<Asked>& asked);

/// The end of a request for more than is done at once.
std::string too_many_reply(std::size_t count, std::size_t most);

}  // namespace convoke::model
