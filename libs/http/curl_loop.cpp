#include "http/curl_loop.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdlib>
#include <limits>

#include "http/curl_library.hpp"

namespace convoke::http {
namespace {

constexpr std::size_t spare_handles = 64;

SteadyTime now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }

std::string host_of(const std::string& url) {
  const auto start = url.find("://");
  if (start == std::string::npos) return url;
  auto host = url.substr(start + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  return host.substr(host.find('@') + 1);  // never somebody's password in a log
}

Fault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Fault::deadline;
    case CURLE_URL_MALFORMAT: return Fault::invalid;
    case CURLE_UNSUPPORTED_PROTOCOL:  // bytes that are no HTTP; other schemes are refused before
    case CURLE_WEIRD_SERVER_REPLY: return Fault::malformed;
    default: return Fault::unavailable;
  }
}

void heard(Transfer& transfer, bool body) {
  const auto& request = transfer.request;
  if (!body && request.first_byte_deadline.count() > 0) return;
  transfer.silent_at = request.idle_deadline.count() > 0 ? now() + request.idle_deadline : SteadyTime::max();
}

long milliseconds(Millis duration) {
  return static_cast<long>(std::clamp<std::int64_t>(duration.count(), 1, std::numeric_limits<int>::max()));
}

}  // namespace

/// A descriptor that curl uses. Connections (which we open and close) keep their registration with the loop as long as they live; what else
/// curl watches (its resolver's wake-up) is lent to us and given back when it stops.
struct CurlLoop::Socket {
  explicit Socket(asio::io_context& io, int number, bool is_ours) : descriptor(io, number), fd(number), ours(is_ours) {}
  asio::posix::stream_descriptor descriptor;
  int fd;
  bool ours;
  int wanted = 0;  // CURL_POLL_IN, CURL_POLL_OUT
  bool waiting_in = false;
  bool waiting_out = false;
};

struct CurlLoop::Callbacks {
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    auto& loop = *static_cast<CurlLoop*>(self);
    loop.sockets_[fd] = std::make_shared<Socket>(loop.io_, fd, true);
    return fd;
  }

  static int close_socket(void* self, curl_socket_t fd) {
    auto& loop = *static_cast<CurlLoop*>(self);
    const auto found = loop.sockets_.find(fd);
    if (found == loop.sockets_.end()) return ::close(fd);
    boost::system::error_code ignored;
    found->second->wanted = 0;
    found->second->descriptor.close(ignored);
    loop.sockets_.erase(found);
    return 0;
  }

  static int watch(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& loop = *static_cast<CurlLoop*>(self);
    auto found = loop.sockets_.find(fd);
    if (what == CURL_POLL_REMOVE) {
      if (found == loop.sockets_.end()) return 0;
      found->second->wanted = 0;
      if (found->second->ours) return 0;
      found->second->descriptor.release();
      loop.sockets_.erase(found);
      return 0;
    }
    if (found == loop.sockets_.end()) found = loop.sockets_.emplace(fd, std::make_shared<Socket>(loop.io_, fd, false)).first;
    found->second->wanted = what;
    loop.watch(found->second);
    return 0;
  }

  static int set_timer(CURLM*, long after_ms, void* self) {
    auto& loop = *static_cast<CurlLoop*>(self);
    if (after_ms < 0) {
      loop.timer_.cancel();
      return 0;
    }
    auto act = [weak = loop.weak_from_this()](const boost::system::error_code& error) {
      const auto alive = weak.lock();
      if (!error && alive && !alive->closed_) alive->act(CURL_SOCKET_TIMEOUT, 0);
    };
    if (after_ms == 0) {  // each request begins so, and a timer is a system call
      loop.timer_.cancel();
      asio::post(loop.io_, [act = std::move(act)] { act({}); });
      return 0;
    }
    loop.timer_.expires_after(std::chrono::milliseconds(after_ms));
    loop.timer_.async_wait(std::move(act));
    return 0;
  }

  static std::size_t header(char* text, std::size_t size, std::size_t count, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    std::string_view line(text, size * count);
    while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
    heard(transfer, false);
    if (line.starts_with("HTTP/")) {  // the head begins; what came before was a 1xx
      transfer.response.headers = {};
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      auto value = line.substr(colon + 1);
      while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
      transfer.response.headers.add(line.substr(0, colon), value);
    }
    return size * count;
  }

  static void give_head(Transfer& transfer) {
    if (std::exchange(transfer.head_given, true)) return;
    long status = 0;
    curl().easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    if (transfer.on_head) transfer.on_head(transfer.response);
  }

  // An exception must not pass through curl: it is kept, and thrown again where the caller waits.
  static std::size_t body(char* bytes, std::size_t size, std::size_t count, void* context) try {
    auto& transfer = *static_cast<Transfer*>(context);
    const auto length = size * count;
    heard(transfer, true);
    transfer.received += length;
    if (transfer.received > transfer.request.max_response_bytes) {
      transfer.too_large = true;
      return 0;
    }
    give_head(transfer);
    const bool streamed = transfer.on_bytes && transfer.response.status >= 200 && transfer.response.status < 300;
    if (streamed) {
      transfer.on_bytes(std::string_view(bytes, length));
    } else {
      transfer.response.body.append(bytes, length);
    }
    return length;
  } catch (...) {
    static_cast<Transfer*>(context)->callback_failure = std::current_exception();
    return 0;
  }
};

