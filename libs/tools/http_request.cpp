#include "tools/http_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "tools/arguments.hpp"

namespace convoke::tools {
namespace {

using Json = nlohmann::ordered_json;

// Set by the connection, by the call's key, or by what the body is.
constexpr std::array<std::string_view, 9> own_headers{
    "host", "content-length", "transfer-encoding", "connection", "idempotency-key", "upgrade", "expect", "te", "content-encoding"};
// Where people write secrets.
constexpr std::array<std::string_view, 5> secret_headers{"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"};
constexpr std::size_t shortest_secret = 4;  // a shorter one hides nothing but ordinary words

bool is_unreserved(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || std::string_view("-._~").contains(letter);
}

std::string encoded(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (is_unreserved(letter))
      result += letter;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
  }
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

std::string shown(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// A text in pieces: plain ones, and the insides of what stands between `open` and `}`.
struct Piece {
  bool inside = false;
  std::string_view text;
};

std::optional<std::vector<Piece>> pieces_of(std::string_view text, std::string_view open) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    const auto at = text.find(open);
    if (at != 0) pieces.push_back({false, text.substr(0, at)});
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + open.size());
    const auto end = text.find('}');
    if (end == std::string_view::npos) return std::nullopt;
    pieces.push_back({true, text.substr(0, end)});
    text.remove_prefix(end + 1);
  }
  return pieces;
}

bool has_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

const Parameter* find_parameter(const Tool& tool, std::string_view name) {
  const auto found = std::ranges::find(tool.parameters, name, &Parameter::name);
  return found == tool.parameters.end() ? nullptr : &*found;
}

void add_query(std::string& url, std::string_view name, const Json& value) {
  if (value.is_array()) {
    for (const auto& item : value) add_query(url, name, item);
    return;
  }
  url += fmt::format("{}{}={}", url.contains('?') ? '&' : '?', encoded(name), encoded(shown(value)));
}

/// Fills the URL's places and takes what went there out of the arguments.
Result<std::string> url_of(const Tool& tool, Json& arguments) {
  std::string url;
  std::set<std::string> used;
  for (const auto& piece : pieces_of(tool.http.url, "{").value_or(std::vector<Piece>{})) {
    if (!piece.inside) {
      url += piece.text;
      continue;
    }
    const std::string name(piece.text);
    const auto value = shown(arguments.value(name, Json("")));
    const bool in_path = !url.contains('?');
    // Servers and clients take such segments for steps up the path, however they are encoded.
    if (in_path && (value.empty() || value == "." || value == ".."))
      return fail(Fault::tool_invalid_arguments, fmt::format("{}: expected a text that can be part of a path, got \"{}\"", name, value));
    url += encoded(value);
    used.insert(name);
  }
  for (const auto& name : used) arguments.erase(name);
  return url;
}

Result<std::string> filled_in(std::string_view header, std::string_view value, const Environment& environment,
                              std::vector<std::string>& secrets) {
  std::string text;
  for (const auto& piece : pieces_of(value, "${").value_or(std::vector<Piece>{})) {
    if (!piece.inside) {
      text += piece.text;
      continue;
    }
    auto secret = piece.text.starts_with(variable_prefix) ? environment(piece.text) : std::nullopt;
    if (!secret)
      return fail(Fault::invalid, fmt::format("header {}: the variable {} is not set in the worker's environment", header, piece.text));
    text += *secret;
    secrets.push_back(std::move(*secret));
  }
  return text;
}

// `name`, `192.0.2.1` or `[2001:db8::1]`, and a port where one is named.
bool is_authority(std::string_view text) {
  constexpr int last_port = 65'535;
  const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  if (text.starts_with('[') && bracket == std::string_view::npos) return false;
  const auto end = bracket == std::string_view::npos ? std::min(text.find(':'), text.size()) : bracket + 1;
  const auto host = text.substr(0, end), rest = text.substr(end);
  const auto is_of_address = [](char letter) {
    return std::isxdigit(static_cast<unsigned char>(letter)) != 0 || letter == ':' || letter == '.';
  };
  if (bracket == std::string_view::npos ? host.empty() || host.contains(']')
                                        : host.size() < 4 || !std::ranges::all_of(host.substr(1, host.size() - 2), is_of_address))
    return false;
  if (rest.empty()) return true;
  int port = 0;
  const auto [stop, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), port);
  return rest.front() == ':' && error == std::errc{} && stop == rest.data() + rest.size() && port > 0 && port <= last_port;
}

/// What stands between `open` and the next `}`, or the text's end.
struct Place {
  std::size_t at = 0;
  std::string_view written, inside;
  bool closed = true;
};

std::vector<Place> places_in(std::string_view text, std::string_view open, std::size_t at = 0) {
  std::vector<Place> places;
  while ((at = text.find(open, at)) != std::string_view::npos) {
    const auto begin = at + open.size(), end = std::min(text.find('}', begin), text.size());
    const bool closed = end < text.size();
    places.push_back({at, text.substr(at, end - at + (closed ? 1 : 0)), text.substr(begin, end - begin), closed});
    at = end;
  }
  return places;
}

class Checker {
 public:
  explicit Checker(const Tool& tool) : tool_(tool) {}

