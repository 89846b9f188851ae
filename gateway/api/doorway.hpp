// What every REST door needs: settings, the services, and the common steps of a handler.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/router.hpp"
#include "api/settings.hpp"

namespace convoke::api {

class Doorway {
 public:
  Doorway(const GatewayOptions& options, Backend& backend, Streams& streams) : options_(options), backend_(backend), streams_(streams) {}

 protected:
  static Caller caller(const Call& call) { return {call.identity.user, call.trace}; }
  Result<Fields> body(const Call& call) const { return Fields::parse(call.request.body, options_.limits); }
  /// Of the path.
  static const std::string& parameter(const Call& call, std::string_view name) { return call.parameters.find(name)->second; }
  /// Of the query string; INVALID when it is there and empty, for only its absence means all.
  static Result<std::optional<std::string>> query(const Call& call, std::string_view name);
  /// A number of the query string; INVALID when it is none, beyond `most` or below `least`.
  static Result<std::uint64_t> number(const Call& call, std::string_view name, std::uint64_t otherwise,
                                      std::uint64_t most = std::numeric_limits<std::uint64_t>::max(), std::uint64_t least = 0);

  /// What a call's key stands for, where the verb and its fields are not what the client sent.
  struct Under {
    std::vector<std::uint8_t> hash;  // of the client's own request; empty: of the verb and its fields
    std::string salt;                // tells apart several commands of one call to one session
  };
  /// Parses the verb (common/actions.hpp) out of `fields` and performs it under the call's key. A door that adds something of its own to
  /// the fields, or chooses between verbs, hands in the hash of what the client sent: the same request again may find another state.
  asio::awaitable<Result<wire::AcceptedT>> act(const Call& call, std::string verb, Json fields, Under under);
  asio::awaitable<Result<wire::AcceptedT>> act(const Call& call, std::string verb, Json fields) {
    return act(call, std::move(verb), std::move(fields), Under{});
  }

  const GatewayOptions& options_;
  Backend& backend_;
  Streams& streams_;
};

http::Response json_answer(const Json& json, int status = 200);

}  // namespace convoke::api
