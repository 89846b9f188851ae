// Transcripts of agent instances, kept between their turns so that a turn on the same worker reads nothing: the newest entries of each
// instance, all together within a bound in bytes and for a time after their last use; the instance used longest ago leaves first. What is
// kept is a copy of committed state and may be forgotten at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/time.hpp"
#include "wire/state_generated.h"

namespace convoke::agents {

using Entry = state::TranscriptEntryT;
using Entries = std::vector<std::shared_ptr<const Entry>>;

/// The newest entries of one instance's transcript: numbers `first` … `first + entries.size() - 1`, counted from 1.
struct Transcript {
  std::uint64_t first = 1;
  Entries entries = {};
  std::uint64_t length() const { return first + entries.size() - 1; }
};

struct TranscriptOptions {
  std::size_t max_bytes = std::size_t{64} << 20;
  /// Entries of one instance that are read and kept; older ones no longer fit into a model's context.
  std::size_t max_entries = 400;
  Millis keep{600'000};  // after the last use
};

class TranscriptCache {
 public:
  explicit TranscriptCache(TranscriptOptions options) : options_(options) {}

  /// What is known of the first `length` entries; the missing rest is [result.length() + 1, length]. Entries beyond `length` are left out.
  Transcript find(std::string_view session, std::string_view agent, std::uint64_t length);
  /// First entry that is worth reading, when the transcript has `length` entries and `known` of them are there.
  std::uint64_t wanted_from(const Transcript& known, std::uint64_t length) const;
  /// Replaces what is kept of that instance.
  void keep(std::string_view session, std::string_view agent, Transcript transcript);
  /// What a turn added to a transcript of `length` entries. Forgets the instance when anything else is kept of it.
  void append(std::string_view session, std::string_view agent, std::uint64_t length, Entries added);
  void forget(std::string_view session, std::string_view agent);
  /// Time went on: forgets what has not been used for `keep`. Uses count from the last call.
  void tick(SteadyTime now);

  std::size_t bytes() const { return bytes_; }
  std::size_t instances() const { return kept_.size(); }
  const TranscriptOptions& options() const { return options_; }

 private:
  struct Kept {
    std::string key;
    Transcript transcript;
    std::size_t bytes = 0;
    SteadyTime used{};
  };
  using Order = std::list<Kept>;  // most recently used first

  void use(Order::iterator kept);
  void drop(Order::iterator kept);

  TranscriptOptions options_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> kept_;
  std::size_t bytes_ = 0;
  SteadyTime now_{};
};

/// Approximate memory of an entry.
std::size_t size_of(const Entry& entry);

}  // namespace convoke::agents
