// Answers from memory wait until the epoch, read after their messages arrived, still matches; refused commands also until their key is
// known not to be recorded. Those that come meanwhile go into one check together.
#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/owner/engine.hpp"

namespace convoke::groupchat::owner {
namespace {

constexpr std::uint32_t most_strikes = 3;

std::string strike_key(std::uint32_t number, const std::string& key) { return fmt::format("~strike/{}/{}", number, key); }

}  // namespace

void Core::Engine::check(Checking checking) { checks_.push_back(std::move(checking)); }

void Core::Engine::start_checks() {
  while (link_.up && !checks_.empty() && checking_.size() < options_.checks_in_flight && now_.steady >= check_again_at_) {
    Check action{ticket(), {}, {}};
    std::set<store::Partition> numbers;
    std::map<std::string, std::set<std::string>> keys;
    std::vector<Checking> batch;
    std::vector<std::string> scopes;
    while (!checks_.empty() && batch.size() < options_.check_batch) {
      batch.push_back(std::move(checks_.front()));
      checks_.pop_front();
      const Checking& one = batch.back();
      numbers.insert(one.key.partition);
      for (const auto& reply : one.replies) {
        if (!reply.key.empty()) keys[one.key.scope].insert(reply.key);
      }
      if (!one.strikes) continue;
      const std::string key = record_key(*one.original->message.as<wire::CommandT>());
      keys[one.key.scope].insert(key);
      for (std::uint32_t strike = 1; strike <= most_strikes; ++strike) keys[one.key.scope].insert(strike_key(strike, key));
    }
    action.partitions.assign(numbers.begin(), numbers.end());
    for (auto& [scope, names] : keys) {
      action.look_ups.push_back({scope, {names.begin(), names.end()}});
      scopes.push_back(scope);
    }
    ++counters_.checks;
    checking_.emplace(action.ticket, CheckBatch{std::move(batch), std::move(scopes)});
    act(std::move(action));
  }
}

void Core::Engine::on(Checked& event) {
  const auto found = checking_.find(event.ticket);
  if (found == checking_.end()) return;
  auto [batch, scopes] = std::move(found->second);
  checking_.erase(found);
  if (!event.answer) {
    check_again_at_ = now_.steady + options_.retry_first;
    for (auto one = batch.rbegin(); one != batch.rend(); ++one) checks_.push_front(std::move(*one));
    return;
  }
  std::map<store::Partition, store::Epoch> epochs;
  for (const auto& entry : event.answer->epochs) epochs[entry.partition] = entry.epoch;
  Recorded recorded;
  for (std::size_t index = 0; index < scopes.size() && index < event.answer->recorded.size(); ++index) {
    for (const auto& entry : event.answer->recorded[index]) recorded.emplace(std::pair(scopes[index], entry.key), entry);
  }
  for (auto& one : batch) {
    if (!one.original) doubted_.reset(one.key.partition);
    if (epochs[one.key.partition] == one.epoch) {
      checked(std::move(one), recorded);
      continue;
    }
    refused_epoch(one.key.partition, one.epoch, epochs[one.key.partition]);
    if (!one.original) continue;
    std::vector<Waiting> original;
    original.push_back(std::move(*one.original));
    again(std::move(original), one.key);
  }
}

void Core::Engine::checked(Checking checking, const Recorded& recorded) {
  if (checking.strikes) return strikes_counted(std::move(checking), recorded);
  Waiting nobody;
  Waiting& of = checking.original ? *checking.original : nobody;
  for (auto& reply : checking.replies) {
    const auto found = reply.key.empty() || !checking.original ? recorded.end() : recorded.find({checking.key.scope, reply.key});
    if (found == recorded.end() || CONVOKE_MUTATED(refusal_unchecked)) {
      leave(&of, std::move(reply.message));
    } else {
      answer_recorded(of, found->second);
    }
  }
  for (auto& page : checking.reads) read(checking.key, std::move(page));
}

/// A command that has cost its caller owners: answered from its record, refused for good, or one strike more before it is opened.
void Core::Engine::strikes_counted(Checking checking, const Recorded& recorded) {
  Waiting& waiting = *checking.original;
  const std::string key = record_key(*waiting.message.as<wire::CommandT>());
  if (const auto found = recorded.find({checking.key.scope, key}); found != recorded.end()) return answer_recorded(waiting, found->second);
  waiting.strike_count = 0;
  while (waiting.strike_count < most_strikes && recorded.contains({checking.key.scope, strike_key(waiting.strike_count + 1, key)})) {
    ++waiting.strike_count;
  }
  if (waiting.strike_count >= most_strikes) {
    return fault(waiting, Fault::poison, "this command ended its owner's process three times; it is not opened again");
  }
  waiting.strikes = Strikes::counted;
  enter(std::move(waiting), checking.key, true);
}

}  // namespace convoke::groupchat::owner
