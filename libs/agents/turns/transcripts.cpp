#include "agents/turns/transcripts.hpp"

#include <algorithm>

namespace convoke::agents {

namespace {

std::string key_of(std::string_view session, std::string_view agent) {
  std::string key(session);
  key += '/';
  key += agent;
  return key;
}

}  // namespace

std::size_t size_of(const Entry& entry) {
  std::size_t bytes = sizeof(Entry) + entry.text.size() + entry.conversation.size();
  if (entry.input) bytes += sizeof(wire::InputT) + entry.input->text.size();
  if (entry.item) bytes += sizeof(wire::ItemT) + entry.item->text.size() + entry.item->arguments.size();
  return bytes;
}

Transcript TranscriptCache::find(std::string_view session, std::string_view agent, std::uint64_t length) {
  Transcript result;
  const auto found = kept_.find(key_of(session, agent));
  if (found == kept_.end()) return result;
  use(found->second);
  const auto& kept = found->second->transcript;
  if (length < kept.first) return result;
  result.first = kept.first;
  const auto count = std::min<std::size_t>(kept.entries.size(), length + 1 - kept.first);
  result.entries.assign(kept.entries.begin(), kept.entries.begin() + static_cast<std::ptrdiff_t>(count));
  return result;
}

std::uint64_t TranscriptCache::wanted_from(const Transcript& known, std::uint64_t length) const {
  const auto oldest = length > options_.max_entries ? length - options_.max_entries + 1 : 1;
  return known.entries.empty() ? oldest : std::max(oldest, known.length() + 1);
}

void TranscriptCache::keep(std::string_view session, std::string_view agent, Transcript transcript) {
  forget(session, agent);
  if (transcript.entries.size() > options_.max_entries) {
    const auto surplus = transcript.entries.size() - options_.max_entries;
    transcript.entries.erase(transcript.entries.begin(), transcript.entries.begin() + static_cast<std::ptrdiff_t>(surplus));
    transcript.first += surplus;
  }
  if (transcript.entries.empty()) return;
  Kept kept;
  kept.key = key_of(session, agent);
  kept.bytes = sizeof(Kept) + kept.key.size();
  for (const auto& entry : transcript.entries) kept.bytes += size_of(*entry);
  kept.transcript = std::move(transcript);
  if (kept.bytes > options_.max_bytes) return;
  bytes_ += kept.bytes;
  kept.used = now_;
  order_.push_front(std::move(kept));
  kept_.emplace(order_.front().key, order_.begin());
  while (bytes_ > options_.max_bytes) drop(std::prev(order_.end()));
}

void TranscriptCache::append(std::string_view session, std::string_view agent, std::uint64_t length, Entries added) {
  const auto found = kept_.find(key_of(session, agent));
  if (found == kept_.end() && length == 0) return keep(session, agent, {1, std::move(added)});
  if (found == kept_.end()) return;
  auto& kept = *found->second;
  if (kept.transcript.length() != length) return drop(found->second);
  auto& entries = kept.transcript.entries;
  std::size_t bytes = kept.bytes;
  for (auto& entry : added) {
    bytes += size_of(*entry);
    entries.push_back(std::move(entry));
  }
  const auto surplus = entries.size() > options_.max_entries ? entries.size() - options_.max_entries : 0;
  for (std::size_t i = 0; i < surplus; ++i) bytes -= size_of(*entries[i]);
  entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(surplus));
  kept.transcript.first += surplus;
  bytes_ = bytes_ - kept.bytes + bytes;
  kept.bytes = bytes;
  use(found->second);
  while (bytes_ > options_.max_bytes) drop(std::prev(order_.end()));
}

void TranscriptCache::forget(std::string_view session, std::string_view agent) {
  const auto found = kept_.find(key_of(session, agent));
  if (found != kept_.end()) drop(found->second);
}

void TranscriptCache::tick(SteadyTime now) {
  now_ = now;
  while (!order_.empty() && now - order_.back().used >= options_.keep) drop(std::prev(order_.end()));
}

void TranscriptCache::use(Order::iterator kept) {
  kept->used = now_;
  order_.splice(order_.begin(), order_, kept);
}

void TranscriptCache::drop(Order::iterator kept) {
  bytes_ -= kept->bytes;
  kept_.erase(kept->key);
  order_.erase(kept);
}

}  // namespace convoke::agents
