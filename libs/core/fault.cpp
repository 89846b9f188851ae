#include "core/fault.hpp"

#include <algorithm>
#include <array>

namespace convoke {
namespace {

constexpr std::array table{
    FaultInfo{Fault::none, "NONE", "no fault", false, 200},
    FaultInfo{Fault::no_owner, "NO_OWNER", "nobody holds that partition at the moment", true, 503},
    FaultInfo{Fault::not_home, "NOT_HOME", "another intercom is the home of that queue", true, 503},
    FaultInfo{Fault::unreachable, "UNREACHABLE", "the destination is not connected", true, 503},
    FaultInfo{Fault::moved, "MOVED", "the partition has another owner", true, 503},
    FaultInfo{Fault::overloaded, "OVERLOADED", "a queue is full", true, 429},
    FaultInfo{Fault::draining, "DRAINING", "the process is leaving", true, 503},
    FaultInfo{Fault::unavailable, "UNAVAILABLE", "something it depends on is away", true, 503},
    FaultInfo{Fault::deadline, "DEADLINE", "no answer in time; the outcome is unknown", true, 504},
    FaultInfo{Fault::unknown_outcome, "UNKNOWN_OUTCOME", "the outcome is unknown; repeat with the same key", true, 503},
    FaultInfo{Fault::unregistered, "UNREGISTERED", "the intercom does not know this connection", true, 503},
    FaultInfo{Fault::malformed, "MALFORMED", "the message cannot be read", false, 400},
    FaultInfo{Fault::too_large, "TOO_LARGE", "beyond a size limit", false, 413},
    FaultInfo{Fault::unknown_kind, "UNKNOWN_KIND", "this replica does not know that message", true, 501},
    FaultInfo{Fault::protocol_version, "PROTOCOL_VERSION", "another major version of the protocol", false, 400},
    FaultInfo{Fault::forbidden, "FORBIDDEN", "not allowed", false, 403},
    FaultInfo{Fault::not_found, "NOT_FOUND", "no such thing", false, 404},
    FaultInfo{Fault::conflict, "CONFLICT", "the state does not allow it", false, 409},
    FaultInfo{Fault::invalid, "INVALID", "refused; the text says what was expected", false, 422},
    FaultInfo{Fault::limit, "LIMIT", "a configured limit is reached", false, 429},
    FaultInfo{Fault::unauthenticated, "UNAUTHENTICATED", "no valid key", false, 401},
    FaultInfo{Fault::history_reset, "HISTORY_RESET", "the resume position does not match the log", false, 409},
    FaultInfo{Fault::gone, "GONE", "deleted", false, 410},
    FaultInfo{Fault::turn_closed, "TURN_CLOSED", "the turn, or this attempt at it, is over", false, 409},
    FaultInfo{Fault::expected, "EXPECTED", "an earlier item is missing", true, 409},
    FaultInfo{Fault::poison, "POISON", "failed too often", false, 500},
    FaultInfo{Fault::cancelled, "CANCELLED", "cancelled", false, 409},
    FaultInfo{Fault::timeout, "TIMEOUT", "took longer than allowed", true, 504},
    FaultInfo{Fault::model_rate_limited, "MODEL_RATE_LIMITED", "the model provider limits the rate", true, 503},
    FaultInfo{Fault::model_overloaded, "MODEL_OVERLOADED", "the model provider is overloaded or away", true, 503},
    FaultInfo{Fault::model_invalid, "MODEL_INVALID", "the model's answer cannot be used", true, 502},
    FaultInfo{Fault::model_unauthorised, "MODEL_UNAUTHORISED", "the model provider refuses our key", false, 502},
    FaultInfo{Fault::budget, "BUDGET", "the budget is used up", false, 402},
    FaultInfo{Fault::tool_invalid_arguments, "TOOL_INVALID_ARGUMENTS", "the arguments do not fit the tool", false, 422},
    FaultInfo{Fault::tool_failed, "TOOL_FAILED", "the tool failed", true, 502},
    FaultInfo{Fault::tool_unknown, "TOOL_UNKNOWN", "no such tool", false, 404},
    FaultInfo{Fault::tool_refused, "TOOL_REFUSED", "the tool's server refused the call", false, 502},
    FaultInfo{Fault::internal, "INTERNAL", "a defect in Convoke", false, 500},
};

}  // namespace

const FaultInfo& describe(Fault code) noexcept {
  const auto* found = std::ranges::find(table, code, &FaultInfo::code);
  return found == table.end() ? table.back() : *found;
}

}  // namespace convoke
