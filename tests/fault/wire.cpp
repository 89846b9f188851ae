#include "fault/wire.hpp"

#include <sys/stat.h>

#include <array>
#include <atomic>
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
#include <optional>
#include <set>
#include <thread>

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

  void set(State state) {
    state_ = state;
    if (state == State::cut) asio::post(io_, [this] { end(1); });
  }
  void snap() {
    asio::post(io_, [this] { end(2); });
  }
  std::size_t connections() const { return count_; }
  std::size_t hits() const { return hits_; }
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
  };

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
      if (error || state_ == State::cut) {
        if (error) break;
        ++hits_;
        continue;
      }
      co_await pair->far.async_connect(server_, asio::redirect_error(asio::use_awaitable, error));
      if (error) continue;
      pairs_.insert(pair);
      count_ = pairs_.size();
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
      while (state_ == State::silent || (state_ == State::mute && is_answer) || (state_ == State::slow && !waited)) {
        if (!counted) ++hits_;
        counted = true;
        waited = state_ == State::slow;
        timer.expires_after(state_ == State::slow ? delay : look_every);
        co_await timer.async_wait(asio::use_awaitable);
      }
      co_await asio::async_write(to, asio::buffer(bytes.data(), count), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
    }
    close(*pair);
    pairs_.erase(pair);
    count_ = pairs_.size();
  }

  static void close(Pair& pair) {
    boost::system::error_code ignored;
    pair.near.close(ignored);
    pair.far.close(ignored);
  }
  void end(std::size_t every) {
    std::size_t number = 0;
    for (const auto& pair : pairs_) {
      if (number++ % every != 0) continue;
      ++hits_;
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
  std::atomic<State> state_ = State::whole;
  std::set<std::shared_ptr<Pair>> pairs_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::size_t> hits_ = 0;
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
void Wire::set(State state) { inside_->set(state); }
void Wire::snap() { inside_->snap(); }
std::size_t Wire::connections() const { return inside_->connections(); }
std::size_t Wire::hits() const { return inside_->hits(); }

}  // namespace convoke::test
