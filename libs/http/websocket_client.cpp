#include "http/websocket_client.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>
#include <nlohmann/json.hpp>

#include "core/async.hpp"
#include "http/address.hpp"
#include "http/websocket_transport.hpp"

namespace convoke::http {
namespace {

namespace beast = boost::beast;
namespace beast_ws = boost::beast::websocket;
using Socket = asio::generic::stream_protocol::socket;
using Stream = beast_ws::stream<WebSocketTransport, false>;

Fault refusal_fault(int status) {
  switch (status) {
    case 401: return Fault::unauthenticated;
    case 403: return Fault::forbidden;
    case 404: return Fault::not_found;
    case 503: return Fault::overloaded;
    default: return Fault::invalid;
  }
}

// The sentence of an error answer (message.hpp); a page of something in between says nothing to whoever calls.
std::string refusal(const std::string& address, int status, const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  const auto error = json.is_object() ? json.value("error", nlohmann::json()) : nlohmann::json();
  const auto found = error.is_object() ? error.find("message") : error.end();
  if (found != error.end() && found->is_string()) return found->get<std::string>();
  return "websocket: " + address + " answered with HTTP status " + std::to_string(status);
}

bool is_ip(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

/// Trusts what the system trusts ($SSL_CERT_FILE and $SSL_CERT_DIR name something else), and nobody else.
Result<std::shared_ptr<asio::ssl::context>> trusting_context() {
  boost::system::error_code error;
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  if (!error) context->set_default_verify_paths(error);
  if (!error) context->set_verify_mode(asio::ssl::verify_peer, error);
  if (error) return fail(Fault::unavailable, "websocket: TLS cannot be set up: " + error.message());
  return context;
}

}  // namespace

struct WebSocketClient::State : std::enable_shared_from_this<State> {
  explicit State(asio::io_context& context) : io(context) {}

  asio::io_context& io;
  std::optional<Stream> stream;
  beast::flat_buffer buffer;
  std::uint16_t close_code = 0;
  // The read that goes on while nobody waits for it, because a read that is given up would leave the stream in the middle of a frame.
  std::optional<Result<std::optional<WebSocketMessage>>> arrived;
  bool reading = false;
  std::unique_ptr<Event> changed = std::make_unique<Event>(io.get_executor());

  asio::awaitable<Status> connect(WebSocketTarget target) {
    const auto self = shared_from_this();
    auto address = parse_address(target.address);
    if (!address) co_return std::unexpected(std::move(address.error()));
    std::shared_ptr<asio::ssl::context> context;
    if (target.tls) {
      auto made = trusting_context();
      if (!made) co_return std::unexpected(std::move(made.error()));
      context = std::move(*made);
    }
    const auto name = address->host;
    auto connected = co_await open_socket(std::move(*address), target.address);
    if (!connected) co_return std::unexpected(std::move(connected.error()));
    stream.emplace(std::move(*connected), std::move(context));
    if (target.tls) {
      auto secured = co_await secure(name, target.address);
      if (!secured) co_return secured;
    }
    co_return co_await upgrade(std::move(target));
  }

  /// TLS with who can prove to be `name`; nothing of ours was sent before. FORBIDDEN when it cannot: trying again does not help.
  asio::awaitable<Status> secure(std::string name, std::string address) {
    auto& tls = *stream->next_layer().tls();
    boost::system::error_code error;
    if (!is_ip(name)) SSL_set_tlsext_host_name(tls.native_handle(), name.c_str());  // NOLINT: a cast in OpenSSL's macro
    tls.set_verify_callback(asio::ssl::host_name_verification(name), error);
    if (!error) co_await tls.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return Status{};
    const auto verdict = SSL_get_verify_result(tls.native_handle());
    if (verdict != X509_V_OK)
      co_return fail(Fault::forbidden, "websocket: the certificate of " + address + " is not trusted (" +
                                           X509_verify_cert_error_string(verdict) + "): nothing was sent");
    // Bytes that are no TLS come from somebody else; a connection that ends may be a server that starts.
    const bool is_other = error.category() == asio::error::get_ssl_category();
    co_return fail(is_other ? Fault::invalid : Fault::unavailable, "websocket: no TLS with " + address + ": " + error.message());
  }

