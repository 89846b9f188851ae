// Which of a session's spans belong to one of its conversations. Those of its runs share the traces of its events; a decision of a person
// is a trace of its own, found by what it was about. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/common/fields.hpp"
#include "wire/body_generated.h"

namespace convoke::api {

class ConversationSpans {
 public:
  explicit ConversationSpans(std::string conversation) { named_.insert(std::move(conversation)); }

  void see(const wire::EventT& event);
  /// In their order. Call when all events have been seen.
  Json among(const std::vector<wire::SpanT>& spans) const;

 private:
  using Trace = std::pair<std::uint64_t, std::uint64_t>;
  std::set<Trace> traces_;
  std::set<std::string> named_;  // the conversation, and its runs, plans, requests and dead letters
};

}  // namespace convoke::api
