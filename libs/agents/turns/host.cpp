#include "agents/turns/host.hpp"

#include <algorithm>

#include "telemetry/log.hpp"

namespace convoke::agents {

namespace {

constexpr Millis tick_interval{100};
constexpr Millis free_interval{10};
constexpr std::uint32_t default_credit = 64;

BookOptions book_options(const HostOptions& options) {
  BookOptions result;
  result.credit = options.credit != 0 ? options.credit : default_credit;
  result.repeat = options.repeat;
  result.start_within = options.start_within;
  return result;
}

wire::TurnResultT failed(Fault fault, std::string text) {
  wire::TurnResultT result;
  result.outcome = wire::Outcome::failed;
  result.fault = static_cast<std::uint16_t>(fault);
  result.text = std::move(text);
  return result;
}

std::string what_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace

TurnHost::TurnHost(HostServices services, HostOptions options, Handler handler)
    : services_(std::move(services)),
      options_(options),
      handler_(std::move(handler)),
      book_(book_options(options), services_.next_id),
      transcripts_({options.transcript_cache, options.transcript_entries, options.transcript_keep}),
      performed_(services_.io.get_executor()),
      free_timer_(services_.io) {}

void TurnHost::serve(std::vector<std::string> agents, std::vector<wire::TeamVersionT> teams) {
  agents_ = std::move(agents);
  teams_ = std::move(teams);
  wire::RegisterT registration;
  registration.agents = agents_;
  registration.teams = teams_;
  registration.credit = book_.credit();
  registration.held = book_.held();
  registration.draining = draining_;
  registration.discovered_tools = discovered_;
  services_.bus.set_registration(std::move(registration));
  services_.bus.set_free(book_.free());
}

void TurnHost::discovered(std::string tools) {
  discovered_ = std::move(tools);
  serve(agents_, teams_);
}

void TurnHost::suggest_credit(std::uint32_t credit) {
  if (options_.credit == 0 && credit != 0) book_.set_credit(credit);
}

bool TurnHost::on_message(wire::Message& message) {
  bool ours = true;
  if (auto* work = message.as<wire::WorkT>()) {
    book_.on_work(std::move(message.header), std::move(*work), steady());
  } else if (const auto* control = message.as<wire::ControlT>()) {
    book_.on_control(message.header, *control, steady());
  } else if (const auto* answer = message.as<wire::AnswerT>()) {
    ours = book_.on_answer(message.header, *answer, steady());
  } else {
    ours = false;
  }
  perform();
  return ours;
}

void TurnHost::on_link(bool up) {
  // The registration is stated again by the client as soon as it has connected: what is held has to be in it by then.
  if (up) {
    book_.on_link(steady());
  } else {
    serve(agents_, teams_);
  }
  perform();
}

asio::awaitable<void> TurnHost::run() {
  while (true) {
    co_await sleep_for(tick_interval);
    book_.tick(steady());
    transcripts_.tick(steady());
    perform();
  }
}

void TurnHost::stop_accepting() {
  draining_ = true;
  book_.drain();
  serve(agents_, teams_);
  perform();
}

asio::awaitable<void> TurnHost::finish() {
  const auto patience = steady() + options_.finish_within;
  while (book_.running() + book_.reporting() > 0) {
    performed_.reset();
    co_await performed_.wait_for(handing_back_ ? options_.finish_within : std::max(patience - steady(), Millis{1}));
    if (handing_back_ || book_.running() == 0 || steady() < patience) continue;
    handing_back_ = true;
    auto running = turns_;
    for (auto& [key, turn] : running) turn->halt_.set();
  }
}

Turn* TurnHost::find(const TurnKey& key) {
  const auto found = turns_.find(key);
  return found == turns_.end() ? nullptr : found->second.get();
}

void TurnHost::perform() {
  if (performing_) return;  // the outer call takes what was added
  performing_ = true;
  for (auto actions = book_.take(); !actions.empty(); actions = book_.take()) {
    for (auto& action : actions) {
      if (auto* report = std::get_if<SendReport>(&action)) {
        services_.bus.send(std::move(report->message));
      } else if (auto* begun = std::get_if<BeginTurn>(&action)) {
        begin(std::move(*begun));
      } else if (const auto* over = std::get_if<HaltTurn>(&action)) {
        halt(*over);
      } else if (const auto* cancel = std::get_if<CancelTurn>(&action)) {
        if (auto* turn = find(cancel->key)) turn->cancel();
      } else if (auto* steer = std::get_if<SteerTurn>(&action)) {
        if (auto* turn = find(steer->key)) turn->steering_.push_back(std::move(steer->text));
      } else if (const auto* asked = std::get_if<TellText>(&action)) {
        if (auto* turn = find(asked->key)) turn->tell_text();
      } else if (const auto* changed = std::get_if<TurnChanged>(&action)) {
        if (auto* turn = find(changed->key)) turn->notify();
      } else if (const auto* done = std::get_if<TurnClosed>(&action)) {
        closed(*done);
      } else if (auto* back = std::get_if<GiveBack>(&action)) {
        services_.bus.busy(std::move(back->turn), book_.free());
      } else if (std::holds_alternative<StateFree>(action)) {
        state_free();
      }
    }
  }
  performing_ = false;
  if (draining_) performed_.set();
}

void TurnHost::state_free() {
  // After the reports that free the slots. The intercom counts a slot as free when the result passes it, so there is no hurry: one
  // statement for all that end within a moment.
  if (free_scheduled_) return;
  free_scheduled_ = true;
  free_timer_.expires_after(free_interval);
  free_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    free_scheduled_ = false;
    services_.bus.set_free(book_.free());
  });
}

