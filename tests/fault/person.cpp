#include "fault/person.hpp"

#include <chrono>
#include <fstream>
#include <thread>
#include <utility>

#include "support/coroutine.hpp"

namespace convoke::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds breath{60};
constexpr std::chrono::seconds patience{30};

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

// Whether the same call may be answered otherwise without anybody changing anything (libs/core/fault.cpp); 0: there was no answer.
bool may_be_repeated(int status) { return status == 0 || status == 429 || (status >= 501 && status <= 504); }

bool is_of_a_person(const Json& event) { return event.value("author", "").starts_with("user/"); }
bool settles(const Json& event) { return event["kind"] == "request_closed" && is_of_a_person(event); }

// Under which text what people did is read. The first words of a conversation were said before anybody was there, and what is said about a
// question belongs to its settlement, which follows at once.
std::vector<Json> posts_in(const std::vector<Json>& log, std::uint64_t head) {
  std::vector<Json> posts;
  for (std::size_t at = 0; at < log.size() && log[at]["seq"] <= head; ++at) {
    const auto& event = log[at];
    std::string text;
    if (settles(event)) text = "settled " + event["data"].value("request", "");
    if (event["kind"] == "message" && is_of_a_person(event) && (at + 1 == log.size() || !settles(log[at + 1]))) text = event["text"];
    if (!text.empty() && text != "hello") posts.push_back({{"seq", event["seq"]}, {"text", text}});
  }
  return posts;
}

}  // namespace

void History::note(Json operation) {
  const std::lock_guard lock(mutex_);
  operations_.push_back(std::move(operation));
}

void History::mistake(std::string what) {
  const std::lock_guard lock(mutex_);
  mistakes_.push_back(std::move(what));
}

std::vector<Json> History::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::vector<std::string> History::mistakes() const {
  const std::lock_guard lock(mutex_);
  return mistakes_;
}

std::size_t History::write(const std::filesystem::path& file) const {
  const std::lock_guard lock(mutex_);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::app);
  for (const auto& done : operations_) out << done.dump() << "\n";
  return operations_.size();
}

std::filesystem::path histories() { return CONVOKE_HISTORIES; }

struct Person::Connection {
  std::string address;
  boost::asio::io_context io;
  http::Client client{io, {}};
};

Person::Person(std::string address, int number, History& history)
    : connection_(std::make_unique<Connection>(std::move(address))), number_(number), history_(history) {}

Person::~Person() {
  for (auto& [key, done] : unanswered_) history_.note(std::move(done));
}

RestAnswer Person::send(const std::string& method, const std::string& path, const std::string& body, const std::string& key) {
  http::ClientRequest asked;
  asked.method = method;
  asked.url = "http://" + connection_->address + path;
  asked.body = body;
  asked.total_deadline = std::chrono::seconds(6);
  if (!key.empty()) asked.headers.add("Idempotency-Key", key);
  const auto answer = run(connection_->io, connection_->client.send(std::move(asked)));
  if (!answer) return {};
  return {static_cast<int>(answer->status), Json::parse(answer->body, nullptr, false)};
}

RestAnswer Person::say(const std::string& log, const std::string& path, const Json& fields, const std::string& key,
                       const std::string& text) {
  Json done{{"client", number_}, {"log", log}, {"op", "post"}, {"text", text}, {"call", now_ns()}};
  if (const auto before = unanswered_.find(key); before != unanswered_.end()) done = before->second;
  unanswered_[key] = done;
  const auto until = Clock::now() + patience;
  while (Clock::now() < until) {
    auto answer = send("POST", path, fields.dump(), key);
    if (may_be_repeated(answer.status)) {
      std::this_thread::sleep_for(breath);
      continue;
    }
    unanswered_.erase(key);
    if (answer.status != 200) {
      history_.mistake(text + " is refused: " + std::to_string(answer.status) + " " + answer.body.dump());
    } else {
      done["return"] = now_ns();
      if (answer.body.contains("seq")) done["seq"] = answer.body["seq"];
      history_.note(std::move(done));
    }
    return answer;
  }
  return {};
}

// Pages are read one after the other: the first one's head is what the read saw, and when it was answered it had seen it.
bool Person::read(const std::string& log) {
  Json done{{"client", number_}, {"log", log}, {"op", "read"}, {"call", now_ns()}};
  std::uint64_t head = 0;
  std::vector<Json> events;
  do {
    const auto next = events.empty() ? 1 : events.back()["seq"].get<std::uint64_t>() + 1;
    const auto page = send("GET", "/api/conversations/" + log + "/events?from=" + std::to_string(next), {}, {});
    if (page.status != 200) return false;  // what was not answered saw nothing
    if (!done.contains("return")) {
      head = page.body["head"];
      done["return"] = now_ns();
    }
    if (page.body["events"].empty()) break;
    for (const auto& event : page.body["events"]) events.push_back(event);
  } while (events.back()["seq"] < head);
  done["head"] = head;
  done["posts"] = posts_in(events, head);
  history_.note(std::move(done));
  return true;
}

}  // namespace convoke::test
