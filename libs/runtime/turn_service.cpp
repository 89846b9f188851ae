#include "runtime/turn_service.hpp"

#include <algorithm>

#include "core/async.hpp"
#include "core/backoff.hpp"
#include "core/hash.hpp"
#include "runtime/span_sender.hpp"
#include "telemetry/log.hpp"

namespace convoke::runtime {

namespace {

constexpr Millis ask_again{200};

bus::ClientOptions with_endpoints(bus::ClientOptions options, const Runtime& runtime) {
  options.intercoms = runtime.options().intercoms;
  return options;
}

std::string name_of(const Runtime& runtime, const std::string& service) {
  return runtime.options().name.empty() ? service : runtime.options().name;
}

agents::HostServices services_of(Runtime& runtime, bus::Client& bus) {
  return {runtime.io(), bus, [&runtime] { return runtime.now(); }, [&runtime] { return runtime.next_id(); },
          [&runtime](std::string name, asio::awaitable<void> task) { runtime.spawn(std::move(name), std::move(task)); }};
}

// From when its owner gave it (the time in the id of the message) until it begins here, as a span of the turn.
void tell_queueing(telemetry::Tracer& tracer, const agents::Turn& turn) {
  constexpr std::int64_t least_us = 5'000;  // what is shorter is the way, not a wait
  const auto& header = turn.header();
  auto span = tracer.start("queue", telemetry::SpanKind::consumer, {{header.trace.hi(), header.trace.lo()}, header.trace.span()},
                           turn.work().session);
  span.end_unix_us = span.start_unix_us;
  span.start_unix_us = static_cast<std::int64_t>(wire::from_wire(header.id).hi >> 16) * 1'000;
  if (span.end_unix_us - span.start_unix_us < least_us) return;
  span.set("gen_ai.agent.name", turn.work().agent);
  span.set("convoke.run", turn.work().run);
  tracer.record(std::move(span));
}

}  // namespace

TurnService::TurnService(Runtime& runtime, bus::ClientOptions bus, agents::HostOptions host, TurnServiceOptions options,
                         agents::TurnHost::Handler handler)
    : runtime_(runtime),
      options_(std::move(options)),
      bus_(runtime.io().get_executor(), with_endpoints(std::move(bus), runtime),
           {runtime.replica(), name_of(runtime, options_.service), options_.service}),
      teams_(bus_, host.query_deadline),
      host_(services_of(runtime, bus_), host, [&runtime, begin = std::move(handler)](agents::Turn& turn) {
        tell_queueing(runtime.tracer(), turn);
        return begin(turn);
      }) {}

void TurnService::start() {
  runtime_.set_ready("intercom", false, "not connected yet");
  if (!options_.team.empty()) runtime_.set_ready("team", false, "team " + options_.team + " is not known yet");
  bus_.on_message([this](wire::Message message) { on_message(std::move(message)); });
  bus_.on_link([this](bool up) { on_link(up); });
  if (!options_.team.empty()) bus_.subscribe({"team/" + options_.team});
  host_.serve(options_.agents);
  export_metrics();
  runtime_.spawn("bus", bus_.run(), OnFailure::stop);
  runtime_.spawn("turns", host_.run(), OnFailure::stop);
  runtime_.spawn("spans", send_spans(runtime_, bus_));
  runtime_.on_drain(DrainStep::stop_accepting, "turns", [this] { return stop_accepting(); });
  runtime_.on_drain(DrainStep::finish, "turns", [this] { return host_.finish(); });
  runtime_.on_drain(DrainStep::flush, "bus", [this] { return leave(); });
}

asio::awaitable<void> TurnService::stop_accepting() {
  host_.stop_accepting();
  co_return;
}

asio::awaitable<void> TurnService::leave() {
  flush_spans(runtime_, bus_);
  bus_.close();
  co_return;
}

asio::awaitable<Result<std::shared_ptr<const agents::TeamVersion>>> TurnService::team_of(agents::Turn& turn) {
  const auto& work = turn.work();
  while (true) {
    auto team = co_await teams_.get(work.team, work.team_version);
    if (team || !retryable(team.error().code) || turn.cancelled()) co_return team;
    co_await sleep_for(ask_again);
  }
}

void TurnService::on_message(wire::Message message) {
  if (host_.on_message(message)) return;
  if (const auto* push = message.as<wire::PushT>()) {
    const auto* changed = push->body.AsTeamChanged();
    if (changed == nullptr || changed->team != options_.team) return;
    wanted_version_ = std::max(wanted_version_, changed->version);
    if (!following_) runtime_.spawn("team", follow_team());
    return;
  }
  // Late answers and faults to what is not repeated (deltas, progress) end here.
  if (message.as<wire::AnswerT>() == nullptr && message.header.class_ != wire::Class::stream) {
    auto refusal = wire::fault_reply(message.header, Fault::unknown_kind, "a " + options_.service + " does not take that");
    bus_.send(std::move(refusal));
  }
}

void TurnService::on_link(bool up) {
  runtime_.set_ready("intercom", up, up ? std::string() : bus_.trouble());
  host_.on_link(up);
  // A change of the team may have been missed meanwhile.
  if (up && !options_.team.empty() && !following_) runtime_.spawn("team", follow_team());
}

asio::awaitable<void> TurnService::follow_team() {
  following_ = true;
  Backoff backoff(Millis{50}, Millis{1'000});
  while (true) {
    auto newest = co_await teams_.get(options_.team, 0);
    if (newest && (*newest)->version >= wanted_version_) {
      if ((*newest)->version == served_version_) break;
      served_version_ = (*newest)->version;
      if (options_.credit_of) host_.suggest_credit(options_.credit_of(*(*newest)->team));
      wire::TeamVersionT version;
      version.team = options_.team;
      version.version = served_version_;
      std::vector<wire::TeamVersionT> teams;
      teams.push_back(std::move(version));
      host_.serve(options_.agents, std::move(teams));
      runtime_.set_ready("team", true);
      telemetry::log::info("serves version {} of team {}", served_version_, options_.team);
      break;
    }
    if (!newest && !retryable(newest.error().code) && newest.error().code != Fault::not_found) {
      runtime_.set_ready("team", served_version_ != 0, newest.error().message);
      telemetry::log::warn("team {} cannot be read: {}", options_.team, newest.error().message);
      if (served_version_ != 0) break;
    }
    co_await sleep_for(backoff.next(system_random()));
  }
  following_ = false;
}

void TurnService::export_metrics() {
  auto running = runtime_.metrics().gauge("convoke_turns_running", "Turns that are being carried out");
  auto reporting = runtime_.metrics().gauge("convoke_turns_reporting", "Results that wait for the owner's answer");
  auto cached = runtime_.metrics().gauge("convoke_transcript_cache_bytes", "Transcripts kept between turns");
  runtime_.metrics().before_exposition([this, running, reporting, cached]() mutable {
    running.set(static_cast<double>(host_.book().running()));
    reporting.set(static_cast<double>(host_.book().reporting()));
    cached.set(static_cast<double>(host_.transcripts().bytes()));
  });
}

}  // namespace convoke::runtime
