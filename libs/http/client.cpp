#include "http/client.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <charconv>
#include <ctime>

#include "core/async.hpp"
#include "core/failpoint.hpp"
#include "http/curl_library.hpp"
#include "http/curl_loop.hpp"

namespace convoke::http {
namespace {

constexpr Millis longest_retry_after{3'600'000};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<Millis> bounded(std::int64_t value, std::int64_t unit) {
  return Millis{std::clamp(value, std::int64_t{0}, longest_retry_after.count() / unit) * unit};
}

}  // namespace

Refusal refusal_of(const Response& response) {
  switch (response.status) {
    case 401:
    case 403: return Refusal::unauthorised;
    case 408: return Refusal::unavailable;
    case 429: return Refusal::rate_limited;
    case 503:
    case 529: return Refusal::overloaded;
    default: break;
  }
  if (response.status < 400) return Refusal::none;
  return response.status < 500 ? Refusal::invalid : Refusal::unavailable;
}

std::optional<Millis> retry_after(const Response& response, UnixTime now) {
  if (const auto exact = whole_number(response.headers.get("retry-after-ms"))) return bounded(*exact, 1);
  const auto value = response.headers.get("retry-after");
  if (value.empty()) return std::nullopt;
  if (const auto seconds = whole_number(value)) return bounded(*seconds, 1000);
  std::tm date{};
  const auto* end = ::strptime(std::string(value).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr) return std::nullopt;
  return bounded(static_cast<std::int64_t>(::timegm(&date)) * 1000 - unix_ms(now), 1);
}

class Client::State {
 public:
  State(asio::io_context& io, ClientOptions options) : io_(io), options_(std::move(options)) {}
  ~State() {
    if (loop_) loop_->close();
  }

  asio::any_io_executor executor() { return io_.get_executor(); }

  /// Made when it is first asked for: a process that calls nobody never loads curl.
  Result<std::shared_ptr<CurlLoop>> loop() {
    if (loop_) return loop_;
    if (auto loaded = load_curl(); !loaded) return std::unexpected(std::move(loaded.error()));
    loop_ = std::make_shared<CurlLoop>(io_, options_);
    return loop_;
  }

 private:
  asio::io_context& io_;
  ClientOptions options_;
  std::shared_ptr<CurlLoop> loop_;
};

namespace {

asio::awaitable<Result<Response>> carry_out(Result<std::shared_ptr<CurlLoop>> loaded, std::shared_ptr<Transfer> transfer) {
  if (!loaded) co_return std::unexpected(std::move(loaded.error()));
  const auto loop = std::move(*loaded);
  CONVOKE_FAILPOINT("request", "", "before");
  if (auto started = loop->start(transfer); !started) co_return std::unexpected(std::move(started.error()));
  try {
    co_await transfer->done.wait();
  } catch (const boost::system::system_error&) {
    // Cancelled before the wait began; ends as below.
  }
  CONVOKE_FAILPOINT("request", "", "after");
  if (!transfer->done.is_set()) {
    loop->cancel(transfer);
    co_return fail(Fault::cancelled, "http: the request to " + transfer->host + " was cancelled");
  }
  if (transfer->callback_failure) std::rethrow_exception(transfer->callback_failure);
  co_return std::move(transfer->result);
}

}  // namespace

Client::Client(asio::io_context& io, ClientOptions options) : state_(std::make_shared<State>(io, std::move(options))) {}
Client::~Client() = default;

asio::awaitable<Result<Response>> Client::send(ClientRequest request) {
  auto transfer = std::make_shared<Transfer>(state_->executor(), std::move(request));
  return carry_out(state_->loop(), std::move(transfer));
}

asio::awaitable<Result<Response>> Client::stream(ClientRequest request, std::function<void(std::string_view)> on_bytes,
                                                 std::function<void(const Response&)> on_head) {
  auto transfer = std::make_shared<Transfer>(state_->executor(), std::move(request));
  transfer->on_bytes = std::move(on_bytes);
  transfer->on_head = std::move(on_head);
  return carry_out(state_->loop(), std::move(transfer));
}

}  // namespace convoke::http
