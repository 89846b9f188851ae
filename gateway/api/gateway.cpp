#include "api/gateway.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "core/async.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "runtime/span_sender.hpp"
#include "telemetry/log.hpp"

namespace convoke {
extern const std::string_view embedded_openapi;  // openapi.json
}

namespace convoke::api {
namespace {

namespace log = telemetry::log;

constexpr std::size_t max_keys_bytes = std::size_t{4} << 20;

AccessRules load_rules(const GatewayOptions& options) {
  AccessRules rules{{}, options.hosts, options.origins};
  if (options.keys.empty()) return rules;
  const auto text = read_file("the API keys in", options.keys, max_keys_bytes);
  if (!text) throw BadSettings(text.error().message);
  auto keys = parse_keys(*text);
  if (!keys) throw BadSettings(fmt::format("{}: {}", options.keys, keys.error().message));
  if (keys->empty()) throw BadSettings(fmt::format("{} holds no API key; leave gateway.keys empty to serve this host alone", options.keys));
  rules.keys = std::move(*keys);
  return rules;
}

bool is_loopback_address(std::string_view listen) {
  return listen.starts_with("127.") || listen.starts_with("[::1]") || listen.starts_with("localhost") || listen.starts_with("unix:");
}

http::ServerOptions check_address(const GatewayOptions& options, http::ServerOptions server) {
  if (options.keys.empty() && !is_loopback_address(server.listen))
    throw BadSettings(fmt::format("without API keys (gateway.keys) only loopback addresses are served, not {}", server.listen));
  return server;
}

Claims claims_of(const http::Request& request) {
  const auto& headers = request.headers;
  return {request.method,
          headers.get("host"),
          headers.get("origin"),
          headers.get("sec-fetch-site"),
          headers.get("sec-fetch-mode"),
          headers.get("sec-fetch-dest"),
          headers.get("authorization"),
          headers.get("x-api-key"),
          headers.get("x-ms-client-principal-id"),
          request.wants_websocket(),
          request.loopback};
}

// As the router has it: every path is served with and without the prefix.
std::string_view without_prefix(std::string_view path) { return path.starts_with("/api/") ? path.substr(4) : path; }

http::Response not_allowed(const std::vector<std::string>& allowed, std::string_view method) {
  auto allow = fmt::format("{}", fmt::join(allowed, ", "));
  if (std::ranges::find(allowed, "GET") != allowed.end()) allow += ", HEAD";
  auto response = http::error_response(Error(Fault::invalid, fmt::format("{} is not done here; allowed: {}", method, allow)));
  response.status = 405;
  response.headers.set("Allow", allow);
  return response;
}

constexpr std::size_t longest_told = 256;  // of an id that nobody has

// An owner that has no such session can only say so; people asked for something in it.
Error in_their_words(Error error, std::string_view pattern, std::string_view id) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kinds{{{"plans", "plan"},
                                                                                       {"runs", "run"},
                                                                                       {"requests", "request"},
                                                                                       {"dead-letters", "dead letter"},
                                                                                       {"conversations", "conversation"},
                                                                                       {"trace", "conversation"}}};
  if (error.code != Fault::not_found || !error.message.starts_with("no session")) return error;
  for (const auto& [folder, kind] : kinds)
    if (pattern.starts_with(fmt::format("/{}/", folder)))
      error.message = fmt::format("there is no {} '{}{}'", kind, truncate_utf8(id, longest_told), id.size() > longest_told ? "…" : "");
  return error;
}

}  // namespace

Gateway::Gateway(runtime::Runtime& runtime, bus::Client& bus, GatewayOptions options, http::ServerOptions server)
    : runtime_(runtime),
      bus_(bus),
      options_(std::move(options)),
      rules_(load_rules(options_)),
      backend_(bus, runtime.tracer(), options_.backend),
      probe_(bus, runtime.tracer(), {.query_deadline = options_.probe_deadline}),
      streams_(runtime, bus, backend_, options_.streams),
      tasks_(options_, backend_, streams_),
      native_(options_, backend_, streams_),
      ws_(options_, runtime, backend_, streams_),
      server_(runtime.io(), check_address(options_, std::move(server)),
              [this](http::Request request) { return handle(std::move(request)); }) {
  tasks_.routes(router_);
  native_.routes(router_);
}

