// Where a message goes: to a scope of ours, to the replica that won its partition, to whoever waits for an answer, or back with a fault.
#include <fmt/format.h>

#include <algorithm>

#include "core/hash.hpp"
#include "core/mutation.hpp"
#include "groupchat/owner/engine.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat::owner {
namespace {

constexpr std::size_t max_scope_bytes = 300;
constexpr std::size_t max_heads = 4096;

std::optional<std::string> scope_of(const wire::Message& message) {
  if (const auto* command = message.as<wire::CommandT>()) return command->scope;
  if (const auto* query = message.as<wire::QueryT>()) return query->scope;
  if (const auto* report = message.as<wire::ReportT>()) return "s:" + report->session;
  if (const auto* state = message.as<wire::WorkStateT>()) return "s:" + state->session;
  return std::nullopt;
}

bool is_volatile(const wire::Message& message) {
  if (const auto* report = message.as<wire::ReportT>()) return report->body.type == wire::ReportBody::Progress;
  if (const auto* state = message.as<wire::WorkStateT>()) {
    return state->status != wire::WorkStatus::lost && state->status != wire::WorkStatus::overloaded;
  }
  return false;
}

bool is_scope(std::string_view scope) {
  const bool kind = scope.starts_with("s:") || scope.starts_with("u:") || scope.starts_with("t:");
  if (!kind || scope.size() < 3 || scope.size() > max_scope_bytes) return false;
  return std::ranges::all_of(scope, [](char c) { return c > 0x20 && c < 0x7f; });
}

Key key_of(std::string scope) { return Key{partition_of(scope), std::move(scope)}; }

}  // namespace

void Core::Engine::on(Received& event) {
  wire::Message& message = event.message;
  if (const auto* push = message.as<wire::PushT>()) return on_push(message, *push);
  if (message.as<wire::AnswerT>() != nullptr) return on_answer(message);
  const auto* query = message.as<wire::QueryT>();
  const auto* heads = query != nullptr ? query->body.AsReadHeads() : nullptr;
  if (heads != nullptr) return on_heads(std::move(message), *heads);
  auto scope = scope_of(message);
  const bool directory = query != nullptr && query->body.type == wire::QueryBody::ReadDirectory;
  Waiting refused;
  if (!scope || directory) {
    if (message.header.class_ == wire::Class::stream || message.header.class_ == wire::Class::link) return;
    refused.message = std::move(message);
    return fault(refused, Fault::unknown_kind, fmt::format("groupchat does not handle message kind {}", refused.message.header.kind));
  }
  if (!is_scope(*scope)) {
    refused.message = std::move(message);
    return fault(refused, Fault::invalid, "a scope is s:<session>, u:<user> or t:<team>");
  }
  Key key = key_of(std::move(*scope));
  if (message.header.partition != key.partition) {
    refused.message = std::move(message);
    return fault(refused, Fault::invalid,
                 fmt::format("{} is in partition {}, not {}", key.scope, key.partition, refused.message.header.partition));
  }
  if (is_volatile(message)) return note(key, std::move(message));
  accept(std::move(message), std::move(key));
}

void Core::Engine::on_push(wire::Message& message, const wire::PushT& push) {
  if (const auto* delta = push.body.AsDelta()) {
    return note(key_of(fmt::format("s:{}", session_of(delta->conversation))), std::move(message));
  }
  if (const auto* changed = push.body.AsTeamChanged()) {
    if (changed->version > teams_.head(changed->team) && teams_.head(changed->team) != 0) want_team({changed->team, changed->version});
    return;
  }
  if (const auto* batch = push.body.AsSpanBatch()) {
    std::map<std::string, std::vector<std::string>> sessions;
    for (const auto& span : batch->spans) sessions[span.session].push_back(wire::pack(span));
    for (auto& [session, spans] : sessions) {
      const bool ours = partitions_[partition_of("s:" + session)].hold == Hold::held;
      if (ours && is_scope("s:" + session)) act(AppendSpans{session, std::move(spans)});
    }
  }
}

void Core::Engine::on_answer(wire::Message& message) {
  const auto found = expected_.find(wire::from_wire(message.header.correlation));
  if (found == expected_.end()) return;
  const Expected expected = std::move(found->second);
  expected_.erase(found);
  switch (expected.what) {
    case Expected::What::scope: message.header.dest = expected.about; return note(expected.key, std::move(message));
    case Expected::What::team: return team_answered(expected.version, *message.as<wire::AnswerT>());
    case Expected::What::relay:
      message.header.dest_kind = wire::DestKind::replica;
      message.header.dest_replica = wire::to_wire(expected.source);
      message.header.source.clear();
      return send(std::move(message));
  }
}

/// Heads of conversations of many sessions: asked of each session, answered together.
void Core::Engine::on_heads(wire::Message message, const wire::ReadHeadsT& heads) {
  const auto& query = *message.as<wire::QueryT>();
  std::map<std::string, std::vector<std::string>> sessions;
  for (const auto& conversation : heads.conversations) {
    sessions[fmt::format("s:{}", session_of(conversation))].push_back(conversation);
  }
  Waiting refused;
  if (heads.conversations.size() > max_heads || taken_ + sessions.size() > options_.queue_total) {
    refused.message = std::move(message);
    return fault(refused, Fault::overloaded, "too many conversations in one request; ask for fewer", options_.overloaded_retry);
  }
  const std::uint64_t number = ++gather_number_;
  Gather& gather = gathers_[number];
  gather.request = message.header;
  gather.open = sessions.size() + 1;
  for (const auto& [scope, conversations] : sessions) {
    wire::ReadHeadsT part;
    part.conversations = conversations;
    wire::QueryT asked;
    asked.scope = scope;
    asked.user = query.user;
    asked.body.Set(std::move(part));
    wire::Message one = wire::message(std::move(asked));
    one.header = message.header;
    Key key = key_of(scope);
    if (is_scope(scope) && key.partition == message.header.partition) {
      accept(std::move(one), std::move(key), number);
    } else {
      refused.message = std::move(one);
      refused.gather = number;
      fault(refused, Fault::invalid, "not in this partition");
    }
  }
  gathered(number, wire::reply(message.header, wire::HeadsT{}));
}

