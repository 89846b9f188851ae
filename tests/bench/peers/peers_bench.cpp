// The systems that users would pick instead, in the same run and in turn with ours: what a turn costs in AutoGen AgentChat, LangGraph with
// its SQLite checkpointer and Mahilo, and a call from agent to agent through AutoGen's gRPC runtime. Their models answer at once too.
// Usage: bench_peers <folder of the virtual environments> [rounds]. A row whose environment is missing is skipped, visibly.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bus/measure.hpp"
#include "bus/peers.hpp"
#include "common/row.hpp"
#include "support/offline_model.hpp"
#include "turns/load.hpp"

namespace {

using namespace convoke;
using bench::Better;
using bench::Row;
using Json = nlohmann::json;

constexpr std::chrono::seconds patience{180};

class Peers {
 public:
  explicit Peers(std::filesystem::path environments) : environments_(std::move(environments)) {}

  bool has(const std::string& environment) const { return std::filesystem::exists(python(environment)); }

  /// What a script printed last; throws when it failed.
  Json run(const std::string& environment, const std::string& script, std::vector<std::string> arguments = {}) const {
    const test::TempDir folder;
    test::Command command;
    command.arguments = {python(environment).string(), std::string(CONVOKE_PEERS_DIR) + "/" + script};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.folder = folder.path().string();
    test::Process process(command);
    const auto ended = process.wait(patience);
    auto out = process.out();
    if (!ended || ended->code != 0 || out.empty()) throw std::runtime_error(script + " failed: " + process.err());
    out.erase(out.find_last_not_of('\n') + 1);
    return Json::parse(out.substr(out.rfind('\n') + 1));
  }

 private:
  std::filesystem::path python(const std::string& environment) const { return environments_ / environment / "bin" / "python"; }
  std::filesystem::path environments_;
};

struct Ours {
  double turns_per_s = 0;
  double turn_us = 0;
};

Ours our_turns() {
  bench::Deployment deployment;
  auto all = bench::open(deployment.address(), 64);
  bench::side_by_side(all, 5);
  Ours ours;
  ours.turns_per_s = bench::side_by_side(all, 50);
  ours.turn_us = bench::alone(deployment.address());
  return ours;
}

double our_turn_on_one_core() {
  return bench::apart([] {
    bench::pin();
    const bench::Deployment deployment;
    return bench::alone(deployment.address());
  });
}

bool turns(const Peers& peers, int rounds) {
  Row autogen{"turns, 64 conversations at once, durable", "/s", "AutoGen AgentChat, nothing stored", Better::higher, 1.0};
  Row langgraph{"turns, 64 conversations at once, durable", "/s", "LangGraph, SQLite", Better::higher, 3.0};
  Row mahilo{"turns, 64 conversations at once, durable", "/s", "Mahilo", Better::higher, 20.0};
  Row alone{"turn, one conversation, durable", "us", "LangGraph, SQLite", Better::lower, 1.0};
  Row pinned{"turn, one conversation, durable, all on one core", "us", "LangGraph, SQLite", Better::lower, 0};
  const test::OfflineModel model({"--instant", bench::answer()});
  for (int i = 0; i < rounds; ++i) {
    const auto ours = our_turns();
    for (auto* row : {&autogen, &langgraph, &mahilo}) row->ours.push_back(ours.turns_per_s);
    alone.ours.push_back(ours.turn_us);
    pinned.ours.push_back(our_turn_on_one_core());
    if (peers.has("autogen")) autogen.theirs.push_back(peers.run("autogen", "autogen_teams.py")["turns_per_s"]);
    if (peers.has("langgraph")) {
      const auto theirs = peers.run("langgraph", "langgraph_sqlite.py");
      langgraph.theirs.push_back(theirs["turns_per_s"]);
      alone.theirs.push_back(theirs["turn_us"]);
      pinned.theirs.push_back(peers.run("langgraph", "langgraph_sqlite.py", {"1"})["turn_us"]);
    }
    if (peers.has("mahilo")) mahilo.theirs.push_back(peers.run("mahilo", "mahilo_people.py", {model.url()})["turns_per_s"]);
  }
  bool met = true;
  for (const auto* row : {&autogen, &langgraph, &mahilo, &alone, &pinned}) {
    if (row->theirs.empty())
      bench::print_skipped(row->what + ", against " + row->against, "it is not installed");
    else
      met &= bench::print(*row);
  }
  return met;
}

bool calls(const Peers& peers, int rounds) {
  Row latency{"agent, intercom, agent: p50, 256 B, one core", "us", "AutoGen, gRPC runtime", Better::lower, 0.15};
  Row rate{"agent, intercom, agent: round trips, 64 outstanding", "/s", "AutoGen, gRPC runtime", Better::higher, 50};
  if (!peers.has("autogen")) {
    bench::print_skipped(latency.what + ", against " + latency.against, "it is not installed");
    return true;
  }
  for (int i = 0; i < rounds; ++i) {
    latency.theirs.push_back(peers.run("autogen", "autogen_grpc.py", {"1"})["p50_us"]);
    latency.ours.push_back(bench::apart([] { return bench::relay(bench::Broker::intercom, true); }));
    rate.theirs.push_back(peers.run("autogen", "autogen_grpc.py", {"0"})["rt_per_s"]);
    rate.ours.push_back(bench::apart([] { return bench::relay(bench::Broker::intercom, false); }));
  }
  const bool quick = bench::print(latency);
  const bool many = bench::print(rate);
  return quick && many;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 2) {
    fmt::print(stderr, "usage: bench_peers <folder of the virtual environments> [rounds]\n");
    return 2;
  }
  const Peers peers(arguments[1]);
  const int rounds = count > 2 ? std::max(1, std::atoi(arguments[2])) : 3;
  const bool met_calls = calls(peers, rounds);
  const bool met_turns = turns(peers, rounds);
  return met_calls && met_turns ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_peers: {}\n", error.what());
  return 2;
}
