#include "http/connection.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "core/failpoint.hpp"
#include "http/response_head.hpp"
#include "telemetry/log.hpp"

namespace convoke::http {
namespace {

namespace beast_http = boost::beast::http;
namespace log = telemetry::log;

constexpr std::size_t read_chunk = 16uz * 1024;
constexpr std::size_t first_chunk = 2uz * 1024;  // all the memory that an idle connection holds for reading
constexpr std::size_t body_chunk = 64uz * 1024;
constexpr std::size_t linger_bytes = 4uz * 1024 * 1024;
constexpr Millis linger_deadline{2000};

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string peer_name(const Connection::Socket& socket, bool& loopback) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  const int family = endpoint.protocol().family();
  loopback = family == AF_UNIX;
  if (error || (family != AF_INET && family != AF_INET6)) return "unix";
  asio::ip::tcp::endpoint tcp;
  std::memcpy(tcp.data(), endpoint.data(), std::min(tcp.capacity(), endpoint.size()));
  tcp.resize(endpoint.size());
  loopback = tcp.address().is_loopback();
  const auto host = tcp.address().to_string();
  return (family == AF_INET6 ? '[' + host + ']' : host) + ':' + std::to_string(tcp.port());
}

/// The absolute form of a target (RFC 9112, 3.2.2): its authority takes the place of the Host header, what follows is returned. Nothing for
/// an authority that names no host, or also a user.
std::optional<std::string_view> strip_authority(Request& request) {
  std::string_view target = request.target;
  const auto end = target.find("://");
  if (end == std::string_view::npos) return target;
  const auto scheme = target.substr(0, end);
  if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return target;
  target.remove_prefix(end + 3);
  const auto authority = target.substr(0, target.find_first_of("/?"));
  if (authority.empty() || authority.starts_with(':') || authority.contains('@')) return std::nullopt;
  request.headers.set("Host", authority);
  return target.substr(authority.size());
}

/// Splits and decodes the target; false when its authority or its escapes are wrong.
bool decode_target(Request& request) {
  const auto local = strip_authority(request);
  if (!local) return false;
  const std::string_view target = *local;
  const auto question = target.find('?');
  auto path = decode_percent(target.substr(0, question));
  if (!path) return false;
  request.path = path->empty() ? "/" : std::move(*path);
  auto rest = question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decode_percent(pair.substr(0, equals), true);
    auto value = decode_percent(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (!name || !value) return false;
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

struct Mistake {
  int status;
  Fault code;
  std::string message;
};

Mistake mistake_of(const boost::system::error_code& error) {
  if (error == beast_http::error::header_limit) return {431, Fault::too_large, "the request's header is too large"};
  if (error == beast_http::error::body_limit || error == beast_http::error::buffer_overflow) {
    return {413, Fault::too_large, "the request's body is too large"};
  }
  if (error == beast_http::error::bad_version) return {505, Fault::protocol_version, "expected HTTP/1.1"};
  return {400, Fault::malformed, "this is no HTTP request: " + error.message()};
}

}  // namespace

struct Connection::Incoming {
  beast_http::request_parser<beast_http::string_body> parser;
  Request request;
  Mistake mistake{};
  bool head_taken = false;

  void take_head(const std::string& peer, bool loopback) {
    const auto& message = parser.get();
    request.method = view(message.method_string());
    request.target = view(message.target());
    for (const auto& field : message) request.headers.add(view(field.name_string()), view(field.value()));
    request.peer = peer;
    request.loopback = loopback;
    head_taken = true;
  }
};

struct Connection::Upgrade {
  Request request;
  Response response;
};

Connection::Connection(Socket socket, std::shared_ptr<ServerContext> server) : socket_(std::move(socket)), server_(std::move(server)) {
  peer_ = peer_name(socket_, loopback_);
}

Connection::~Connection() = default;

void Connection::enter(Phase phase, Millis limit) {
  phase_ = phase;
  deadline_ = limit == Millis::max() ? Clock::time_point::max() : Clock::now() + limit;
}

void Connection::sweep(Clock::time_point now) {
  if (websocket_) return websocket_->sweep(now);
  if (now < deadline_) return;
  deadline_ = Clock::time_point::max();
  timed_out_ = true;
  boost::system::error_code ignored;
  if (phase_ == Phase::writing) {
    broken_ = true;
    socket_.close(ignored);
  } else {
    socket_.cancel(ignored);
  }
}

void Connection::retire() {
  boost::system::error_code ignored;
  if (websocket_) return websocket_->close(1001, "the server is going away");
  if (phase_ == Phase::idle) socket_.cancel(ignored);
}

void Connection::cut() {
  boost::system::error_code ignored;
  broken_ = true;
  if (websocket_) websocket_->cut();
  socket_.close(ignored);
  // In the loop, because Asio hands an emission from elsewhere on to it and then needs the signal to be still there.
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->cancellation_.emit(asio::cancellation_type::terminal); });
}

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  while (!server_->stopping) {
    const bool again = co_await serve_one();
    if (!again) break;
  }
  if (upgrade_) co_await upgrade();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<bool> Connection::serve_one() {
  Incoming incoming;
  incoming.parser.header_limit(static_cast<std::uint32_t>(server_->options.max_header_bytes));
  incoming.parser.body_limit(server_->options.max_body_bytes);
  incoming.parser.eager(true);
  const auto received = co_await receive(incoming);
  if (received == Received::nothing) co_return false;
  if (received == Received::mistake) {
    auto& mistake = incoming.mistake;
    co_return co_await refuse(mistake.status, mistake.code, std::move(mistake.message));
  }
  auto& request = incoming.request;
  request.body = std::move(incoming.parser.get().body());
  const bool http_1_0 = incoming.parser.get().version() < 11;
  const bool wants_more = incoming.parser.get().keep_alive();
  // RFC 9112, 3.2.
  const auto hosts = incoming.parser.get().count(beast_http::field::host);
  if (hosts > 1) co_return co_await refuse(400, Fault::malformed, "the request has more than one Host header");
  if (hosts == 0 && !http_1_0) co_return co_await refuse(400, Fault::malformed, "the request has no Host header, which HTTP/1.1 asks for");
  if (!decode_target(request)) co_return co_await refuse(400, Fault::malformed, "the request's target has a wrong host or percent escape");
  ++server_->stats.requests;
  enter(Phase::handling, Millis::max());
  Request asked;  // what is needed of it after the handler
  asked.method = request.method;
  if (request.wants_websocket()) asked.headers = request.headers;
  if (asked.method == "HEAD") request.method = "GET";  // answered alike, but for the body
  Response response = co_await handle(std::move(request));
  if (broken_) co_return false;
  if (response.websocket) {  // after this coroutine, whose memory a WebSocket then does without
    upgrade_ = std::make_unique<Upgrade>(std::move(asked), std::move(response));
    co_return false;
  }
  // Reads change nothing; whoever asks how this process is must not end it.
  const bool reads = asked.method == "GET" || asked.method == "HEAD";
  if (!reads) CONVOKE_FAILPOINT("respond", asked.method, "before");
  const bool again = co_await respond(asked.method == "HEAD", std::move(response), wants_more && !server_->stopping, http_1_0);
  if (!reads) CONVOKE_FAILPOINT("respond", asked.method, "after");
  co_return again;
}

