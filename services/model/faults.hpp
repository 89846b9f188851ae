// Faults to order, for tests: what goes wrong, how often, and with which request. Set at the start (`--faults JSON`) and at run time
// (`POST /control`, from this host only), in the same form; a member that is not named keeps its value:
//
//   {"delay_ms": 200, "tokens_per_second": 20,
//    "rate_limit": {"next": 2, "retry_after_s": 1},   // 429 to the next 2 requests
//    "error": {"every": 3},                           // 500 to every third request
//    "cut": {"next": 1, "after_tokens": 3},           // the stream ends after 3 tokens
//    "malformed": {"next": 1},                        // bytes that are no JSON
//    "reset": true}                                   // first back to no faults
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/result.hpp"
#include "core/time.hpp"

namespace convoke::model {

struct Trouble {
  std::uint64_t next = 0;   // this many requests from now on
  std::uint64_t every = 0;  // and every so many; 0: none
};

struct Faults {
  Millis delay{0};
  double tokens_per_second = 0;  // 0: as fast as it goes
  Trouble rate_limit;
  double retry_after_s = 1;
  Trouble error;
  Trouble cut;
  std::uint64_t after_tokens = 3;
  Trouble malformed;
};

enum class Harm : std::uint8_t { none, rate_limit, error, cut, malformed };

class FaultPlan {
 public:
  /// INVALID with the member that is wrong; then nothing is changed.
  Status apply(const nlohmann::ordered_json& json);

  /// What happens to the next request. At most one harm each, in the order of `Harm`.
  Harm next();

  const Faults& faults() const { return faults_; }
  std::uint64_t requests() const { return requests_; }
  nlohmann::ordered_json to_json() const;

 private:
  bool due(Trouble& trouble) const;
  Faults faults_;
  std::uint64_t requests_ = 0;
};

}  // namespace convoke::model
