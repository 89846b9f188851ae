// Answers a chat request by the rules of services/model/README.md. Pure, but for a cache of catalogues that were seen before.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "llm/chat.hpp"
#include "model/chat_request.hpp"
#include "model/dates.hpp"
#include "model/planning.hpp"
#include "model/task.hpp"

namespace convoke::model {

/// A catalogue with its index.
struct Known {
  explicit Known(Catalogue read) : catalogue(std::move(read)), index(catalogue) {}
  Known(const Known&) = delete;
  Known& operator=(const Known&) = delete;
  Catalogue catalogue;
  Index index;
};

/// A tool with what it is to be called with.
struct Call {
  const Tool* tool = nullptr;
  Filled filled;
};

class Brain {
 public:
  /// `today` is used where the request names no date.
  llm::Response answer(const ChatRequest& request, Day today);

 private:
  const Known& known(std::string key, const nlohmann::ordered_json& json, bool planner);
  std::string plan(const ChatRequest& request, const Known& known, Day today) const;
  std::vector<Call> calls_for(const ChatRequest& request, const Known& known, const Task& task, Day today) const;
  llm::Response act(const ChatRequest& request, const Known& known, Day today) const;

  struct Cached {
    std::string key;
    std::unique_ptr<Known> known;
  };
  std::list<Cached> cache_;  // most recently used first
};

/// The JSON block with the agents in a system message; null when there is none.
nlohmann::ordered_json find_catalogue(const std::vector<llm::Message>& messages, std::string& text);

/// The day of a line "Today is 2026-11-20." in a system message.
std::optional<Day> day_said(const std::vector<llm::Message>& messages);

}  // namespace convoke::model
