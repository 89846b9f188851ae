#include "api/doorway.hpp"

#include <fmt/core.h>

namespace convoke::api {

http::Response json_answer(const Json& json, int status) { return http::json_response(status, dump(json)); }

Result<std::optional<std::string>> Doorway::query(const Call& call, std::string_view name) {
  const auto found = call.request.parameter(name);
  if (!found) return std::nullopt;
  if (found->empty()) return fail(Fault::invalid, fmt::format("{}: expected text, found nothing", name));
  return std::string(*found);
}

Result<std::uint64_t> Doorway::number(const Call& call, std::string_view name, std::uint64_t otherwise, std::uint64_t most,
                                      std::uint64_t least) {
  const auto text = query(call, name);
  if (!text) return std::unexpected(text.error());
  return *text ? whole_number(**text, name, most, least) : otherwise;
}

asio::awaitable<Result<wire::AcceptedT>> Doorway::act(const Call& call, std::string verb, Json json, Under under) {
  Fields fields(json, options_.limits);
  const auto key = under.salt.empty() ? call.key : call.key + "/" + under.salt;
  const ActionContext context{call.identity.user, key, options_.team};
  auto action = parse_action(verb, fields, context);
  if (!action) co_return std::unexpected(std::move(action.error()));
  if (call.session) *call.session = action->session;
  auto hash = under.hash.empty() ? hash_of(verb, json) : std::move(under.hash);
  auto who = caller(call);
  co_return co_await backend_.perform(std::move(*action), std::move(who), key, std::move(hash));
}

}  // namespace convoke::api
