#include "http/address.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <charconv>

namespace convoke::http {

namespace asio = boost::asio;

Result<Address> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) {
    const auto path = text.substr(5);
    if (path.empty() || path.size() > 107)
      return fail(Fault::invalid, "unix socket: expected a path of 1 to 107 bytes in \"" + std::string(text) + '"');
    return Address{true, std::string(path), 0};
  }
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto digits = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.empty() || digits.empty() || error != std::errc{} || rest != digits.data() + digits.size()) {
    return fail(Fault::invalid, "address: expected host:port or unix:/path, not \"" + std::string(text) + '"');
  }
  return Address{false, std::string(host), port};
}

Result<asio::generic::stream_protocol::endpoint> endpoint_of(const Address& address) {
  if (address.local) return asio::local::stream_protocol::endpoint(address.host);
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error) return fail(Fault::invalid, "address: expected an IP address or localhost, not \"" + address.host + '"');
  return asio::ip::tcp::endpoint(ip, address.port);
}

}  // namespace convoke::http
