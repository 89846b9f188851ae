// What a request and a response are, without any library's types: used by the server, the client and every handler. A response is a body, a
// stream (server-sent events, for one) or an upgrade to WebSocket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace convoke::http {

namespace asio = boost::asio;

/// Header fields in the order they came; names compare without regard to case (RFC 9110, 5.1).
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// The first value of that name, or empty.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void add(std::string_view name, std::string_view value);
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

bool equal_ignoring_case(std::string_view left, std::string_view right);

struct Request {
  std::string method;                                      // as sent: "GET", "POST"
  std::string target;                                      // as sent: "/a%20b?x=1"; with a host, that stands in `headers` as Host
  std::string path;                                        // decoded: "/a b"
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  Headers headers;
  std::string body;
  std::string peer;       // "127.0.0.1:40312", or "unix"
  bool loopback = false;  // the peer is on this host

  /// The first value of that name in the query.
  std::optional<std::string_view> parameter(std::string_view name) const;
  bool wants_websocket() const;
};

/// Percent-decodes; empty when a sequence is cut off or wrong. In a query `+` is a space.
std::optional<std::string> decode_percent(std::string_view text, bool plus_is_space = false);
std::string encode_percent(std::string_view text);

/// The body of a streamed response while it is being produced. `write` waits until the bytes are with the kernel.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  /// UNAVAILABLE when the peer is gone or has not read for the write deadline: stop producing.
  virtual asio::awaitable<Status> write(std::string bytes) = 0;
  virtual bool open() const = 0;
};

class WebSocket;

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Set: called after the head is sent; the response ends when it returns. The server keeps the function until then.
  std::function<asio::awaitable<void>(StreamWriter&)> stream = {};
  /// Set: answers 101 and hands over the socket, which is closed when the function returns (code 1000 unless closed before). The server
  /// keeps the function until then.
  std::function<asio::awaitable<void>(std::shared_ptr<WebSocket>)> websocket = {};
};

Response json_response(int status, std::string body);
Response text_response(int status, std::string body, std::string_view content_type = "text/plain; charset=utf-8");
/// `{"error":{"code":"NOT_FOUND","message":"…"}}` with the status that core/fault.hpp gives the code.
Response error_response(const Error& error);
std::string error_json(Fault code, std::string_view message);
/// An event stream (`text/event-stream`, no caching, no proxy buffering).
Response event_stream(std::function<asio::awaitable<void>(StreamWriter&)> produce);

}  // namespace convoke::http
