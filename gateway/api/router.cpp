#include "api/router.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace convoke::api {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

using Parameters = std::map<std::string, std::string, std::less<>>;

std::optional<Parameters> fit(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Parameters found;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const auto& segment = pattern[at];
    if (segment.starts_with('{') && !path[at].empty())
      found.emplace(segment.substr(1, segment.size() - 2), path[at]);
    else if (segment != path[at])
      return std::nullopt;
  }
  return found;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
  auto segments = split(pattern);
  routes_.push_back({std::move(method), std::move(pattern), std::move(segments), std::move(handler)});
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match result;
  if (!path.starts_with('/')) return result;
  auto segments = split(path);
  if (segments.front() == "api" && segments.size() > 1) segments.erase(segments.begin());
  for (const auto& route : routes_) {
    auto parameters = fit(route.segments, segments);
    if (!parameters) continue;
    if (route.method == method) return {&route.handler, std::move(*parameters), route.pattern, {}};
    result.allowed.push_back(route.method);
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> Router::routes() const {
  std::vector<std::pair<std::string, std::string>> list;
  list.reserve(routes_.size());
  for (const auto& route : routes_) list.emplace_back(route.method, route.pattern);
  return list;
}

}  // namespace convoke::api
