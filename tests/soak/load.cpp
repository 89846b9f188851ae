#include "soak/load.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "core/id.hpp"

namespace convoke::soak {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr Millis tick{2};
constexpr Millis breath{40};
constexpr Millis look_every{250};
constexpr std::size_t posts_of_a_talk = 20;
constexpr std::size_t most_mistakes = 50;

Kind draw() {
  const auto dice = system_random() % 100;
  if (dice < 80) return Kind::chat;
  return dice < 90 ? Kind::question : Kind::task;
}

std::string user_name(std::size_t user) { return fmt::format("person-{}", user); }

}  // namespace

Load::Load(LoadOptions options) : options_(std::move(options)), http_(io_, {}) {
  for (std::size_t user = 0; user < options_.users; ++user) {
    readers_.push_back(
        std::make_unique<Reader>(io_, options_.address, user_name(user), [this](std::string what) { mistake(std::move(what)); }));
    spawn(readers_.back()->run());
  }
  spawn(arrivals());
  thread_ = std::thread([this] {
    try {
      io_.run();
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      mistakes_.insert(std::string("the load ended: ") + error.what());  // however many there are: nothing goes on
      ended_ = true;
    }
  });
}

Load::~Load() {
  io_.stop();
  thread_.join();
}

void Load::spawn(asio::awaitable<void> what) {
  asio::co_spawn(io_, std::move(what), [this](const std::exception_ptr& failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      mistake(std::string("a person fell over: ") + error.what());
    }
  });
}

void Load::mistake(std::string what) {
  const std::lock_guard lock(mutex_);
  if (mistakes_.size() < most_mistakes) mistakes_.insert(std::move(what));
}

std::vector<std::string> Load::mistakes() const {
  const std::lock_guard lock(mutex_);
  return {mistakes_.begin(), mistakes_.end()};
}

std::vector<Done> Load::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(done_, {});
}

std::uint64_t Load::reconnects() const {
  std::uint64_t all = 0;
  for (const auto& reader : readers_) all += reader->connects();
  return all;
}

std::string Load::fresh(const std::string& what) { return fmt::format("{}-{}", what, ++number_); }

void Load::set_rate(double jobs_per_second) { rate_ = jobs_per_second; }

double Load::capacity(std::size_t people, std::chrono::seconds before, std::chrono::seconds time) {
  closed_loop_ = true;
  for (std::size_t i = 0; i < people; ++i) asio::post(io_, [this] { spawn(person()); });
  std::this_thread::sleep_for(before);
  take();
  const auto begun = Clock::now();
  std::this_thread::sleep_for(time);
  const auto count = static_cast<double>(take().size());
  const auto took = std::chrono::duration<double>(Clock::now() - begun).count();
  closed_loop_ = false;
  return count / took;
}

asio::awaitable<void> Load::person() {
  while (closed_loop_) co_await job(Clock::now());
}

asio::awaitable<void> Load::arrivals() {
  auto last = Clock::now();
  double owed = 0;
  for (;;) {
    co_await sleep_for(tick);
    const auto now = Clock::now();
    owed += rate_ * std::chrono::duration<double>(now - last).count();
    last = now;
    for (; owed >= 1; --owed) {
      if (open_ >= options_.most_at_once)
        mistake(fmt::format("{} jobs are open: the system does not keep up", options_.most_at_once));
      else
        spawn(job(now));
    }
  }
}

asio::awaitable<void> Load::job(Clock::time_point due) {
  ++open_;
  const auto kind = draw();
  bool well = false;
  switch (kind) {
    case Kind::chat: well = co_await chat(); break;
    case Kind::question: well = co_await question(); break;
    case Kind::task: well = co_await task(); break;
  }
  --open_;
  if (!well) co_return;
  const std::lock_guard lock(mutex_);
  done_.push_back({kind, due, std::chrono::duration<double, std::milli>(Clock::now() - due).count()});
}