void TurnHost::begin(BeginTurn begun) {
  auto key = begun.key;
  auto turn = std::make_shared<Turn>(*this, std::move(begun));
  turns_.insert_or_assign(std::move(key), turn);
  services_.spawn("turn", carry_out(std::move(turn)));
}

void TurnHost::halt(const HaltTurn& over) {
  const auto found = turns_.find(over.key);
  if (found == turns_.end() || found->second->attempt_ != over.attempt) return;
  const auto turn = found->second;
  if (over.why != Halt::timeout) turns_.erase(found);  // a time-out has a result that is still to be answered
  turn->halt_.set();
  turn->notify();
}

asio::awaitable<void> TurnHost::carry_out(std::shared_ptr<Turn> turn) {
  wire::TurnResultT result;
  auto loaded = co_await turn->load_items();
  if (!loaded) {
    result = failed(loaded.error().code, std::move(loaded.error().message));
  } else {
    const auto executor = co_await asio::this_coro::executor;
    auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, handler_(*turn), asio::deferred),
                                                         asio::co_spawn(executor, turn->halt_.wait(), asio::deferred));
    auto [order, failure, value, halt_failure] = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (turn->halt_.is_set()) {
      if (handing_back_) book_.hand_back(turn->key_, turn->attempt_, "the worker leaves", steady());
      perform();
      co_return;
    }
    result = std::move(value);
    if (failure) {
      const auto what = what_of(failure);
      telemetry::log::error("turn {} of {} ended with an exception: {}", turn->work().turn, turn->work().agent, what);
      result = failed(Fault::internal, "The agent's code failed: " + what);
    }
  }
  turn->pending_text_.clear();  // the result has it
  turn->answered_ = result.outcome == wire::Outcome::answer;
  if (turn->answered_) turn->answer_ = result.text;
  book_.finish(turn->key_, turn->attempt_, std::move(result), steady());
  perform();
}

void TurnHost::closed(const TurnClosed& done) {
  const auto found = turns_.find(done.key);
  if (found == turns_.end()) return;
  const auto turn = std::move(found->second);
  turns_.erase(found);
  const auto& work = *done.work;
  Entries added;
  const auto add = [&](Entry entry, state::EntryKind kind) {
    entry.kind = kind;
    entry.turn = work.turn;
    entry.conversation = work.conversation;
    added.push_back(std::make_shared<const Entry>(std::move(entry)));
  };
  for (const auto& input : work.input) {
    Entry entry;
    entry.input = std::make_unique<wire::InputT>(input);
    add(std::move(entry), state::EntryKind::input);
  }
  for (auto& item : turn->items_) {
    Entry entry;
    entry.item = std::make_unique<wire::ItemT>(std::move(item));
    add(std::move(entry), state::EntryKind::item);
  }
  if (turn->answered_) {
    Entry entry;
    entry.text = std::move(turn->answer_);
    add(std::move(entry), state::EntryKind::answer);
  }
  // Another length: the owner closed the turn in another way than this worker saw it.
  if (work.transcript + added.size() == done.transcript) {
    transcripts_.append(work.session, work.agent, work.transcript, std::move(added));
  } else {
    transcripts_.forget(work.session, work.agent);
  }
}

}  // namespace convoke::agents
