// Scopes at work: loaded when something waits for them, given their messages in batches, evicted when there are too many.
#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/owner/engine.hpp"

namespace convoke::groupchat::owner {
namespace {

constexpr std::size_t by_tick = SIZE_MAX;  // index of what no message caused
constexpr Millis sweep{1'000};             // what stays due is looked at again after that
constexpr Millis unreadable_rest{60'000};

bool is_query(const Waiting& waiting) { return waiting.message.as<wire::QueryT>() != nullptr; }

bool is_suspect(const Waiting& waiting) {
  return waiting.message.header.owner_losses >= 2 && waiting.strikes != Strikes::committed &&
         waiting.message.as<wire::CommandT>() != nullptr;
}

std::string key_in(const Waiting& waiting) {
  const auto* command = waiting.message.as<wire::CommandT>();
  return command != nullptr ? record_key(*command) : std::string();
}

}  // namespace

Slot& Core::Engine::slot(const Key& key) {
  Slot& found = slots_[key];
  found.key = key;
  return found;
}

Slot* Core::Engine::find(const Key& key) {
  const auto found = slots_.find(key);
  return found == slots_.end() ? nullptr : &found->second;
}

/// Puts the slot where its next step is taken. Never runs anything by itself: pump() does.
void Core::Engine::kick(Slot& slot) {
  const bool held = partitions_[slot.key.partition].hold == Hold::held;
  if (!held || slot.queued || slot.flight || slot.loading != 0 || slot.resting || !slot.has_work()) return;
  slot.queued = true;
  (slot.logic || slot.gone ? to_run_ : to_load_).push_back(slot.key);
}

void Core::Engine::pump() {
  while (link_.up && !to_run_.empty() && (outage_ || commits_.size() < options_.commits_in_flight)) {
    const Key key = to_run_.front();
    to_run_.pop_front();
    Slot* slot = find(key);
    if (slot == nullptr) continue;
    slot->queued = false;
    if (partitions_[key.partition].hold == Hold::held && (slot->logic || slot->gone) && !slot->flight) {
      const bool only_reads = outage_ && (now_.steady < outage_->retry_at || !commits_.empty());
      if (slot->gone) {
        refuse_gone(*slot);
      } else if (only_reads) {
        run_queries(*slot);
      } else {
        run(*slot);
      }
    } else {
      kick(*slot);
    }
    tidy(key);
  }
  recover();
  while (link_.up && !to_load_.empty() && loads_.size() < options_.loads_in_flight) {
    Slot* slot = find(to_load_.front());
    to_load_.pop_front();
    if (slot == nullptr) continue;
    slot->queued = false;
    if (partitions_[slot->key.partition].hold != Hold::held || slot->logic || slot->loading != 0) {
      kick(*slot);
      continue;
    }
    slot->loading = ticket();
    loads_.emplace(slot->loading, slot->key);
    ++counters_.loads;
    act(LoadScope{slot->loading, slot->key.scope});
  }
  trim();
}

/// Loads what a claim found in the due index, a few at a time.
void Core::Engine::recover() {
  while (!to_recover_.empty() && to_load_.size() + loads_.size() < options_.loads_in_flight) {
    const Key key = std::move(to_recover_.front());
    to_recover_.pop_front();
    if (partitions_[key.partition].hold != Hold::held) continue;
    Slot& found = slot(key);
    if (!found.logic) found.reload = true;
    kick(found);
    tidy(key);
  }
}

void Core::Engine::on(Loaded& event) {
  const auto found = loads_.find(event.ticket);
  if (found == loads_.end()) return;
  const Key key = found->second;
  loads_.erase(found);
  Slot* slot = find(key);
  if (slot == nullptr || slot->loading != event.ticket) return;
  slot->loading = 0;
  slot->reload = false;
  const store::Epoch epoch = partitions_[key.partition].epoch;
  if (!event.scope) {
    load_failed(*slot, event.scope.error());
  } else if (event.scope->epoch != epoch) {
    slot->reload = true;
    refused_epoch(key.partition, epoch, event.scope->epoch);
    if (Slot* still = find(key)) kick(*still);
  } else {
    loaded(*slot, std::move(*event.scope));
  }
}

/// An outage passes; what cannot be read does not.
void Core::Engine::load_failed(Slot& slot, const Error& error) {
  if (error.code != Fault::malformed && error.code != Fault::invalid) {
    slot.reload = true;
    return rest(slot, options_.load_again);
  }
  for (auto& waiting : std::exchange(slot.queue, {})) {
    fault(waiting, Fault::internal, fmt::format("{} cannot be read: {}", slot.key.scope, error.message));
  }
  slot.notes.clear();
  slot.tick = false;
  due_.set(slot.key, unix_ms(now_.unix + unreadable_rest));
  tidy(slot.key);
}

void Core::Engine::loaded(Slot& slot, store::Scope scope) {
  slot.version = scope.version;
  slot.gone = scope.gone;
  if (scope.gone) {
    slot.notes.clear();
    slot.tick = false;
    due_.erase(slot.key);
    if (slot.queue.empty()) slot.gone = false;
    kick(slot);
    return tidy(slot.key);
  }
  slot.logic = make_(slot.key.scope);
  if (!slot.logic) return load_failed(slot, Error(Fault::invalid, "no such kind of scope"));
  if (scope.exists) {
    Status read = slot.logic->load(scope.state, scope.version);
    for (const auto& piece : scope.pieces)
      if (read) read = slot.logic->load_piece(piece.name, piece.bytes);
    if (!read) {
      slot.logic.reset();
      return load_failed(slot, Error(Fault::malformed, read.error().message));
    }
  }
  slot.bytes = scope.state.size() + slot.logic->piece_bytes();
  bytes_ += slot.bytes;
  touch(slot);
  const auto due = slot.logic->due();
  due_.set(slot.key, due ? std::optional(unix_ms(*due)) : std::nullopt);
  if (slot.key.scope.starts_with("t:") && view_.as<wire::ViewT>() != nullptr) slot.logic->note(view_, now_);
  for (const auto& message : std::exchange(slot.notes, {})) slot.logic->note(message, now_);
  owe(slot);
  kick(slot);
}

/// What was not committed is forgotten with it. Its queue stays.
void Core::Engine::unload(Slot& slot) {
  if (slot.loading != 0) loads_.erase(slot.loading);
  slot.loading = 0;
  slot.gone = false;
  if (!slot.logic) return;
  slot.logic.reset();
  bytes_ -= slot.bytes;
  slot.bytes = 0;
  used_.erase(slot.used);
  wakes_.erase(slot.key);
}

void Core::Engine::unload_for_reload(Slot& slot) {
  unload(slot);
  slot.reload = true;
  kick(slot);
}

void Core::Engine::tidy(const Key& key) {
  const auto found = slots_.find(key);
  if (found == slots_.end()) return;
  if (!found->second.logic && found->second.loading == 0 && !found->second.has_work()) found->second.notes.clear();
  if (found->second.idle() && !found->second.logic && !found->second.gone) slots_.erase(found);
}

void Core::Engine::touch(Slot& slot) {
  used_.erase(slot.used);
  slot.used = ++uses_;
  used_.emplace(slot.used, slot.key);
}

void Core::Engine::trim() {
  constexpr int most_looked_at = 64;
  int looked_at = 0;
  for (auto at = used_.begin(); at != used_.end() && looked_at < most_looked_at; ++looked_at) {
    if (used_.size() <= options_.cached_scopes && bytes_ <= options_.cached_bytes) return;
    const Key key = at->second;
    ++at;
    Slot* slot = find(key);
    if (slot == nullptr || !slot->idle() || !slot->logic->evictable()) continue;
    ++counters_.evictions;
    unload(*slot);
    tidy(key);
  }
}

Draft Core::Engine::draft_for(const Slot& slot) {
  Draft draft;
  draft.now = now_;
  draft.epoch = partitions_[slot.key.partition].epoch;
  draft.version = slot.version + 1;
  draft.ids = &ids_;
  draft.teams = &teams_;
  return draft;
}

void Core::Engine::run(Slot& slot) {
  touch(slot);
  if (!slot.tick && !slot.queue.empty() && is_suspect(slot.queue.front())) {
    Waiting& suspect = slot.queue.front();
    if (suspect.strikes == Strikes::counted) return commit_strike(slot);
    Checking checking{.original = std::move(suspect),
                      .key = slot.key,
                      .epoch = partitions_[slot.key.partition].epoch,
                      .strikes = true,
                      .replies = {},
                      .reads = {}};
    slot.queue.pop_front();
    check(std::move(checking));
    return kick(slot);
  }
  run_batch(slot, false);
}

/// While Redis refuses to write: what only reads goes on, the rest waits for the commit that is tried from time to time.
void Core::Engine::run_queries(Slot& slot) {
  std::deque<Waiting> writes;
  for (auto& waiting : std::exchange(slot.queue, {})) (is_query(waiting) ? slot.queue : writes).push_back(std::move(waiting));
  std::ranges::move(writes, std::back_inserter(slot.queue));
  if (!slot.queue.empty() && is_query(slot.queue.front())) run_batch(slot, true);
  const bool rest = slot.tick || slot.reload || !slot.queue.empty();
  if (!rest || slot.paused || slot.queued) return;
  slot.paused = true;
  paused_.push_back(slot.key);
}

void Core::Engine::run_batch(Slot& slot, bool queries_only) {
  Draft draft = draft_for(slot);
  Flight flight;
  flight.epoch = draft.epoch;
  slot.reload = false;
  try {
    apply_batch(slot, draft, flight, queries_only);
  } catch (const std::bad_alloc&) {
    throw;  // not what was said is wrong, the process is out of memory
  } catch (const std::exception& error) {
    // A bug. What is in memory may be half of something, what is in Redis is whole; and nobody else is to notice.
    unload(slot);
    if (flight.ticked) slot.tick = true;
    return blame(slot, std::move(flight), Fault::internal, fmt::format("it cannot be carried out: {}", error.what()));
  }
  if (draft.changed) {
    commit_batch(slot, std::move(flight), std::move(draft));
  } else {
    answer_batch(slot, std::move(flight), std::move(draft));
  }
}

void Core::Engine::apply_batch(Slot& slot, Draft& draft, Flight& flight, bool queries_only) {
  if (slot.tick && !queries_only) apply_tick(slot, draft, flight);
  std::set<std::string> keys;
  while (!slot.queue.empty() && flight.batch.size() < options_.batch && !(flight.ticked && slot.tick_alone)) {
    Waiting& next = slot.queue.front();
    if (queries_only && !is_query(next)) break;
    const bool first = flight.batch.empty() && !flight.ticked;
    if (!first && (next.alone || is_suspect(next))) break;
    if (is_suspect(next)) break;
    const std::string key = key_in(next);
    if (!key.empty() && !keys.insert(key).second) break;  // the second is answered from the record of the first
    const bool alone = next.alone;
    apply_one(slot, draft, flight);
    if (alone) break;
  }
}

void Core::Engine::apply_tick(Slot& slot, Draft& draft, Flight& flight) {
  slot.tick = false;
  flight.ticked = true;
  slot.logic->tick(draft);
  if (const auto wanted = slot.logic->missing_team(); !wanted.team.empty()) want_team(wanted);
  for (auto& reply : std::exchange(draft.replies, {})) flight.replies.push_back({by_tick, std::move(reply)});
  for (auto& read : std::exchange(draft.reads, {})) flight.reads.push_back({by_tick, std::move(read)});
}

void Core::Engine::apply_one(Slot& slot, Draft& draft, Flight& flight) {
  const std::size_t index = flight.batch.size();
  flight.batch.push_back(std::move(slot.queue.front()));
  slot.queue.pop_front();
  if (slot.logic->apply(draft, flight.batch.back().message) == Applied::need_team) {
    Waiting waiting = std::move(flight.batch.back());
    flight.batch.pop_back();
    waiting.wanted = slot.logic->missing_team();
    want_team(waiting.wanted);
    slot.parked.push_back(std::move(waiting));
    parked_.insert(slot.key);
    return;
  }
  for (auto& reply : std::exchange(draft.replies, {})) flight.replies.push_back({index, std::move(reply)});
  for (auto& read : std::exchange(draft.reads, {})) flight.reads.push_back({index, std::move(read)});
}

/// Refused for what it is: not before it is known that it repeats no command which was accepted when it could still be done.
void Core::Engine::refuse_for_good(const Key& key, Waiting waiting, Fault code, const std::string& text) {
  Checking checking;
  checking.key = key;
  checking.epoch = partitions_[key.partition].epoch;
  Reply reply{wire::fault_reply(waiting.message.header, code, text), {}, {}};
  if (const auto* command = waiting.message.as<wire::CommandT>()) {
    reply.key = record_key(*command);
    reply.body_hash = hash_text(*command);
  }
  checking.replies.push_back(std::move(reply));
  checking.original = std::move(waiting);
  check(std::move(checking));
}

void Core::Engine::refuse_gone(Slot& slot) {
  for (auto& waiting : std::exchange(slot.queue, {}))
    refuse_for_good(slot.key, std::move(waiting), Fault::gone, slot.key.scope + " was deleted");
  slot.gone = false;
  slot.tick = slot.reload = false;
}

/// Nothing changed: what is said leaves after a check of the epoch.
void Core::Engine::answer_batch(Slot& slot, Flight flight, Draft draft) {
  for (auto& answer : draft.answers) flight.replies.push_back({by_tick, Reply{std::move(answer), {}, {}}});
  std::map<std::size_t, Checking> checkings;
  for (auto& spoken : flight.replies) checkings[spoken.index].replies.push_back(std::move(spoken.reply));
  for (auto& asked : flight.reads) checkings[asked.index].reads.push_back(std::move(asked.read));
  for (auto& [index, checking] : checkings) {
    checking.key = slot.key;
    checking.epoch = flight.epoch;
    if (index != by_tick) checking.original = std::move(flight.batch[index]);
    check(std::move(checking));
  }
  rearm(slot);
  owe(slot);
  kick(slot);
}

void Core::Engine::commit_batch(Slot& slot, Flight flight, Draft draft) {
  store::Commit commit;
  commit.scope = slot.key.scope;
  commit.epoch = flight.epoch;
  commit.version = slot.version;
  commit.create = draft.create && slot.version == 0;  // a strike may have come before
  commit.remove = draft.remove;
  commit.keys = std::move(draft.keys);
  if (!draft.remove) {
    commit.state = slot.logic->save();
    commit.appends = std::move(draft.appends);
    commit.parts = std::move(draft.parts);
    commit.pieces = std::move(draft.pieces);
    commit.deletes = std::move(draft.deletes);
    if (const auto due = slot.logic->due()) commit.due_unix_ms = unix_ms(*due);
    flight.state_bytes = commit.state->size() + slot.logic->piece_bytes();
  }
  flight.removes = draft.remove;
  flight.answers = std::move(draft.answers);
  flight.events = std::move(draft.events);
  flight.spans = std::move(draft.spans);
  send_commit(slot, std::move(flight), std::move(commit));
}

void Core::Engine::commit_strike(Slot& slot) {
  Flight flight;
  flight.epoch = partitions_[slot.key.partition].epoch;
  flight.strike = true;
  flight.batch.push_back(std::move(slot.queue.front()));
  slot.queue.pop_front();
  store::Commit commit;
  commit.scope = slot.key.scope;
  commit.epoch = flight.epoch;
  commit.version = slot.version;
  commit.create = slot.version == 0;
  if (slot.version == 0) commit.state = slot.logic->save();
  commit.keys.push_back({fmt::format("~strike/{}/{}", flight.batch[0].strike_count + 1, key_in(flight.batch[0])), {}, {}});
  if (const auto due = slot.logic->due(); due && !CONVOKE_MUTATED(strike_without_due)) commit.due_unix_ms = unix_ms(*due);
  flight.state_bytes = slot.bytes;
  send_commit(slot, std::move(flight), std::move(commit));
}

void Core::Engine::send_commit(Slot& slot, Flight flight, store::Commit commit) {
  const Ticket number = ticket();
  commits_.emplace(number, slot.key);
  ++partitions_[slot.key.partition].flights;
  std::vector<wire::Trace> traces;
  for (const auto& waiting : flight.batch) {
    const auto& trace = waiting.message.header.trace;
    if (trace.span() != 0) traces.push_back(trace);
  }
  if (CONVOKE_MUTATED(answer_before_commit))
    for (const auto& answer : flight.answers) send(answer);
  if (CONVOKE_MUTATED(refusal_before_commit))
    for (const auto& spoken : flight.replies) send(spoken.reply.message);
  if (CONVOKE_MUTATED(cancel_before_commit))
    for (auto& message : slot.logic->owed(now_))
      if (message.as<wire::ControlT>() != nullptr) send(std::move(message));
  slot.flight = std::move(flight);
  act(CommitScope{number, std::move(commit), std::move(traces)});
}

/// When to look at it again. What is due and stays so is looked at once a second; an earlier look is not put off, or reads would do so for
/// ever.
void Core::Engine::rearm(Slot& slot) {
  const auto due = slot.logic->due();
  if (!due) return due_.erase(slot.key);
  const auto look = unix_ms(*due > now_.unix ? *due : now_.unix + sweep);
  const auto before = due_.at(slot.key);
  if (*due > now_.unix || !before || look < *before) due_.set(slot.key, look);
}

/// Sends what the committed state owes. With a commit in flight the state is not committed: its OK comes here again.
void Core::Engine::owe(Slot& slot) {
  if (!slot.logic || (slot.flight && !CONVOKE_MUTATED(work_before_commit)) || partitions_[slot.key.partition].hold != Hold::held) return;
  for (auto& message : slot.logic->owed(now_)) {
    const auto kind = message.header.dest_kind;
    if (kind == wire::DestKind::agent || kind == wire::DestKind::stream) message.header.partition = slot.key.partition;
    if (message.header.id.hi() == 0 && message.header.id.lo() == 0) message.header.id = wire::to_wire(ids_.next(now_.unix));
    const bool answered = message.as<wire::PushT>() == nullptr && message.as<wire::AnswerT>() == nullptr;
    if (answered) {
      Expected back;
      back.key = slot.key;
      if (const auto* command = message.as<wire::CommandT>()) back.about = command->scope;
      expect(wire::from_wire(message.header.id), std::move(back));
    }
    // What is said on a stream does not come back to who says it, and we are among those who follow teams.
    if (const auto* push = message.as<wire::PushT>(); push != nullptr && push->body.AsTeamChanged() != nullptr) on_push(message, *push);
    send(std::move(message));
  }
  wakes_.set(slot.key, slot.logic->wake());
}

}  // namespace convoke::groupchat::owner
