// Where to listen or to connect: `host:port`, `[::1]:port` or `unix:/path`. Internal to this folder.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::http {

struct Address {
  bool local = false;  // a Unix socket
  std::string host;    // or its path
  std::uint16_t port = 0;
};

/// INVALID with what was expected.
Result<Address> parse_address(std::string_view text);

/// The endpoint of an address whose host is an IP address or `localhost`; INVALID for other names.
Result<boost::asio::generic::stream_protocol::endpoint> endpoint_of(const Address& address);

}  // namespace convoke::http
