// The services as the doors see them: commands answered after the commit, and questions. Every call has a deadline and is a span of the
// caller's trace. Knows nothing of HTTP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "api/common/actions.hpp"
#include "bus/client.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "telemetry/trace.hpp"

namespace convoke::api {

namespace asio = boost::asio;

struct BackendOptions {
  Millis command_deadline{10'000};
  Millis query_deadline{5'000};
};

/// On whose behalf, in which trace.
struct Caller {
  std::string user;  // empty: this process itself
  telemetry::TraceContext trace;
};

class Backend {
 public:
  Backend(bus::Client& bus, telemetry::Tracer& tracer, BackendOptions options) : bus_(bus), tracer_(tracer), options_(options) {}

  /// Sends the action's command and waits for its commit. DEADLINE names the key to repeat it with.
  asio::awaitable<Result<wire::AcceptedT>> perform(Action action, Caller caller, std::string key, std::vector<std::uint8_t> hash);

  /// Asks the owner of `scope`; T is the member of the answer expected (SessionViewT …).
  template <class T, class Body> asio::awaitable<Result<T>> ask(std::string scope, Caller caller, Body body) {
    wire::QueryBodyUnion query;
    query.Set(std::move(body));
    auto answer = co_await ask_owner(std::move(scope), std::move(caller), std::move(query));
    co_return member<T>(std::move(answer));
  }
  /// The intercom's view of replicas and queues.
  asio::awaitable<Result<wire::DirectoryT>> directory(Caller caller);

  /// Who is there, as the intercom last said; empty before it did.
  const wire::ViewT& view() const { return bus_.view(); }

  asio::awaitable<Result<wire::SessionViewT>> session(std::string id, Caller caller, std::string plan = {}, bool all_plans = false);
  /// All sessions on the user's list, newest activity first.
  asio::awaitable<Result<std::vector<wire::SessionSummaryT>>> sessions(Caller caller);
  asio::awaitable<Result<wire::LogPageT>> page(std::string conversation, std::uint64_t from, Uuid after, Caller caller,
                                               std::uint32_t max_bytes = 256 * 1024);
  /// The newest version for 0. NOT_FOUND for a team that was never applied.
  asio::awaitable<Result<wire::TeamViewT>> team(std::string name, std::uint32_t version, Caller caller);

 private:
  asio::awaitable<Result<wire::AnswerT>> ask_owner(std::string scope, Caller caller, wire::QueryBodyUnion query);
  template <class T> static Result<T> member(Result<wire::AnswerT> answer) {
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (answer->body.type != wire::AnswerBodyUnionTraits<T>::enum_value)
      return fail(Fault::internal, "an owner answered with something that was not asked for");
    return std::move(*static_cast<T*>(answer->body.value));
  }

  bus::Client& bus_;
  telemetry::Tracer& tracer_;
  BackendOptions options_;
};

}  // namespace convoke::api
