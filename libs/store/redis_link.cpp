#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

#include "store/redis_store.hpp"

namespace convoke::store {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Endpoints = std::vector<Connection::Socket::endpoint_type>;

Task<Endpoints> resolve(asio::any_io_executor executor, std::string host, std::string port, error_code& error) {
  Endpoints endpoints;
  if (port.empty()) {
    if (host.size() < 108) {  // sockaddr_un
      endpoints.emplace_back(asio::local::stream_protocol::endpoint(host));
    } else {
      error = asio::error::name_too_long;
    }
    co_return endpoints;
  }
  asio::ip::tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(host, port, asio::redirect_error(asio::use_awaitable, error));
  for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
  co_return endpoints;
}

/// Tries the addresses one after the other; `error` is the last one's.
Task<void> reach(Connection::Socket& socket, std::string host, std::string port, error_code& error) {
  const Endpoints endpoints = co_await resolve(socket.get_executor(), host, port, error);
  for (const auto& endpoint : endpoints) {
    error_code ignored;
    socket.close(ignored);
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error) continue;
    if (!port.empty()) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return;
  }
}

}  // namespace

Task<void> RedisStore::run() {
  Millis back_off = options_.back_off_first;
  while (!closed_) {
    const bool opened = co_await open();
    if (opened) {
      back_off = options_.back_off_first;
      co_await watch();
      lose(link_.reason, link_.text);
    }
    if (closed_) break;
    co_await pause(back_off);
    back_off = std::min(back_off * 2, options_.back_off_most);
  }
}

void RedisStore::close() {
  if (closed_) return;
  closed_ = true;
  lose(Reason::away, "the store was closed");
  for (const auto& weak : fresh_) {
    if (const auto connection = weak.lock()) connection->close("the store was closed");
  }
  wake_.cancel();
}

