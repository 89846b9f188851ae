#include "fault/chatter.hpp"

#include <chrono>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>

#include "support/coroutine.hpp"

namespace convoke::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds breath{60};
constexpr std::chrono::seconds patience{30};

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

}  // namespace

// One person's connection.
class Mouth {
 public:
  explicit Mouth(std::string address) : address_(std::move(address)) {}
  RestAnswer send(const std::string& method, const std::string& path, const std::string& body, const std::string& key) {
    http::ClientRequest asked;
    asked.method = method;
    asked.url = "http://" + address_ + path;
    asked.body = body;
    asked.total_deadline = std::chrono::seconds(6);
    if (!key.empty()) asked.headers.add("Idempotency-Key", key);
    const auto answer = run(io_, client_.send(std::move(asked)));
    if (!answer) return {};
    return {static_cast<int>(answer->status), Json::parse(answer->body, nullptr, false)};
  }

 private:
  std::string address_;
  boost::asio::io_context io_;
  http::Client client_{io_, {}};
};

Chatter::Chatter(Installation& installation, const std::string& session, const std::string& agent, const std::string& address, int people)
    : address_(address.empty() ? installation.address() : address), session_(session) {
  const Json fields{{"session_id", session}, {"agent", agent}, {"text", "hello"}};
  const auto opened = installation.surely("/api/chat", fields, "open");
  if (opened.status != 200) throw std::runtime_error("no conversation: " + opened.body.dump());
  conversation_ = opened.body["conversation"];
  for (int person = 0; person < people; ++person) people_.emplace_back([this, person] { talk(person); });
}

Chatter::~Chatter() {
  ending_ = true;
  for (auto& person : people_)
    if (person.joinable()) person.join();
}

void Chatter::note(Json operation) {
  operation["log"] = conversation_;
  const std::lock_guard lock(mutex_);
  history_.push_back(std::move(operation));
}

void Chatter::talk(int person) {
  Mouth mouth(address_);
  for (int number = 0; !ending_; ++number) {
    if (number % 3 == 0)
      post(mouth, person, number);
    else
      read(mouth, person);
    std::this_thread::sleep_for(breath);
  }
}

// Repeated with its key until it is answered: one operation, from the first sending to the answer.
void Chatter::post(Mouth& mouth, int person, int number) {
  const auto text = session_ + "-" + std::to_string(person) + "-" + std::to_string(number);
  Json done{{"client", person}, {"op", "post"}, {"text", text}, {"call", now_ns()}};
  const auto until = Clock::now() + patience;
  while (Clock::now() < until) {
    const auto answer = mouth.send("POST", "/api/conversations/" + conversation_ + "/messages", Json{{"text", text}}.dump(), text);
    if (answer.status == 200) {
      done["return"] = now_ns();
      done["seq"] = answer.body["seq"];
      break;
    }
    std::this_thread::sleep_for(breath);
  }
  note(std::move(done));
}

// Pages are read one after the other: the first one's head is what the read saw, and when it was answered it had seen it.
void Chatter::read(Mouth& mouth, int person) {
  Json done{{"client", person}, {"op", "read"}, {"call", now_ns()}, {"posts", Json::array()}};
  std::uint64_t head = 0;
  std::uint64_t next = 1;
  do {
    const auto page = mouth.send("GET", "/api/conversations/" + conversation_ + "/events?from=" + std::to_string(next), {}, {});
    if (page.status != 200) return;  // what was not answered saw nothing
    if (head == 0) {
      head = page.body["head"];
      done["return"] = now_ns();
    }
    if (page.body["events"].empty()) break;
    for (const auto& event : page.body["events"]) {
      next = event["seq"].get<std::uint64_t>() + 1;
      const bool said = event["kind"] == "message" && event.value("author", "").starts_with("user/") && event.value("text", "") != "hello";
      if (said && event["seq"] <= head) done["posts"].push_back({{"seq", event["seq"]}, {"text", event["text"]}});
    }
  } while (next <= head);
  done["head"] = head;
  note(std::move(done));
}

std::size_t Chatter::finish(const std::filesystem::path& file, std::vector<std::string>& mistakes) {
  ending_ = true;
  for (auto& person : people_) person.join();
  people_.clear();
  Mouth mouth(address_);
  const auto before = history_.size();
  eventually(patience, [&] {
    read(mouth, 99);
    return history_.size() > before;
  });
  if (history_.size() == before) mistakes.emplace_back("the conversation cannot be read");
  std::map<std::string, int> times;
  if (history_.size() > before)
    for (const auto& post : history_.back()["posts"]) ++times[post["text"].get<std::string>()];
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::app);
  for (const auto& done : history_) {
    out << done.dump() << "\n";
    if (done["op"] != "post" || history_.size() == before) continue;
    const auto text = done["text"].get<std::string>();
    if (done.contains("return") ? times[text] != 1 : times[text] > 1)
      mistakes.push_back(text + " is there " + std::to_string(times[text]) + " times");
  }
  return history_.size();
}

std::filesystem::path histories() { return CONVOKE_HISTORIES; }

}  // namespace convoke::test
