// Questions to people: durable, answered once, expiring visibly.
#pragma once

#include <string_view>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// Opens a request (its id and times are filled in) and posts `request_opened` into its conversation.
void open_request(Context& c, wire::HumanRequestT request);
/// Removes it and posts `request_closed`; does not answer anybody.
void close_request(Context& c, std::string_view id, std::string_view outcome, std::string_view by);
/// Closes all requests for which `which` holds.
template <class Which> void close_requests(Context& c, Which which, std::string_view outcome, std::string_view by = system_author) {
  for (std::size_t i = 0; i < c.state.requests.size();) {
    if (which(c.state.requests[i]))
      close_request(c, std::string(c.state.requests[i].id), outcome, by);
    else
      ++i;
  }
}

/// The refusal of an answer by somebody who was not asked, alike whether it is asked of another or of nobody: CONFLICT where such a request
/// may have been, NOT_FOUND where none can have been.
Status not_open_to_guest(const State& state, std::string_view request);
Status answer_request(Context& c, std::string_view by, const wire::AnswerRequestT& answer);
void expire_requests(Context& c);

}  // namespace convoke::groupchat::session
