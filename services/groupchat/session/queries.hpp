// Reading a session: views from memory, pages of logs and transcripts through the owner core. NOT_FOUND for what belongs to somebody else.
#pragma once

#include <map>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// Text so far of messages being produced, by message id.
using Live = std::map<std::string, wire::DeltaT, std::less<>>;

void apply_query(State& state, Draft& draft, const Live& live, const wire::HeaderT& request, const wire::QueryT& query,
                 std::uint64_t version);
wire::SessionSummaryT summarise(const State& state);

}  // namespace convoke::groupchat::session
