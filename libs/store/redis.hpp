// The store in Redis (7 or newer): two pipelined connections to one server, one for commits, claims and scopes, one for logs, parts and
// spans. Both live and die together: when either is lost, slow beyond the deadline, or its server refuses writes (disk full, out of
// memory, a replica), both are closed and made again with back-off, and the link says why in the meantime. A connection counts as up
// only after a write was accepted.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/result.hpp"
#include "store/limits.hpp"
#include "store/store.hpp"

namespace convoke::store {

struct RedisOptions {
  std::string endpoint = "127.0.0.1:6379";  // host:port, [v6]:port, or unix:/path/of/socket
  std::string user = {};                    // ACL user; empty: the default user
  std::string password = {};                // empty: none. Never logged, never in an error
  std::uint32_t database = 0;
  Millis connect_deadline{2000};    // for one attempt to connect
  Millis call_deadline{3000};       // for every call; a later reply is a lost connection
  Millis back_off_first{20};        // between attempts to connect; doubles …
  Millis back_off_most{500};        // … up to this
  Millis check_every{1000};         // asks an idle connection whether it lives and which history it has
  std::uint32_t wait_replicas = 0;  // with replicas: 1; a commit is ok only when so many have it
  Limits limits = {};

  /// For runtime::Config, section `store`.
  template <class Fields> void describe(Fields& field) {
    field("endpoint", endpoint, "host:port, [v6]:port, or unix:/path/of/socket");
    field("user", user, "ACL user; empty: the default user");
    field.secret("password", password, "empty: none");
    field("database", database, "number of the database");
    field("connect_deadline", connect_deadline, "for one attempt to connect");
    field("call_deadline", call_deadline, "for every call; a later reply is a lost connection");
    field("wait_replicas", wait_replicas, "with replicas: 1; a commit is ok only when so many have it");
    field("max_in_flight", limits.max_in_flight, "commits sent and unanswered");
    field("key_ttl", limits.key_ttl, "a command's repetition is answered from its record for so long");
    field("spans_ttl", limits.spans_ttl, "spans are kept for so long");
    field("tombstone_ttl", limits.tombstone_ttl, "deleted sessions are remembered for so long");
  }
};

/// INVALID when the endpoint cannot be read; nothing is connected before run().
Result<std::unique_ptr<Store>> make_redis_store(boost::asio::any_io_executor executor, RedisOptions options);

}  // namespace convoke::store
