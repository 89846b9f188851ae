// Arguments that a model wrote for a call (the first byte picks the tool): checked and completed in one way only, and whatever they hold,
// they go where the tool's author meant them to go.
#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "fuzz.hpp"
#include "tools/arguments.hpp"
#include "tools/http_request.hpp"
#include "tools/render.hpp"

using namespace convoke;
using tools::Parameter;
using tools::Tool;
using tools::Type;

namespace {

constexpr std::string_view secret = "a-key-that-nobody-sees";
constexpr std::string_view before = "https://api.example.org/customers/", behind = "/charges";

std::vector<Parameter> all_types() {
  return {{.name = "customer", .type = Type::string},
          {.name = "amount", .type = Type::number, .required = false, .default_json = "12.5"},
          {.name = "count", .type = Type::integer, .required = false},
          {.name = "urgent", .type = Type::boolean, .required = false, .default_json = "false"},
          {.name = "colours", .type = Type::list, .required = false},
          {.name = "sizes", .type = Type::list, .items = Type::integer, .required = false, .one_of = {"[1,2]", "[3]"}},
          {.name = "extra", .type = Type::object, .required = false},
          {.name = "speed", .type = Type::string, .required = false, .default_json = "\"slow\"", .one_of = {"\"slow\"", "\"fast\""}}};
}

Tool order() {
  Tool tool{.name = "order", .parameters = all_types()};
  tool.response = "{customer} {amount} {count} {urgent} {colours} {sizes} {extra} {speed} {data.table} {clock.today} {{}}";
  tool.data_json = R"({"table": [{"a_b": 1, "c": "|"}, {"a_b": null}]})";
  return tool;
}

Tool charge(std::string method) {
  Tool tool{.name = "charge", .kind = tools::Kind::http, .parameters = all_types()};
  tool.http = {.method = std::move(method),
               .url = std::string(before) + "{customer}" + std::string(behind) + "?speed={speed}",
               .headers = {{"Authorization", "Bearer ${TOOL_PAY_KEY}"}}};
  return tool;
}

std::optional<std::string> environment(std::string_view name) {
  return name == "TOOL_PAY_KEY" ? std::optional<std::string>(secret) : std::nullopt;
}

void check(const tools::HttpRequest& request) {
  const std::string_view path = std::string_view(request.url).substr(0, request.url.find('?'));
  fuzz::require(path.starts_with(before) && path.ends_with(behind) && path.size() > before.size() + behind.size(),
                "a call that goes elsewhere than its tool says");
  const auto customer = path.substr(before.size(), path.size() - before.size() - behind.size());
  fuzz::require(customer != "." && customer != ".." && !customer.contains('/'), "an argument that takes steps in a path");
  fuzz::require(std::ranges::all_of(request.url, [](char c) { return c > ' ' && c < 0x7f && c != '#'; }), "an argument that is no URL");
  fuzz::require(!tools::hide(request.url + request.body + std::string(secret), request.secrets).contains(secret), "a secret that is shown");
  fuzz::require(is_utf8(request.body), "a body that is not UTF-8");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::array known{order(), charge("GET"), charge("POST")};
  const auto& tool = known.at(data[0] % known.size());
  const auto arguments = fuzz::text(data, size).substr(1);
  const auto complete = tools::complete_arguments(tool, arguments);
  const auto rendered = tools::render(tool, arguments, UnixTime{} + Millis{1'795'000'000'000});
  const auto request = tools::http_request(tool, arguments, "key", environment);
  fuzz::require(tools::check_arguments(tool, arguments).has_value() == complete.has_value(), "arguments that fit and do not fit");
  if (!complete) {
    const auto& error = complete.error();
    fuzz::require(error.code == Fault::tool_invalid_arguments && is_utf8(error.message) && !error.message.empty(),
                  "a refusal without a reason");
    fuzz::require(!rendered && !request, "arguments that are refused and used");
    return 0;
  }
  fuzz::require(tools::complete_arguments(tool, *complete) == *complete, "what is complete is completed differently");
  fuzz::require(rendered.has_value() && is_utf8(*rendered), "arguments that fit and cannot be shown");
  if (tool.kind == tools::Kind::http && request) check(*request);
  return 0;
}
