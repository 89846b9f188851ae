#include "turns/load.hpp"

#include <poll.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/row.hpp"

namespace convoke::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto team = R"(name: bench
description: One agent that only talks.
models: {default: instant}
agents:
  - name: Talker
    description: Talks.
    instructions: Answer in a few words.
    concurrency: 128
starting_tasks:
  - {id: talk, name: Talk, prompt: Talk.}
)";

test::Command model_command(const std::string& folder) {
  test::Command command;
  command.arguments = {test::program("convoke-model"), "--listen=unix:" + folder + "/model", "--instant=" + answer(),
                       "--process.health=unix:" + folder + "/health"};
  return command;
}

bool is_answer(std::string_view frame) {
  return frame.find(R"("type":"event")") != std::string_view::npos && frame.find(R"("kind":"message")") != std::string_view::npos &&
         frame.find(R"("author":"agent/)") != std::string_view::npos;
}

void must(bool what, const std::string& sentence) {
  if (!what) throw std::runtime_error(sentence);
}

void set_fsync(const std::string& socket, const std::string& policy) {
  test::Process process({{"redis-cli", "-s", socket, "config", "set", "appendfsync", policy}, {}, {}});
  const auto ended = process.wait(std::chrono::seconds(5));
  must(ended && ended->code == 0 && process.out().starts_with("OK"), "appendfsync was not set: " + process.out() + process.err());
}

}  // namespace

std::string answer() {
  std::string words;
  for (int i = 0; i < 40; ++i) words += "word ";
  return words;
}

Deployment::Deployment(const std::string& fsync, std::size_t history_bytes) : model_(model_command(folder_.path().string())) {
  must(test::eventually(std::chrono::seconds(10), [&] { return model_.out().find("offline model on") != std::string::npos; }),
       "the model does not listen: " + model_.err());
  const auto file = folder_.file("team.yaml");
  std::ofstream(file) << team;
  test::InstallationOptions options;
  options.team = file;
  options.environment = {{"CONVOKE_MODEL_URL", "http://localhost/v1"}, {"CONVOKE_MODEL_UNIX_SOCKET", folder_.file("model")}};
  if (history_bytes > 0) options.environment["CONVOKE_CONVERSATION_HISTORY_BYTES"] = std::to_string(history_bytes);
  installation_ = std::make_unique<test::Installation>(std::move(options));
  if (fsync != "always") set_fsync(installation_->run_folder() + "/redis", fsync);
}

Conversation::Conversation(const std::string& address) : socket_(address, "/api/ws") {
  socket_.send(R"({"type":"chat","id":"open","agent":"Talker"})");
  std::string name;
  for (std::string_view text; name.empty();) {
    must(socket_.fill(), "the gateway closed the connection");
    while (socket_.next(text)) {
      const auto frame = nlohmann::json::parse(text);
      must(frame["type"] != "error", "a conversation was not opened: " + std::string(text));
      if (frame["type"] == "accepted") name = frame["conversation"];
    }
  }
  socket_.send(nlohmann::json{{"type", "subscribe"}, {"conversation", name}}.dump());
  frame_ = nlohmann::json{{"type", "post"}, {"conversation", name}, {"text", "What is new?"}}.dump();
}

void Conversation::post() { socket_.send(frame_); }

bool Conversation::read() {
  must(socket_.fill(), "the gateway closed the connection");
  bool answered = false;
  for (std::string_view text; socket_.next(text);) {
    must(text.find(R"("type":"error")") == std::string_view::npos, "the gateway refused: " + std::string(text));
    answered = is_answer(text) || answered;
  }
  return answered;
}

void Conversation::turn() {
  post();
  while (!read()) {
  }
}

std::vector<Conversation> open(const std::string& address, std::size_t count) {
  std::vector<Conversation> conversations;
  conversations.reserve(count);
  for (std::size_t i = 0; i < count; ++i) conversations.emplace_back(address);
  return conversations;
}

double side_by_side(std::vector<Conversation>& conversations, std::size_t turns) {
  std::vector<pollfd> sockets;
  for (const auto& each : conversations) sockets.push_back({each.descriptor(), POLLIN, 0});
  std::vector<std::size_t> left(conversations.size(), turns);
  std::size_t open = conversations.size();
  const auto begun = Clock::now();
  for (auto& each : conversations) each.post();
  while (open > 0) {
    must(::poll(sockets.data(), sockets.size(), 10'000) > 0, "turns stand still");
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      if ((sockets[i].revents & (POLLIN | POLLHUP)) == 0 || !conversations[i].read()) continue;
      if (--left[i] > 0)
        conversations[i].post();
      else
        --open;
    }
  }
  return static_cast<double>(turns * conversations.size()) / std::chrono::duration<double>(Clock::now() - begun).count();
}

std::vector<double> one_by_one(Conversation& conversation, std::size_t turns) {
  std::vector<double> times;
  times.reserve(turns);
  for (std::size_t i = 0; i < turns; ++i) {
    const auto begun = Clock::now();
    conversation.turn();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  }
  return times;
}

double alone(const std::string& address) {
  constexpr std::size_t turns = 51;  // what tests/bench/peers/langgraph_sqlite.py takes
  constexpr int conversations = 5;
  std::vector<double> medians;
  for (int i = 0; i <= conversations; ++i) {
    Conversation conversation(address);
    auto times = one_by_one(conversation, turns);
    if (i > 0) medians.push_back(median(std::move(times)));
  }
  return median(std::move(medians));
}

}  // namespace convoke::bench
