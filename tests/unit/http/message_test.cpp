#include "http/message.hpp"

#include <catch2/catch.hpp>

#include "http/address.hpp"
#include "http/response_head.hpp"

using namespace convoke;
using namespace convoke::http;

TEST_CASE("http: header names compare without regard to case") {
  Headers headers{{"Content-Type", "a"}, {"X", "1"}, {"x", "2"}};
  CHECK(headers.get("content-type") == "a");
  CHECK(headers.get("x") == "1");
  headers.set("x", "3");
  CHECK(headers.size() == 2);
  CHECK(headers.get("X") == "3");
  CHECK_FALSE(headers.has("y"));
}

TEST_CASE("http: percent escapes are decoded, wrong ones refused") {
  CHECK(decode_percent("a%20b%2Fc+d") == "a b/c+d");
  CHECK(decode_percent("a+b", true) == "a b");
  CHECK_FALSE(decode_percent("a%2"));
  CHECK_FALSE(decode_percent("%zz"));
  CHECK(decode_percent(encode_percent("gr\xC3\xBC\xC3\x9F/&=")) == "gr\xC3\xBC\xC3\x9F/&=");
}

TEST_CASE("http: an error as JSON, whatever its text contains") {
  const auto response = error_response(Error(Fault::not_found, "no \"plan\"\n\xFF"));
  CHECK(response.status == 404);
  CHECK(response.body == "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"no \\\"plan\\\"\\n\xEF\xBF\xBD\"}}");
}

TEST_CASE("http: a header's value cannot start a header of its own") {
  Response response;
  response.headers.add("Location", "/a\r\nSet-Cookie: x");
  const auto head = encode_head(response, Framing::length, true);
  CHECK(head.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.find("Content-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("http: the answer to the handshake of RFC 6455, 1.3") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("http: what is no WebSocket handshake is told why") {
  Request request;
  request.method = "GET";
  request.headers = {{"Upgrade", "WebSocket"},
                     {"Connection", "keep-alive, Upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  CHECK(handshake_mistake(request).empty());
  request.headers.set("Sec-WebSocket-Version", "8");
  CHECK_FALSE(handshake_mistake(request).empty());
  request.method = "POST";
  CHECK_FALSE(handshake_mistake(request).empty());
}

TEST_CASE("http: addresses") {
  CHECK(parse_address("127.0.0.1:80")->port == 80);
  CHECK(parse_address("[::1]:81")->host == "::1");
  CHECK(parse_address("unix:/tmp/x")->local);
  CHECK_FALSE(parse_address("127.0.0.1"));
  CHECK_FALSE(parse_address("a:70000"));
  CHECK_FALSE(parse_address("unix:"));
  CHECK_FALSE(endpoint_of(*parse_address("example.org:80")));
}
