#include "cli/api_client.hpp"

#include <fmt/core.h>

#include <chrono>

#include "cli/output.hpp"
#include "cli/readiness.hpp"
#include "core/async.hpp"

namespace convoke::cli {
namespace {

Fault fault_named(std::string_view name, Fault otherwise) {
  for (std::uint16_t code = 1; code <= static_cast<std::uint16_t>(Fault::internal); ++code)
    if (const auto& info = describe(static_cast<Fault>(code)); info.code == static_cast<Fault>(code) && info.name == name) return info.code;
  return otherwise;
}

bool worth_repeating(const Error& error) {
  return error.code == Fault::unavailable || error.code == Fault::deadline || error.code == Fault::no_owner ||
         error.code == Fault::draining || error.code == Fault::unknown_outcome || error.code == Fault::unreachable ||
         error.code == Fault::overloaded;
}

}  // namespace

Error error_in(const Json& json, Fault otherwise) {
  const auto found = json.find("error");
  if (found == json.end() || !found->is_object()) return {otherwise, "an error without a word"};
  return {fault_named(text_of(*found, "code"), otherwise), text_of(*found, "message")};
}

Error error_of(const http::Response& response) {
  const auto otherwise = response.status >= 500 ? Fault::unavailable : Fault::invalid;
  const auto json = Json::parse(response.body, nullptr, false);
  if (json.is_object() && json.contains("error")) return error_in(json, otherwise);
  return {otherwise, fmt::format("HTTP status {}", response.status)};
}

// "No answer in time" says nothing about why.
asio::awaitable<Error> ApiClient::explained(Error error) {
  const bool is_silence = error.code == Fault::deadline || error.code == Fault::unavailable || error.code == Fault::unknown_outcome;
  if (!target_.explain || !is_silence) co_return error;
  co_return co_await with_trouble(http_, target_, std::move(error));
}

asio::awaitable<Result<Json>> ApiClient::get(std::string path, Millis deadline) {
  auto answer = co_await call("GET", std::move(path), {}, {}, deadline);
  if (answer) co_return answer;
  co_return std::unexpected(co_await explained(std::move(answer.error())));
}

asio::awaitable<Result<Json>> ApiClient::post(std::string path, Json body, std::string key, Millis deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (true) {
    auto answer = co_await call("POST", path, api::dump(body), key, deadline);
    if (answer) co_return answer;
    if (key.empty() || !worth_repeating(answer.error()) || std::chrono::steady_clock::now() >= until)
      co_return std::unexpected(co_await explained(std::move(answer.error())));
    co_await sleep_for(Millis{200});
  }
}

asio::awaitable<Result<Json>> ApiClient::call(std::string method, std::string path, std::string body, std::string key, Millis deadline) {
  http::ClientRequest request;
  const auto what = fmt::format("{} {}{}", method, target_.url, path);
  request.method = std::move(method);
  request.url = target_.url + path;
  request.unix_socket = target_.unix_socket;
  request.body = std::move(body);
  request.total_deadline = deadline;
  request.connect_deadline = std::min(deadline, Millis{2'000});
  request.headers.set("Content-Type", "application/json");
  if (!key.empty()) request.headers.set("Idempotency-Key", key);
  if (!target_.key.empty()) request.headers.set("Authorization", "Bearer " + target_.key);
  auto response = co_await http_.send(std::move(request));
  if (!response) co_return std::unexpected(std::move(response.error()));
  if (response->status >= 400) co_return std::unexpected(error_of(*response));
  auto json = Json::parse(response->body, nullptr, false);
  if (json.is_discarded())
    co_return fail(Fault::malformed, fmt::format("{} answers with something that is not JSON ({} bytes: {})", what, response->body.size(),
                                                 brief(response->body, 80)));
  co_return json;
}

}  // namespace convoke::cli
