// Answers made of what was read from a log: events, transcript entries or items, never beyond the head that the committed state names.
#pragma once

#include <string>
#include <vector>

#include "groupchat/logic.hpp"

namespace convoke::groupchat::owner {

/// What to ask the store for; one entry more in front when the reader's last event is to be compared.
store::LogQuery query_of(const Read& read, const std::string& scope);
/// LogPage, TranscriptPage or ItemPage; Fault HISTORY_RESET when the reader's position does not match, INTERNAL for bytes that do not
/// verify.
wire::Message page_of(const Read& read, const store::LogPage& page);
/// SpanPage; what does not verify is left out.
wire::Message spans_of(const Read& read, const std::vector<std::string>& spans);

}  // namespace convoke::groupchat::owner
