#include "http/websocket.hpp"

#include <catch2/catch.hpp>

#include "http/websocket_client.hpp"
#include "integration/http/fixture.hpp"
#include "support/process.hpp"

using namespace convoke;
using namespace convoke::test;
using convoke::http::Sent;
namespace asio = boost::asio;

namespace {

constexpr Millis limit{5000};

/// Answers every message with itself; the last error is kept.
struct EchoService {
  std::shared_ptr<http::WebSocket> socket;
  std::optional<Error> error;
  bool ended = false;

  asio::awaitable<http::Response> handle(http::Request request) {
    if (request.path == "/forbidden") co_return http::error_response(Error(Fault::forbidden, "not you"));
    http::Response response;
    response.websocket = [this](std::shared_ptr<http::WebSocket> opened) { return serve(std::move(opened)); };
    co_return response;
  }

  asio::awaitable<void> serve(std::shared_ptr<http::WebSocket> opened) {
    socket = opened;
    for (;;) {
      auto message = co_await opened->read();
      if (!message) error = message.error();
      if (!message || !*message) break;
      opened->send((*message)->text ? http::text_frame((*message)->data) : http::binary_frame((*message)->data));
    }
    ended = true;
  }

  http::Server::Handler handler() {
    return [this](http::Request request) { return handle(std::move(request)); };
  }
};

struct Opened {
  ServerFixture fixture;
  EchoService service;
  http::WebSocketClient client{fixture.io};

  explicit Opened(http::ServerOptions options = {}) {
    fixture.serve(service.handler(), options);
    http::WebSocketTarget target;
    target.address = fixture.server->address();
    const auto connected = run(fixture.io, client.connect(target));
    if (!connected) throw std::runtime_error(connected.error().message);
    run_until(fixture.io, limit, [&] { return service.socket != nullptr; });
  }
  std::string read() {
    auto message = run(fixture.io, client.read(limit));
    return message && *message ? (*message)->data : "nothing";
  }
};

constexpr std::string_view handshake =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";

std::string masked(int first_byte, std::string_view payload) {
  std::string bytes(1, static_cast<char>(first_byte));
  bytes += static_cast<char>(0x80 | payload.size());
  bytes += std::string(4, '\0');
  return bytes += payload;
}

}  // namespace

TEST_CASE("websocket: messages of all sizes go there and back, with a client that is not ours") {
  Opened opened;
  for (const std::size_t size : {0u, 5u, 125u, 126u, 65535u, 65536u, 900'000u}) {
    REQUIRE(run(opened.fixture.io, opened.client.send(std::string(size, 'x'))));
    CHECK(opened.read().size() == size);
  }
  CHECK(run(opened.fixture.io, opened.client.close()));
  CHECK(run_until(opened.fixture.io, limit, [&] { return opened.service.ended && opened.fixture.server->stats().connections == 0; }));
  CHECK_FALSE(opened.service.error);
  CHECK(opened.service.socket->send_text("x") == Sent::closed);
}

TEST_CASE("websocket: over a Unix socket; a refusal tells why") {
  TempDir folder;
  ServerFixture fixture;
  EchoService service;
  http::ServerOptions options;
  options.listen = "unix:" + folder.file("s");
  fixture.serve(service.handler(), options);
  http::WebSocketClient client(fixture.io);
  http::WebSocketTarget target;
  target.address = options.listen;
  target.target = "/forbidden";
  const auto refused = run(fixture.io, client.connect(target));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Fault::forbidden);
  target.target = "/";
  http::WebSocketClient second(fixture.io);
  REQUIRE(run(fixture.io, second.connect(target)));
  REQUIRE(run(fixture.io, second.send("hello")));
  const auto message = run(fixture.io, second.read(limit));
  CHECK((**message).data == "hello");
}

TEST_CASE("websocket: what is sent in one turn of the loop leaves in one write, in order") {
  Opened opened;
  const auto frame = http::text_frame("shared");
  for (int i = 0; i < 500; ++i) {
    CHECK(opened.service.socket->send_text(std::to_string(i)) == Sent::queued);
    CHECK(opened.service.socket->send(frame) == Sent::queued);
  }
  CHECK(opened.service.socket->queued_bytes() > 500 * 8);  // nothing was written yet
  for (int i = 0; i < 500; ++i) {
    CHECK(opened.read() == std::to_string(i));
    CHECK(opened.read() == "shared");
  }
  CHECK(opened.service.socket->queued_bytes() == 0);
}

TEST_CASE("websocket: a slow reader fills the queue to its bound, hears that it lost something, and heals") {
  http::ServerOptions options;
  options.max_queued_bytes = 1 << 20;
  Opened opened(options);
  const auto frame = http::text_frame(std::string(64 * 1024, 'x'));
  int queued = 0;
  bool writable = false;
  Sent last = Sent::queued;
  for (int i = 0; i < 2000 && last == Sent::queued; ++i) {
    last = opened.service.socket->send(frame);
    queued += last == Sent::queued ? 1 : 0;
    opened.fixture.io.poll();
  }
  CHECK(last == Sent::full);
  CHECK(opened.service.socket->queued_bytes() <= options.max_queued_bytes);
  opened.service.socket->when_below(options.max_queued_bytes / 2, [&] { writable = true; });
  CHECK_FALSE(writable);
  for (int i = 0; i < queued; ++i) REQUIRE(opened.read().size() == 64 * 1024);
  CHECK(writable);
  CHECK(opened.service.socket->send_text("healed") == Sent::queued);
  CHECK(opened.read() == "healed");
}

