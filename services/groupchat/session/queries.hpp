// Reading a session: views from memory, pages of logs and transcripts through the owner core. NOT_FOUND for what belongs to somebody
// else and was not joined.
#pragma once

#include <map>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// Text so far of messages being produced, by message id.
using Live = std::map<std::string, wire::DeltaT, std::less<>>;

void apply_query(State& state, Draft& draft, const Live& live, const wire::HeaderT& request, const wire::QueryT& query,
                 std::uint64_t version);
/// As that user's list shows it: to people who joined, of their conversations alone.
wire::SessionSummaryT summarise(const State& state, std::string_view user);

}  // namespace convoke::groupchat::session