  asio::awaitable<Status> upgrade(WebSocketTarget target) {
    stream->read_message_max(target.max_message_bytes);
    stream->set_option(beast_ws::stream_base::decorator([headers = target.headers](beast_ws::request_type& request) {
      for (const auto& [name, value] : headers) request.set(name, value);
    }));
    boost::system::error_code error;
    beast_ws::response_type response;
    const std::string host = target.address.starts_with("unix:") ? "localhost" : target.address;
    co_await stream->async_handshake(response, host, target.target, asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return Status{};
    const auto status = static_cast<int>(response.result_int());
    if (error != beast_ws::error::upgrade_declined)
      co_return fail(Fault::unavailable, "websocket: " + target.address + ": " + error.message());
    co_return fail(refusal_fault(status), refusal(target.address, status, response.body()));
  }

  asio::awaitable<Result<Socket>> open_socket(Address address, std::string name) {
    boost::system::error_code error;
    Socket socket(io);
    const auto direct = endpoint_of(address);
    if (direct) {
      co_await socket.async_connect(*direct, asio::redirect_error(asio::use_awaitable, error));
    } else {
      asio::ip::tcp::resolver resolver(io);
      const std::string port = std::to_string(address.port);
      const auto found = co_await resolver.async_resolve(address.host, port, asio::redirect_error(asio::use_awaitable, error));
      for (const auto& entry : found) {
        socket = Socket(io);
        const asio::generic::stream_protocol::endpoint endpoint = entry.endpoint();
        co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
        if (!error) break;
      }
    }
    if (error) co_return fail(Fault::unavailable, "websocket: cannot connect to " + name + ": " + error.message());
    if (!address.local) socket.set_option(asio::ip::tcp::no_delay(true), error);
    co_return std::move(socket);
  }

  void start_reading() {
    reading = true;
    changed->reset();
    stream->async_read(buffer, [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
      self->reading = false;
      self->arrived = self->outcome(error);
      self->changed->set();
    });
  }

  Result<std::optional<WebSocketMessage>> outcome(const boost::system::error_code& error) {
    if (error == beast_ws::error::closed) {
      close_code = static_cast<std::uint16_t>(stream->reason().code);
      return std::nullopt;
    }
    if (error) return fail(Fault::unavailable, "websocket: connection lost: " + error.message());
    WebSocketMessage message{stream->got_text(), beast::buffers_to_string(buffer.data())};
    buffer.consume(buffer.size());
    return message;
  }

  void drop() {
    if (!stream) return;
    boost::system::error_code ignored;
    stream->next_layer().socket().close(ignored);
  }
};

namespace {

asio::awaitable<Status> write_one(std::shared_ptr<void> keep, Stream& stream, std::string message) {
  boost::system::error_code error;
  stream.text(true);
  co_await stream.async_write(asio::buffer(message), asio::redirect_error(asio::use_awaitable, error));
  (void)keep;
  if (error) co_return fail(Fault::unavailable, "websocket: connection lost: " + error.message());
  co_return Status{};
}

asio::awaitable<Status> close_one(std::shared_ptr<void> keep, Stream& stream) {
  boost::system::error_code error;
  co_await stream.async_close(beast_ws::close_code::normal, asio::redirect_error(asio::use_awaitable, error));
  (void)keep;
  if (error) co_return fail(Fault::unavailable, "websocket: closing: " + error.message());
  co_return Status{};
}

}  // namespace

WebSocketClient::WebSocketClient(asio::io_context& io) : state_(std::make_shared<State>(io)) {}
WebSocketClient::~WebSocketClient() {
  if (state_) state_->drop();
}
WebSocketClient::WebSocketClient(WebSocketClient&&) noexcept = default;
WebSocketClient& WebSocketClient::operator=(WebSocketClient&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

asio::awaitable<Status> WebSocketClient::connect(WebSocketTarget target) {
  const auto deadline = target.deadline;
  const std::string what = "websocket: connecting to " + target.address;
  auto state = state_;
  auto status = co_await within(deadline, state->connect(std::move(target)), what);
  if (!status) state->drop();
  co_return status;
}

asio::awaitable<Result<std::optional<WebSocketMessage>>> WebSocketClient::read(Millis deadline) {
  auto state = state_;
  if (!state->stream) co_return fail(Fault::unavailable, "websocket: not connected");
  if (!state->arrived) {
    if (!state->reading) state->start_reading();
    asio::steady_timer timer(state->io, deadline);
    timer.async_wait([state](const boost::system::error_code& error) {
      if (!error) state->changed->set();
    });
    co_await state->changed->wait();
    if (!state->arrived) {
      state->changed->reset();
      co_return fail(Fault::deadline, "websocket: no message within " + std::to_string(deadline.count()) + " ms");
    }
  }
  auto result = std::move(*state->arrived);
  state->arrived.reset();
  co_return result;
}

asio::awaitable<Status> WebSocketClient::send(std::string message, Millis deadline) {
  auto state = state_;
  if (!state->stream) co_return fail(Fault::unavailable, "websocket: not connected");
  co_return co_await within(deadline, write_one(state, *state->stream, std::move(message)), "websocket: sending");
}

asio::awaitable<Status> WebSocketClient::close(Millis deadline) {
  auto state = state_;
  if (!state->stream) co_return Status{};
  auto status = co_await within(deadline, close_one(state, *state->stream), "websocket: closing");
  state->drop();
  co_return status;
}

std::uint16_t WebSocketClient::close_code() const { return state_->close_code; }

}  // namespace convoke::http