CurlLoop::CurlLoop(asio::io_context& io, ClientOptions options) : io_(io), options_(std::move(options)), timer_(io), silence_(io) {
  multi_ = curl().multi_init();
  if (multi_ == nullptr) throw std::runtime_error("http: curl cannot be initialised");
  curl().multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Callbacks::watch);
  curl().multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl().multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Callbacks::set_timer);
  curl().multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl().multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options_.max_connections));
  curl().multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_idle_connections));
}

CurlLoop::~CurlLoop() {
  close();
  for (void* easy : spare_) curl().easy_cleanup(easy);
  curl().multi_cleanup(multi_);
}

void CurlLoop::close() {
  if (std::exchange(closed_, true)) return;
  auto running = std::exchange(running_, {});
  for (auto& [easy, transfer] : running) {
    curl().multi_remove_handle(multi_, easy);
    release(*transfer);
    transfer->done.set();
  }
  timer_.cancel();
  silence_.cancel();
}

void* CurlLoop::take_easy() {
  if (spare_.empty()) return curl().easy_init();
  auto* easy = spare_.back();
  spare_.pop_back();
  return easy;
}

Status CurlLoop::start(const std::shared_ptr<Transfer>& transfer) {
  if (closed_) return fail(Fault::cancelled, "http: the client is closed");
  const auto& url = transfer->request.url;
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return fail(Fault::invalid, "http: expected a URL with http:// or https://");
  transfer->easy = take_easy();
  transfer->host = transfer->request.unix_socket.empty() ? host_of(transfer->request.url) : transfer->request.unix_socket;
  if (auto prepared = prepare(*transfer); !prepared) {
    release(*transfer);
    return prepared;
  }
  running_.emplace(transfer->easy, transfer);
  const auto& request = transfer->request;
  const auto patience = request.first_byte_deadline.count() > 0 ? request.first_byte_deadline : request.idle_deadline;
  if (patience.count() > 0) {
    transfer->silent_at = now() + patience;
    // A piece may bring the end nearer: patience with the rest is often shorter than with the first.
    const auto least = request.idle_deadline.count() > 0 ? std::min(patience, request.idle_deadline) : patience;
    watch_silence(now() + least);
  }
  if (!acting_) {
    add(transfer);
  } else {  // called out of one of curl's callbacks, which must not call curl again
    asio::post(io_, [self = shared_from_this(), transfer] {
      if (transfer->easy != nullptr) self->add(transfer);
    });
  }
  return {};
}

void CurlLoop::add(const std::shared_ptr<Transfer>& transfer) {
  if (curl().multi_add_handle(multi_, transfer->easy) == CURLM_OK) return;
  running_.erase(transfer->easy);
  finish(transfer, CURLE_FAILED_INIT);
}

Status CurlLoop::prepare(Transfer& transfer) {
  auto* easy = transfer.easy;
  const auto& request = transfer.request;
  curl_slist* headers = nullptr;
  for (const auto& [name, value] : request.headers) {
    std::string line = name;
    line.append(value.empty() ? ";" : ": ").append(value);  // curl leaves a header without a value out, unless it ends so
    if (line.find_first_of("\r\n") != std::string::npos) {
      curl().slist_free_all(headers);
      return fail(Fault::invalid, "http: a line break in a header");
    }
    headers = curl().slist_append(headers, line.c_str());
  }
  if (!request.headers.has("expect")) headers = curl().slist_append(headers, "Expect:");  // never wait for a 100
  transfer.header_list = headers;
  curl().easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl().easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(easy, CURLOPT_NOPROXY, request.unix_socket.empty() ? nullptr : "*");
  // The library itself knows only what was built into it; like OpenSSL, and so like our WebSocket client, it is to trust what these name.
  if (const char* file = std::getenv("SSL_CERT_FILE")) curl().easy_setopt(easy, CURLOPT_CAINFO, file);     // NOLINT(concurrency-mt-unsafe)
  if (const char* folder = std::getenv("SSL_CERT_DIR")) curl().easy_setopt(easy, CURLOPT_CAPATH, folder);  // NOLINT(concurrency-mt-unsafe)
  curl().easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl().easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl().easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") curl().easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    curl().easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl().easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.at_most_once) curl().easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  if (!request.unix_socket.empty()) curl().easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  curl().easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_deadline));
  curl().easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request.total_deadline));
  curl().easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl().easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Callbacks::header);
  curl().easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl().easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Callbacks::body);
  curl().easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl().easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::open_socket);
  curl().easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl().easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Callbacks::close_socket);
  curl().easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  return {};
}

