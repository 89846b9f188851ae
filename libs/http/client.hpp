// An HTTP client over libcurl's multi-socket interface, driven by the process's loop: connections are kept alive and reused, every request
// has deadlines, and bytes of a streamed answer are handed on as they come. TLS certificates are verified. Link convoke_http_client;
// processes that call nobody do without curl and its libraries.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"
#include "http/message.hpp"

namespace convoke::http {

struct ClientOptions {
  std::size_t max_connections = 256;      // open at once; further requests wait, within their deadlines
  std::size_t max_idle_connections = 64;  // kept for reuse
  std::string user_agent = "convoke/0.1";

  template <class Fields> void describe(Fields& field) {
    field("max_connections", max_connections, "connections open at once");
    field("max_idle_connections", max_idle_connections, "connections kept for reuse");
    field("user_agent", user_agent, "what the client calls itself");
  }
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  Headers headers;
  std::string body;
  std::string unix_socket;  // path: connect there instead of to the URL's host
  Millis connect_deadline{5'000};
  Millis total_deadline{60'000};
  Millis first_byte_deadline{0};  // from the start to the first byte of the answer's body; 0: as the next
  Millis idle_deadline{0};        // longest silence between two bytes of the answer; 0: none but the total
  std::size_t max_response_bytes = 16uz * 1024 * 1024;
  /// The request leaves at most once (curl repeats one by itself when a kept connection turns out to be dead), and an error before any of
  /// it was sent is UNREACHABLE: nothing has happened over there.
  bool at_most_once = false;
};

/// What went wrong, as far as a caller that may repeat needs to know.
enum class Refusal : std::uint8_t { none, rate_limited, overloaded, unauthorised, invalid, unavailable };

/// Class of an answer by its status: 429; 503 and 529; 401 and 403; other 4xx; other 5xx. `none` below 400.
Refusal refusal_of(const Response& response);
/// `Retry-After` in seconds or as a date relative to `now` (RFC 9110, 10.2.3), or `retry-after-ms`. At most one hour.
std::optional<Millis> retry_after(const Response& response, UnixTime now);

class Client {
 public:
  Client(asio::io_context& io, ClientOptions options);
  ~Client();  // requests in flight end as CANCELLED
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// The whole answer, whatever its status. Errors: UNAVAILABLE (no connection, or lost), DEADLINE, TOO_LARGE, MALFORMED (no HTTP), INVALID
  /// (bad URL), CANCELLED. Cancelling the awaiting coroutine (asio cancellation, any type) ends the transfer.
  asio::awaitable<Result<Response>> send(ClientRequest request);

  /// As `send`, but the bytes of a 2xx answer go to `on_bytes` as they arrive and the response's body stays empty; other answers are
  /// collected as usual. `on_head`, if given, is called once before the first byte, with status and headers.
  asio::awaitable<Result<Response>> stream(ClientRequest request, std::function<void(std::string_view)> on_bytes,
                                           std::function<void(const Response&)> on_head = {});

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace convoke::http
