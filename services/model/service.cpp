#include "model/service.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "http/sse.hpp"
#include "llm/json_text.hpp"
#include "telemetry/log.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view rubbish = "{\"choices\":[{\"delta\":{\"content\":\"";

http::Response refusal(const Error& error) {
  return http::json_response(describe(error.code).http_status == 413 ? 413 : 400, error_json(error.message, "invalid_request_error", ""));
}

bool asks_for_stream(std::string_view body) {
  const auto at = body.rfind("\"stream\"");
  if (at == std::string_view::npos) return false;
  const auto value = body.substr(at + 8, 16);
  const auto colon = value.find_first_not_of(" \t\n\r");
  if (colon == std::string_view::npos || value[colon] != ':') return false;
  const auto word = value.find_first_not_of(" \t\n\r", colon + 1);
  return word != std::string_view::npos && value.substr(word).starts_with("true");
}

/// Writes the events at their pace, or all at once when `step` is 0.
asio::awaitable<void> play(http::StreamWriter& writer, std::shared_ptr<const std::vector<std::string>> list, std::chrono::microseconds step,
                           bool complete) {
  std::string waiting;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, std::chrono::steady_clock::now());
  for (const auto& data : *list) {
    waiting += http::sse::encode(data);
    if (step.count() == 0) continue;
    auto bytes = std::exchange(waiting, {});
    const auto written = co_await writer.write(std::move(bytes));
    if (!written) co_return;
    timer.expires_at(timer.expiry() + step);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (complete) waiting += http::sse::encode("[DONE]");
  const auto written = co_await writer.write(std::move(waiting));
  if (!written) telemetry::log::debug("model: a reader left before the end");
}

asio::awaitable<llm::Response> answer(Brain& brain, const ChatRequest& request, Day today) { co_return brain.answer(request, today); }

http::ServerOptions server_options(const ModelOptions& options) {
  http::ServerOptions server;
  server.listen = options.listen;
  server.max_body_bytes = options.max_body_bytes;
  return server;
}

}  // namespace

Service::Service(runtime::Runtime& runtime, ModelOptions options)
    : runtime_(runtime),
      options_(std::move(options)),
      server_(runtime.io(), server_options(options_), [this](http::Request request) { return handle(std::move(request)); }) {
  if (!options_.script.empty()) {
    auto script = load_script(options_.script);
    if (!script) throw std::invalid_argument(script.error().message);
    script_ = std::move(*script);
  }
  if (!options_.date.empty() && !parse_iso(options_.date)) throw std::invalid_argument("date must be YYYY-MM-DD, not " + options_.date);
  if (!options_.faults.empty()) {
    auto json = llm::parse_object(options_.faults, Fault::invalid, "faults");
    const auto applied = json ? faults_.apply(*json) : Status(std::unexpected(json.error()));
    if (!applied) throw std::invalid_argument(applied.error().message);
  }
  if (options_.instant.empty()) return;
  llm::Response response{.content = options_.instant};
  Pieces pieces = cut(response, ChatRequest{});
  pieces.content = {response.content};  // at once: whole, not word by word
  const Envelope common{"chatcmpl-instant", 0, options_.name};
  instant_plain_ = completion_json(common, response);
  for (const auto& data : chunks(common, response, pieces, true)) instant_streamed_ += http::sse::encode(data);
  instant_streamed_ += http::sse::encode("[DONE]");
}

