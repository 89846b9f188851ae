#include "fault/wire.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

namespace convoke::test {

namespace asio = boost::asio;
using Stream = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Stream>;
using Tcp = asio::ip::tcp;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds look_every{20};
constexpr milliseconds delay{150};

Stream::endpoint local(const std::string& path) { return Stream::endpoint(asio::local::stream_protocol::endpoint(path)); }

ino_t inode_of(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 ? found.st_ino : 0;
}

// The name of the process at the other end of a Unix socket; empty when it says none, or it is another kind of socket.
std::string name_of_peer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return {};
  std::ifstream arguments("/proc/" + std::to_string(peer.pid) + "/cmdline");
  const std::string flag = "--process.name=";
  for (std::string one; std::getline(arguments, one, '\0');)
    if (one.starts_with(flag)) return one.substr(flag.size());
  return {};
}

}  // namespace

class Wire::Inside {
 public:
  explicit Inside(std::string path) : path_(std::move(path)), real_(path_ + ".real"), server_(local(real_)) {
    take_place();
    asio::co_spawn(io_, keep_place(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  explicit Inside(const Tcp::endpoint& server) : server_(server) {
    acceptor_.emplace(io_, Stream::endpoint(Tcp::endpoint(asio::ip::address_v4::loopback(), 0)));
    asio::co_spawn(io_, accept(generation_), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Inside() {
    io_.stop();
    thread_.join();
    std::error_code ignored;
    if (!path_.empty() && inode_of(path_) == mine_) std::filesystem::rename(real_, path_, ignored);
  }

  void set(State state, const std::string& whose) {
    {
      const std::lock_guard lock(mutex_);
      state_ = state;
      whose_ = whose;
    }
    if (state == State::cut) asio::post(io_, [this] { end(1); });
  }
  void snap() {
    asio::post(io_, [this] { end(2); });
  }
  std::size_t connections(const std::string& whose) const { return count(connections_, whose); }
  std::size_t hits(const std::string& whose) const { return count(hits_, whose); }
  bool is_quiet() {
    std::promise<bool> quiet;
    asio::post(io_, [&] { quiet.set_value(opening_ == 0 && std::ranges::none_of(pairs_, is_left)); });
    return quiet.get_future().get();
  }
  unsigned short port() const {
    const auto at = acceptor_->local_endpoint();
    Tcp::endpoint tcp;
    std::memcpy(tcp.data(), at.data(), at.size());
    return tcp.port();
  }

 private:
  struct Pair {
    Stream::socket near;
    Stream::socket far;
    std::string peer = {};
  };
  using Counts = std::map<std::string, std::size_t>;  // by peer

  std::size_t count(const Counts& counts, const std::string& whose) const {
    const std::lock_guard lock(mutex_);
    std::size_t all = 0;
    for (const auto& [peer, number] : counts)
      if (whose.empty() || peer == whose) all += number;
    return all;
  }
  State state_of(const Pair& pair) const {
    const std::lock_guard lock(mutex_);
    return whose_.empty() || whose_ == pair.peer ? state_ : State::whole;
  }
  void hit(const Pair& pair) {
    const std::lock_guard lock(mutex_);
    ++hits_[pair.peer];
  }
  void insert(const std::shared_ptr<Pair>& pair) {
    pairs_.insert(pair);
    const std::lock_guard lock(mutex_);
    ++connections_[pair->peer];
  }
  void erase(const std::shared_ptr<Pair>& pair) {
    if (pairs_.erase(pair) == 0) return;
    const std::lock_guard lock(mutex_);
    --connections_[pair->peer];
  }

  // Its client has gone; what it said may not have been read yet.
  static bool is_left(const std::shared_ptr<Pair>& pair) {
    pollfd near{.fd = pair->near.native_handle(), .events = POLLRDHUP, .revents = 0};
    return pair->near.is_open() && ::poll(&near, 1, 0) > 0 && (near.revents & (POLLRDHUP | POLLHUP)) != 0;
  }

  // Under the server's name from now on; the server behind it is found under another.
  void take_place() {
    std::error_code failed;
    std::filesystem::rename(path_, real_, failed);
    if (failed) return;
    acceptor_.emplace(io_, local(path_));
    mine_ = inode_of(path_);
    ++generation_;
    asio::co_spawn(io_, accept(generation_), asio::detached);
  }

  asio::awaitable<void> keep_place() {
    asio::steady_timer timer(io_);
    for (;;) {
      timer.expires_after(look_every);
      co_await timer.async_wait(asio::use_awaitable);
      const auto there = inode_of(path_);
      if (there == 0 || there == mine_) continue;
      acceptor_.reset();
      take_place();
    }
  }

  asio::awaitable<void> accept(int generation) {
    while (generation == generation_ && acceptor_) {
      boost::system::error_code error;
      auto pair = std::make_shared<Pair>(Stream::socket(io_), Stream::socket(io_));
      co_await acceptor_->async_accept(pair->near, asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      pair->peer = name_of_peer(pair->near.native_handle());
      if (state_of(*pair) == State::cut) {
        hit(*pair);
        continue;
      }
      ++opening_;
      co_await pair->far.async_connect(server_, asio::redirect_error(asio::use_awaitable, error));
      --opening_;
      if (error) continue;
      insert(pair);
      asio::co_spawn(io_, pump(pair, pair->near, pair->far, false), asio::detached);
      asio::co_spawn(io_, pump(pair, pair->far, pair->near, true), asio::detached);
    }
  }

  asio::awaitable<void> pump(std::shared_ptr<Pair> pair, Stream::socket& from, Stream::socket& to, bool is_answer) {
    std::array<char, 16'384> bytes{};
    asio::steady_timer timer(io_);
    boost::system::error_code error;
    for (;;) {
      const auto count = co_await from.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      bool waited = false;
      bool counted = false;
      for (auto now = state_of(*pair); now == State::silent || (now == State::mute && is_answer) || (now == State::slow && !waited);
           now = state_of(*pair)) {
        if (!counted) hit(*pair);
        counted = true;
        waited = now == State::slow;
        timer.expires_after(now == State::slow ? delay : look_every);
        co_await timer.async_wait(asio::use_awaitable);
      }
      if (counted && state_of(*pair) == State::cut) break;
      co_await asio::async_write(to, asio::buffer(bytes.data(), count), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
    }
    close(*pair);
    erase(pair);
  }

  static void close(Pair& pair) {
    boost::system::error_code ignored;
    pair.near.close(ignored);
    pair.far.close(ignored);
  }
  void end(std::size_t every) {
    std::size_t number = 0;
    for (const auto& pair : pairs_) {
      if (number++ % every != 0 || (every == 1 && state_of(*pair) != State::cut)) continue;
      hit(*pair);
      close(*pair);
    }
  }

  asio::io_context io_{1};
  std::string path_;
  std::string real_;
  Stream::endpoint server_;
  std::optional<Acceptor> acceptor_;
  ino_t mine_ = 0;
  int generation_ = 0;
  int opening_ = 0;
  std::set<std::shared_ptr<Pair>> pairs_;
  mutable std::mutex mutex_;  // for what follows
  State state_ = State::whole;
  std::string whose_;
  Counts connections_;
  Counts hits_;
  std::thread thread_;
};

Wire::Wire(std::string path) : inside_(std::make_unique<Inside>(std::move(path))) {}
Wire::Wire(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) { address_ = "127.0.0.1:" + std::to_string(inside_->port()); }
std::unique_ptr<Wire> Wire::to(const std::string& host_and_port) {
  const auto colon = host_and_port.rfind(':');
  const Tcp::endpoint server(asio::ip::make_address(host_and_port.substr(0, colon)),
                             static_cast<unsigned short>(std::stoi(host_and_port.substr(colon + 1))));
  return std::unique_ptr<Wire>(new Wire(std::make_unique<Inside>(server)));
}
Wire::~Wire() = default;
void Wire::set(State state, const std::string& whose) { inside_->set(state, whose); }
void Wire::snap() { inside_->snap(); }
std::size_t Wire::connections(const std::string& whose) const { return inside_->connections(whose); }
std::size_t Wire::hits(const std::string& whose) const { return inside_->hits(whose); }
bool Wire::is_quiet() const { return inside_->is_quiet(); }

}  // namespace convoke::test
