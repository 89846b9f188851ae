#include "groupchat/service.hpp"

#include <cstdlib>
#include <stdexcept>

#include "runtime/span_sender.hpp"
#include "telemetry/log.hpp"

namespace convoke::groupchat {
namespace {

namespace asio = boost::asio;
namespace log = telemetry::log;

std::unique_ptr<store::Store> make_store(runtime::Runtime& runtime, const store::RedisOptions& options) {
  auto made = store::make_redis_store(runtime.io().get_executor(), options);
  if (!made) throw std::invalid_argument(made.error().message);
  return std::move(*made);
}

bus::ClientOptions with_endpoints(bus::ClientOptions options, const runtime::Runtime& runtime) {
  options.intercoms = runtime.options().intercoms;
  return options;
}

}  // namespace

Service::Service(runtime::Runtime& runtime, bus::ClientOptions bus, const store::RedisOptions& redis, owner::Options owner,
                 ServiceOptions options, const session::HandoutTimes& handout)
    : runtime_(runtime),
      options_(options),
      store_(make_store(runtime, redis)),
      bus_(runtime.io().get_executor(), with_endpoints(std::move(bus), runtime), {runtime.replica(), runtime.options().name, "groupchat"}),
      core_(owner, runtime.replica(), owner::make_logic_with(handout, std::max(options.listed, 1u)), system_random),
      drained_(runtime.io().get_executor()) {
  // Until Redis has told its time, ours is the best guess; nothing is committed before.
  const Now now = runtime_.now();
  offset_ = now.unix.time_since_epoch() - now.steady.time_since_epoch();
}

void Service::start() {
  runtime_.set_ready("intercom", false, "not connected yet");
  runtime_.set_ready("redis", false, "not connected yet");
  runtime_.set_ready("partitions", false, "none assigned yet");
  bus_.on_message([this](wire::Message message) { feed(owner::Received{std::move(message)}); });
  bus_.on_view([this](const wire::ViewT& view) { feed(owner::Viewed{view}); });
  bus_.on_link([this](bool up) {
    runtime_.set_ready("intercom", up, up ? std::string() : bus_.trouble());
    if (up)
      feed(owner::BusRestored{});
    else
      feed(owner::BusLost{});
  });
  store_->on_link([this](const store::Link& link) { on_link(link); });
  bus_.set_registration(registration_);
  runtime_.metrics().before_exposition([this] { publish_metrics(); });
  runtime_.spawn("redis", store_->run(), runtime::OnFailure::stop);
  runtime_.spawn("bus", bus_.run(), runtime::OnFailure::stop);
  runtime_.spawn("tick", tick(), runtime::OnFailure::stop);
  runtime_.spawn("time", keep_time());
  runtime_.spawn("spans", runtime::send_spans(runtime_, bus_));
  runtime_.spawn("span store", keep_spans());
  runtime_.on_drain(runtime::DrainStep::finish, "partitions", [this] { return drain(); });
  runtime_.on_drain(runtime::DrainStep::flush, "bus", [this] { return leave(); });
}

Now Service::now() const {
  const auto steady = runtime_.now().steady;
  return {steady, UnixTime{steady.time_since_epoch() + offset_}};
}

void Service::feed(owner::Event event) {
  events_.push_back(std::move(event));
  if (feeding_) return;
  feeding_ = true;
  try {
    while (!events_.empty()) {
      owner::Event next = std::move(events_.front());
      events_.pop_front();
      for (auto& action : core_.on_event(std::move(next), now())) perform(std::move(action));
    }
  } catch (const std::exception& error) {
    // A bug. What is in memory may be half of something; what is in Redis is whole: the next owner goes on from there.
    log::error("the owner core failed: {}; the process ends", error.what());
    log::flush();
    std::abort();
  }
  feeding_ = false;
}

namespace {

/// What says that the core met a bug is for us as much as for whoever asked.
void log_defect(const wire::Message& message) {
  const auto* answer = message.as<wire::AnswerT>();
  const auto* fault = answer != nullptr ? answer->body.AsFault() : nullptr;
  if (fault == nullptr || static_cast<Fault>(fault->code) != Fault::internal) return;
  log::error("partition {} answers INTERNAL: {}", message.header.partition, fault->text);
}

}  // namespace

void Service::perform(owner::Action action) {
  if (auto* send = std::get_if<owner::Send>(&action)) {
    log_defect(send->message);
    bus_.send(std::move(send->message));
  } else if (auto* commit = std::get_if<owner::CommitScope>(&action)) {
    this->commit(std::move(*commit));
  } else if (auto* wanted = std::get_if<owner::LoadScope>(&action)) {
    runtime_.spawn("load", load(std::move(*wanted)));
  } else if (auto* check_wanted = std::get_if<owner::Check>(&action)) {
    runtime_.spawn("check", check(std::move(*check_wanted)));
  } else if (auto* log_wanted = std::get_if<owner::ReadLog>(&action)) {
    runtime_.spawn("read log", read_log(std::move(*log_wanted)));
  } else if (auto* part_wanted = std::get_if<owner::ReadPart>(&action)) {
    runtime_.spawn("read part", read_part(std::move(*part_wanted)));
  } else if (auto* spans_wanted = std::get_if<owner::ReadSpans>(&action)) {
    runtime_.spawn("read spans", read_spans(std::move(*spans_wanted)));
  } else if (auto* claim_wanted = std::get_if<owner::Claim>(&action)) {
    runtime_.spawn("claim", claim(std::move(*claim_wanted)));
  } else if (auto* due_wanted = std::get_if<owner::ReadDue>(&action)) {
    runtime_.spawn("read due", read_due(std::move(*due_wanted)));
  } else if (auto* spans = std::get_if<owner::AppendSpans>(&action)) {
    keep_for_later(std::move(*spans));
  } else if (const auto* announced = std::get_if<owner::Announce>(&action)) {
    announce(*announced);
  } else if (auto* follow = std::get_if<owner::Follow>(&action)) {
    bus_.subscribe({std::move(follow->stream)});
  } else if (std::holds_alternative<owner::Drained>(action)) {
    drained_.set();
  }
}

void Service::commit(owner::CommitScope wanted) {
  const auto start_ms = unix_ms(runtime_.now().unix);
  const auto begun = std::chrono::steady_clock::now();
  auto done = [this, ticket = wanted.ticket, traces = std::move(wanted.traces), scope = wanted.commit.scope, start_ms,
               begun](store::CommitAnswer answer) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
    if (answer.ok()) trace_commit(scope, traces, start_ms * 1000, took.count());
    feed(owner::CommitDone{ticket, std::move(answer)});
  };
  store_->commit(std::move(wanted.commit), std::move(done));
}

