// Reading FlatBuffers where they lie, for the checks: text that may be absent, vectors without elements (which are not written at all), and
// what makes two events the same.
#pragma once

#include <charconv>
#include <functional>
#include <string>
#include <string_view>

#include "wire/body_generated.h"
#include "wire/state_generated.h"

namespace convoke::sim {

inline std::string_view text(const flatbuffers::String* bytes) {
  return bytes == nullptr ? std::string_view{} : std::string_view(bytes->c_str(), bytes->size());
}

template <class T> struct Each {
  const flatbuffers::Vector<flatbuffers::Offset<T>>* all;
  using Iterator = typename flatbuffers::Vector<flatbuffers::Offset<T>>::const_iterator;
  Iterator begin() const { return all == nullptr ? Iterator(nullptr, 0) : all->begin(); }
  Iterator end() const { return all == nullptr ? Iterator(nullptr, 0) : all->end(); }
};
template <class T> Each<T> each(const flatbuffers::Vector<flatbuffers::Offset<T>>* all) { return {all}; }
template <class T> std::size_t count(const flatbuffers::Vector<flatbuffers::Offset<T>>* all) { return all == nullptr ? 0 : all->size(); }
template <class T, class Is> const T* find_in(const flatbuffers::Vector<flatbuffers::Offset<T>>* all, Is is) {
  for (const auto* one : each(all))
    if (is(*one)) return one;
  return nullptr;
}

/// A field of an event's data: text, or a number as it is written.
inline std::string_view field(std::string_view json, std::string_view name) {
  const std::string mark = "\"" + std::string(name) + "\":";
  const auto at = json.find(mark);
  if (at == std::string_view::npos) return {};
  auto value = json.substr(at + mark.size());
  const bool is_text = value.starts_with('"');
  if (is_text) value.remove_prefix(1);
  return value.substr(0, value.find_first_of(is_text ? "\"" : ",}"));
}

inline std::uint64_t number(std::string_view json, std::string_view name) {
  const auto digits = field(json, name);
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// Of everything that an event says, however it is held.
template <class... Parts> std::uint64_t mixed(const Parts&... parts) {
  std::uint64_t sum = 0;
  const auto add = [&](const auto& part) {
    if constexpr (std::is_convertible_v<decltype(part), std::string_view>)
      sum ^= std::hash<std::string_view>{}(part) + 0x9E3779B97F4A7C15ull + (sum << 6) + (sum >> 2);
    else
      sum ^= (static_cast<std::uint64_t>(part) + 0x9E3779B97F4A7C15ull) * 0xFF51AFD7ED558CCDull + (sum << 6) + (sum >> 2);
  };
  (add(parts), ...);
  return sum;
}

inline std::uint64_t fingerprint(const wire::Trace* trace) {
  return trace == nullptr ? 0 : trace->hi() ^ (trace->lo() * 3) ^ (trace->span() * 5) ^ trace->flags();
}
inline std::uint64_t fingerprint(const wire::Event& event) {
  return mixed(event.seq(), event.kind(), text(event.conversation()), event.at_ms(), event.session_version(), text(event.author()),
               text(event.run()), text(event.plan()), text(event.step()), event.turn(), event.attempt(), text(event.message()),
               text(event.text()), text(event.data()), fingerprint(event.trace()));
}
inline std::uint64_t fingerprint(const wire::EventT& event) {
  return mixed(event.seq, event.kind, event.conversation, event.at_ms, event.session_version, event.author, event.run, event.plan,
               event.step, event.turn, event.attempt, event.message, event.text, event.data, fingerprint(&event.trace));
}

inline bool is_over(wire::StepStatus status) {
  return status == wire::StepStatus::completed || status == wire::StepStatus::failed || status == wire::StepStatus::rejected ||
         status == wire::StepStatus::cancelled;
}

}  // namespace convoke::sim
