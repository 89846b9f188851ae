#include "owner_process.hpp"

#include "world.hpp"

namespace convoke::sim {
namespace {

/// Changes what is in Redis: may be carried out although nobody hears of it.
bool is_write(const own::Action& action) {
  return std::holds_alternative<own::CommitScope>(action) || std::holds_alternative<own::Claim>(action);
}

}  // namespace

void OwnerProcess::boot() {
  boot_bus(false);
  auto options = world_.profile.owner;
  options.format = newer() ? 2 : 1;
  core_ = std::make_unique<own::Core>(options, replica(), groupchat::owner::make_logic, [this] { return world_.random.next(); });
  announced_ = {};
  redis_up_ = draining_ = false;
  generation_ = 0;
  pending_.clear();
  connect_redis(link_);
}

void OwnerProcess::die() {
  die_bus();
  // What was on its way to Redis when the process died may still be carried out, unseen.
  for (const auto& pending : std::exchange(pending_, {})) land_late(pending, Millis{world_.random.chance(20) ? 3'000 : 400});
  redis_up_ = false;
  ++link_;
  core_.reset();
}

void OwnerProcess::drain() {
  if (!alive() || draining_) return;
  draining_ = true;
  world_.say([&] { return fmt::format("{} drains", name()); });
  restate();
  feed(own::Drain{});
  post(Millis{5'000}, [this] { crash("did not drain in time"); });
}

void OwnerProcess::tick() {
  step_bus();
  if (alive()) feed(own::Tick{});
}

// `link`: the loss after which this is tried; one that came meanwhile has an attempt of its own.
void OwnerProcess::connect_redis(std::uint64_t link) {
  if (link != link_ || redis_up_ || !world_.redis_up) return;
  redis_up_ = true;
  last_ = Millis{0};
  feed(own::LinkChanged{true, ++generation_, store::Reason::none, {}});
}

void OwnerProcess::break_redis(Millis away) {
  if (!alive() || !redis_up_) return;
  world_.say([&] { return fmt::format("{} loses Redis for {} ms", name(), away.count()); });
  redis_up_ = false;
  ++link_;
  auto lost_ones = std::exchange(pending_, {});
  post(Millis{0}, [this, away, link = link_] {
    feed(own::LinkChanged{false, generation_, store::Reason::away, "the connection ended"});
    post(away, [this, link] { connect_redis(link); });
  });
  for (const auto& pending : lost_ones) {
    land_late(pending, Millis{300});
    post(Millis{0}, [this, pending] { feed(lost(pending->action)); });
  }
}

// Some of what was under way is carried out although nobody hears of it: before, or long after, the connection or a successor is there.
void OwnerProcess::land_late(const std::shared_ptr<Pending>& pending, Millis within) {
  if (pending->done || !is_write(pending->action) || world_.random.chance(50)) return;
  world_.clock.after(world_.random.millis(0, within.count()), [this, pending] {
    if (!world_.redis_up) return;
    (void)execute(pending->action);
    if (std::holds_alternative<own::Claim>(pending->action)) ++world_.met.late_claims;
  });
}

void OwnerProcess::redis_changed() {
  if (!alive()) return;
  if (!world_.redis_up) return break_redis(Millis{INT32_MAX});
  post(world_.random.millis(5, 200), [this, link = link_] { connect_redis(link); });
}

// An older version does not know one kind of command yet: it says so, and whoever asks repeats it until a newer one is there.
void OwnerProcess::on_message(wire::Message message) {
  const auto* command = message.as<wire::CommandT>();
  if (!newer() && command != nullptr && world_.profile.lacks != wire::CommandBody::NONE && command->body.type == world_.profile.lacks) {
    ++world_.met.unknown;
    send(wire::fault_reply(message.header, Fault::unknown_kind, "this version does not know that command"));
    return;
  }
  if (const auto* state = message.as<wire::WorkStateT>())
    world_.say([&] {
      return fmt::format("{} hears of {} turn {} attempt {}: {}", name(), state->agent, state->turn, state->attempt,
                         wire::EnumNameWorkStatus(state->status));
    });
  feed(own::Received{std::move(message)});
}

void OwnerProcess::on_view(const wire::ViewT& view) { feed(own::Viewed{view}); }

void OwnerProcess::on_link(bool up) {
  if (up)
    feed(own::BusRestored{});
  else
    feed(own::BusLost{});
}

wire::RegisterT OwnerProcess::registration() {
  wire::RegisterT statement;
  statement.claims = announced_.claims;
  statement.teams = announced_.teams;
  statement.draining = draining_;
  return statement;
}

void OwnerProcess::feed(own::Event event) {
  if (!alive() || !core_) return;
  if (const auto* received = std::get_if<own::Received>(&event)) world_.checks.received(*this, received->message);
  auto actions = core_->on_event(std::move(event), now());
  world_.checks.sizes(*this);
  perform_all(std::move(actions));
}

void OwnerProcess::perform_all(std::vector<own::Action> actions) {
  for (auto at = actions.begin(); at != actions.end() && alive(); ++at) {
    const bool stops = is_write(*at) && world_.freeze_here(*this).count() > 0;
    if (stops) {  // this one, and what comes after it, leave when it is awake again
      return arrive([this, rest = std::vector(std::make_move_iterator(at), std::make_move_iterator(actions.end()))]() mutable {
        perform_all(std::move(rest));
      });
    }
    perform(std::move(*at));
  }
}

void OwnerProcess::note(const own::Send& action) {
  world_.checks.owner_sends(*this, action.message);
  const auto* answer = action.message.as<wire::AnswerT>();
  const auto* fault = answer != nullptr ? answer->body.AsFault() : nullptr;
  if (fault != nullptr && static_cast<Fault>(fault->code) == Fault::overloaded) ++world_.met.overloaded;
}

void OwnerProcess::perform(own::Action action) {
  if (auto* one = std::get_if<own::Send>(&action)) {
    note(*one);
    send(std::move(one->message));
  } else if (auto* statement = std::get_if<own::Announce>(&action)) {
    announced_ = std::move(*statement);
    restate();
  } else if (const auto* stream = std::get_if<own::Follow>(&action)) {
    subscribe(stream->stream);
  } else if (std::holds_alternative<own::Drained>(action)) {
    leave();
    post(Millis{5}, [this] { crash("drained"); });
  } else if (auto* spans = std::get_if<own::AppendSpans>(&action)) {
    if (redis_up_) (void)world_.memory.spans_append(spans->session, std::move(spans->spans));
  } else {
    to_store(std::move(action));
  }
}

void OwnerProcess::to_store(own::Action action) {
  if (is_write(action) && boundary("before a commit or claim")) return;
  auto pending = std::make_shared<Pending>(std::move(action));
  if (!redis_up_) {
    post(Millis{0}, [this, pending] {
      if (const auto* one = std::get_if<own::CommitScope>(&pending->action)) {
        store::CommitAnswer refusal;
        refusal.outcome = store::Outcome::refused;
        refusal.reason = store::Reason::away;
        return feed(own::CommitDone{one->ticket, std::move(refusal)});
      }
      feed(lost(pending->action));
    });
    return;
  }
  pending_.push_back(pending);
  // Claims are few, and each of them counts as many boundaries.
  const int boundaries = std::holds_alternative<own::Claim>(pending->action)         ? 10
                         : std::holds_alternative<own::CommitScope>(pending->action) ? 1
                                                                                     : 0;
  for (int i = 0; i < boundaries; ++i)
    if (boundary("after a commit or claim has left")) return;
  const Millis slow = world_.redis_slow.count() > 0 ? world_.random.millis(0, world_.redis_slow.count()) : Millis{0};
  last_ = std::max(last_, world_.clock.now() + world_.random.millis(0, 1) + slow);
  world_.clock.at(last_, [this, pending, link = link_, life = incarnation()] {
    if (life == incarnation() && link == link_ && alive()) carry_out(link, pending);
  });
}

// Redis does it, whether or not the process still runs; the answer comes to it later.
void OwnerProcess::carry_out(std::uint64_t link, const std::shared_ptr<Pending>& pending) {
  const bool writes = is_write(pending->action);
  auto answer = std::make_shared<own::Event>(execute(pending->action));
  pending->done = true;
  if (writes && boundary("after a commit or claim, before its answer")) return;
  post(world_.random.millis(0, 1), [this, link, pending, answer] {
    if (link != link_) return;
    std::erase(pending_, pending);
    feed(std::move(*answer));
  });
}

own::Event OwnerProcess::commit(const own::CommitScope& action) {
  auto answer = refusal();
  if (answer.reason == store::Reason::none) answer = world_.memory.commit(action.commit);
  world_.say([&] {
    return fmt::format("{} commits {} to version {}: {}", name(), action.commit.scope, action.commit.version + 1,
                       answer.ok() ? "ok" : fmt::format("refused ({}) {}", static_cast<int>(answer.outcome), answer.text));
  });
  if (answer.ok()) world_.checks.committed(*this, action.commit);
  if (answer.outcome == store::Outcome::refused_epoch) ++world_.met.zombies;
  if (answer.ok() && !action.commit.keys.empty() && action.commit.keys.front().key.starts_with("~strike/")) ++world_.met.strikes;
  return own::CommitDone{action.ticket, std::move(answer)};
}

// For what it is, not for how Redis is: now and then, while things go wrong.
store::CommitAnswer OwnerProcess::refusal() {
  store::CommitAnswer answer;
  if (!world_.profile.store_refuses || (!world_.has(tight) && !world_.has(redis_outage)) || world_.healing() || !world_.random.chance(2))
    return answer;
  answer.outcome = store::Outcome::refused;
  answer.reason = world_.random.chance(50) ? store::Reason::overloaded : store::Reason::too_large;
  answer.text = "refused by the simulation";
  return answer;
}

own::Event OwnerProcess::claim(const own::Claim& action) {
  std::vector<store::ClaimAnswer> answers;
  for (const auto& claim : action.claims) {
    const auto answer = world_.memory.claim(claim);
    if (!answer) return own::Claimed{action.ticket, std::unexpected(answer.error())};
    if (answer->held) world_.checks.claimed(claim.partition, answer->epoch);  // else: a newer format, left alone
    answers.push_back(*answer);
  }
  return own::Claimed{action.ticket, std::move(answers)};
}

own::Event OwnerProcess::execute(const own::Action& action) {
  store::Memory& memory = world_.memory;
  if (const auto* one = std::get_if<own::CommitScope>(&action)) return commit(*one);
  if (const auto* one = std::get_if<own::LoadScope>(&action)) return own::Loaded{one->ticket, memory.load(one->scope)};
  if (const auto* one = std::get_if<own::Check>(&action)) {
    own::CheckAnswer found;
    for (const auto number : one->partitions) found.epochs.push_back({number, memory.epoch(number)});
    for (const auto& look_up : one->look_ups) {
      world_.checks.looked_up(look_up.scope, look_up.keys);
      found.recorded.push_back(memory.keys(look_up.scope, look_up.keys));
    }
    return own::Checked{one->ticket, std::move(found)};
  }
  if (const auto* one = std::get_if<own::ReadLog>(&action)) return own::LogRead{one->ticket, memory.read_log(one->query)};
  if (const auto* one = std::get_if<own::ReadPart>(&action)) {
    auto part = memory.read_part(one->scope, one->name);
    if (!part) return own::PartRead{one->ticket, convoke::fail(Fault::not_found, "no such part")};
    return own::PartRead{one->ticket, std::move(*part)};
  }
  if (const auto* one = std::get_if<own::ReadSpans>(&action)) return own::SpansRead{one->ticket, memory.spans_read(one->session)};
  if (const auto* one = std::get_if<own::Claim>(&action)) return claim(*one);
  const auto& due = std::get<own::ReadDue>(action);
  std::vector<std::vector<store::Due>> pages;
  pages.reserve(due.queries.size());
  for (const auto& query : due.queries) pages.push_back(memory.due(query));
  return own::DueRead{due.ticket, std::move(pages)};
}

// What the store says to a call whose connection ended.
own::Event OwnerProcess::lost(const own::Action& action) {
  const auto away = [] { return convoke::fail(Fault::unavailable, "the connection to Redis ended"); };
  if (const auto* one = std::get_if<own::CommitScope>(&action)) return own::CommitDone{one->ticket, store::CommitAnswer{}};
  if (const auto* one = std::get_if<own::LoadScope>(&action)) return own::Loaded{one->ticket, away()};
  if (const auto* one = std::get_if<own::Check>(&action)) return own::Checked{one->ticket, away()};
  if (const auto* one = std::get_if<own::ReadLog>(&action)) return own::LogRead{one->ticket, away()};
  if (const auto* one = std::get_if<own::ReadPart>(&action)) return own::PartRead{one->ticket, away()};
  if (const auto* one = std::get_if<own::ReadSpans>(&action)) return own::SpansRead{one->ticket, away()};
  if (const auto* one = std::get_if<own::Claim>(&action)) return own::Claimed{one->ticket, away()};
  return own::DueRead{std::get<own::ReadDue>(action).ticket, away()};
}

}  // namespace convoke::sim
