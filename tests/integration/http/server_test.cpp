#include "http/server.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <catch2/catch.hpp>
#include <random>

#include "http/client.hpp"
#include "integration/http/fixture.hpp"
#include "support/process.hpp"
#include "telemetry/log.hpp"

using namespace convoke;
using namespace convoke::test;
namespace asio = boost::asio;

namespace {

asio::awaitable<http::Response> echo(http::Request request) {
  if (request.path == "/throw") throw std::runtime_error("a defect");
  if (request.path == "/slow") co_await sleep_for(Millis{300});
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
  co_return http::text_response(200, text + " " + request.body);
}

asio::awaitable<void> three_events(http::StreamWriter& writer) {
  for (const std::string piece : {"one", "two", "three"}) {
    const auto written = co_await writer.write("data: " + piece + "\n\n");
    if (!written) co_return;
  }
}

asio::awaitable<http::Response> streaming(http::Request) { co_return http::event_stream(&three_events); }

asio::awaitable<void> endless(http::StreamWriter& writer) {
  for (;;) {
    const auto written = co_await writer.write(std::string(64 * 1024, 'x'));
    if (!written) co_return;
  }
}

std::string request(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

}  // namespace

TEST_CASE("http server: pipelined requests are answered in order on one connection") {
  ServerFixture fixture;
  fixture.serve(&echo);
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say(request("/slow") + request("/b%20c?x=1+2&y=%26") + "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" +
           request("/last", "Connection: close\r\n"));
  const auto heard = peer.hear();
  const auto slow = heard.find("GET /slow ");
  const auto second = heard.find("GET /b c x=1 2 y=& ");
  const auto post = heard.find("POST /p hello");
  CHECK(slow < second);
  CHECK(second < post);
  CHECK(post < heard.find("GET /last"));
  CHECK(heard.find("GET /last") != std::string::npos);
  CHECK(fixture.server->stats().requests == 4);
}

TEST_CASE("http server: a target with a host is served, and that host counts, whatever the header says") {
  ServerFixture fixture;
  const auto told = [](http::Request request) -> asio::awaitable<http::Response> {
    co_return http::text_response(
        200, request.path + " at " + std::string(request.headers.get("host")) + " " + std::string(request.parameter("x").value_or("-")));
  };
  fixture.serve(told);
  const auto heard = [&](const std::string& target) {
    RawPeer peer(fixture.io, fixture.server->port());
    peer.say(request(target, "Connection: close\r\n"));
    return peer.hear();
  };
  CHECK(heard("http://y:80/a%20b?x=1").find("/a b at y:80 1") != std::string::npos);
  CHECK(heard("HTTPS://[::1]:80?x=1").find("/ at [::1]:80 1") != std::string::npos);
  CHECK(heard("http://y").find("/ at y -") != std::string::npos);
  CHECK(heard("/a?x=http://y/b").find("/a at x http://y/b") != std::string::npos);
  CHECK(heard("/http://y/b").find("/http://y/b at x -") != std::string::npos);
}

TEST_CASE("http server: rubbish, smuggling and oversized requests get a JSON error, and nobody else is disturbed") {
  ServerFixture fixture;
  http::ServerOptions options;
  options.max_body_bytes = 1000;
  options.max_header_bytes = 2000;
  fixture.serve(&echo, options);
  RawPeer good(fixture.io, fixture.server->port());
  good.say(request("/before"));
  CHECK(good.hear("GET /before").find("200 OK") != std::string::npos);
  struct Bad {
    std::string bytes, status, code;
  };
  const std::vector<Bad> cases{
      {std::string("\x16\x03\x01\x00\xff\xfe\x00rubbish\r\n\r\n", 18), "400", "MALFORMED"},
      {"GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", "MALFORMED"},
      {"GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400", "MALFORMED"},
      {"GET / HTTP/1.1\r\nNo colon\r\n\r\n", "400", "MALFORMED"},
      {"GET / HTTP/1.1\r\n\r\n", "400", "MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400", "MALFORMED"},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400", "MALFORMED"},
      {"GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", "400", "MALFORMED"},
      {"GET http://:80/a HTTP/1.1\r\nHost: x\r\n\r\n", "400", "MALFORMED"},
      {"GET http://x@y/a HTTP/1.1\r\nHost: x\r\n\r\n", "400", "MALFORMED"},
      {"GET / HTTP/3.9\r\nHost: x\r\n\r\n", "505", "PROTOCOL_VERSION"},
      {"GET / HTTP/1.1\r\nX: " + std::string(3000, 'x') + "\r\n\r\n", "431", "TOO_LARGE"},
      {"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'), "413", "TOO_LARGE"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x'), "413", "TOO_LARGE"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400", "MALFORMED"},
  };
  for (const auto& bad : cases) {
    RawPeer peer(fixture.io, fixture.server->port());
    peer.say(bad.bytes);
    const auto heard = peer.hear();
    INFO(bad.bytes.substr(0, 60));
    CHECK(heard.starts_with("HTTP/1.1 " + bad.status));
    CHECK(heard.find("{\"error\":{\"code\":\"" + bad.code + "\"") != std::string::npos);
  }
  good.say(request("/after"));
  CHECK(good.hear("GET /after").find("200 OK") != std::string::npos);
  CHECK(fixture.server->stats().refused == cases.size());
}

TEST_CASE("http server: whatever bytes come, cut anywhere, the others are served") {
  ServerFixture fixture;
  fixture.serve(&echo);
  const auto seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto errors = telemetry::log::count(telemetry::log::Level::error);
  const std::string proper = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  RawPeer good(fixture.io, fixture.server->port());
  for (int round = 0; round < 200; ++round) {
    auto bytes = proper;
    for (unsigned change = 0; change <= random() % 4; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    RawPeer bad(fixture.io, fixture.server->port());
    bad.say(bytes);
    bad.socket().shutdown(asio::ip::tcp::socket::shutdown_send);
    (void)bad.hear();
  }
  good.say(request("/good"));
  CHECK(good.hear("GET /good").find("200 OK") != std::string::npos);
  CHECK(run_until(fixture.io, std::chrono::seconds(5), [&] { return fixture.server->stats().connections == 1; }));
  CHECK(telemetry::log::count(telemetry::log::Level::error) == errors);
}

TEST_CASE("http server: a request that drips in is answered 408, an idle connection is closed without a word") {
  ServerFixture fixture;
  http::ServerOptions options;
  options.header_deadline = Millis{300};
  options.body_deadline = Millis{300};
  options.idle_deadline = Millis{300};
  fixture.serve(&echo, options);
  RawPeer idle(fixture.io, fixture.server->port());
  RawPeer header(fixture.io, fixture.server->port());
  RawPeer body(fixture.io, fixture.server->port());
  header.say("GET / HT");
  body.say("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(header.hear().starts_with("HTTP/1.1 408"));
  CHECK(body.hear().starts_with("HTTP/1.1 408"));
  CHECK(idle.hear().empty());
}

TEST_CASE("http server: a failing handler is answered 500 and logged, and the connection goes on") {
  ServerFixture fixture;
  fixture.serve(&echo);
  const auto errors = telemetry::log::count(telemetry::log::Level::error);
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say(request("/throw") + request("/next"));
  const auto heard = peer.hear("GET /next");
  CHECK(heard.starts_with("HTTP/1.1 500"));
  CHECK(heard.find("\"INTERNAL\"") != std::string::npos);
  CHECK(heard.find("a defect of") != std::string::npos);
  CHECK(telemetry::log::count(telemetry::log::Level::error) == errors + 1);
}

TEST_CASE("http server: HEAD has no body, HTTP/1.0 closes, 100-continue is told to go on") {
  ServerFixture fixture;
  fixture.serve(&echo);
  RawPeer head(fixture.io, fixture.server->port());
  head.say("HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto answer = head.hear();
  CHECK(answer.find("Content-Length: 7\r\n") != std::string::npos);  // of what GET is answered
  CHECK(answer.ends_with("\r\n\r\n"));
  RawPeer old(fixture.io, fixture.server->port());
  old.say("GET /old HTTP/1.0\r\n\r\n");
  CHECK(old.hear().ends_with("GET /old "));
  RawPeer expecting(fixture.io, fixture.server->port());
  expecting.say("PUT /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(expecting.hear("\r\n\r\n").starts_with("HTTP/1.1 100 Continue\r\n"));
  expecting.say("ab");
  CHECK(expecting.hear("PUT /e ab").starts_with("HTTP/1.1 200"));
}

TEST_CASE("http server: a stream is chunked and ends; the next request follows on the same connection") {
  ServerFixture fixture;
  fixture.serve(&streaming);
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say(request("/events"));
  const auto heard = peer.hear("\r\n0\r\n\r\n");
  CHECK(heard.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(heard.find("b\r\ndata: one\n\n\r\n") != std::string::npos);
  peer.say(request("/again"));
  CHECK(peer.hear("three").find("200 OK") != std::string::npos);
}

TEST_CASE("http server: who reads nothing of a stream is cut off after the write deadline") {
  ServerFixture fixture;
  http::ServerOptions options;
  options.write_deadline = Millis{400};
  fixture.serve([](http::Request) -> asio::awaitable<http::Response> { co_return http::event_stream(&endless); }, options);
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say(request("/"));
  CHECK(run_until(fixture.io, std::chrono::seconds(10), [&] { return fixture.server->stats().connections == 1; }));
  CHECK(run_until(fixture.io, std::chrono::seconds(10), [&] { return fixture.server->stats().connections == 0; }));
}

TEST_CASE("http server: beyond the limit of connections a new one is answered 503, the others go on") {
  ServerFixture fixture;
  http::ServerOptions options;
  options.max_connections = 2;
  fixture.serve(&echo, options);
  RawPeer one(fixture.io, fixture.server->port());
  RawPeer two(fixture.io, fixture.server->port());
  CHECK(run_until(fixture.io, std::chrono::seconds(5), [&] { return fixture.server->stats().connections == 2; }));
  RawPeer three(fixture.io, fixture.server->port());
  CHECK(three.hear().starts_with("HTTP/1.1 503"));
  two.say(request("/two"));
  CHECK(two.hear("GET /two").find("200 OK") != std::string::npos);
}

TEST_CASE("http server: stopping finishes the request in hand, ends idle connections and accepts no more") {
  ServerFixture fixture;
  fixture.serve(&echo);
  RawPeer idle(fixture.io, fixture.server->port());
  RawPeer busy(fixture.io, fixture.server->port());
  busy.say(request("/slow"));
  CHECK(run_until(fixture.io, std::chrono::seconds(5), [&] { return fixture.server->stats().requests == 1; }));
  const auto port = fixture.server->port();
  run(fixture.io, fixture.server->stop(Millis{5000}));
  const auto heard = busy.hear();
  CHECK(heard.starts_with("HTTP/1.1 200"));
  CHECK(heard.find("Connection: close\r\n") != std::string::npos);
  CHECK(idle.hear().empty());
  CHECK(run_until(fixture.io, std::chrono::seconds(5), [&] { return fixture.ended; }));
  CHECK_THROWS(RawPeer(fixture.io, port));
}

TEST_CASE("http server: stopping cuts off a handler that does not end") {
  ServerFixture fixture;
  fixture.serve([](http::Request) -> asio::awaitable<http::Response> {
    co_await sleep_for(Millis{60'000});
    co_return http::text_response(200, "late");
  });
  RawPeer peer(fixture.io, fixture.server->port());
  peer.say(request("/"));
  CHECK(run_until(fixture.io, std::chrono::seconds(5), [&] { return fixture.server->stats().requests == 1; }));
  run(fixture.io, fixture.server->stop(Millis{100}));
  CHECK(fixture.server->stats().connections == 0);
}

TEST_CASE("http server: a Unix socket left by a dead process is taken over, a living one is not") {
  TempDir folder;
  http::ServerOptions options;
  options.listen = "unix:" + folder.file("s");
  {
    asio::io_context io;
    asio::local::stream_protocol::acceptor dead(io, asio::local::stream_protocol::endpoint(folder.file("s")));
  }
  ServerFixture fixture;
  fixture.serve(&echo, options);
  CHECK(fixture.server->address() == options.listen);
  http::Server second(fixture.io, options, &echo);
  const auto refused = second.listen();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Fault::conflict);
}

TEST_CASE("http server: an address it cannot use is refused with the reason") {
  asio::io_context io;
  for (const std::string listen : {"nowhere", "no.such.host:80", "127.0.0.1:x"}) {
    http::ServerOptions options;
    options.listen = listen;
    http::Server server(io, options, &echo);
    const auto refused = server.listen();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Fault::invalid);
  }
}