asio::awaitable<Response> Connection::handle(Request request) {
  std::string problem;
  const std::string what = request.method + " " + request.path;
  try {
    Response response = co_await server_->handler(std::move(request));
    co_return response;
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted && broken_) throw;  // the server cut us off
    problem = error.what();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  log::error("http: the handler of {} failed: {}", what, problem);
  co_return error_response(Error(Fault::internal, "this request met a defect of the server; it has been logged"));
}

/// Reads one request. `nothing`: the peer left, or was silent too long between requests, or in the middle of one without having said
/// anything.
asio::awaitable<Connection::Received> Connection::receive(Incoming& incoming) {
  auto& parser = incoming.parser;
  enter(buffer_.empty() ? Phase::idle : Phase::header, buffer_.empty() ? server_->options.idle_deadline : server_->options.header_deadline);
  for (;;) {
    if (!buffer_.empty()) {
      boost::system::error_code error;
      const auto used = parser.put(asio::buffer(buffer_), error);
      buffer_.erase(0, used);
      const bool incomplete = error == beast_http::error::need_more;
      if ((error && !incomplete) || buffer_.size() > server_->options.max_header_bytes + 2 * read_chunk) {
        if (!parser.is_done()) {
          incoming.mistake = mistake_of(incomplete ? make_error_code(beast_http::error::buffer_overflow) : error);
          co_return Received::mistake;
        }
      }
      if (parser.is_header_done() && !incoming.head_taken) {
        incoming.take_head(peer_, loopback_);
        if (!parser.is_done()) enter(Phase::body, server_->options.body_deadline);
        if (!parser.is_done() && equal_ignoring_case(incoming.request.headers.get("expect"), "100-continue")) {
          const bool told = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", {});
          if (!told) co_return Received::nothing;
          enter(Phase::body, server_->options.body_deadline);
        }
      }
      if (parser.is_done()) co_return Received::request;
    }
    const bool more = co_await read_more();
    if (!more && timed_out_ && phase_ != Phase::idle) {
      incoming.mistake = {408, Fault::deadline, "the request took too long to arrive"};
      co_return Received::mistake;
    }
    if (!more) co_return Received::nothing;
    if (phase_ == Phase::idle) enter(Phase::header, server_->options.header_deadline);
  }
}

asio::awaitable<bool> Connection::read_more() {
  boost::system::error_code error;
  const auto before = buffer_.size();
  const auto wanted = phase_ == Phase::body ? body_chunk : before == 0 ? first_chunk : read_chunk;
  if (phase_ == Phase::idle && buffer_.capacity() > 2 * first_chunk) buffer_ = {};
  buffer_.resize(before + wanted);
  const auto space = asio::buffer(buffer_.data() + before, wanted);
  const auto count = co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
  buffer_.resize(before + (error ? 0 : count));
  co_return !error;
}

