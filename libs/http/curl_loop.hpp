// libcurl's multi-socket interface on an Asio loop: curl says which descriptors and which time it waits for, the loop tells it when one is
// ready. Internal to this folder; curl's own header stays in the .cpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/async.hpp"
#include "http/client.hpp"

namespace convoke::http {

/// One request on its way, shared between the coroutine that waits for it and the loop that carries it out.
struct Transfer {
  Transfer(const asio::any_io_executor& executor, ClientRequest asked) : request(std::move(asked)), done(executor) {}

  ClientRequest request;
  std::string host;  // for sentences
  std::function<void(std::string_view)> on_bytes;
  std::function<void(const Response&)> on_head;
  Response response;
  std::size_t received = 0;
  bool head_given = false;
  bool too_large = false;
  std::exception_ptr callback_failure;
  SteadyTime silent_at{SteadyTime::max()};  // nothing came for too long then
  bool silent = false;
  Event done;
  Result<Response> result = fail(Fault::cancelled, "http: the client was closed");

  void* easy = nullptr;         // CURL*
  void* header_list = nullptr;  // curl_slist*
};

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  CurlLoop(asio::io_context& io, ClientOptions options);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  Status start(const std::shared_ptr<Transfer>& transfer);
  void cancel(const std::shared_ptr<Transfer>& transfer);
  /// Ends all transfers as CANCELLED; nothing can be started afterwards.
  void close();

 private:
  struct Socket;
  struct Callbacks;
  friend struct Callbacks;

  void* take_easy();
  void add(const std::shared_ptr<Transfer>& transfer);
  Status prepare(Transfer& transfer);
  void finish(const std::shared_ptr<Transfer>& transfer, int curl_code);
  void release(Transfer& transfer);
  void act(int descriptor, int events);
  void collect();
  void watch(const std::shared_ptr<Socket>& socket);
  void wait_for(const std::shared_ptr<Socket>& socket, bool for_reading);
  void watch_silence(SteadyTime until);
  void end_silent();

  asio::io_context& io_;
  ClientOptions options_;
  void* multi_ = nullptr;  // CURLM*
  asio::steady_timer timer_;
  asio::steady_timer silence_;
  SteadyTime silence_watched_{SteadyTime::max()};  // when the timer rings
  bool closed_ = false;
  bool acting_ = false;  // curl is at work, so it must not be called
  std::unordered_map<int, std::shared_ptr<Socket>> sockets_;
  std::unordered_map<void*, std::shared_ptr<Transfer>> running_;  // by easy handle
  std::vector<void*> spare_;                                      // easy handles for reuse
};

}  // namespace convoke::http
