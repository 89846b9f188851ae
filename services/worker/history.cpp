#include "worker/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "worker/offer.hpp"

namespace convoke::worker {

namespace {

constexpr std::string_view question_prefix = "turn-";
constexpr std::string_view executor = "system.executor";

/// What one turn said, as far as others did not come between.
struct Group {
  std::uint64_t turn = 0;
  std::size_t begin = 0;  // its first message
  std::size_t bytes = 0;
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t refused = 0;
  std::size_t unknown = 0;
  const std::string* matter = nullptr;
  std::optional<std::uint64_t> continues;
};

class Reader {
 public:
  Reader(const wire::WorkT& work, llm::Message opening, std::size_t entries) : work_(work) {
    messages_.reserve(entries + work.input.size() + 8);
    messages_.push_back(std::move(opening));
  }

  void entry(const agents::Entry& entry) {
    group_of(entry.turn);
    switch (entry.kind) {
      case state::EntryKind::input:
        if (entry.input) input(*entry.input);
        break;
      case state::EntryKind::item:
        if (entry.item) item(*entry.item);
        break;
      case state::EntryKind::answer: add(llm::Role::assistant, entry.text); break;
    }
  }

  void current() {
    is_current_ = true;
    group_of(work_.turn);
    for (const auto& entry : work_.input) input(entry);
  }

  History finish(std::size_t max_bytes) {
    const auto chain = chain_of(work_.turn);
    const auto is_at_hand = [&](const Group& group) { return chain.contains(group.turn); };
    History history;
    std::size_t first = groups_.size();
    for (std::size_t bytes = 0; first > 0; --first) {
      const auto& group = groups_[first - 1];
      if (!is_at_hand(group)) bytes += group.bytes;
      if (bytes > max_bytes) break;
    }
    for (const auto& group : groups_) {
      if (!is_at_hand(group)) continue;
      history.done += group.done;
      history.failed += group.failed;
      history.refused += group.refused;
      history.unknown += group.unknown;
      if (history.matter.empty() && group.matter != nullptr) history.matter = *group.matter;
    }
    if (first == 0 && std::ranges::is_partitioned(groups_, std::not_fn(is_at_hand))) {
      history.messages = std::move(messages_);  // as it nearly always is
    } else {
      history.messages.push_back(std::move(messages_.front()));
      for (std::size_t i = first; i < groups_.size(); ++i) {
        if (!is_at_hand(groups_[i])) take(i, history);
      }
      for (std::size_t i = 0; i < groups_.size(); ++i) {
        if (is_at_hand(groups_[i])) take(i, history);
      }
    }
    history.again = std::move(again_);
    return history;
  }

 private:
  void group_of(std::uint64_t turn) {
    if (groups_.empty() || groups_.back().turn != turn) {
      groups_.push_back({.turn = turn, .begin = messages_.size()});
    }
  }

  llm::Message& add(llm::Role role, std::string text) {
    groups_.back().bytes += text.size();
    auto& message = messages_.emplace_back();
    message.role = role;
    message.content = std::move(text);
    return message;
  }

  void input(const wire::InputT& input) {
    if (input.kind == wire::InputKind::pending) return;
    if (input.kind == wire::InputKind::answer) return answer(input);
    auto text = input.text;
    if (input.kind == wire::InputKind::question && input.asker != executor) {
      text = fmt::format("{} asks: {}", short_name(input.asker), input.text);
    } else if (input.kind == wire::InputKind::message && !input.author.empty() && is_named(input.author)) {
      text = fmt::format("{} says: {}", name_of(input.author), input.text);
    }
    auto& group = groups_.back();
    if (group.matter == nullptr || group.matter->empty()) group.matter = &input.text;
    add(llm::Role::user, std::move(text));
  }

