// Whether the gateway is there and can do its work, as its callers find it: asked at /readyz and, where its installation is on this host,
// at the supervisor's control socket, which knows why. Decides when a command that waits has waited long enough.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

#include "cli/api_client.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "http/client.hpp"

namespace convoke::cli {

struct Readiness {
  bool answers = false;  // the gateway itself, whatever it says
  bool ready = false;
  std::string trouble;  // why not, for people
};
/// Never fails: who cannot be asked does not answer. Takes two seconds at most for each of the two.
asio::awaitable<Readiness> ask_readiness(http::Client& http, ApiTarget target);
/// The error, and after it what keeps the gateway from its work when something does.
asio::awaitable<Error> with_trouble(http::Client& http, ApiTarget target, Error error);

/// The gateway as one command has found it so far.
class Presence {
 public:
  Presence(asio::io_context& io, ApiTarget target, Millis patience);

  /// It said something.
  void heard();
  /// It could not be reached.
  void missed(const Error& error);
  /// Asks it how it is when it has been silent for a second, once a second.
  asio::awaitable<void> ask();
  /// For the line of progress; empty while all is well.
  std::string trouble() const;
  /// Why to wait no longer: UNAVAILABLE when its installation has ended or it could not be reached for `patience`, DEADLINE when it could
  /// not do its work for so long.
  std::optional<Error> verdict() const;
  Millis patience() const { return patience_; }
  const ApiTarget& target() const { return target_; }

 private:
  void away(bool answers, std::string why);

  http::Client http_;
  ApiTarget target_;
  Millis patience_;
  SteadyTime heard_;
  SteadyTime asked_;
  std::optional<SteadyTime> away_since_;
  bool answers_ = true;
  std::string why_;
};

}  // namespace convoke::cli