void Core::Engine::gathered(std::uint64_t number, const wire::Message& message) {
  const auto found = gathers_.find(number);
  if (found == gathers_.end()) return;
  Gather& gather = found->second;
  const auto* answer = message.as<wire::AnswerT>();
  const auto* heads = answer != nullptr ? answer->body.AsHeads() : nullptr;
  if (heads != nullptr) std::ranges::copy(heads->heads, std::back_inserter(gather.heads.heads));
  if (--gather.open > 0) return;
  auto reply = wire::reply(gather.request, std::move(gather.heads));
  gathers_.erase(found);
  send(std::move(reply));
}

/// What changes nothing durable: given to the scope if it is here, kept while it is being loaded, else of no use.
void Core::Engine::note(const Key& key, wire::Message message) {
  Slot* slot = find(key);
  if (slot == nullptr || partitions_[key.partition].hold != Hold::held) {
    ++counters_.notes_dropped;
    return;
  }
  if (slot->logic) {
    slot->logic->note(message, now_);
    if (message.as<wire::PushT>() == nullptr) owe(*slot);  // deltas are many, and nothing is owed because of them
  } else if (slot->notes.size() < options_.notes_per_scope) {
    slot->notes.push_back(std::move(message));
  } else {
    ++counters_.notes_dropped;
  }
}

void Core::Engine::accept(wire::Message message, Key key, std::uint64_t gather) {
  Waiting waiting;
  waiting.gather = gather;
  const auto ttl = message.header.ttl_ms == 0 ? options_.default_ttl : Millis{message.header.ttl_ms};
  waiting.deadline = now_.steady + ttl;
  waiting.message = std::move(message);
  const Slot* slot = find(key);
  const bool scope_full =
      slot != nullptr && slot->queue.size() + slot->parked.size() >= options_.queue_per_scope && !CONVOKE_MUTATED(queue_unbounded);
  // Messages that wait for a team version keep their places: whoever asks for one is let in beside them, or it would never come.
  const auto* query = waiting.message.as<wire::QueryT>();
  const bool is_waited_for = query != nullptr && query->body.AsReadTeam() != nullptr && key.scope.starts_with("t:");
  const std::size_t most = std::size_t{options_.queue_total} + (is_waited_for ? options_.queue_per_scope : 0);
  if (scope_full || taken_ >= most) {
    return fault(waiting, Fault::overloaded, fmt::format("too much waits for {}; repeat later with the same key", key.scope),
                 options_.overloaded_retry);
  }
  waiting.place = Place(taken_);
  enter(std::move(waiting), key, false);
}

void Core::Engine::enter(Waiting waiting, const Key& key, bool front) {
  const Hold hold = partitions_[key.partition].hold;
  if (hold == Hold::unclaimed || hold == Hold::releasing) return not_here(std::move(waiting), key);
  Slot& target = slot(key);
  if (front) {
    waiting.back = true;
    target.queue.push_front(std::move(waiting));
  } else {
    target.queue.push_back(std::move(waiting));
  }
  kick(target);
}

/// In the order in which they came, before everything that waits.
void Core::Engine::again(std::vector<Waiting> batch, const Key& key) {
  while (!batch.empty()) {
    Waiting waiting = std::move(batch.back());
    batch.pop_back();
    enter(std::move(waiting), key, true);
  }
}

/// A message for a partition that is not held here: on to the winner, once, for a while after it was lost; else its sender has to find out.
void Core::Engine::not_here(Waiting waiting, const Key& key) {
  const Partition& partition = partitions_[key.partition];
  const bool known = partition.hold == Hold::unclaimed && partition.winner && now_.steady < partition.forward_until;
  wire::HeaderT& header = waiting.message.header;
  if (known && header.forwards == 0 && waiting.gather == 0 && waiting.deadline > now_.steady) {
    ++counters_.forwarded;
    ++header.forwards;
    header.dest_kind = wire::DestKind::replica;
    header.dest_replica = wire::to_wire(partition.winner);
    header.ttl_ms = static_cast<std::uint32_t>((waiting.deadline - now_.steady).count());
    Expected back;
    back.what = Expected::What::relay;
    back.source = wire::from_wire(header.source_replica);
    expect(wire::from_wire(header.id), std::move(back));
    return send(std::move(waiting.message));
  }
  if (!known) return fault(waiting, Fault::no_owner, fmt::format("partition {} is not held here; repeat", key.partition));
  auto moved = wire::make_fault(Fault::moved, fmt::format("partition {} is held by {}", key.partition, to_string(partition.winner)));
  moved.owner = wire::to_wire(partition.winner);
  leave(&waiting, wire::reply(header, std::move(moved)));
}

void Core::Engine::expect(const Uuid& id, Expected expected) {
  if (!expected_.insert_or_assign(id, std::move(expected)).second) return;
  expiries_.emplace_back(now_.steady + options_.answer_within, id);
  while (expiries_.size() > options_.max_asked) {
    expected_.erase(expiries_.front().second);
    expiries_.pop_front();
  }
}

}  // namespace convoke::groupchat::owner
