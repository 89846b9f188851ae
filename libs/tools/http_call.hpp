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
  done,     // the server says so (2xx, 303)
  failed,   // it never left
  refused,  // the server says that it was not carried out
  unknown   // it left, and no answer says what became of it: lost, late, too large, given by a gateway on the way, or a redirect
};

struct HttpResult {
  HttpEnd end = HttpEnd::failed;
  std::string text;  // for the model: the answer's body, or what happened; without secrets
};

/// What an answer, or its absence, says about the call. Any 5xx but 501 and 503 leaves it unknown. So does a redirect (but 304, 307, 308)
/// of what is not idempotent: many servers carry a POST out and then say where to look.
HttpResult judge(const Tool& tool, const Result<http::Response>& answer);
/// Whether another try with the same key may help; only of idempotent tools.
bool worth_repeating(const Tool& tool, const Result<http::Response>& answer);

/// One call within the tool's time-out. Sent once; a tool that is idempotent is repeated with the same key while that may help.
/// TOOL_INVALID_ARGUMENTS and INVALID (a variable is not set): nothing was sent.
boost::asio::awaitable<Result<HttpResult>> call_http(http::Client& client, const Tool& tool, std::string arguments, std::string key,
                                                     Environment environment);

}  // namespace convoke::tools
