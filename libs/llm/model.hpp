// Asks a model: encodes the request, streams the answer, retries by class of failure, and goes on to the next model of the fallback list
// when one cannot. Link convoke_llm_client for this; the rest of the folder needs no HTTP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "llm/provider.hpp"
#include "llm/retry.hpp"

namespace convoke::http {
class Client;
}

namespace convoke::llm {

namespace asio = boost::asio;

/// Where models are asked. `model` is used for a fallback; the first endpoint takes the request's own.
struct Endpoint {
  std::string base_url;     // http://host:port/v1
  std::string api_key_env;  // name of the environment variable that holds the key; empty: none. Only the name is ever kept or shown.
  std::string model = {};
  std::string unix_socket = {};  // path: connect there instead of to the URL's host
};

struct ModelOptions {
  std::vector<Endpoint> endpoints;  // the first is asked first, the rest are fallbacks
  RetryPolicy retry = {};
  Millis connect_deadline{5'000};
  Millis first_token_deadline{60'000};  // from sending to the first piece of the answer
  Millis token_deadline{30'000};        // between two pieces
  Millis attempt_deadline{300'000};     // one attempt
  Millis total_deadline{600'000};       // everything: attempts, waits and fallbacks
  std::size_t max_response_bytes = std::size_t{8} << 20;
};

/// A piece of the answer's text. A failed attempt's text is void: the next attempt has a higher number and starts at offset 0.
struct TextDelta {
  std::uint32_t attempt = 1;
  std::size_t offset = 0;  // bytes of this attempt's text before this piece
  std::string_view text;   // valid during the call only
};

class Model {
 public:
  /// The client must outlive the model.
  Model(http::Client& client, ModelOptions options);

  /// The whole answer. Errors: MODEL_RATE_LIMITED, MODEL_OVERLOADED, MODEL_INVALID, MODEL_UNAUTHORISED, BUDGET (the provider's quota),
  /// DEADLINE, CANCELLED (the awaiting coroutine was cancelled), INVALID (a schema in the request is no JSON). `on_delta` may be empty; it
  /// is called between sending and the answer, on the loop's thread, and must not throw.
  /// The request is read before this returns.
  asio::awaitable<Result<Response>> complete(const Request& request, std::function<void(const TextDelta&)> on_delta);

 private:
  struct Attempt;
  struct Outcome;
  asio::awaitable<Outcome> attempt(Attempt attempt);
  asio::awaitable<Result<Response>> ask(const Endpoint& endpoint, const HttpCall& call, const std::string& model,
                                        std::function<void(const TextDelta&)> on_delta, std::chrono::steady_clock::time_point end,
                                        std::uint32_t& attempts);
  asio::awaitable<Result<Response>> ask_all(Result<HttpCall> call, std::string model, std::function<void(const TextDelta&)> on_delta);

  http::Client& client_;
  ModelOptions options_;
};

}  // namespace convoke::llm
