// Calls of the gateway's and the supervisor's HTTP, as JSON in and out.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "api/common/fields.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "http/client.hpp"

namespace convoke::cli {

namespace asio = boost::asio;
using api::Json;

struct ApiTarget {
  std::string url;          // http://host:port
  std::string unix_socket;  // connect there instead
  std::string key;          // API key; empty: none
  std::string folder{};     // data folder of the installation that it belongs to; empty: not known
  bool explain = false;     // an answer that does not come is told with what keeps the gateway from giving it
};

class ApiClient {
 public:
  ApiClient(asio::io_context& io, ApiTarget target) : http_(io, {}), target_(std::move(target)) {}

  asio::awaitable<Result<Json>> get(std::string path, Millis deadline = Millis{10'000});
  /// `idempotency_key` makes repeating safe: an answer that does not come is asked for again, with the same key, until the deadline.
  asio::awaitable<Result<Json>> post(std::string path, Json body, std::string idempotency_key = {}, Millis deadline = Millis{30'000});
  const ApiTarget& target() const { return target_; }

 private:
  asio::awaitable<Error> explained(Error error);
  asio::awaitable<Result<Json>> call(std::string method, std::string path, std::string body, std::string key, Millis deadline);
  http::Client http_;
  ApiTarget target_;
};

/// The error in `{"error": {"code", "message"}}`; a code that this build does not know becomes `otherwise`.
Error error_in(const Json& json, Fault otherwise);
/// The error that an answer with a status from 400 on stands for.
Error error_of(const http::Response& response);

}  // namespace convoke::cli
