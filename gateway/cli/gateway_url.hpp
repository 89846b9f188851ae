// Where a gateway is, as --url says it: `http://host[:port][/path]` or `https://…`. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::cli {

struct GatewayUrl {
  bool tls = false;
  std::string address;  // host:port, `[::1]:port`
  std::string path;     // before /api; empty or `/…` without a slash at its end
};

/// INVALID with what was expected.
Result<GatewayUrl> read_gateway_url(std::string_view text);

}  // namespace convoke::cli