Status Service::start() {
  if (auto listening = server_.listen(); !listening) return listening;
  runtime_.spawn("model server", server_.run(), runtime::OnFailure::stop);
  runtime_.on_drain(runtime::DrainStep::stop_accepting, "model server", [this] { return server_.stop(Millis{5'000}); });
  runtime_.set_ready("model", true);
  fmt::print("offline model on {}\n", server_.address());
  std::fflush(stdout);
  return {};
}

asio::awaitable<http::Response> Service::handle(http::Request request) {
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (request.path == "/v1/chat/completions") {
    if (request.method != "POST") co_return http::json_response(405, error_json("use POST", "invalid_request_error", ""));
    if (!options_.instant.empty()) co_return instant(request.body);
    co_return co_await chat(std::move(request));
  }
  if (request.path == "/v1/models" && get) co_return models();
  if (request.path == "/healthz" && get) co_return http::text_response(200, "ok\n");
  if (request.path == "/readyz" && get)
    co_return http::text_response(runtime_.ready() ? 200 : 503, runtime_.ready() ? "ready\n" : "not ready\n");
  if (request.path == "/control") co_return control(request);
  co_return http::json_response(404,
                                error_json("there is no " + request.method + " " + request.path, "invalid_request_error", "not_found"));
}

http::Response Service::models() const {
  const Json model{{"id", options_.name},
                   {"object", "model"},
                   {"created", 0},
                   {"owned_by", "convoke"},
                   {"description", "rule-based, not a language model"}};
  return http::json_response(200, llm::dump({{"object", "list"}, {"data", Json::array({model})}}));
}

http::Response Service::control(const http::Request& request) {
  if (!request.loopback)
    return http::json_response(403, error_json("faults are switched from this host only", "invalid_request_error", "forbidden"));
  if (request.method == "POST") {
    const auto json = llm::parse_object(request.body, Fault::invalid, "the body");
    const auto applied = json ? faults_.apply(*json) : Status(std::unexpected(json.error()));
    if (!applied) return refusal(applied.error());
    telemetry::log::info("model: faults are now {}", llm::dump(faults_.to_json()));
  }
  return http::json_response(200, llm::dump(faults_.to_json()));
}

http::Response Service::instant(const std::string& body) const {
  if (!asks_for_stream(body)) return http::json_response(200, instant_plain_);
  http::Response response = http::text_response(200, instant_streamed_, "text/event-stream");
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

Envelope Service::envelope() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return {fmt::format("chatcmpl-{}", ++answered_), now, options_.name};
}

Day Service::today() const {
  if (const auto day = parse_iso(options_.date)) return *day;
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

asio::awaitable<void> Service::pause(Millis time) {
  if (time <= Millis{0}) co_return;
  asio::steady_timer timer(runtime_.io(), time);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// A long request takes a slow machine seconds; health and everybody else are answered meanwhile.
asio::awaitable<Result<Scripted>> Service::think(const ChatRequest& request) {
  if (auto scripted = script_.answer(request)) co_return std::move(*scripted);
  if (script_.strict()) co_return fail(Fault::internal, "no entry of the script fits this request");
  Scripted scripted;
  // A thought is not cancelled: Asio would do so on the thread that thinks, through a signal that may be gone by then.
  auto to_the_end = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  scripted.response = co_await asio::co_spawn(thinking_, answer(brain_, request, today()), std::move(to_the_end));
  co_return scripted;
}

asio::awaitable<http::Response> Service::chat(http::Request request) {
  const auto harm = faults_.next();
  const auto limits = faults_.faults();
  co_await pause(limits.delay);
  if (harm == Harm::rate_limit) {
    auto response = http::json_response(429, error_json("rate limit, on order", "rate_limit_error", "rate_limit_exceeded"));
    response.headers.set("Retry-After", fmt::format("{:g}", limits.retry_after_s));
    co_return response;
  }
  if (harm == Harm::error) co_return http::json_response(500, error_json("server error, on order", "server_error", ""));
  const auto parsed = parse_chat(request.body);
  if (!parsed) co_return refusal(parsed.error());
  auto answer = co_await think(*parsed);
  if (!answer) co_return http::json_response(500, error_json(answer.error().message, "server_error", ""));
  co_await pause(answer->delay);
  if (parsed->stream) co_return streamed(*parsed, std::move(*answer), harm);
  const auto pieces = cut(answer->response, *parsed);
  auto body = completion_json(envelope(), answer->response);
  if (harm == Harm::cut || harm == Harm::malformed) body.resize(body.size() / 2);
  const double rate = answer->tokens_per_second > 0 ? answer->tokens_per_second : limits.tokens_per_second;
  if (rate > 0) co_await pause(Millis{static_cast<std::int64_t>(1000.0 * static_cast<double>(pieces.content.size()) / rate)});
  co_return http::json_response(200, std::move(body));
}

http::Response Service::streamed(const ChatRequest& request, Scripted answer, Harm harm) {
  const auto pieces = cut(answer.response, request);
  auto list = chunks(envelope(), answer.response, pieces, request.include_usage);
  bool complete = true;
  if (harm == Harm::cut) {
    // The first chunk holds the role only.
    list.resize(std::min<std::size_t>(list.size() - 1, faults_.faults().after_tokens + 1));
    complete = false;
  } else if (harm == Harm::malformed) {
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(list.size(), 2)), std::string(rubbish));
  }
  const double rate = answer.tokens_per_second > 0 ? answer.tokens_per_second : faults_.faults().tokens_per_second;
  const auto step = rate > 0 ? std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::duration<double>(1 / rate))
                             : std::chrono::microseconds{0};
  auto shared = std::make_shared<const std::vector<std::string>>(std::move(list));
  return http::event_stream([shared, step, complete](http::StreamWriter& writer) { return play(writer, shared, step, complete); });
}

std::vector<std::string> with_sections(int argc, const char* const* argv) {
  static constexpr std::string_view keys[] = {"listen", "name", "script", "instant", "date", "faults"};
  std::vector<std::string> arguments;
  for (int i = 0; i < argc; ++i) {
    std::string_view argument = argv[i];
    std::string_view option = argument.starts_with("--") ? argument.substr(2) : std::string_view();
    if (option.starts_with("model.")) option.remove_prefix(6);  // what the section was called before
    for (const auto key : keys) {
      if (!option.starts_with(key)) continue;
      const auto rest = option.substr(key.size());
      if (rest.empty() && i + 1 < argc) {
        arguments.push_back(fmt::format("--offline.{}={}", key, argv[++i]));
        argument = {};
      } else if (rest.starts_with('=')) {
        arguments.push_back(fmt::format("--offline.{}{}", key, rest));
        argument = {};
      }
      break;
    }
    if (argument.data() != nullptr) arguments.emplace_back(argument);
  }
  return arguments;
}

}  // namespace convoke::model
