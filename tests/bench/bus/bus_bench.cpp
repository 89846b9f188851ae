// What the intercom costs against ZeroMQ's own brokers, with the same stock peers on both sides and the same frames:
//   latency     client → broker → worker and back, one at a time, everything on one core, against zmq_proxy: p50 ≤ 1.1×
//   throughput  64 round trips outstanding, not pinned, against zmq_proxy: ≥ 0.95×
//   fan-out     one publisher, 16 members, 16 outstanding, against PULL → XPUB: ≥ 0.85×
// The sides alternate; ratios are medians of the rounds' ratios. Usage: bench_bus [rounds] [latency|throughput|fanout]. One JSON line each;
// exits 1 when a budget is missed.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "peers.hpp"
#include "support/process.hpp"

namespace {

using namespace convoke;
using bench::Broker;
using bench::Clock;
using bench::Peer;

constexpr std::size_t payload = 256;
constexpr auto measured = std::chrono::milliseconds(700);
constexpr auto warm_up = std::chrono::milliseconds(150);
const convoke::Uuid client_id{1, 1};
const convoke::Uuid worker_id{2, 2};

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

void work(const std::string& endpoint, Broker broker) {
  zmq::context_t context;
  Peer worker(context, endpoint, broker, worker_id, "planner");
  const auto header = bench::header_bytes(wire::Body::Answer, "service/planner", client_id);
  const std::string body(payload, 'y');
  for (;;) {
    worker.receive(payload);
    worker.answer(header, body);
  }
}

// Microseconds (median) of one round trip.
double latency(Peer& client, const std::string& header, const std::string& body) {
  const auto begin = Clock::now() + warm_up;
  const auto end = begin + measured;
  std::vector<double> times;
  for (auto now = Clock::now(); now < end;) {
    client.send(header, body);
    client.receive(payload);
    const auto then = Clock::now();
    if (now >= begin) times.push_back(seconds(then - now) * 1e6);
    now = then;
  }
  return bench::median(std::move(times));
}

// Round trips per second.
double throughput(Peer& client, const std::string& header, const std::string& body) {
  for (int i = 0; i < 64; ++i) client.send(header, body);
  const auto exchange_until = [&](Clock::time_point end) {
    std::uint64_t done = 0;
    do {
      for (int i = 0; i < 64; ++i, ++done) {
        client.receive(payload);
        client.send(header, body);
      }
    } while (Clock::now() < end);
    return static_cast<double>(done);
  };
  exchange_until(Clock::now() + warm_up);
  const auto begin = Clock::now();
  const double done = exchange_until(begin + measured);
  return done / seconds(Clock::now() - begin);
}

double relay(Broker broker, bool pinned) {
  if (pinned) bench::pin();
  const test::TempDir folder;
  const bench::Hub hub(broker, folder.path().string());
  const pid_t worker = bench::spawn([&] { work(hub.back(), broker); });
  zmq::context_t context;
  Peer client(context, hub.front(), broker, client_id, "gateway");
  const auto header = bench::header_bytes(wire::Body::Query, "service/gateway", worker_id);
  const std::string body(payload, 'x');
  ::usleep(300'000);  // the worker registers
  const double result = pinned ? latency(client, header, body) : throughput(client, header, body);
  bench::stop(worker);
  return result;
}

// Members in one process; a byte goes into the pipe for each message that all of them have.
void be_members(const std::string& endpoint, Broker broker, int count, int acknowledge) {
  zmq::context_t context;
  std::vector<std::unique_ptr<Peer>> members;
  std::vector<zmq::pollitem_t> items;
  for (int i = 0; i < count; ++i) {
    members.push_back(
        std::make_unique<Peer>(context, endpoint, broker, convoke::Uuid{3, static_cast<std::uint64_t>(i + 1)}, "gateway", "c"));
    items.push_back({members.back()->socket().handle(), 0, ZMQ_POLLIN, 0});
  }
  std::vector<std::uint64_t> got(members.size());
  std::uint64_t acknowledged = 0;
  for (;;) {
    zmq::poll(items, std::chrono::milliseconds(200));
    for (std::size_t i = 0; i < members.size(); ++i)
      while (members[i]->receive_now(payload)) ++got[i];
    const std::uint64_t all = *std::ranges::min_element(got);
    const std::string bytes(all - acknowledged, 'a');
    if (!bytes.empty() && ::write(acknowledge, bytes.data(), bytes.size()) < 0) return;
    acknowledged = all;
  }
}

// Messages per second that all members got.
double fan_out(Broker broker) {
  constexpr int members = 16;
  const test::TempDir folder;
  const bench::Hub hub(broker, folder.path().string());
  int pipe[2];
  if (::pipe(pipe) != 0) std::abort();
  const pid_t child = bench::spawn([&] { be_members(hub.back(), broker, members, pipe[1]); });
  zmq::context_t context;
  Peer publisher(context, hub.front(), broker, client_id, "groupchat");
  const auto header = bench::header_bytes(wire::Body::Push, "service/groupchat", {}, "c");
  const std::string body(payload, 'x');
  ::usleep(600'000);  // the members subscribe
  char bytes[4096];
  std::uint64_t outstanding = 0;
  const auto publish_until = [&](Clock::time_point end) {
    std::uint64_t done = 0;
    while (Clock::now() < end) {
      for (; outstanding < 16; ++outstanding) publisher.send(header, body);
      if (broker == Broker::intercom) publisher.receive_now(payload);  // heartbeats
      pollfd ready{pipe[0], POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;
      const auto count = ::read(pipe[0], bytes, sizeof bytes);
      if (count <= 0) std::abort();
      outstanding -= static_cast<std::uint64_t>(count);
      done += static_cast<std::uint64_t>(count);
    }
    return static_cast<double>(done);
  };
  publish_until(Clock::now() + warm_up);
  const auto begin = Clock::now();
  const double done = publish_until(begin + measured);
  const double result = done / seconds(Clock::now() - begin);
  bench::stop(child);
  ::close(pipe[0]);
  ::close(pipe[1]);
  return result;
}

// Each measurement in a process of its own: what one leaves behind must not touch the next.
double apart(const std::function<double()>& measure) {
  int pipe[2];
  if (::pipe(pipe) != 0) std::abort();
  const pid_t child = bench::spawn([&] {
    const double value = measure();
    if (::write(pipe[1], &value, sizeof value) < 0) ::_exit(1);
  });
  double value = 0;
  pollfd ready{pipe[0], POLLIN, 0};
  if (::poll(&ready, 1, 20'000) > 0 && ::read(pipe[0], &value, sizeof value) != sizeof value) value = 0;
  bench::stop(child);
  ::close(pipe[0]);
  ::close(pipe[1]);
  return value;
}

struct Case {
  std::string name;
  std::string unit;
  std::string against;
  double budget;
  bool lower_is_better;
  std::function<double()> ours;
  std::function<double()> theirs;
};

bool run(const Case& one, int rounds) {
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    theirs.push_back(apart(one.theirs));
    ours.push_back(apart(one.ours));
    if (ours.back() > 0 && theirs.back() > 0) ratios.push_back(ours.back() / theirs.back());
  }
  const double ratio = bench::median(ratios);
  const bool met = !ratios.empty() && (one.lower_is_better ? ratio <= one.budget : ratio >= one.budget);
  fmt::print(
      "{{\"bench\":\"bus\",\"name\":\"{}\",\"unit\":\"{}\",\"against\":\"{}\",\"ours\":{:.1f},\"baseline\":{:.1f},\"ratio\":{:.3f},"
      "\"budget\":{},\"rounds\":{},\"ok\":{}}}\n",
      one.name, one.unit, one.against, bench::median(ours), bench::median(theirs), ratio, one.budget, rounds, met);
  std::fflush(stdout);
  return met;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const std::string only = argc > 2 ? argv[2] : "";
  const std::vector<Case> cases{
      {"latency", "us p50, pinned", "zmq_proxy", 1.1, true, [] { return relay(Broker::intercom, true); },
       [] { return relay(Broker::proxy, true); }},
      {"throughput", "round trips/s at 64", "zmq_proxy", 0.95, false, [] { return relay(Broker::intercom, false); },
       [] { return relay(Broker::proxy, false); }},
      {"fanout", "messages/s to 16", "XPUB", 0.85, false, [] { return fan_out(Broker::intercom); }, [] { return fan_out(Broker::xpub); }},
  };
  bool met = true;
  for (const auto& one : cases)
    if (only.empty() || only == one.name) met = run(one, rounds) && met;
  return met ? 0 : 1;
}
