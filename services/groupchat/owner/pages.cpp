#include "groupchat/owner/pages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/blob.hpp"
#include "wire/state_generated.h"

namespace convoke::groupchat::owner {
namespace {

constexpr std::uint32_t most_bytes = 256 * 1024;

bool compares(const Read& read) { return read.what == Read::What::events && read.from > 1 && from_wire(wire::to_wire(read.after_id)); }

wire::Message reset(const Read& read, std::string_view why) {
  return wire::fault_reply(read.request, Fault::history_reset, fmt::format("{} {}: read it again from its beginning", read.subject, why));
}

wire::Message events_of(const Read& read, const store::LogPage& page) {
  if (read.from > read.head + 1) return reset(read, "does not go as far as the reader's position");
  wire::LogPageT answer;
  answer.conversation = read.subject;
  answer.head = read.head;
  bool compared = !compares(read);
  for (const auto& entry : page.entries) {
    if (entry.number > read.head) break;
    auto event = wire::unpack<wire::EventT>(entry.bytes);
    if (!event)
      return wire::fault_reply(read.request, Fault::internal, fmt::format("event {} of {} cannot be read", entry.number, read.subject));
    if (entry.number >= read.from) {
      answer.events.push_back(std::move(*event));
      continue;
    }
    if (wire::from_wire(event->id) != read.after_id) return reset(read, "has another event at the reader's position");
    compared = true;
  }
  if (!compared) return reset(read, "no longer has the event at the reader's position");
  return wire::reply(read.request, std::move(answer));
}

wire::Message transcript_of(const Read& read, const store::LogPage& page) {
  wire::TranscriptPageT answer;
  answer.agent = read.subject;
  answer.from = read.from;
  answer.length = read.head;
  for (const auto& entry : page.entries) {
    if (entry.number > read.head) break;
    wire::BlobT blob;
    blob.bytes.assign(entry.bytes.begin(), entry.bytes.end());
    answer.entries.push_back(std::move(blob));
  }
  return wire::reply(read.request, std::move(answer));
}

wire::Message items_of(const Read& read, const store::LogPage& page) {
  wire::ItemPageT answer;
  answer.total = read.total;
  for (const auto& stored : page.entries) {
    if (stored.number > read.head) break;
    auto entry = wire::unpack<state::TranscriptEntryT>(stored.bytes);
    if (!entry) {
      return wire::fault_reply(read.request, Fault::internal, fmt::format("entry {} of {} cannot be read", stored.number, read.subject));
    }
    if (entry->kind == state::EntryKind::item && entry->turn == read.turn && entry->item) answer.items.push_back(std::move(*entry->item));
  }
  return wire::reply(read.request, std::move(answer));
}

}  // namespace

store::LogQuery query_of(const Read& read, const std::string& scope) {
  store::LogQuery query;
  query.scope = scope;
  query.log = read.name;
  query.from = compares(read) ? read.from - 1 : read.from;
  query.max_bytes = read.max_bytes == 0 ? most_bytes : std::min(read.max_bytes, most_bytes);
  return query;
}

bool is_filled_by_compared(const Read& read, const store::LogPage& page) {
  if (!compares(read) || page.entries.size() != 1 || page.entries.front().number >= read.from || read.head < read.from) return false;
  const auto event = wire::unpack<wire::EventT>(page.entries.front().bytes);
  return event && wire::from_wire(event->id) == read.after_id;
}

wire::Message page_of(const Read& read, const store::LogPage& page) {
  switch (read.what) {
    case Read::What::transcript: return transcript_of(read, page);
    case Read::What::items: return items_of(read, page);
    default: return events_of(read, page);
  }
}

wire::Message spans_of(const Read& read, const std::vector<std::string>& spans) {
  wire::SpanPageT answer;
  for (const auto& bytes : spans) {
    auto span = wire::unpack<wire::SpanT>(bytes);
    if (span && (read.run.empty() || span->run == read.run)) answer.spans.push_back(std::move(*span));
  }
  return wire::reply(read.request, std::move(answer));
}

}  // namespace convoke::groupchat::owner
