#include "tools/http_call.hpp"

#include <fmt/format.h>

#include <functional>

#include "core/async.hpp"
#include "core/backoff.hpp"
#include "core/text.hpp"

namespace convoke::tools {
namespace {

constexpr std::size_t max_answer_bytes = std::size_t{4} << 20;
constexpr std::size_t max_refusal_bytes = 2'000;
constexpr Millis first_wait{100};
constexpr Millis longest_wait{5'000};

SteadyTime steady_now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }
UnixTime unix_now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

std::string text_of(const http::Response& response) {
  if (response.body.empty()) return fmt::format("HTTP {}, without content.", response.status);
  if (is_utf8(response.body)) return response.body;
  return fmt::format("HTTP {}: {} bytes that are no text ({}).", response.status, response.body.size(),
                     response.headers.get("content-type"));
}

http::ClientRequest as_sent(const HttpRequest& request, Millis deadline, bool at_most_once) {
  http::ClientRequest sent;
  sent.method = request.method;
  sent.url = request.url;
  for (const auto& [name, value] : request.headers) sent.headers.add(name, value);
  sent.body = request.body;
  sent.total_deadline = deadline;
  sent.max_response_bytes = max_answer_bytes;
  sent.at_most_once = at_most_once;
  return sent;
}

Millis wait_before(const Result<http::Response>& answer, Backoff& backoff, std::uint64_t random) {
  const auto own = backoff.next(random);
  const auto asked = answer ? http::retry_after(*answer, unix_now()) : std::nullopt;
  return asked ? std::max(own, *asked) : own;
}

}  // namespace

bool worth_repeating(const Tool& tool, const Result<http::Response>& answer) {
  if (!tool.idempotent) return false;
  if (!answer) return answer.error().code == Fault::unreachable || answer.error().code == Fault::unavailable;
  const auto status = answer->status;
  return status == 408 || status == 425 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

HttpResult judge(const Tool& tool, const Result<http::Response>& answer) {
  if (!answer) {
    const auto& error = answer.error();
    const bool never_left = error.code == Fault::unreachable || error.code == Fault::invalid;
    return {never_left ? HttpEnd::failed : HttpEnd::unknown, error.message};
  }
  const auto status = answer->status;
  const bool is_done = (status >= 200 && status < 300) || status == 303;  // See Other: the result lies elsewhere
  if (is_done) return {HttpEnd::done, text_of(*answer)};
  auto text = fmt::format(
      "HTTP {}: {}", status,
      answer->body.empty() || !is_utf8(answer->body) ? "the server says no more" : truncate_utf8(answer->body, max_refusal_bytes));
  // 501 and 503 say that it was not carried out. Of any other 5xx a server may have done part of it, or a gateway does not know.
  const bool is_unsure = status >= 500 && status != 501 && status != 503;
  const bool is_elsewhere = status >= 300 && status < 400 && status != 304 && status != 307 && status != 308 && !tool.idempotent;
  return {is_unsure || is_elsewhere ? HttpEnd::unknown : HttpEnd::refused, std::move(text)};
}

boost::asio::awaitable<Result<HttpResult>> call_http(http::Client& client, const Tool& tool, std::string arguments, std::string key,
                                                     Environment environment) {
  auto request = http_request(tool, arguments, key, environment);
  if (!request) co_return std::unexpected(std::move(request.error()));
  const auto deadline = steady_now() + Millis{tool.timeout_ms};
  Backoff backoff(first_wait, longest_wait);
  bool may_have_happened = false;
  while (true) {
    auto sending = client.send(as_sent(*request, std::max(deadline - steady_now(), Millis{1}), true));
    auto answer = co_await std::move(sending);
    auto result = judge(tool, answer);
    may_have_happened |= result.end == HttpEnd::unknown;
    const auto wait = worth_repeating(tool, answer) ? wait_before(answer, backoff, std::hash<std::string>{}(key)) : Millis{0};
    if (wait == Millis{0} || steady_now() + wait >= deadline) {
      // A refusal of the last try does not say what became of an earlier one.
      if (may_have_happened && result.end != HttpEnd::done) result.end = HttpEnd::unknown;
      result.text = hide(std::move(result.text), request->secrets);
      co_return result;
    }
    co_await sleep_for(wait);
  }
}

}  // namespace convoke::tools