  std::vector<HttpMistake> check() {
    check_url();
    for (const auto& [name, value] : tool_.http.headers) {
      check_name(name);
      check_value(name, value);
    }
    return std::move(mistakes_);
  }

 private:
  using In = HttpMistake::In;

  void check_url() {
    const std::string_view url = tool_.http.url;
    const auto scheme = url.find("://");
    const auto begin = scheme == std::string_view::npos ? 0 : scheme + 3, end = std::min(url.find_first_of("/?", begin), url.size());
    const auto authority = url.substr(begin, end - begin);
    const auto before = mistakes_.size();
    const auto report = [&](std::string expected) { mistakes_.push_back({In::url, std::string(url), std::move(expected), {}}); };
    if ((!url.starts_with("http://") && !url.starts_with("https://")) || authority.empty() || url.contains('#') ||
        std::ranges::any_of(url, [](char letter) { return letter <= ' ' || letter == '\x7f'; }))
      report("a URL: http:// or https://, a host, and a path without spaces or #");
    if (authority.contains('@')) report("no user or password in the URL: a header with a variable of the environment");
    if (authority.contains('{')) report("no placeholder in the host: a model must not choose whom the tool calls");
    if (mistakes_.size() == before && !is_authority(authority))
      report("a host (an IPv6 address in brackets), and a port from 1 to 65535 where one is named");
    for (const auto& place : places_in(url, "{", end))
      if (const auto expected = expected_instead(place); !expected.empty())
        mistakes_.push_back({In::placeholder, std::string(place.written), std::string(expected), {}, place.at});
  }

  // Nothing where the placeholder is right.
  std::string_view expected_instead(const Place& place) const {
    if (!place.closed) return "a closing '}' of each placeholder";
    const auto* parameter = find_parameter(tool_, place.inside);
    if (parameter == nullptr) return "a parameter of the tool";
    if (parameter->type == Type::list || parameter->type == Type::object) return "a parameter that is a text, a number or true or false";
    if (!parameter->required && parameter->default_json.empty()) return "a parameter that is required or has a default";
    return {};
  }

  void check_name(const std::string& name) {
    const auto is_token = [](char letter) {
      return std::isalnum(static_cast<unsigned char>(letter)) != 0 || std::string_view("!#$%&'*+-.^_`|~").contains(letter);
    };
    const auto report = [&](std::string expected) { mistakes_.push_back({In::header_name, name, std::move(expected), name}); };
    if (name.empty() || !std::ranges::all_of(name, is_token))
      report("the name of a header");
    else if (std::ranges::find(own_headers, lower(name)) != own_headers.end())
      report("a header that is not set by Convoke itself");
  }

  void check_value(const std::string& name, const std::string& value) {
    const auto report = [&](std::string_view where, std::string expected) {
      mistakes_.push_back({In::header_value, std::string(where), std::move(expected), name});
    };
    if (std::ranges::any_of(value, [](char letter) { return (letter < ' ' && letter != '\t') || letter == '\x7f'; }))
      report(value, "a header's value on one line");
    const auto variables = places_in(value, "${");
    for (const auto& variable : variables) {
      if (!variable.closed)
        report(variable.written, "a closing '}' after ${");
      else if (!variable.inside.starts_with(variable_prefix) || variable.inside.size() == variable_prefix.size())
        report(variable.written, "a variable of the environment whose name begins with TOOL_: ${TOOL_…}");
    }
    // Never shown: it may be a secret.
    if (variables.empty() && std::ranges::find(secret_headers, lower(name)) != secret_headers.end())
      report(name, "a variable of the worker's environment for a secret: ${TOOL_…}");
  }

  const Tool& tool_;
  std::vector<HttpMistake> mistakes_;
};

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<HttpRequest> http_request(const Tool& tool, std::string_view arguments_json, std::string_view key, const Environment& environment) {
  const auto complete = complete_arguments(tool, arguments_json);
  if (!complete) return std::unexpected(complete.error());
  auto arguments = Json::parse(*complete);
  HttpRequest request;
  request.method = tool.http.method;
  auto url = url_of(tool, arguments);
  if (!url) return std::unexpected(std::move(url.error()));
  request.url = std::move(*url);
  request.headers.emplace_back("Accept", "application/json, text/*;q=0.9, */*;q=0.1");
  if (has_body(request.method)) {
    request.body = arguments.dump();
    request.headers.emplace_back("Content-Type", "application/json");
  } else {
    for (const auto& [name, value] : arguments.items()) add_query(request.url, name, value);
  }
  if (tool.idempotent) request.headers.emplace_back("Idempotency-Key", key);
  for (const auto& [name, value] : tool.http.headers) {
    auto filled = filled_in(name, value, environment, request.secrets);
    if (!filled) return std::unexpected(std::move(filled.error()));
    std::erase_if(request.headers, [&](const auto& header) { return lower(header.first) == lower(name); });
    request.headers.emplace_back(name, std::move(*filled));
  }
  return request;
}

std::string hide(std::string text, const std::vector<std::string>& secrets) {
  for (const auto& secret : secrets) {
    if (secret.size() < shortest_secret) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) text.replace(at, secret.size(), "***");
  }
  return text;
}

std::vector<HttpMistake> check_http(const Tool& tool) { return Checker(tool).check(); }

}  // namespace convoke::tools
