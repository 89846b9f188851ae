#include "llm/model.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <utility>

#include "core/async.hpp"
#include "core/id.hpp"
#include "http/client.hpp"
#include "http/sse.hpp"
#include "llm/provider.hpp"

namespace convoke::llm {

using Clock = std::chrono::steady_clock;

/// One request to one endpoint.
struct Model::Attempt {
  const Endpoint& endpoint;
  HttpCall call;
  std::uint32_t number = 1;
  std::function<void(const TextDelta&)> on_delta;
  Millis limit{0};
};

struct Model::Outcome {
  Result<Response> response = fail(Fault::internal, "no answer");
  std::optional<Millis> retry_after = {};
  bool unreadable = false;  // an answer came, but not one that can be read
};

namespace {

/// Ends a transfer whose rest nobody wants; says nothing more.
struct Broken : std::exception {};

/// An answer while it comes in. What is wrong with it ends the wait for the rest.
struct Incoming {
  explicit Incoming(std::size_t limit) : assembly(limit), parser(limit), most(limit) {}

  ChatDecoder decoder;
  Assembly assembly;
  http::sse::Parser parser;
  std::size_t most;
  std::string whole;  // of a server that does not stream
  bool streamed = true;
  std::size_t offset = 0;
  std::uint32_t number = 1;
  std::function<void(const TextDelta&)> on_delta;
  std::optional<Error> error;
  std::vector<StreamEvent> events;

  void fail_with(Error what) {
    if (!error) error.emplace(std::move(what));
  }

  void bytes(std::string_view data) {
    read(data);
    if (error) throw Broken{};
  }

  void read(std::string_view data) {
    if (!streamed) {
      whole.append(data);
      if (whole.size() > most) fail_with({Fault::model_invalid, "the answer is larger than " + std::to_string(most) + " bytes"});
      return;
    }
    const auto fed = parser.feed(data, [this](const http::sse::Event& event) { take(event.data); });
    if (!fed) fail_with({Fault::model_invalid, fed.error().message});
  }

  void take(std::string_view data) {
    if (error) return;
    events.clear();
    if (auto read = decoder.decode(data, events); !read) return fail_with(std::move(read.error()));
    for (const auto& event : events) {
      if (auto applied = assembly.apply(event); !applied) return fail_with(std::move(applied.error()));
      const auto* delta = std::get_if<Delta>(&event);
      if (delta == nullptr || delta->text.empty()) continue;
      if (on_delta) on_delta({number, offset, delta->text});
      offset += delta->text.size();
    }
  }

