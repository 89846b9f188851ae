// The people of the soak: on one loop, in a thread of its own. Each job is a message to an agent (in a conversation of many), a question
// that one agent has to ask another, or a task whose plan is approved and whose tools are called. A job is over when its answer was read on
// a WebSocket. Sessions are read once more when they are done with, compared with what was seen, and deleted after their time.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "http/client.hpp"
#include "soak/reader.hpp"

namespace convoke::soak {

using Clock = std::chrono::steady_clock;

enum class Kind : std::uint8_t { chat, question, task };

/// One job that is over.
struct Done {
  Kind kind = Kind::chat;
  Clock::time_point due;  // when it should have begun: what waited for a place counts
  double ms = 0;
};

struct LoadOptions {
  std::string address;
  std::size_t users = 16;
  std::chrono::seconds keep{60};           // a session is deleted so long after it was done with
  std::chrono::seconds answer_within{90};  // else the job is lost
  std::size_t most_at_once = 4'000;
};

class Load {
 public:
  explicit Load(LoadOptions options);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// So many people who begin the next job when one is over; jobs per second that they got done in `time`, after they had done so for
  /// `before`: caches are full by then, and what is kept for a time goes as fast as it comes.
  double capacity(std::size_t people, std::chrono::seconds before, std::chrono::seconds time);
  /// So many jobs are begun each second from now on, whether or not earlier ones are over. 0: none.
  void set_rate(double jobs_per_second);
  /// Waits until no job is open and every session was read and compared; false when some are still open after `limit`.
  bool settle(std::chrono::seconds limit);

  /// What ended since the last call.
  std::vector<Done> take();
  std::vector<std::string> mistakes() const;
  /// Whether it fell over (a mistake says of what) and nobody does anything any more.
  bool ended() const { return ended_; }
  std::size_t open() const { return open_; }
  std::uint64_t reconnects() const;
  /// Sessions of tasks that ended, each of which has `effects_of_a_task` effects; and of questions, with one.
  std::size_t tasks() const { return tasks_; }
  std::size_t questions() const { return questions_; }
  std::uint64_t accepted() const { return accepted_; }

 private:
  using TalkPtr = std::shared_ptr<Talk>;
  boost::asio::awaitable<void> arrivals();
  boost::asio::awaitable<void> person();
  boost::asio::awaitable<void> job(Clock::time_point due);
  boost::asio::awaitable<bool> chat();
  boost::asio::awaitable<bool> question();
  boost::asio::awaitable<bool> task();
  boost::asio::awaitable<TalkPtr> open_chat(std::string agent);
  boost::asio::awaitable<bool> post(TalkPtr talk);
  boost::asio::awaitable<bool> answered(TalkPtr talk, std::size_t count);
  boost::asio::awaitable<void> retire(TalkPtr talk);
  boost::asio::awaitable<void> compare(TalkPtr talk);
  boost::asio::awaitable<void> remove(TalkPtr talk, bool at_once);
  boost::asio::awaitable<Json> surely(std::string method, std::string path, std::string body, std::string key, std::size_t user);
  void spawn(boost::asio::awaitable<void> what);
  void mistake(std::string what);
  std::string fresh(const std::string& what);

  LoadOptions options_;
  boost::asio::io_context io_{1};
  http::Client http_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::deque<TalkPtr> idle_;  // conversations nobody has posted in at the moment
  std::atomic<double> rate_ = 0;
  std::atomic<bool> closed_loop_ = false;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<std::size_t> open_ = 0;
  std::atomic<std::size_t> reading_ = 0;  // sessions that are being compared
  std::atomic<std::size_t> tasks_ = 0;
  std::atomic<std::size_t> questions_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> number_ = 0;
  mutable std::mutex mutex_;
  std::vector<Done> done_;
  std::set<std::string> mistakes_;
  std::thread thread_;
};

}  // namespace convoke::soak