  void answer(const wire::InputT& input) {
    auto text = input.text;
    if (input.fault != 0 && text.empty()) text = "There is no answer.";
    if (const auto found = open_.find(input.call); found != open_.end()) {
      auto& asked = groups_[found->second.group];
      const bool is_call = !is_communication(found->second.call.name);
      if (!is_call && is_person(input.author) && is_named(input.author)) text = fmt::format("{} answered: {}", name_of(input.author), text);
      messages_[found->second.message].content = text;
      asked.bytes += text.size();
      groups_.back().continues = asked.turn;
      if (is_call) unknown_settled(found->second.call, static_cast<Fault>(input.fault));
      open_.erase(found);
      return;
    }
    std::uint64_t turn = 0;
    if (input.call.starts_with(question_prefix)) {
      const auto digits = std::string_view(input.call).substr(question_prefix.size());
      std::from_chars(digits.data(), digits.data() + digits.size(), turn);
    }
    if (turn != 0) groups_.back().continues = turn;
    const auto who = is_person(input.author) && is_named(input.author) ? name_of(input.author) : "The person";
    add(llm::Role::user, input.fault == 0 ? fmt::format("{} answered: {}", who, text) : "The person did not answer: " + text);
  }

  static bool is_person(std::string_view author) { return author.starts_with("user/"); }
  static std::string_view name_of(std::string_view author) { return author.substr(author.find('/') + 1); }
  // With several people, each is; one alone needs no name.
  bool is_named(std::string_view author) const {
    if (work_.people.size() > 1 || !is_person(author)) return true;
    return name_of(author) != (work_.people.empty() ? work_.user : work_.people.front());
  }

  // A person was asked whether a call was carried out: yes, no (it is to be made again), or there was no answer.
  void unknown_settled(const llm::ToolCall& call, Fault fault) {
    auto& group = groups_.back();
    if (fault == Fault::none) {
      ++group.done;
    } else if (fault != Fault::tool_failed) {
      ++group.unknown;
    } else if (is_current_) {
      again_.push_back(call);
    }
  }

  void item(const wire::ItemT& item) {
    if (item.kind == wire::ItemKind::response) return response(item);
    auto& group = groups_.back();
    if (item.kind == wire::ItemKind::result) ++(item.fault == 0 ? group.done : group.failed);
    if (is_refusal(item)) ++group.refused;
    const auto found = open_.find(item.call);
    if (found == open_.end()) return;
    messages_[found->second.message].content = item.kind == wire::ItemKind::act ? "Delivered." : item.text;
    group.bytes += item.text.size();
    open_.erase(found);
  }

  void response(const wire::ItemT& item) {
    auto response = llm::response_from_json(item.text);
    if (!response) return;
    messages_.push_back(llm::as_message(*response));
    groups_.back().bytes += item.text.size();
    for (const auto& call : response->tool_calls) {
      const bool waits = std::ranges::find(work_.pending, call.id) != work_.pending.end();
      auto& result = add(llm::Role::tool, waits ? "There is no answer yet." : "No result is known.");
      result.tool_call_id = call.id;
      open_[call.id] = {groups_.size() - 1, messages_.size() - 1, call};
    }
  }

  std::set<std::uint64_t> chain_of(std::uint64_t turn) const {
    std::set<std::uint64_t> chain;
    for (std::optional<std::uint64_t> next = turn; next && chain.insert(*next).second;) {
      const auto found = std::ranges::find(groups_, *next, &Group::turn);
      next = found == groups_.end() ? std::nullopt : found->continues;
    }
    return chain;
  }

  void take(std::size_t index, History& history) {
    const auto end = index + 1 < groups_.size() ? groups_[index + 1].begin : messages_.size();
    for (auto i = groups_[index].begin; i < end; ++i) history.messages.push_back(std::move(messages_[i]));
  }

  struct Open {  // the placeholder of a call's result
    std::size_t group = 0;
    std::size_t message = 0;
    llm::ToolCall call;
  };

  const wire::WorkT& work_;
  std::vector<llm::Message> messages_;
  std::vector<Group> groups_;
  std::map<std::string, Open> open_;
  std::vector<llm::ToolCall> again_;
  bool is_current_ = false;
};

}  // namespace

bool is_refusal(const wire::ItemT& item) {
  return item.kind == wire::ItemKind::result && item.fault == static_cast<std::uint16_t>(Fault::tool_refused);
}

std::string question_id(std::uint64_t turn) { return fmt::format("{}{}", question_prefix, turn); }

History history_of(const agents::Entries& transcript, const wire::WorkT& work, std::size_t max_bytes, llm::Message opening) {
  Reader reader(work, std::move(opening), transcript.size());
  for (const auto& entry : transcript) reader.entry(*entry);
  reader.current();
  return reader.finish(max_bytes);
}

}  // namespace convoke::worker
