#include "api/doorway.hpp"

namespace convoke::api {

http::Response json_answer(const Json& json, int status) { return http::json_response(status, dump(json)); }

std::string Doorway::parameter(const Call& call, std::string_view name) {
  if (const auto found = call.parameters.find(name); found != call.parameters.end()) return found->second;
  return std::string(call.request.parameter(name).value_or(std::string_view{}));
}

Result<std::uint64_t> Doorway::number(const Call& call, std::string_view name, std::uint64_t otherwise, std::uint64_t most,
                                      std::uint64_t least) {
  const auto text = parameter(call, name);
  if (text.empty()) return otherwise;
  return whole_number(text, name, most, least);
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
