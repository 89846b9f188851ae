// Paths → handlers. A pattern is a path whose `{name}` segments match anything; every pattern is served with and without the prefix
// `/api`. Pure: finding a handler does nothing else.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/access.hpp"
#include "core/result.hpp"
#include "http/message.hpp"
#include "telemetry/trace.hpp"

namespace convoke::api {

namespace asio = boost::asio;

/// A request on its way to a handler.
struct Call {
  http::Request request;
  std::map<std::string, std::string, std::less<>> parameters;  // of the pattern
  Identity identity;
  telemetry::TraceContext trace;
  std::string key;                 // Idempotency-Key, or one made for this call
  std::string* session = nullptr;  // where the handler notes the session that the call was about, for its span
};

/// Errors become the JSON error of their code.
using Handler = std::function<asio::awaitable<Result<http::Response>>(Call)>;

class Router {
 public:
  void add(std::string method, std::string pattern, Handler handler);

  struct Match {
    const Handler* handler = nullptr;
    std::map<std::string, std::string, std::less<>> parameters;
    std::string pattern;
    std::vector<std::string> allowed;  // methods of that path, when there is no handler for this one; empty: no such path
  };
  Match match(std::string_view method, std::string_view path) const;

  /// `GET /plans`, in the order they were added.
  std::vector<std::pair<std::string, std::string>> routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace convoke::api
