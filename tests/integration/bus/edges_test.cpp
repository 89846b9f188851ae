// The sharp edges of ZeroMQ, each with real sockets: what the library would do by itself, and that ours does not.
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <zmq.hpp>

#include "bus/router.hpp"
#include "fixture.hpp"

using namespace convoke;
using namespace convoke::test;
using wire::DestKind;

namespace {

// A bare ZeroMQ peer, to do what a client of ours would not.
struct Bare {
  explicit Bare(const std::string& endpoint, const std::string& identity = {}) : socket(context, zmq::socket_type::dealer) {
    socket.set(zmq::sockopt::linger, 0);
    if (!identity.empty()) socket.set(zmq::sockopt::routing_id, identity);
    socket.connect(endpoint);
  }
  void send(const std::string& header, const std::string& body) {
    socket.send(zmq::buffer(header), zmq::send_flags::sndmore);
    socket.send(zmq::buffer(body), zmq::send_flags::none);
  }
  bool receive(std::chrono::milliseconds limit) {
    zmq::message_t frame;
    socket.set(zmq::sockopt::rcvtimeo, static_cast<int>(limit.count()));
    if (!socket.recv(frame, zmq::recv_flags::none)) return false;
    last = frame.to_string();
    while (frame.more() && socket.recv(frame, zmq::recv_flags::none)) continue;
    return true;
  }
  zmq::context_t context;
  zmq::socket_t socket;
  std::string last;
};

// A signal again and again, while it lives.
class Alarms {
 public:
  explicit Alarms(std::chrono::microseconds every) {
    count_ = 0;
    struct sigaction action{};
    action.sa_handler = [](int) { count_ = count_ + 1; };
    ::sigaction(SIGALRM, &action, &before_);
    const auto us = static_cast<suseconds_t>(every.count());
    const itimerval timer{{0, us}, {0, us}};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }
  ~Alarms() {
    const itimerval none{};
    ::setitimer(ITIMER_REAL, &none, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;
  static int count() { return count_; }

 private:
  struct sigaction before_{};
  static inline volatile std::sig_atomic_t count_ = 0;
};

// A router on the test's loop that echoes everything.
struct Echo {
  explicit Echo(boost::asio::io_context& io) : router(io.get_executor(), options()) {
    router.on_message([this](const bus::Router::Incoming& incoming) {
      peers.push_back(incoming.peer);
      router.forward(incoming.peer);
    });
    router.on_refused([this](bus::Peer peer, bus::Refusal refusal) { refused.emplace_back(peer, refusal); });
    router.open();
  }
  bus::RouterOptions options() const {
    bus::RouterOptions result;
    result.bind = {"ipc://" + folder.file("router"), "tcp://127.0.0.1:*"};
    return result;
  }
  TempDir folder;
  bus::Router router;
  std::vector<bus::Peer> peers;
  std::vector<std::pair<bus::Peer, bus::Refusal>> refused;
};

}  // namespace

// Edge-triggered descriptor: a send eats the edge of a message that arrives meanwhile. One round trip at a time never shows it.
TEST_CASE("edges: pipelined round trips over sockets that share a loop never stall") {
  const int outstanding = GENERATE(1, 4, 16, 64);
  CAPTURE(outstanding);
  Bus bus;
  auto left = bus.node("gateway");
  auto right = bus.node("planner");
  REQUIRE(bus.together({left.get(), right.get()}));
  right->answer_all();
  int answered = 0;
  int sent = 0;
  const int total = outstanding * 300;
  const auto ask = [&] {
    ++sent;
    left->client.send(query_to(right->replica()));
  };
  left->handler = [&](const wire::Message& message) {
    const auto* answer = message.as<wire::AnswerT>();
    if (answer == nullptr || answer->body.AsAccepted() == nullptr) return;
    ++answered;
    if (sent < total) ask();
  };
  for (int i = 0; i < outstanding; ++i) ask();
  CHECK(bus.until([&] { return answered == total; }, 30s));
}

// ZeroMQ polls before every call, even one that does not wait, and a signal in that moment ends the call: a SIGTERM, for one.
TEST_CASE("edges: signals interrupt nothing") {
  Bus bus;
  auto left = bus.node("gateway");
  auto right = bus.node("planner");
  REQUIRE(bus.together({left.get(), right.get()}));
  right->answer_all();
  int answered = 0;
  constexpr int total = 4'000;
  left->handler = [&](const wire::Message& message) {
    const auto* answer = message.as<wire::AnswerT>();
    if (answer == nullptr || answer->body.AsAccepted() == nullptr) return;
    if (++answered + 16 <= total) left->client.send(query_to(right->replica()));
  };
  const Alarms alarms(100us);
  for (int i = 0; i < 16; ++i) left->client.send(query_to(right->replica()));
  CHECK(bus.until([&] { return answered == total; }, 30s));
  CHECK(Alarms::count() > 100);
}

TEST_CASE("edges: a router says that nobody is there, instead of dropping the message") {
  boost::asio::io_context io;
  Echo hub(io);
  hub.router.send(5, "h", "b");
  CHECK(hub.refused.empty());  // never inside send
  REQUIRE(run_until(io, 5s, [&] { return !hub.refused.empty(); }));
  CHECK(hub.refused == std::vector{std::pair(bus::Peer{5}, bus::Refusal::gone)});
  {
    Bare peer(hub.router.endpoints()[0], "P");
    peer.send("h", "b");
    REQUIRE(run_until(io, 5s, [&] { return hub.peers.size() == 1; }));
    hub.router.send(hub.peers[0], "h", "b");
    REQUIRE(run_until(io, 5s, [&] { return hub.router.counters().sent == 2; }));
    CHECK(hub.refused.size() == 1);
  }
  CHECK(run_until(io, 5s, [&] {
    hub.router.send(hub.peers[0], "h", "b");
    return hub.refused.size() > 1;
  }));
  CHECK(hub.refused.back() == std::pair(hub.peers[0], bus::Refusal::gone));
  hub.router.forget(hub.peers[0]);
  CHECK(hub.router.peers() == 0);
}

// A crowd is read before it is handed on, by peer: nobody's messages may change places, and none may be left lying.
TEST_CASE("edges: what comes in a crowd reaches everybody, whole and in order") {
  boost::asio::io_context io;
  TempDir folder;
  bus::RouterOptions options;
  options.bind = {"ipc://" + folder.file("router")};
  options.drain_batch = 100;
  bus::Router router(io.get_executor(), options);
  std::set<bus::Peer> peers;
  router.on_message([&](const bus::Router::Incoming& incoming) {
    peers.insert(incoming.peer);
    for (const auto peer : peers) {
      router.forward(peer);
      router.send(peer, "own", incoming.body);
    }
  });
  router.open();
  std::vector<std::unique_ptr<Bare>> members;
  for (int i = 0; i < 3; ++i) {
    members.push_back(std::make_unique<Bare>(options.bind[0]));
    members.back()->send("hello", "hello");
    REQUIRE(run_until(io, 5s, [&] { return peers.size() == members.size(); }));
  }
  constexpr int each = 700;
  for (std::size_t i = 0; i < members.size(); ++i)
    for (int n = 0; n < each; ++n) members[i]->send(std::to_string(i), std::to_string(i) + " " + std::to_string(n));
  const auto hellos = router.counters().sent;
  REQUIRE(run_until(io, 20s, [&] { return router.counters().sent == hellos + members.size() * members.size() * each * 2; }));
  for (const auto& member : members) {
    std::map<std::string, int> next;  // by source
    std::string before;
    int got = 0;
    zmq::message_t header;
    zmq::message_t body;
    member->socket.set(zmq::sockopt::rcvtimeo, 2'000);
    while (got < 2 * 3 * each && member->socket.recv(header) && member->socket.recv(body)) {
      const auto text = body.to_string();
      if (text == "hello") continue;
      ++got;
      if (header.to_string() == "own") {
        CHECK(text == before);  // right behind the one that it is about
        continue;
      }
      before = text;
      const auto source = header.to_string();
      CHECK(text == source + " " + std::to_string(next[source]++));
    }
    CHECK(got == 2 * 3 * each);
  }
}

TEST_CASE("edges: a full queue is said, not swallowed") {
  boost::asio::io_context io;
  TempDir folder;
  bus::RouterOptions options;
  options.bind = {"ipc://" + folder.file("router")};
  options.socket.high_water = 50;
  bus::Router router(io.get_executor(), options);
  std::vector<bus::Peer> peers;
  std::size_t refused = 0;
  router.on_message([&](const bus::Router::Incoming& incoming) { peers.push_back(incoming.peer); });
  router.on_refused([&](bus::Peer, bus::Refusal refusal) { refused += refusal == bus::Refusal::full ? 1 : 0; });
  router.open();
  Bare peer(router.endpoints()[0]);
  peer.socket.set(zmq::sockopt::rcvhwm, 10);
  peer.send("h", "b");
  REQUIRE(run_until(io, 5s, [&] { return !peers.empty(); }));
  const std::string body(4096, 'x');
  for (int i = 0; i < 20'000; ++i) router.send(peers[0], "h", body);
  REQUIRE(run_until(io, 5s, [&] { return router.counters().sent + refused == 20'000; }));
  CHECK(refused > 0);
  CHECK(router.counters().refused_full == refused);
  std::size_t delivered = 0;
  while (peer.receive(300ms)) ++delivered;
  CHECK(delivered == router.counters().sent);
}

TEST_CASE("edges: of two connections with one identity the later is heard and answered") {
  boost::asio::io_context io;
  Echo hub(io);
  Bare first(hub.router.endpoints()[0], "same");
  first.send("1", "1");
  REQUIRE(run_until(io, 5s, [&] { return hub.peers.size() == 1; }));
  REQUIRE(first.receive(2s));
  Bare second(hub.router.endpoints()[0], "same");
  second.send("2", "2");
  REQUIRE(run_until(io, 5s, [&] { return hub.peers.size() == 2; }));
  CHECK(second.receive(2s));
  CHECK(second.last == "2");
  CHECK_FALSE(first.receive(50ms));
}

TEST_CASE("edges: an identity is no name: whoever takes a known one still has to register") {
  Bus bus;
  auto gateway = bus.node("gateway");
  REQUIRE(bus.together({gateway.get()}));
  Bare thief(bus.endpoint(), to_string(gateway->replica()));
  const auto frames = wire::encode(query_to(gateway->replica()));
  thief.send(frames.header, frames.body);
  REQUIRE(thief.receive(2s));
  const auto header = wire::decode_header(thief.last);
  REQUIRE(header.has_value());
  CHECK(header->kind == static_cast<std::uint8_t>(wire::Body::Answer));
  CHECK(gateway->messages.empty());
}

TEST_CASE("edges: a client with unsent messages to an absent intercom ends at once") {
  TempDir folder;
  boost::asio::io_context io;
  bus::ClientOptions options;
  options.intercoms = {"ipc://" + folder.file("nobody"), "tcp://127.0.0.1:1"};
  auto node = std::make_unique<Node>(io, options, "gateway");
  boost::asio::co_spawn(io, node->client.run(), boost::asio::detached);
  for (int i = 0; i < 100; ++i) node->client.send(query_to(fresh()));
  run_until(io, 100ms, [] { return false; });
  const auto start = std::chrono::steady_clock::now();
  node.reset();
  CHECK(std::chrono::steady_clock::now() - start < 1s);
}

TEST_CASE("edges: messages for an absent intercom wait within a bound, then are refused, and leave when it comes") {
  Bus bus;
  bus.kill();
  auto options = bus.options();
  options.max_queued = 100;
  auto gateway = bus.node("gateway", options);
  for (int i = 0; i < 150; ++i) gateway->client.send(query_to(fresh()));
  REQUIRE(bus.until([&] { return gateway->faults(Fault::overloaded) == 50; }));
  auto push = wire::message(wire::PushT{});
  push.header.dest_kind = DestKind::stream;
  for (int i = 0; i < 150; ++i) gateway->client.send(push);
  CHECK(gateway->client.counters().stream_dropped == 50);
  CHECK(gateway->client.counters().queued == 200);
  const auto late = bus.request(*gateway, query_to(fresh()), 100ms);
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == Fault::deadline);
  bus.start();
  CHECK(bus.until([&] { return gateway->faults(Fault::unreachable) == 100; }));
}

TEST_CASE("edges: what waits too long for an intercom is answered with DEADLINE") {
  TempDir folder;
  boost::asio::io_context io;
  bus::ClientOptions options;
  options.intercoms = {"ipc://" + folder.file("nobody")};
  Node node(io, options, "gateway");
  boost::asio::co_spawn(io, node.client.run(), boost::asio::detached);
  run_until(io, 50ms, [] { return false; });
  auto message = query_to(fresh());
  message.header.ttl_ms = 50;
  node.client.send(message);
  CHECK(run_until(io, 5s, [&] { return node.faults(Fault::deadline) == 1; }));
}

TEST_CASE("edges: an address that ends every connection at once keeps nobody away from the intercom that comes there") {
  using Local = boost::asio::local::stream_protocol;
  Bus bus;
  auto options = bus.options();
  options.reconnect_first = options.reconnect_most = std::chrono::milliseconds(1);
  const auto hasty = bus.node("worker", options);
  REQUIRE(bus.together({hasty.get()}));
  bus.kill();
  const auto path = bus.endpoint().substr(std::string("ipc://").size());
  std::filesystem::remove(path);
  int ended = 0;
  {
    Local::acceptor acceptor(bus.io(), Local::endpoint(path));
    std::function<void()> accept = [&] {
      acceptor.async_accept([&](boost::system::error_code error, Local::socket socket) {
        if (error) return;
        socket.close();
        ++ended;
        accept();
      });
    };
    accept();
    CHECK(bus.until([&] { return ended >= 400; }, std::chrono::seconds(60)));
    acceptor.close();
    bus.until([] { return false; }, std::chrono::milliseconds(20));
  }
  std::filesystem::remove(path);
  bus.start();
  CHECK(bus.together({hasty.get()}));
}

TEST_CASE("edges: a frozen intercom is noticed, and taken up again when it wakes") {
  Bus bus;
  auto gateway = bus.node("gateway");
  REQUIRE(bus.together({gateway.get()}));
  bus.intercom().signal(SIGSTOP);
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(bus.until([&] { return gateway->downs == 1; }));
  CHECK(std::chrono::steady_clock::now() - start < 2s);
  bus.intercom().signal(SIGCONT);
  CHECK(bus.until([&] { return gateway->client.connected(); }));
}

TEST_CASE("edges: twenty thousand messages to a frozen process: every one is delivered or reported") {
  const bool wakes = GENERATE(true, false);
  CAPTURE(wakes);
  // One that wakes up must not have been given up meanwhile, however slow the machine is.
  Bus bus(wakes ? std::vector<std::string>{"--intercom.lost_after=20s"} : std::vector<std::string>{});
  auto options = bus.options();
  options.max_queued = 30'000;
  auto gateway = bus.node("gateway", options);
  auto peer = bus.peer("planner");
  REQUIRE(bus.until([&] { return gateway->client.connected() && Bus::of_service(*gateway, "planner") == 1; }));
  peer->signal(SIGSTOP);
  std::map<Uuid, std::pair<int, int>> fate;  // answered, reported
  std::size_t open = 0;
  gateway->handler = [&](const wire::Message& message) {
    const auto* answer = message.as<wire::AnswerT>();
    if (answer == nullptr) return;
    auto& [answered, reported] = fate[wire::from_wire(message.header.correlation)];
    if (answered + reported == 0) --open;
    (answer->body.AsFault() != nullptr ? reported : answered) += 1;
  };
  auto message = query_to(DestKind::service, "planner");
  message.as<wire::QueryT>()->scope = std::string(1'000, 'x');
  message.header.ttl_ms = 60'000;
  std::set<Uuid> sent;
  for (int i = 0; i < 20'000; ++i) {
    message.header.id = {};
    sent.insert(gateway->client.send(message));
  }
  open = sent.size();
  if (wakes) {
    bus.until([&] { return open < 11'000; }, 700ms);  // the window is full, the rest was refused
    peer->signal(SIGCONT);
  } else {
    bus.until([&] { return false; }, 300ms);
    peer->kill();
  }
  CHECK(bus.until([&] { return open == 0; }, 30s));
  CHECK(fate.size() == sent.size());
  std::size_t answered = 0;
  for (const auto& id : sent) answered += fate[id].first > 0 ? 1 : 0;
  if (wakes)
    CHECK(answered > 1'000);
  else
    CHECK(answered == 0);
}

TEST_CASE("edges: an oversized frame costs its sender the connection, and nobody else anything") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto planner = bus.node("planner");
  planner->answer_all();
  REQUIRE(bus.together({gateway.get(), planner.get()}));
  Bare rude(bus.endpoint(), "rude");
  rude.send("header", std::string(20u << 20, 'x'));
  CHECK_FALSE(rude.receive(300ms));
  CHECK(bus.request(*gateway, query_to(planner->replica())).has_value());
  CHECK(gateway->downs == 0);
  CHECK(bus.intercom().running());
}

TEST_CASE("edges: rubbish bytes on the port and rubbish frames disturb nobody") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto planner = bus.node("planner");
  planner->answer_all();
  REQUIRE(bus.together({gateway.get(), planner.get()}));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = bus.endpoint().substr(6);
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  for (int i = 0; i < 20; ++i) {
    const int raw = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::connect(raw, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    std::string rubbish;
    for (int n = 0; n < 4'000; ++n) rubbish += static_cast<char>(system_random());
    (void)!::write(raw, rubbish.data(), rubbish.size());
    ::close(raw);
  }
  Bare bare(bus.endpoint(), "bare");
  bare.send("", "");
  bare.send(std::string(100'000, '\xff'), "");
  bare.socket.send(zmq::buffer(std::string("one frame alone")), zmq::send_flags::none);
  for (int i = 0; i < 4; ++i) bare.socket.send(zmq::buffer(std::string("five")), zmq::send_flags::sndmore);
  bare.socket.send(zmq::buffer(std::string("frames")), zmq::send_flags::none);
  auto frames = wire::encode(query_to(planner->replica()));
  for (std::size_t i = 0; i < frames.header.size(); ++i) {
    auto bent = frames.header;
    bent[i] = static_cast<char>(bent[i] ^ 0x5a);
    bare.send(bent, frames.body);
  }
  for (int i = 0; i < 10; ++i) CHECK(bus.request(*gateway, query_to(planner->replica())).has_value());
  CHECK(gateway->downs == 0);
  CHECK(planner->asked == 10);
  CHECK(bus.intercom().running());
}

TEST_CASE("edges: a body that cannot be read is answered to its sender, and counted") {
  Bus bus;
  auto planner = bus.node("planner");
  REQUIRE(bus.together({planner.get()}));
  Bare bare(bus.endpoint(), "bare");
  wire::RegisterT statement;
  statement.number = 1;
  statement.replica = wire::to_wire(fresh());
  statement.service = "gateway";
  for (int kind = 1; kind <= static_cast<int>(wire::Body::MAX); ++kind) statement.kinds.push_back(static_cast<std::uint8_t>(kind));
  auto hello = wire::message(statement);
  const auto said = wire::encode(hello);
  bare.send(said.header, said.body);
  REQUIRE(bare.receive(2s));
  auto message = query_to(planner->replica());
  message.header.source = "service/gateway";
  message.header.ttl_ms = 1'000;
  message.header.id = wire::to_wire(fresh());
  const auto frames = wire::encode(message);
  bare.send(frames.header, std::string(frames.body.size(), '\x7f'));
  REQUIRE(bus.until([&] { return planner->client.counters().malformed == 1; }));
  bool answered = false;
  while (!answered && bare.receive(2s)) {
    const auto header = wire::decode_header(bare.last);
    answered = header && wire::from_wire(header->correlation) == wire::from_wire(message.header.id);
    bus.until([] { return true; });
  }
  CHECK(answered);
  CHECK(planner->messages.empty());
}
