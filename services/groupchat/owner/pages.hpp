// Answers made of what was read from a log: events, transcript entries or items, never beyond the head that the committed state names.
#pragma once

#include <string>
#include <vector>

#include "groupchat/logic.hpp"

namespace convoke::groupchat::owner {

/// What to ask the store for; one entry more in front when the reader's last event is to be compared.
store::LogQuery query_of(const Read& read, const std::string& scope);
/// The page has room for nothing but the event that was compared, and that one is right: what follows it is to be read without it, or a
/// reader after a large event would never get on.
bool is_filled_by_compared(const Read& read, const store::LogPage& page);
/// LogPage, TranscriptPage or ItemPage; Fault HISTORY_RESET when the reader's position does not match, INTERNAL for bytes that do not
/// verify.
wire::Message page_of(const Read& read, const store::LogPage& page);
/// SpanPage; what does not verify is left out.
wire::Message spans_of(const Read& read, const std::vector<std::string>& spans);

}  // namespace convoke::groupchat::owner