asio::awaitable<bool> Connection::write_all(std::string head, std::string body) {
  enter(Phase::writing, server_->options.write_deadline);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
  boost::system::error_code error;
  co_await asio::async_write(socket_, parts, asio::redirect_error(asio::use_awaitable, error));
  if (error) broken_ = true;
  co_return !error;
}

asio::awaitable<bool> Connection::respond(bool head_only, Response response, bool keep_alive, bool http_1_0) {
  if (response.stream && !head_only) {
    keep_alive = keep_alive && !http_1_0;
    std::string head = encode_head(response, http_1_0 ? Framing::until_close : Framing::chunked, keep_alive);
    const bool complete = co_await respond_stream(response, std::move(head), !http_1_0);
    co_return complete&& keep_alive;
  }
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  std::string head = encode_head(response, bodiless ? Framing::none : Framing::length, keep_alive);
  if (http_1_0 && keep_alive) head.insert(head.size() - 2, "Connection: keep-alive\r\n");
  std::string body = head_only || bodiless ? std::string{} : std::move(response.body);
  const bool written = co_await write_all(std::move(head), std::move(body));
  co_return written&& keep_alive;
}

asio::awaitable<bool> Connection::respond_stream(Response& response, std::string head, bool chunked) {
  bool complete = co_await write_all(std::move(head), {});
  if (!complete) co_return false;
  enter(Phase::handling, Millis::max());
  chunked_ = chunked;
  try {
    co_await response.stream(*this);
  } catch (const std::exception& error) {
    if (!broken_) log::error("http: a streamed response to {} failed: {}", peer_, error.what());
    co_return false;  // cut without the last chunk, so that the peer sees it is not complete
  }
  if (broken_ || !chunked) co_return false;
  complete = co_await write_all("0\r\n\r\n", {});
  co_return complete;
}

asio::awaitable<Status> Connection::write(std::string bytes) {
  if (server_->stopping) co_return fail(Fault::draining, "http: the server is going away");
  if (broken_) co_return fail(Fault::unavailable, "http: the peer is gone");
  if (bytes.empty()) co_return Status{};
  std::string head;
  if (chunked_) {
    std::array<char, 24> text{};
    head.assign(text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%zx\r\n", bytes.size())));
    bytes += "\r\n";
  }
  const bool written = co_await write_all(std::move(head), std::move(bytes));
  enter(Phase::handling, Millis::max());
  if (!written) co_return fail(Fault::unavailable, "http: the peer is gone, or has not read for too long");
  co_return Status{};
}

/// Answers what cannot be served and ends the connection.
asio::awaitable<bool> Connection::refuse(int status, Fault code, std::string message) {
  ++server_->stats.refused;
  Response response = json_response(status, error_json(code, message));
  std::string head = encode_head(response, Framing::length, false);
  const bool written = co_await write_all(std::move(head), std::move(response.body));
  if (written) co_await linger();
  co_return false;
}

/// Reads on for a moment before closing: unread bytes at close would make the kernel take back what we have just answered.
asio::awaitable<void> Connection::linger() {
  boost::system::error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  enter(Phase::body, linger_deadline);
  for (std::size_t total = 0; !error && total < linger_bytes;) {
    buffer_.resize(read_chunk);
    total += co_await socket_.async_read_some(asio::buffer(buffer_), asio::redirect_error(asio::use_awaitable, error));
  }
}

asio::awaitable<bool> Connection::shake_hands() {
  auto& [request, response] = *upgrade_;
  if (const auto mistake = handshake_mistake(request); !mistake.empty()) {
    ++server_->stats.refused;
    Response refusal = json_response(426, error_json(Fault::invalid, mistake));
    refusal.headers.add("Upgrade", "websocket");
    refusal.headers.add("Sec-WebSocket-Version", "13");
    co_await respond(false, std::move(refusal), false, false);
    co_return false;
  }
  response.status = 101;
  response.headers.set("Upgrade", "websocket");
  response.headers.set("Connection", "Upgrade");
  response.headers.set("Sec-WebSocket-Accept", websocket_accept(request.headers.get("sec-websocket-key")));
  std::string head = encode_head(response, Framing::none, true);
  const bool written = co_await write_all(std::move(head), {});
  co_return written;
}

asio::awaitable<void> Connection::upgrade() {
  const bool agreed = co_await shake_hands();
  if (!agreed) co_return;
  const auto serve = std::move(upgrade_->response.websocket);
  upgrade_.reset();
  const auto& options = server_->options;
  const WebSocketLimits limits{options.max_message_bytes, options.max_queued_bytes, options.write_deadline, options.ping_interval};
  websocket_ = std::make_shared<WebSocketSession>(std::move(socket_), limits, std::exchange(buffer_, {}));
  ++server_->stats.websockets;
  if (server_->stopping) websocket_->close(1001, "the server is going away");
  try {
    co_await serve(websocket_);
  } catch (const std::exception& error) {
    if (!broken_) log::error("http: a WebSocket of {} failed: {}", peer_, error.what());
    websocket_->close(1011, "a defect of the server");
  }
  --server_->stats.websockets;
  if (!broken_) co_await websocket_->finish();
}

}  // namespace convoke::http
