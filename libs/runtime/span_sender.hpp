// Sends this process's finished spans to the owners of their sessions, in batches. Soft: what cannot be sent is lost, and counted.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "bus/client.hpp"
#include "runtime/runtime.hpp"

namespace convoke::runtime {

/// What is finished now.
void flush_spans(Runtime& runtime, bus::Client& bus);
/// Every half second, until cancelled.
boost::asio::awaitable<void> send_spans(Runtime& runtime, bus::Client& bus);

}  // namespace convoke::runtime
