// What every REST door needs: settings, the services, and the common steps of a handler.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "api/router.hpp"
#include "api/settings.hpp"

namespace convoke::api {

class Doorway {
 public:
  Doorway(const GatewayOptions& options, Backend& backend, Streams& streams) : options_(options), backend_(backend), streams_(streams) {}

 protected:
  static Caller caller(const Call& call) { return {call.identity.user, call.trace}; }
  Result<Fields> body(const Call& call) const { return Fields::parse(call.request.body, options_.limits); }
  /// A number of the query string; INVALID when it is none, or beyond `most`.
  static Result<std::uint64_t> number(const Call& call, std::string_view name, std::uint64_t otherwise,
                                      std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  static std::string parameter(const Call& call, std::string_view name);

  /// Parses the verb (common/actions.hpp) out of `fields` and performs it under the call's key; `salt` tells apart several of one call.
  asio::awaitable<Result<wire::AcceptedT>> act(const Call& call, std::string verb, Json fields, std::string salt = {});

  const GatewayOptions& options_;
  Backend& backend_;
  Streams& streams_;
};

http::Response json_answer(const Json& json, int status = 200);

}  // namespace convoke::api
