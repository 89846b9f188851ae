// Pages of logs, parts and spans: read when the check has passed, one outstanding per reader, answered with what is there.
#include <fmt/format.h>

#include "groupchat/owner/engine.hpp"
#include "groupchat/owner/pages.hpp"

namespace convoke::groupchat::owner {
namespace {

std::pair<Uuid, std::string> reader_of(const Key& key, const Read& read) {
  return {wire::from_wire(read.request.source_replica), key.scope + "/" + read.name};
}

}  // namespace

void Core::Engine::read(const Key& key, Read read) {
  if (reads_taken_ >= options_.max_reads) {
    Waiting refused;
    refused.message.header = std::move(read.request);
    return fault(refused, Fault::overloaded, "too many reads wait; ask again", options_.overloaded_retry);
  }
  reads_.push_back({key, std::move(read), Place(reads_taken_)});
}

void Core::Engine::start_reads() {
  for (auto at = reads_.begin(); at != reads_.end() && reading_.size() < options_.reads_in_flight;) {
    if (!readers_.insert(reader_of(at->key, at->read)).second) {
      ++at;
      continue;
    }
    Reading reading = std::move(*at);
    at = reads_.erase(at);
    const Ticket number = ticket();
    ++counters_.pages;
    switch (reading.read.what) {
      case Read::What::part: act(ReadPart{number, reading.key.scope, reading.read.name}); break;
      case Read::What::spans: act(ReadSpans{number, reading.key.scope.substr(2)}); break;
      default: act(ReadLog{number, query_of(reading.read, reading.key.scope)}); break;
    }
    reading_.emplace(number, std::move(reading));
  }
}

std::optional<Core::Engine::Reading> Core::Engine::finish_read(Ticket ticket) {
  const auto found = reading_.find(ticket);
  if (found == reading_.end()) return std::nullopt;
  Reading reading = std::move(found->second);
  reading_.erase(found);
  readers_.erase(reader_of(reading.key, reading.read));
  return reading;
}

void Core::Engine::on(LogRead& event) {
  auto reading = finish_read(event.ticket);
  if (!reading) return;
  Read& read = reading->read;
  if (event.page && is_filled_by_compared(read, *event.page)) {
    read.after_id = {};
    reads_.push_front(std::move(*reading));
    return;
  }
  leave(nullptr, event.page ? page_of(read, *event.page) : wire::fault_reply(read.request, event.page.error()));
}

void Core::Engine::on(PartRead& event) {
  const auto reading = finish_read(event.ticket);
  if (!reading) return;
  const Read& read = reading->read;
  if (!event.bytes && event.bytes.error().code != Fault::not_found) {
    return leave(nullptr, wire::fault_reply(read.request, event.bytes.error()));
  }
  leave(nullptr, read.compose(read.request, event.bytes ? std::move(*event.bytes) : std::string()));
}

void Core::Engine::on(SpansRead& event) {
  const auto reading = finish_read(event.ticket);
  if (!reading) return;
  const Read& read = reading->read;
  leave(nullptr, event.spans ? spans_of(read, *event.spans) : wire::fault_reply(read.request, event.spans.error()));
}

}  // namespace convoke::groupchat::owner