  Result<Response> finish() {
    if (error) return std::unexpected(std::move(*error));
    return streamed ? assembly.take() : decode_complete(whole);
  }
};

/// What a failure of the transport means to somebody who wanted an answer from a model.
Error as_model_error(const Error& error) {
  switch (error.code) {
    case Fault::cancelled:
    case Fault::invalid: return error;
    case Fault::too_large:
    case Fault::malformed: return {Fault::model_invalid, error.message};
    default: return {Fault::model_overloaded, error.message};
  }
}

http::ClientRequest to_request(const Endpoint& endpoint, HttpCall call, const ModelOptions& options, Millis limit) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = endpoint.base_url + call.path;
  for (auto& [name, value] : call.headers) request.headers.add(name, value);
  const char* key = endpoint.api_key_env.empty() ? nullptr : std::getenv(endpoint.api_key_env.c_str());
  if (key != nullptr && *key != '\0') request.headers.add("Authorization", std::string("Bearer ") + key);
  request.body = std::move(call.body);
  request.unix_socket = endpoint.unix_socket;
  request.connect_deadline = std::min(options.connect_deadline, limit);
  request.total_deadline = limit;
  request.first_byte_deadline = options.first_token_deadline;
  request.idle_deadline = options.token_deadline;
  request.max_response_bytes = options.max_response_bytes * 4;  // a token's event is some 200 bytes; the text has its own limit
  return request;
}

UnixTime unix_now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

asio::awaitable<bool> was_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

Model::Model(http::Client& client, ModelOptions options) : client_(client), options_(std::move(options)) {}

asio::awaitable<Model::Outcome> Model::attempt(Attempt attempt) {
  Outcome outcome;
  Incoming incoming(options_.max_response_bytes);
  incoming.number = attempt.number;
  incoming.on_delta = std::move(attempt.on_delta);
  auto request = to_request(attempt.endpoint, std::move(attempt.call), options_, attempt.limit);
  auto transfer = client_.stream(
      std::move(request), [&incoming](std::string_view data) { incoming.bytes(data); },
      [&incoming](const http::Response& head) {
        incoming.streamed = head.headers.get("Content-Type").find("json") == std::string_view::npos;
      });
  Result<http::Response> answer = fail(Fault::model_invalid, "the answer broke off");
  try {
    answer = co_await std::move(transfer);
  } catch (const Broken&) {
    // Why, `incoming` says.
  }
  const bool cancelled = co_await was_cancelled();
  if (cancelled) {
    outcome.response = fail(Fault::cancelled, "the call was cancelled");
  } else if (incoming.error) {
    outcome.unreadable = incoming.error->code == Fault::model_invalid;
    outcome.response = incoming.finish();
  } else if (!answer) {
    outcome.response = std::unexpected(as_model_error(answer.error()));
  } else if (answer->status < 200 || answer->status >= 300) {
    outcome.response = std::unexpected(classify_status(answer->status, answer->body));
    outcome.retry_after = http::retry_after(*answer, unix_now());
  } else {
    outcome.response = incoming.finish();
    outcome.unreadable = !outcome.response && outcome.response.error().code == Fault::model_invalid;
  }
  co_return outcome;
}

asio::awaitable<Result<Response>> Model::ask(const Endpoint& endpoint, const HttpCall& call, const std::string& model,
                                             std::function<void(const TextDelta&)> on_delta, Clock::time_point end,
                                             std::uint32_t& attempts) {
  RetryState state;
  while (true) {
    const auto left = std::chrono::duration_cast<Millis>(end - Clock::now());
    if (left <= Millis{0}) co_return fail(Fault::deadline, "model " + model + ": no answer in the time allowed");
    Attempt next{endpoint, call, ++attempts, on_delta, std::min(left, options_.attempt_deadline)};
    auto outcome = co_await attempt(std::move(next));
    if (outcome.response) co_return std::move(outcome.response);
    auto error = std::move(outcome.response.error());
    error.message = "model " + model + ": " + error.message;
    ++state.failures;
    state.unreadable = outcome.unreadable;
    const auto delay = next_delay(options_.retry, state, error.code, outcome.retry_after, system_random());
    if (!delay || Clock::now() + *delay >= end) co_return std::unexpected(std::move(error));
    co_await sleep_for(*delay);
    const bool cancelled = co_await was_cancelled();
    if (cancelled) co_return fail(Fault::cancelled, "the call was cancelled");
  }
}

asio::awaitable<Result<Response>> Model::ask_all(Result<HttpCall> call, std::string model, std::function<void(const TextDelta&)> on_delta) {
  co_await asio::this_coro::throw_if_cancelled(false);
  if (options_.endpoints.empty()) co_return fail(Fault::invalid, "no endpoint of a model is configured");
  if (!call) co_return std::unexpected(std::move(call.error()));
  const auto end = Clock::now() + options_.total_deadline;
  std::uint32_t attempts = 0;
  Result<Response> response = fail(Fault::internal, "no endpoint was asked");
  std::string named = model;
  for (const auto& endpoint : options_.endpoints) {
    const auto& wanted = endpoint.model.empty() ? model : endpoint.model;
    name_model(*call, named, wanted);
    named = wanted;
    response = co_await ask(endpoint, *call, named, on_delta, end, attempts);
    if (response || !worth_a_fallback(response.error().code)) break;
  }
  co_return response;
}

asio::awaitable<Result<Response>> Model::complete(const Request& request, std::function<void(const TextDelta&)> on_delta) {
  return ask_all(encode_chat(request), request.model, std::move(on_delta));
}

}  // namespace convoke::llm