// Repeated with its key until it is answered.
asio::awaitable<Json> Load::surely(std::string method, std::string path, std::string body, std::string key, std::size_t user) {
  const auto until = Clock::now() + options_.answer_within;
  std::string last;
  while (Clock::now() < until) {
    http::ClientRequest asked;
    asked.method = method;
    asked.url = "http://" + options_.address + path;
    asked.body = body;
    asked.total_deadline = Millis{6'000};
    asked.headers.add("x-ms-client-principal-id", user_name(user));
    if (!key.empty()) asked.headers.add("Idempotency-Key", key);
    const auto answer = co_await http_.send(std::move(asked));
    if (answer && answer->status == 200) co_return Json::parse(answer->body, nullptr, false);
    last = answer ? fmt::format("{} {}", answer->status, answer->body) : answer.error().message;
    if (answer && answer->status < 500 && answer->status != 429) break;
    co_await sleep_for(breath);
  }
  mistake(fmt::format("{} {} (key {}): {}", method, path, key, last));
  co_return Json();
}

asio::awaitable<bool> Load::answered(TalkPtr talk, std::size_t count) {
  const auto until = Clock::now() + options_.answer_within;
  while (talk->answers < count && Clock::now() < until) {
    talk->changed.reset();
    co_await talk->changed.wait_for(look_every);
  }
  if (talk->answers >= count) co_return true;
  mistake(fmt::format("{}: {} answers where {} are due", talk->conversation, talk->answers, count));
  co_return false;
}

asio::awaitable<Load::TalkPtr> Load::open_chat(std::string agent) {
  auto talk = std::make_shared<Talk>(io_.get_executor(), system_random() % options_.users);
  talk->session = fresh("talk");
  const Json fields{{"session_id", talk->session}, {"agent", std::move(agent)}};
  const auto opened = co_await surely("POST", "/api/chat", fields.dump(), "open-" + talk->session, talk->user);
  if (!opened.is_object()) co_return nullptr;
  talk->conversation = opened.value("conversation", "");
  readers_[talk->user]->follow(talk);
  co_return talk;
}

asio::awaitable<bool> Load::post(TalkPtr talk) {
  auto text = fresh("word");
  const auto path = "/api/conversations/" + talk->conversation + "/messages";
  const auto accepted = co_await surely("POST", path, Json{{"text", text}}.dump(), text, talk->user);
  if (!accepted.is_object()) co_return false;
  ++accepted_;
  talk->accepted.push_back(std::move(text));
  co_return co_await answered(talk, talk->accepted.size());
}

asio::awaitable<bool> Load::chat() {
  TalkPtr talk;
  if (!idle_.empty()) {
    talk = idle_.front();
    idle_.pop_front();
  } else {
    talk = co_await open_chat("Echo");
  }
  if (!talk || !co_await post(talk)) co_return false;
  if (talk->accepted.size() >= posts_of_a_talk)
    spawn(retire(talk));
  else
    idle_.push_back(talk);
  co_return true;
}

asio::awaitable<bool> Load::question() {
  const auto talk = co_await open_chat("Asker");
  if (!talk || !co_await post(talk)) co_return false;
  ++questions_;
  spawn(retire(talk));
  co_return true;
}

asio::awaitable<bool> Load::task() {
  auto talk = std::make_shared<Talk>(io_.get_executor(), system_random() % options_.users);
  talk->session = fresh("task");
  const Json fields{{"session_id", talk->session}, {"description", "Sell a chair."}, {"policy", "whole_plan"}};
  const auto given = co_await surely("POST", "/api/tasks", fields.dump(), "give-" + talk->session, talk->user);
  if (!given.is_object()) co_return false;
  ++accepted_;
  talk->conversation = given.value("conversation", "");
  talk->plan = given.value("plan", "");
  readers_[talk->user]->follow(talk);
  const auto until = Clock::now() + options_.answer_within;
  std::size_t approved = 0;
  while (talk->ends == 0 && Clock::now() < until) {
    while (approved < talk->requests.size()) {
      const auto request = talk->requests[approved++];
      const auto id = request.value("request", "");
      if (request.value("kind", "") == "unknown_outcome") mistake(id + ": asked about a tool that may be repeated");
      co_await surely("POST", "/api/requests/" + id, R"({"approved": true})", "answer-" + id, talk->user);
    }
    talk->changed.reset();
    co_await talk->changed.wait_for(look_every);
  }
  if (talk->ends == 0) {
    mistake(talk->conversation + ": the task does not end");
    co_return false;
  }
  if (talk->stop_reason != "completed") mistake(fmt::format("{}: the task stopped as {}", talk->conversation, talk->stop_reason));
  ++tasks_;
  spawn(retire(talk));
  co_return true;
}

asio::awaitable<void> Load::retire(TalkPtr talk) {
  ++reading_;
  co_await compare(talk);
  readers_[talk->user]->leave(talk->conversation);
  --reading_;
  co_await sleep_for(Millis{options_.keep});
  co_await surely("DELETE", "/api/sessions/" + talk->session, {}, "delete-" + talk->session, talk->user);
}

// The log as it is against what was read on the way: the same events, each post once, each with one answer behind it.
asio::awaitable<void> Load::compare(TalkPtr talk) {
  std::vector<std::string> ids;
  std::vector<std::string> posts;
  std::size_t answers = 0;
  std::size_t ends = 0;
  for (std::uint64_t head = 1; ids.size() < head;) {
    const auto page =
        co_await surely("GET", fmt::format("/api/conversations/{}/events?from={}", talk->conversation, ids.size() + 1), {}, {}, talk->user);
    if (!page.is_object() || page["events"].empty()) break;
    head = page["head"];
    for (const auto& event : page["events"]) {
      ids.push_back(event.value("id", ""));
      if (event.value("seq", std::uint64_t{0}) != ids.size()) mistake(talk->conversation + ": the log has a gap or a repeat");
      if (event["kind"] == "run_ended") ++ends;
      if (event["kind"] != "message") continue;
      const bool by_person = event.value("author", "").starts_with("user/");
      if (by_person) posts.push_back(event.value("text", ""));
      if (!by_person && event.value("author", "").starts_with("agent/")) ++answers;
      if (talk->plan.empty() && answers > posts.size()) mistake(talk->conversation + ": an answer to nothing");
    }
  }
  if (talk->plan.empty() && (posts != talk->accepted || answers != posts.size()))
    mistake(fmt::format("{}: {} posts were accepted, {} are there, with {} answers", talk->conversation, talk->accepted.size(),
                        posts.size(), answers));
  if (!talk->plan.empty() && ends != 1) mistake(fmt::format("{}: {} ends of the run", talk->conversation, ends));
  const auto until = Clock::now() + std::chrono::seconds(30);
  while (talk->ids.size() < ids.size() && Clock::now() < until) {
    talk->changed.reset();
    co_await talk->changed.wait_for(look_every);
  }
  if (talk->ids != ids) mistake(fmt::format("{}: {} events were read, the log has {}", talk->conversation, talk->ids.size(), ids.size()));
}

bool Load::settle(std::chrono::seconds limit) {
  rate_ = 0;
  const auto until = Clock::now() + limit;
  const auto wait = [&] {
    while ((open_ > 0 || reading_ > 0) && Clock::now() < until) std::this_thread::sleep_for(milliseconds(20));
  };
  wait();
  asio::post(io_, [this] {
    while (!idle_.empty()) {
      spawn(retire(idle_.front()));
      idle_.pop_front();
    }
    ending_ = true;
  });
  while (!ending_ && Clock::now() < until) std::this_thread::sleep_for(milliseconds(5));
  wait();
  return open_ == 0 && reading_ == 0;
}

}  // namespace convoke::soak
