#include "fault/chatter.hpp"

#include <chrono>
#include <map>
#include <stdexcept>
#include <utility>

namespace convoke::test {
namespace {

constexpr std::chrono::milliseconds breath{60};
constexpr std::chrono::seconds patience{30};
constexpr int last_reader = 99;

}  // namespace

Chatter::Chatter(Installation& installation, const std::string& session, const std::string& agent, std::vector<std::string> addresses)
    : addresses_(std::move(addresses)), session_(session) {
  const Json fields{{"session_id", session}, {"agent", agent}, {"text", "hello"}};
  const auto opened = installation.surely("/api/chat", fields, "open");
  if (opened.status != 200) throw std::runtime_error("no conversation: " + opened.body.dump());
  conversation_ = opened.body["conversation"];
  for (int number = 0; std::cmp_less(number, addresses_.size()); ++number) people_.emplace_back([this, number] { talk(number); });
}

Chatter::~Chatter() {
  ending_ = true;
  for (auto& person : people_)
    if (person.joinable()) person.join();
}

void Chatter::talk(int number) {
  Person person(addresses_[static_cast<std::size_t>(number)], number, history_);
  for (int turn = 0; !ending_; ++turn) {
    const auto text = session_ + "-" + std::to_string(number) + "-" + std::to_string(turn);
    if (turn % 3 == 0)
      person.say(conversation_, "/api/conversations/" + conversation_ + "/messages", {{"text", text}}, text, text);
    else
      person.read(conversation_);
    std::this_thread::sleep_for(breath);
  }
}

std::size_t Chatter::finish(const std::filesystem::path& file, std::vector<std::string>& mistakes) {
  ending_ = true;
  for (auto& person : people_) person.join();
  people_.clear();
  Person last(addresses_.front(), last_reader, history_);
  const bool seen = eventually(patience, [&] { return last.read(conversation_); });
  if (!seen) mistakes.emplace_back("the conversation cannot be read");
  const auto all = history_.operations();
  std::map<std::string, int> times;
  if (seen)
    for (const auto& post : all.back()["posts"]) ++times[post["text"].get<std::string>()];
  std::size_t posts = 0;
  std::size_t unanswered = 0;
  for (const auto& done : all) {
    if (done["op"] != "post") continue;
    ++posts;
    unanswered += done.contains("return") ? 0 : 1;
    const auto text = done["text"].get<std::string>();
    if (seen && (done.contains("return") ? times[text] != 1 : times[text] > 1))
      mistakes.push_back(text + " is there " + std::to_string(times[text]) + " times");
  }
  // Nothing takes as long as a person is patient: who is not answered then was forgotten.
  if (posts == 0 || unanswered > posts / 10)
    mistakes.push_back(std::to_string(unanswered) + " of " + std::to_string(posts) + " posts were never answered");
  for (auto& mistake : history_.mistakes()) mistakes.push_back(std::move(mistake));
  return history_.write(file);
}

}  // namespace convoke::test
