#include "bus/measure.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bus/nats.hpp"
#include "common/row.hpp"
#include "support/process.hpp"

namespace convoke::bench {
namespace {

constexpr std::size_t payload = 256;
constexpr auto measured = std::chrono::milliseconds(700);
constexpr auto warm_up = std::chrono::milliseconds(150);
const convoke::Uuid client_id{1, 1};
const convoke::Uuid worker_id{2, 2};

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

void work(const std::string& endpoint, Broker broker) {
  zmq::context_t context;
  Peer worker(context, endpoint, broker, worker_id, "planner");
  const auto header = header_bytes(wire::Body::Answer, "service/planner", client_id);
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
  return median(std::move(times));
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

}  // namespace

double relay(Broker broker, bool pinned) {
  if (pinned) pin();
  const test::TempDir folder;
  const Hub hub(broker, folder.path().string());
  const pid_t worker = spawn([&] { work(hub.back(), broker); });
  zmq::context_t context;
  Peer client(context, hub.front(), broker, client_id, "gateway");
  const auto header = header_bytes(wire::Body::Query, "service/gateway", worker_id);
  const std::string body(payload, 'x');
  ::usleep(300'000);  // the worker registers
  const double result = pinned ? latency(client, header, body) : throughput(client, header, body);
  stop(worker);
  return result;
}

namespace {

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

}  // namespace

// Messages per second that all members got.
double fan_out(Broker broker) {
  constexpr int members = 16;
  const test::TempDir folder;
  const Hub hub(broker, folder.path().string());
  int pipe[2];
  if (::pipe(pipe) != 0) std::abort();
  const pid_t child = spawn([&] { be_members(hub.back(), broker, members, pipe[1]); });
  zmq::context_t context;
  Peer publisher(context, hub.front(), broker, client_id, "groupchat");
  const auto header = header_bytes(wire::Body::Push, "service/groupchat", {}, "c");
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
  stop(child);
  ::close(pipe[0]);
  ::close(pipe[1]);
  return result;
}

namespace {

constexpr std::size_t nats_warm_up = 500;

void answer_by_nats(std::uint16_t port) {
  NatsPeer worker(port, "work");
  const std::string body(payload, 'y');
  for (;;) worker.publish(worker.receive(), "", body);
}

double ask_by_nats(std::uint16_t port) {
  NatsPeer client(port, "answers");
  const std::string body(payload, 'x');
  std::vector<double> times;
  const auto end = Clock::now() + warm_up + measured;
  for (std::size_t done = 0; Clock::now() < end; ++done) {
    const auto begun = Clock::now();
    client.publish("work", "answers", body);
    client.receive();
    if (done >= nats_warm_up) times.push_back(seconds(Clock::now() - begun) * 1e6);
  }
  return median(std::move(times));
}

bool listens(std::uint16_t port) {
  try {
    const NatsPeer probe(port, "probe");
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

double nats_relay() {
  pin();
  const auto port = test::free_port();
  const auto server = spawn([port] {
    const auto number = std::to_string(port);
    ::freopen("/dev/null", "w", stderr);
    ::execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", number.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  });
  double result = 0;
  if (test::eventually(std::chrono::seconds(2), [port] { return listens(port); })) {
    const auto worker = spawn([port] { answer_by_nats(port); });
    ::usleep(300'000);  // the worker subscribes
    result = ask_by_nats(port);
    stop(worker);
  }
  stop(server);
  return result;
}

double apart(const std::function<double()>& measure) {
  int pipe[2];
  if (::pipe(pipe) != 0) std::abort();
  const pid_t child = spawn([&] {
    const double value = measure();
    if (::write(pipe[1], &value, sizeof value) < 0) ::_exit(1);
  });
  double value = 0;
  pollfd ready{pipe[0], POLLIN, 0};
  if (::poll(&ready, 1, 20'000) > 0 && ::read(pipe[0], &value, sizeof value) != sizeof value) value = 0;
  stop(child);
  ::close(pipe[0]);
  ::close(pipe[1]);
  return value;
}

}  // namespace convoke::bench