Task<void> RedisStore::pause(Millis time) {
  wake_.expires_after(time);
  error_code ignored;
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void RedisStore::down(Reason reason, const std::string& why) {
  if (!link_.up && link_.reason == reason && link_.text == why) return;
  link_.up = false;
  link_.failed_over = false;
  link_.reason = reason;
  link_.text = why;
  if (handler_) handler_(link_);
}

void RedisStore::lose(Reason reason, const std::string& why) {
  losing_ = false;  // also for what is posted already
  const ConnectionPtr gone[] = {std::exchange(main_, nullptr), std::exchange(reads_, nullptr)};
  auto waiting = std::exchange(waiting_, {});
  down(reason, why);
  for (const auto& connection : gone) {
    if (!connection) continue;
    past_writes_ += connection->writes();
    connection->close(why);
  }
  for (auto& outgoing : waiting) refuse_later(std::move(outgoing.done), refusal(reason, "Redis is away: " + why));
  wake_.cancel();
}

void RedisStore::came_up(History history) {
  ++counters_.connects;
  link_.failed_over = !link_.replication_id.empty() && link_.replication_id != history.id && history.is_continued;
  link_.replication_id = std::move(history.id);
  link_.up = true;
  ++link_.generation;
  link_.reason = Reason::none;
  link_.text.clear();
  if (handler_) handler_(link_);
}

// Both connections are made and proved before either is used, so that `up` means that everything works.
Task<bool> RedisStore::open() {
  fresh_.clear();
  const ConnectionPtr main = co_await connect();
  if (!main) co_return false;
  const bool prepared = co_await prepare(main);
  ConnectionPtr reads;
  if (prepared) reads = co_await connect();
  bool logged_in = false;
  if (reads) logged_in = co_await log_in(reads);
  History history;
  if (logged_in) history = co_await read_history(main);
  if (history.id.empty() || closed_ || !main->open() || !reads->open()) {
    main->abandon();
    if (reads) reads->abandon();
    if (!history.id.empty()) down(Reason::away, "Redis closed the connection while it was being set up");
    co_return false;
  }
  main_ = main;
  reads_ = reads;
  came_up(std::move(history));
  co_return true;
}

Task<RedisStore::ConnectionPtr> RedisStore::connect() {
  using namespace asio::experimental::awaitable_operators;
  Connection::Socket socket(executor_);
  error_code error = asio::error::timed_out;
  auto connecting = reach(socket, host_, port_, error);
  auto expiring = pause(options_.connect_deadline);
  const auto first = co_await (std::move(connecting) || std::move(expiring));
  if (first.index() == 1) error = asio::error::timed_out;
  if (error) {
    down(Reason::away, fmt::format("cannot connect to Redis at {}: {}", options_.endpoint, error.message()));
    co_return nullptr;
  }
  ConnectionOptions options{.call_deadline = options_.call_deadline, .wait_replicas = options_.wait_replicas};
  // A connection that is not in use yet is watched by whoever prepares it.
  auto closed = [this, alive = alive_](const std::string& why) {
    if (*alive && link_.up) lose(Reason::away, why);
  };
  auto connection = std::make_shared<Connection>(std::move(socket), options, std::move(closed));
  fresh_.push_back(connection);
  connection->start();
  co_return connection;
}

// On a link that is up, whatever goes wrong here loses the link (the connection itself sees to the missing reply).
Task<Reply> RedisStore::ask_once(ConnectionPtr connection, std::string bytes, std::string_view what) {
  const bool in_use = link_.up;
  auto replies = co_await exchange(connection, one(std::move(bytes)));
  if (!replies) {
    if (!in_use) down(Reason::away, fmt::format("Redis at {} did not answer {}", options_.endpoint, what));
    co_return nullptr;
  }
  Reply reply = std::move(replies->front());
  const Reason reason = reason_of(*reply);
  if (reason == Reason::none) co_return reply;
  const auto told = reason == Reason::other ? Reason::away : reason;
  const auto text = fmt::format("Redis refuses {}: {}", what, error_of(*reply).message);
  if (in_use) {
    lose(told, text);
  } else {
    down(told, text);
  }
  co_return nullptr;
}

Task<bool> RedisStore::prepare(ConnectionPtr connection) {
  const bool logged_in = co_await log_in(connection);
  if (!logged_in) co_return false;
  const bool loaded = co_await load_scripts(connection);
  if (!loaded) co_return false;
  co_return co_await prove_writable(connection);
}

Task<bool> RedisStore::log_in(ConnectionPtr connection) {
  if (!options_.password.empty()) {
    Command auth("AUTH");
    if (!options_.user.empty()) auth.add(options_.user);
    auth.add(options_.password);
    const Reply reply = co_await ask_once(connection, auth.bytes(), "our user and password");
    if (!reply) co_return false;
  }
  if (options_.database != 0) {
    Command select("SELECT");
    select.number(options_.database);
    const Reply reply = co_await ask_once(connection, select.bytes(), "our database");
    if (!reply) co_return false;
  }
  co_return true;
}

Task<bool> RedisStore::load_scripts(ConnectionPtr connection) {
  for (std::size_t i = 0; i < kScripts; ++i) {
    auto& script = scripts_[i];
    Command load("SCRIPT");
    load.add("LOAD").add(text_of(static_cast<Script>(i)));
    script.load = load.bytes();
    const Reply reply = co_await ask_once(connection, script.load, "our scripts");
    if (!reply) co_return false;
    const auto sha = decode_text(*reply);
    if (!sha) {
      down(Reason::away, "what answers at " + options_.endpoint + " is no Redis: " + sha.error().message);
      co_return false;
    }
    script.sha = *sha;
  }
  co_return true;
}

// A server that answers but may not write is as good as away, and says here why.
Task<bool> RedisStore::prove_writable(ConnectionPtr connection) {
  Command probe("SET");
  probe.add("convoke:probe").add("1").add("PX").add("1000");
  const Reply written = co_await ask_once(connection, probe.bytes(), "writes");
  if (!written) co_return false;
  if (options_.wait_replicas == 0) co_return true;
  Command wait("WAIT");
  wait.number(options_.wait_replicas).number(options_.call_deadline.count() / 2);
  const Reply replicated = co_await ask_once(connection, wait.bytes(), "WAIT");
  if (!replicated) co_return false;
  if (replicated->integer >= options_.wait_replicas) co_return true;
  down(Reason::no_replicas, fmt::format("Redis has {} replicas in reach, {} are asked for", replicated->integer, options_.wait_replicas));
  co_return false;
}

Task<History> RedisStore::read_history(ConnectionPtr connection) {
  Command info("INFO");
  info.add("replication");
  const Reply reply = co_await ask_once(connection, info.bytes(), "INFO");
  if (!reply) co_return History{};
  History history = decode_history(*reply).value_or(History{});
  if (history.id.empty()) down(Reason::away, "this Redis does not tell its replication id");
  co_return history;
}

// Notices a server that died without a word while nothing was asked of it, and one whose history became another one's.
Task<void> RedisStore::watch() {
  while (link_.up && !closed_) {
    co_await pause(options_.check_every);
    if (!link_.up || closed_) co_return;
    const History history = co_await read_history(main_);
    if (!link_.up || closed_) co_return;
    if (history.id != link_.replication_id) lose(Reason::away, "another server took over: the replication id of Redis changed");
  }
}

}  // namespace convoke::store