TEST_CASE("websocket: who reads nothing at all is cut off after the write deadline") {
  http::ServerOptions options;
  options.write_deadline = Millis{400};
  options.max_queued_bytes = 64 << 20;
  ServerFixture fixture;
  EchoService service;
  fixture.serve(service.handler(), options);
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say(std::string(handshake));
  REQUIRE(run_until(fixture.io, limit, [&] { return service.socket != nullptr; }));
  const auto frame = http::binary_frame(std::string(1 << 20, 'x'));
  for (int i = 0; i < 32; ++i) service.socket->send(frame);
  CHECK(run_until(fixture.io, std::chrono::seconds(10), [&] { return fixture.server->stats().connections == 0; }));
  CHECK(service.ended);
}

TEST_CASE("websocket: silence is met with a ping, and twice as much of it with an end") {
  http::ServerOptions options;
  options.ping_interval = Millis{300};
  ServerFixture fixture;
  EchoService service;
  fixture.serve(service.handler(), options);
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say(std::string(handshake));
  CHECK(peer.hear(std::string("\x89\x00", 2)).find(std::string("\x89\x00", 2)) != std::string::npos);
  peer.say(masked(0x8A, ""));  // pong: alive
  CHECK(peer.hear(std::string("\x89\x00", 2)).find(std::string("\x89\x00", 2)) != std::string::npos);
  CHECK(fixture.server->stats().websockets == 1);
  CHECK(run_until(fixture.io, limit, [&] { return fixture.server->stats().connections == 0; }));
}

TEST_CASE("websocket: pings are answered, a broken protocol is closed with its code") {
  struct Case {
    std::string bytes;
    std::uint16_t code;
    Fault fault;
  };
  for (const auto& bad : {Case{masked(0x81, "\xff"), 1007, Fault::malformed}, Case{"\x81\x02hi", 1002, Fault::malformed},
                          Case{masked(0xF1, "hi"), 1002, Fault::malformed},
                          Case{std::string("\x82\xff\0\0\0\0\x7f\0\0\0\0\0\0\0", 14), 1009, Fault::too_large}}) {
    ServerFixture fixture;
    EchoService service;
    fixture.serve(service.handler());
    RawPeer peer(fixture.io, fixture.server->port());
    peer.say(std::string(handshake) + masked(0x89, "are you there"));
    CHECK(peer.hear("are you there")
              .find("\x8A\x0D"
                    "are you there") != std::string::npos);
    peer.say(bad.bytes + std::string(100'000, 'z'));
    const auto heard = peer.hear();
    REQUIRE(heard.size() > 4);
    CHECK(static_cast<std::uint8_t>(heard[0]) == 0x88);
    CHECK(static_cast<std::uint8_t>(heard[2]) * 256 + static_cast<std::uint8_t>(heard[3]) == bad.code);
    CHECK(service.ended);
    REQUIRE(service.error);
    CHECK(service.error->code == bad.fault);
  }
}

TEST_CASE("websocket: a request that is no handshake is told so with 426") {
  ServerFixture fixture;
  EchoService service;
  fixture.serve(service.handler());
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(peer.hear().starts_with("HTTP/1.1 426"));
}

TEST_CASE("websocket: the server closes with what is queued before the close frame, and with 1001 when it stops") {
  Opened opened;
  opened.service.socket->send_text("last words");
  opened.service.socket->close(4000, "over");
  CHECK(opened.service.socket->send_text("more") == Sent::closed);
  CHECK(opened.read() == "last words");
  const auto end = run(opened.fixture.io, opened.client.read(limit));
  REQUIRE(end);
  CHECK_FALSE(*end);
  CHECK(opened.client.close_code() == 4000);
  CHECK(run_until(opened.fixture.io, limit, [&] { return opened.service.ended; }));

  Opened second;
  asio::co_spawn(second.fixture.io, second.fixture.server->stop(Millis{3000}), [](const std::exception_ptr&) {});
  const auto stopped = run(second.fixture.io, second.client.read(limit));
  REQUIRE(stopped);
  CHECK_FALSE(*stopped);
  CHECK(second.client.close_code() == 1001);
  CHECK(run_until(second.fixture.io, limit, [&] { return second.fixture.server->stats().connections == 0; }));
}

TEST_CASE("websocket client: a message that comes after the deadline is not lost") {
  Opened opened;
  const auto late = run(opened.fixture.io, opened.client.read(Millis{50}));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Fault::deadline);
  opened.service.socket->send_text("here");
  CHECK(opened.read() == "here");
  http::WebSocketClient nobody(opened.fixture.io);
  http::WebSocketTarget target;
  target.address = "127.0.0.1:" + std::to_string(free_port());
  CHECK(run(opened.fixture.io, nobody.connect(target)).error().code == Fault::unavailable);
}