void CurlLoop::cancel(const std::shared_ptr<Transfer>& transfer) {
  if (transfer->easy == nullptr || running_.erase(transfer->easy) == 0) return;
  curl().multi_remove_handle(multi_, transfer->easy);
  release(*transfer);
}

/// Gives the handle back for reuse; its options are reset, its connection stays in the pool.
void CurlLoop::release(Transfer& transfer) {
  if (transfer.easy == nullptr) return;
  curl().easy_reset(transfer.easy);
  if (spare_.size() < spare_handles) {
    spare_.push_back(transfer.easy);
  } else {
    curl().easy_cleanup(transfer.easy);
  }
  curl().slist_free_all(static_cast<curl_slist*>(transfer.header_list));
  transfer.easy = nullptr;
  transfer.header_list = nullptr;
}

void CurlLoop::act(int descriptor, int events) {
  int running = 0;
  acting_ = true;
  curl().multi_socket_action(multi_, descriptor, events, &running);
  acting_ = false;
  collect();
}

void CurlLoop::collect() {
  int left = 0;
  while (const auto* message = curl().multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found = running_.find(message->easy_handle);
    const int code = message->data.result;  // gone once the handle is removed
    if (found == running_.end()) continue;
    const auto transfer = found->second;
    running_.erase(found);
    finish(transfer, code);
  }
}

void CurlLoop::finish(const std::shared_ptr<Transfer>& transfer, int curl_code) {
  const auto code = static_cast<CURLcode>(curl_code);
  if (code == CURLE_OK) {
    try {
      Callbacks::give_head(*transfer);
    } catch (...) {
      transfer->callback_failure = std::current_exception();
    }
  }
  long sent = 0;
  curl().easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
  const bool never_left = transfer->request.at_most_once && sent == 0;
  curl().multi_remove_handle(multi_, transfer->easy);
  release(*transfer);
  if (transfer->too_large) {
    transfer->result = fail(Fault::too_large, "http: the answer of " + transfer->host + " is beyond " +
                                                  std::to_string(transfer->request.max_response_bytes) + " bytes");
  } else if (transfer->silent) {
    transfer->result = fail(Fault::deadline, "http: nothing came from " + transfer->host + " for too long");
  } else if (code != CURLE_OK) {
    transfer->result =
        fail(never_left ? Fault::unreachable : fault_of(code), "http: " + transfer->host + ": " + curl().easy_strerror(code));
  } else {
    transfer->result = std::move(transfer->response);
  }
  transfer->done.set();
}

void CurlLoop::watch(const std::shared_ptr<Socket>& socket) {
  if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->waiting_in) wait_for(socket, true);
  if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->waiting_out) wait_for(socket, false);
}

void CurlLoop::wait_for(const std::shared_ptr<Socket>& socket, bool for_reading) {
  (for_reading ? socket->waiting_in : socket->waiting_out) = true;
  const auto kind = for_reading ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write;
  socket->descriptor.async_wait(kind, [weak = weak_from_this(), socket, for_reading](const boost::system::error_code& error) {
    (for_reading ? socket->waiting_in : socket->waiting_out) = false;
    const auto loop = weak.lock();
    if (error || !loop || loop->closed_) return;
    const int wanted = for_reading ? CURL_POLL_IN : CURL_POLL_OUT;
    if ((socket->wanted & wanted) == 0) return;  // an idle connection; curl looks at it before it is used again
    loop->act(socket->fd, for_reading ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
    if (socket->descriptor.is_open()) loop->watch(socket);
  });
}

/// Silence between bytes: curl's own low-speed limit counts in whole seconds, so we look ourselves. One timer for all: it rings when the
/// first may have been silent for too long, and is not moved by what comes meanwhile.
void CurlLoop::watch_silence(SteadyTime until) {
  if (silence_watched_ <= until) return;
  silence_watched_ = until;
  silence_.expires_at(until);
  silence_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto loop = weak.lock();
    if (!error && loop && !loop->closed_) loop->end_silent();
  });
}

void CurlLoop::end_silent() {
  silence_watched_ = SteadyTime::max();
  const auto present = now();
  auto next = SteadyTime::max();
  const auto running = running_;
  for (const auto& [easy, transfer] : running) {
    if (transfer->silent_at > present) {
      const auto idle = transfer->request.idle_deadline;
      next = std::min(next, idle.count() > 0 ? std::min(transfer->silent_at, present + idle) : transfer->silent_at);
      continue;
    }
    running_.erase(easy);
    transfer->silent = true;
    finish(transfer, CURLE_OPERATION_TIMEDOUT);
  }
  if (next != SteadyTime::max()) watch_silence(next);
}

}  // namespace convoke::http
