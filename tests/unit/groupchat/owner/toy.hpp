// The least that a scope can mean: it lists the texts posted to it. Some texts make it refuse, want a team, be too large, owe a send,
// become due or stay in memory.
#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "groupchat/logic.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat::test {

class Toy final : public ScopeLogic {
 public:
  struct Seen {
    int ticks = 0;
    int notes = 0;
    int restored = 0;
  };

  Toy(std::string scope, Seen& seen) : scope_(std::move(scope)), seen_(seen) {}

  Status load(std::string_view state, std::uint64_t) override {
    texts_ = lines(state);
    if (std::ranges::find(texts_, "broken") != texts_.end()) return fail(Fault::malformed, "broken on purpose");
    return {};
  }
  std::string save() const override {
    std::string state;
    for (const auto& text : texts_) state += text + "\n";
    return state;
  }
  static std::vector<std::string> lines(std::string_view state) {
    std::vector<std::string> found;
    for (std::size_t at = state.find('\n'); at != std::string_view::npos; at = state.find('\n')) {
      found.emplace_back(state.substr(0, at));
      state.remove_prefix(at + 1);
    }
    return found;
  }

  Applied apply(Draft& draft, const wire::Message& message) override {
    if (const auto* query = message.as<wire::QueryT>()) {
      answer(draft, message.header, *query);
    } else if (const auto* report = message.as<wire::ReportT>()) {
      write(draft, "log:c", "item");
      wire::AcknowledgedT acknowledged;
      acknowledged.n = report->n;
      draft.answers.push_back(wire::reply(message.header, std::move(acknowledged)));
    } else if (const auto* command = message.as<wire::CommandT>()) {
      return carry_out(draft, message.header, *command);
    }
    return Applied::done;
  }
  TeamWanted missing_team() const override { return missing_; }

  void tick(Draft& draft) override {
    ++seen_.ticks;
    for (auto& text : texts_) {
      if (text == "throws later") throw std::out_of_range("thrown on purpose");
      if (!text.starts_with("due:") || std::stoll(text.substr(4)) > unix_ms(draft.now.unix)) continue;
      text = "was " + text;
      draft.changed = true;
    }
  }
  std::optional<UnixTime> due() const override {
    std::optional<UnixTime> earliest;
    for (const auto& text : texts_) {
      if (!text.starts_with("due:")) continue;
      const auto at = from_unix_ms(std::stoll(text.substr(4)));
      if (!earliest || at < *earliest) earliest = at;
    }
    return earliest;
  }
  void note(const wire::Message&, Now) override { ++seen_.notes; }
  void link_restored(Now) override { ++seen_.restored; }

  /// One Work for each text that says so, once per load.
  std::vector<wire::Message> owed(Now) override {
    std::vector<wire::Message> messages;
    for (; told_ < texts_.size(); ++told_) {
      if (!texts_[told_].starts_with("owe")) continue;
      wire::WorkT work;
      work.session = scope_.substr(2);
      work.goal = texts_[told_];
      messages.push_back(wire::message(std::move(work)));
      messages.back().header.dest_kind = wire::DestKind::agent;
      messages.back().header.dest = "t.A";
    }
    return messages;
  }
  std::optional<SteadyTime> wake() const override { return std::nullopt; }
  bool evictable() const override { return std::ranges::find(texts_, "stay") == texts_.end(); }

 private:
  Applied carry_out(Draft& draft, const wire::HeaderT& request, const wire::CommandT& command) {
    wire::AcceptedT accepted;
    if (command.body.AsDeleteSession() != nullptr) {
      draft.changed = draft.remove = true;
      accept(draft, request, command, std::move(accepted), Keep::as_long_as_scope);
      return Applied::done;
    }
    const std::string text = command.body.AsPost()->text;
    if (text.starts_with("team:") && draft.teams->head(text.substr(5)) == 0) {
      missing_ = {text.substr(5), 0};
      return Applied::need_team;
    }
    const bool twice = text.starts_with("once ") && std::ranges::find(texts_, text) != texts_.end();
    if (text == "refuse" || twice) {
      refuse(draft, request, command, Error(Fault::conflict, "refused on purpose"));
      return Applied::done;
    }
    if (text == "throw") {
      texts_.push_back("half of it");
      throw std::out_of_range("thrown on purpose");
    }
    const bool again = std::ranges::find(texts_, text) != texts_.end();
    if (text == "throw again" && again) throw std::out_of_range("thrown on purpose");
    if (text == "huge" || (text == "huge again" && again)) draft.parts.push_back({"huge", std::string(9 << 20, 'x')});
    accepted.seq = write(draft, "log:c", text);
    accept(draft, request, command, std::move(accepted));
    return Applied::done;
  }

  std::uint64_t write(Draft& draft, std::string log, const std::string& text) {
    if (texts_.empty()) draft.create = true;
    texts_.push_back(text);
    wire::EventT event;
    event.seq = texts_.size();
    event.id = wire::Uuid(1, event.seq);
    event.conversation = scope_.substr(2) + "~c";
    event.text = text;
    draft.append(std::move(log), event.seq, wire::pack(event));
    draft.events.push_back(std::move(event));
    return texts_.size();
  }

  void answer(Draft& draft, const wire::HeaderT& request, const wire::QueryT& query) {
    if (const auto* page = query.body.AsReadLog()) {
      Read read;
      read.request = request;
      read.name = "log:c";
      read.subject = page->conversation;
      read.from = page->from;
      read.head = texts_.size();
      read.after_id = wire::from_wire(page->after_id);
      read.max_bytes = page->max_bytes;
      draft.reads.push_back(std::move(read));
    } else if (const auto* heads = query.body.AsReadHeads()) {
      wire::HeadsT found;
      for (const auto& conversation : heads->conversations) {
        found.heads.emplace_back();
        found.heads.back().conversation = conversation;
        found.heads.back().head = texts_.size();
      }
      respond(draft, wire::reply(request, std::move(found)));
    } else {
      wire::SessionViewT view;
      view.version = draft.version - 1;
      view.title = save();
      respond(draft, wire::reply(request, std::move(view)));
    }
  }

  std::string scope_;
  Seen& seen_;
  std::vector<std::string> texts_;
  TeamWanted missing_;
  std::size_t told_ = 0;
};

}  // namespace convoke::groupchat::test