void Gateway::start() {
  if (auto status = server_.listen(); !status) throw BadSettings(status.error().message);
  if (rules_.keys.empty()) log::warn("no API keys are configured: only this host is served, and every program on it is the user `local`");
  log::info("listening on {}", server_.address());
  bus_.on_message([this](wire::Message message) {
    if (const auto* push = message.as<wire::PushT>()) streams_.on_push(*push);
  });
  bus_.on_link([this](bool) { watch_readiness(); });
  wire::RegisterT registration;
  bus_.set_registration(std::move(registration));
  watch_readiness();
  runtime_.spawn("bus", bus_.run(), runtime::OnFailure::stop);
  runtime_.spawn("streams", streams_.run(), runtime::OnFailure::stop);
  runtime_.spawn("spans", runtime::send_spans(runtime_, bus_));
  runtime_.spawn("owners", watch_owners());
  runtime_.spawn("http", server_.run(), runtime::OnFailure::stop);
  count();
  runtime_.on_drain(runtime::DrainStep::stop_accepting, "http", [this] { return server_.stop(Millis{3'000}); });
  runtime_.on_drain(runtime::DrainStep::flush, "bus", [this] { return leave(); });
}

asio::awaitable<void> Gateway::leave() {
  runtime::flush_spans(runtime_, bus_);
  bus_.close();
  co_return;
}

void Gateway::count() {
  auto& metrics = runtime_.metrics();
  auto connections = metrics.gauge("convoke_gateway_connections", "open connections of clients");
  auto sockets = metrics.gauge("convoke_gateway_websockets", "open WebSockets");
  auto readers = metrics.gauge("convoke_gateway_readers", "conversations being read");
  auto waiting = metrics.gauge("convoke_gateway_bus_calls", "commands and questions without an answer yet");
  metrics.before_exposition([this, connections, sockets, readers, waiting]() mutable {
    const auto stats = server_.stats();
    connections.set(static_cast<double>(stats.connections));
    sockets.set(static_cast<double>(stats.websockets));
    readers.set(static_cast<double>(streams_.readers()));
    waiting.set(static_cast<double>(bus_.counters().calls));
  });
}

/// An owner that cannot reach Redis answers nothing, so neither can we: asked for what nobody has, as often as a probe would notice.
asio::awaitable<void> Gateway::watch_owners() {
  runtime_.set_ready("owners", false, "not asked yet");
  for (;;) {
    const auto answer = co_await probe_.session("probe", Caller{});
    const bool answered = answer || answer.error().code == Fault::not_found;
    owners_trouble_ = answered ? std::string() : answer.error().message;
    runtime_.set_ready("owners", answered, owners_trouble_);
    co_await sleep_for(options_.probe_interval);
  }
}

void Gateway::watch_readiness() { runtime_.set_ready("bus", bus_.connected(), bus_.trouble()); }

asio::awaitable<http::Response> Gateway::handle(http::Request request) {
  const auto claims = claims_of(request);
  const auto path = without_prefix(request.path);
  // Who probes asks by address, under any name, but is no page.
  const bool is_probe = request.method == "GET" && (path == "/healthz" || path == "/readyz");
  if (auto page = is_probe ? check_origin(rules_, claims) : check_page(rules_, claims); !page) co_return http::error_response(page.error());
  if (auto open = open_path(path, request.method)) co_return std::move(*open);
  co_return co_await dispatch(std::move(request));
}

// What needs no key: probes and the description of the API.
std::optional<http::Response> Gateway::open_path(std::string_view path, std::string_view method) const {
  if (path != "/healthz" && path != "/readyz" && path != "/openapi.json") return std::nullopt;
  if (method != "GET") return not_allowed({"GET"}, method);
  if (path == "/healthz") return http::json_response(200, R"({"status":"ok"})");
  if (path == "/openapi.json") return http::json_response(200, std::string(embedded_openapi));
  const auto missing = runtime_.missing();
  Json said{{"ready", missing.empty()}, {"waits_for", missing}};
  if (!bus_.connected()) said["reasons"]["bus"] = bus_.trouble();
  if (!owners_trouble_.empty()) said["reasons"]["owners"] = owners_trouble_;
  return http::json_response(missing.empty() ? 200 : 503, dump(said));
}

asio::awaitable<http::Response> Gateway::dispatch(http::Request request) {
  auto identity = identify(rules_, claims_of(request));
  if (!identity) co_return http::error_response(identity.error());
  const auto path = without_prefix(request.path);
  if ((path == "/metrics" || path == "/ws") && request.method != "GET") co_return not_allowed({"GET"}, request.method);
  if (path == "/metrics") co_return http::text_response(200, runtime_.metrics().expose());
  if (path == "/ws") {
    if (!request.wants_websocket()) co_return http::error_response(Error(Fault::invalid, "this path is a WebSocket: send an upgrade"));
    co_return upgrade(std::move(*identity));
  }
  auto match = router_.match(request.method, request.path);
  if (!match.handler && !match.allowed.empty()) co_return not_allowed(match.allowed, request.method);
  if (!match.handler) co_return http::error_response(Error(Fault::not_found, fmt::format("there is no {}", request.path)));
  auto response = co_await admit(std::move(request), std::move(match));
  co_return response ? std::move(*response) : http::error_response(response.error());
}

http::Response Gateway::upgrade(Identity identity) {
  http::Response response;
  response.status = 101;
  response.websocket = [this, identity = std::move(identity)](std::shared_ptr<http::WebSocket> socket) {
    return ws_.serve(std::move(socket), identity);
  };
  return response;
}

// Runs the handler inside the door's span. A call that changes something is told its key, so that it can be repeated.
asio::awaitable<Result<http::Response>> Gateway::admit(http::Request request, Router::Match match) {
  Call call;
  call.identity = std::move(*identify(rules_, claims_of(request)));
  call.parameters = std::move(match.parameters);
  call.key = request.headers.has("idempotency-key") ? std::string(request.headers.get("idempotency-key")) : to_string(runtime_.next_id());
  if (!is_key(call.key)) co_return fail(Fault::invalid, "Idempotency-Key: expected 1 to 256 printable ASCII characters without spaces");
  const auto parent = telemetry::parse_traceparent(request.headers.get("traceparent")).value_or(telemetry::TraceContext{});
  const bool changes = request.method != "GET";
  auto& tracer = runtime_.tracer();
  auto span = tracer.start(request.method + " " + match.pattern, telemetry::SpanKind::server, parent);
  call.trace = span.context;
  std::string session;
  call.session = &session;
  const auto key = call.key;
  call.request = std::move(request);
  const auto wanted = call.parameters.contains("id") ? call.parameters.at("id") : std::string();
  auto response = co_await (*match.handler)(std::move(call));
  if (!response) response = http::error_response(in_their_words(std::move(response.error()), match.pattern, wanted));
  span.session = session;
  span.set("http.response.status_code", std::to_string(response->status));
  runtime_.metrics()
      .counter("convoke_gateway_requests_total", "requests answered", {{"status", std::to_string(response->status / 100) + "xx"}})
      .add();
  tracer.end(std::move(span), response->status < 500 ? telemetry::SpanStatus::ok : telemetry::SpanStatus::error);
  if (changes) response->headers.set("Idempotency-Key", key);
  co_return response;
}

}  // namespace convoke::api
