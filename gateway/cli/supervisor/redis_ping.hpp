// Asks a Redis whether it takes writes, over its Unix socket, in the few words of its protocol that this needs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

namespace convoke::cli {

struct RedisHealth {
  bool answers = false;  // it is alive, if only to refuse: LOADING, MISCONF (a full disk)
  std::string trouble;   // in its own words, or why it cannot be reached; empty: it takes writes
};

/// At most a second.
boost::asio::awaitable<RedisHealth> ping_redis(std::string socket_path);

}  // namespace convoke::cli