asio::awaitable<void> Service::load(owner::LoadScope wanted) {
  auto scope = co_await store_->load(std::move(wanted.scope));
  feed(owner::Loaded{wanted.ticket, std::move(scope)});
}

asio::awaitable<void> Service::check(owner::Check wanted) {
  owner::CheckAnswer answer;
  auto epochs = co_await store_->epochs(std::move(wanted.partitions));
  if (!epochs) {
    feed(owner::Checked{wanted.ticket, std::unexpected(epochs.error())});
    co_return;
  }
  answer.epochs = std::move(*epochs);
  for (auto& look_up : wanted.look_ups) {
    auto recorded = co_await store_->keys(std::move(look_up.scope), std::move(look_up.keys));
    if (!recorded) {
      feed(owner::Checked{wanted.ticket, std::unexpected(recorded.error())});
      co_return;
    }
    answer.recorded.push_back(std::move(*recorded));
  }
  feed(owner::Checked{wanted.ticket, std::move(answer)});
}

asio::awaitable<void> Service::read_log(owner::ReadLog wanted) {
  auto page = co_await store_->read_log(std::move(wanted.query));
  feed(owner::LogRead{wanted.ticket, std::move(page)});
}

asio::awaitable<void> Service::read_part(owner::ReadPart wanted) {
  auto bytes = co_await store_->read_part(std::move(wanted.scope), std::move(wanted.name));
  feed(owner::PartRead{wanted.ticket, std::move(bytes)});
}

asio::awaitable<void> Service::read_spans(owner::ReadSpans wanted) {
  store_spans();
  auto spans = co_await store_->spans_read(std::move(wanted.session));
  feed(owner::SpansRead{wanted.ticket, std::move(spans)});
}

asio::awaitable<void> Service::claim(owner::Claim wanted) {
  auto answers = co_await store_->claim(std::move(wanted.claims));
  feed(owner::Claimed{wanted.ticket, std::move(answers)});
}

asio::awaitable<void> Service::read_due(owner::ReadDue wanted) {
  auto pages = co_await store_->due(std::move(wanted.queries));
  feed(owner::DueRead{wanted.ticket, std::move(pages)});
}

void Service::announce(const owner::Announce& announced) {
  registration_.claims = announced.claims;
  registration_.teams = announced.teams;
  bus_.set_registration(registration_);
}

void Service::on_link(const store::Link& link) {
  if (link.failed_over) log::warn("A replica of Redis took over: commits that it had not received yet are missing");
  runtime_.set_ready("redis", link.up, link.text);
  if (!link.up) log::warn("Redis is away: {}", link.text);
  feed(owner::LinkChanged{link.up, link.generation, link.reason, link.text});
}

asio::awaitable<void> Service::tick() {
  std::string trouble = "none assigned yet";
  while (true) {
    feed(owner::Tick{});
    if (auto present = core_.trouble(); present != trouble) {
      trouble = std::move(present);
      runtime_.set_ready("partitions", trouble.empty(), trouble);
    }
    co_await sleep_for(options_.tick);
  }
}

asio::awaitable<void> Service::keep_time() {
  while (true) {
    auto offset = co_await store_->time_offset();
    if (offset) offset_ = *offset;
    co_await sleep_for(offset ? options_.ask_time : Millis{100});
  }
}

// A draining replica is assigned nothing: others take its partitions as it lets go of them.
asio::awaitable<void> Service::drain() {
  registration_.draining = true;
  bus_.set_registration(registration_);
  feed(owner::Drain{});
  co_await drained_.wait();
}

asio::awaitable<void> Service::leave() {
  runtime::flush_spans(runtime_, bus_);
  store_spans();
  bus_.close();
  store_->close();
  co_return;
}

}  // namespace convoke::groupchat
