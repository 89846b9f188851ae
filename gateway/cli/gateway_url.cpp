#include "cli/gateway_url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace convoke::cli {
namespace {

std::unexpected<Error> wrong(std::string_view text) {
  return fail(Fault::invalid, "expected http://host:port or https://host:port, found " + std::string(text));
}

bool is_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc{} && rest == digits.data() + digits.size() && port > 0;
}

}  // namespace

Result<GatewayUrl> read_gateway_url(std::string_view text) {
  GatewayUrl url;
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) return wrong(text);
  auto rest = text.substr(text.find("://") + 3);
  // A question, a mark or a user's name belongs to no gateway; what is no printable character belongs to no URL.
  const auto is_stray = [](char c) { return c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '@'; };
  if (std::ranges::any_of(rest, is_stray)) return wrong(text);
  const auto slash = std::min(rest.find('/'), rest.size());
  auto path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  url.path = path;
  const auto host = rest.substr(0, slash);
  const auto bracket = host.starts_with('[') ? host.find(']') : 0;
  const auto colon = bracket == std::string_view::npos ? bracket : host.find(':', bracket);
  const auto name = host.substr(0, colon);
  if (bracket == std::string_view::npos || name.empty() || name == "[]") return wrong(text);
  if (colon == std::string_view::npos && bracket > 0 && bracket + 1 != host.size()) return wrong(text);
  if (colon != std::string_view::npos && !is_port(host.substr(colon + 1))) return wrong(text);
  url.address = colon == std::string_view::npos ? std::string(host) + (url.tls ? ":443" : ":80") : std::string(host);
  return url;
}

}  // namespace convoke::cli
