// Calls of tools of kind `http` over libs/http's client. Whether a call had its effect out there decides what may be done next, so a call
// ends in one of three ways: it was carried out, it was not, or nobody knows. Link convoke_http_tools; what only describes tools does
// without curl.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "http/client.hpp"
#include "tools/http_request.hpp"

namespace convoke::tools {

enum class HttpEnd {
  done,    // the server says so (2xx, 303)
  failed,  // not carried out: it never left, or the server refused it
  unknown  // it left, and no answer says what became of it: lost, late, too large, or given by a gateway on the way
};

struct HttpResult {
  HttpEnd end = HttpEnd::failed;
  std::string text;  // for the model: the answer's body, or what happened; without secrets
};

/// What an answer, or its absence, says about the call. Any 5xx but 501 and 503 leaves it unknown.
HttpResult judge(const Result<http::Response>& answer);
/// Whether another try with the same key may help; only of idempotent tools.
bool worth_repeating(const Tool& tool, const Result<http::Response>& answer);

/// One call within the tool's time-out. Sent once; a tool that is idempotent is repeated with the same key while that may help.
/// TOOL_INVALID_ARGUMENTS and INVALID (a variable is not set): nothing was sent.
boost::asio::awaitable<Result<HttpResult>> call_http(http::Client& client, const Tool& tool, std::string arguments, std::string key,
                                                     Environment environment);

}  // namespace convoke::tools
