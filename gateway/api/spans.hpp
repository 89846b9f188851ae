// Sends this process's finished spans to the owners of their sessions, in batches. Soft: what cannot be sent is lost, and counted.
#pragma once

#include "bus/client.hpp"
#include "runtime/runtime.hpp"

namespace convoke::api {

namespace asio = boost::asio;

/// What is finished now.
void flush_spans(runtime::Runtime& runtime, bus::Client& bus);
/// Until cancelled; every half second.
asio::awaitable<void> send_spans(runtime::Runtime& runtime, bus::Client& bus);

}  // namespace convoke::api
