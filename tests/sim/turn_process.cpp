#include "turn_process.hpp"

#include "world.hpp"

namespace convoke::sim {

const char* TurnProcess::service() const { return kind() == Kind::planner ? "planner" : kind() == Kind::executor ? "executor" : "worker"; }

void TurnProcess::boot() {
  report_ids_ = std::make_unique<IdMaker>([this] { return world_.random.next(); });
  book_ = std::make_unique<agents::TurnBook>(world_.profile.book, [this] { return report_ids_->next(now().unix); });
  jobs_.clear();
  draining_ = performing_ = false;
  boot_bus(true);
  set_free(book_->free());
}

void TurnProcess::die() {
  die_bus();
  jobs_.clear();
  book_.reset();
}

void TurnProcess::drain() {
  if (!alive() || draining_) return;
  draining_ = true;
  world_.say([&] { return fmt::format("{} drains", name()); });
  book_->drain();
  restate();
  perform();
  post(Millis{1'500}, [this] {
    for (const auto& [key, job] : std::map(jobs_)) book_->hand_back(key, job->attempt, "the worker leaves", now().steady);
    jobs_.clear();
    perform();
  });
  post(Millis{3'000}, [this] {
    leave();
    crash("drained");
  });
}

wire::RegisterT TurnProcess::registration() {
  wire::RegisterT statement;
  if (kind() == Kind::planner)
    statement.agents = {"system.planner"};
  else if (kind() == Kind::executor)
    statement.agents = {"system.executor"};
  else
    statement.agents = world_.profile.whole_teams ? std::vector<std::string>{"t.*"} : std::vector<std::string>{"t.A", "t.B", "t.C"};
  statement.credit = book_->credit();
  statement.held = book_->held();
  statement.draining = draining_;
  return statement;
}

void TurnProcess::tick() {
  step_bus();
  if (!alive()) return;
  book_->tick(now().steady);
  perform();
  for (const auto& [key, job] : std::map(jobs_)) {
    if (!alive()) return;
    advance(job);
  }
}

void TurnProcess::on_link(bool up) {
  if (up) book_->on_link(now().steady);
  perform();
}

void TurnProcess::on_message(wire::Message message) {
  const SteadyTime time = now().steady;
  if (auto* work = message.as<wire::WorkT>()) {
    book_->on_work(std::move(message.header), std::move(*work), time);
  } else if (const auto* control = message.as<wire::ControlT>()) {
    book_->on_control(message.header, *control, time);
  } else if (const auto* answer = message.as<wire::AnswerT>()) {
    book_->on_answer(message.header, *answer, time);
  }
  perform();
}

void TurnProcess::perform() {
  if (performing_ || !alive()) return;
  performing_ = true;
  for (auto actions = book_->take(); !actions.empty() && alive(); actions = book_->take()) {
    for (auto& action : actions) {
      if (!alive()) break;
      if (auto* one = std::get_if<agents::SendReport>(&action)) {
        send(std::move(one->message));
      } else if (auto* begun = std::get_if<agents::BeginTurn>(&action)) {
        begin(std::move(*begun));
      } else if (const auto* over = std::get_if<agents::HaltTurn>(&action)) {
        const auto found = jobs_.find(over->key);
        if (found != jobs_.end() && found->second->attempt == over->attempt) jobs_.erase(found);
      } else if (const auto* cancel = std::get_if<agents::CancelTurn>(&action)) {
        if (const auto found = jobs_.find(cancel->key); found != jobs_.end()) {
          found->second->cancelled = true;
          post(Millis{0}, [this, job = found->second] { advance(job); });
        }
      } else if (const auto* changed = std::get_if<agents::TurnChanged>(&action)) {
        if (const auto found = jobs_.find(changed->key); found != jobs_.end())
          post(Millis{0}, [this, job = found->second] { advance(job); });
      } else if (auto* back = std::get_if<agents::GiveBack>(&action)) {
        hand_back(std::move(back->turn), book_->free());
      } else if (const auto* free = std::get_if<agents::StateFree>(&action)) {
        set_free(free->free);
      }
    }
  }
  performing_ = false;
  world_.checks.sizes(*this);
}

void TurnProcess::begin(agents::BeginTurn begun) {
  auto job = std::make_shared<Job>();
  job->key = begun.key;
  job->attempt = begun.attempt;
  job->work = begun.work;
  job->items = begun.work->items;
  job->script = script_of(*begun.work);
  jobs_.insert_or_assign(begun.key, job);
  world_.say([&] { return fmt::format("{} begins turn {} of {}, attempt {}", name(), begun.key.turn, begun.key.agent, begun.attempt); });
  read_items(job);
  if (world_.random.chance(20)) read_transcript(*job);
}

// What a worker without this instance in its cache does first.
void TurnProcess::read_transcript(const Job& job) {
  wire::ReadTranscriptT read;
  read.agent = job.key.agent;
  read.from = 1;
  ask_owner(job, std::move(read), [](const Result<wire::AnswerT>&) {});
}

template <class Read> void TurnProcess::ask_owner(const Job& job, Read read, bus::Calls::Done done) {
  wire::QueryT query;
  query.scope = "s:" + job.key.session;
  query.body.Set(std::move(read));
  auto message = wire::message(std::move(query));
  const auto address = agents::to_owner(job.key.session, job.key.agent);
  message.header.dest_kind = address.dest_kind;
  message.header.partition = address.partition;
  message.header.source = address.source;
  call(std::move(message), wire::Class::request, Millis{10'000}, std::move(done));
}

bool TurnProcess::current(const JobPtr& job) const {
  const auto found = jobs_.find(job->key);
  return alive() && found != jobs_.end() && found->second == job;
}

void TurnProcess::read_items(const JobPtr& job) {
  if (job->items.size() >= job->work->items_total) {
    if (!job->items.empty()) book_->know_last(job->key, job->attempt, job->items.back());
    take_over(*job);
    return post(Millis{0}, [this, job] { advance(job); });
  }
  job->reading = true;
  wire::ReadItemsT read;
  read.agent = job->key.agent;
  read.turn = job->key.turn;
  read.from = job->items.size() + 1;
  ask_owner(*job, std::move(read), [this, job](Result<wire::AnswerT> answer) {
    if (!current(job)) return;
    job->reading = false;
    const auto* page = answer ? answer->body.AsItemPage() : nullptr;
    if (page == nullptr || page->items.empty()) {
      wire::TurnResultT failed;
      failed.outcome = wire::Outcome::failed;
      failed.fault = static_cast<std::uint16_t>(answer ? Fault::malformed : answer.error().code);
      failed.text = answer ? "no items" : answer.error().message;
      return conclude(job, std::move(failed));
    }
    for (const auto& item : page->items)
      if (item.n == job->items.size() + 1) job->items.push_back(item);
    read_items(job);
  });
}

}  // namespace convoke::sim
