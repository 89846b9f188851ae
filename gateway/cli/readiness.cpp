#include "cli/readiness.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <utility>
#include <vector>

#include "cli/instance.hpp"
#include "cli/output.hpp"

namespace convoke::cli {
namespace {

constexpr Millis ask_every{1'000};
constexpr Millis ask_deadline{2'000};

SteadyTime now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }

asio::awaitable<Result<http::Response>> get(http::Client& http, std::string url, std::string unix_socket) {
  http::ClientRequest request;
  request.url = std::move(url);
  request.unix_socket = std::move(unix_socket);
  request.total_deadline = ask_deadline;
  request.connect_deadline = ask_deadline;
  co_return co_await http.send(std::move(request));
}

// Out of what /readyz says: its reasons, else the names of what is missing.
std::string reasons_in(const Json& json) {
  std::vector<std::string> reasons;
  if (const auto found = json.find("reasons"); found != json.end() && found->is_object())
    for (const auto& [component, reason] : found->items())
      if (reason.is_string()) reasons.push_back(fmt::format("{}: {}", component, reason.get<std::string>()));
  if (const auto found = json.find("waits_for"); reasons.empty() && found != json.end() && found->is_array())
    for (const auto& component : *found)
      if (component.is_string()) reasons.push_back("it waits for its " + component.get<std::string>());
  return fmt::format("{}", fmt::join(reasons, "; "));
}

// What the supervisor says, which sees the disk and Redis.
asio::awaitable<std::string> trouble_here(http::Client& http, std::string folder) {
  auto status = co_await get(http, "http://localhost/status", Paths(std::move(folder)).control());
  if (!status) co_return std::string();
  const auto json = Json::parse(status->body, nullptr, false);
  co_return json.is_object() ? text_of(json, "trouble") : std::string();
}

}  // namespace

asio::awaitable<Readiness> ask_readiness(http::Client& http, ApiTarget target) {
  Readiness found;
  auto answer = co_await get(http, target.url + "/readyz", target.unix_socket);
  found.answers = answer.has_value();
  found.ready = answer && answer->status == 200;
  if (found.ready) co_return found;
  if (answer) {
    const auto json = Json::parse(answer->body, nullptr, false);
    found.trouble = json.is_object() ? reasons_in(json) : fmt::format("HTTP status {}", answer->status);
  } else {
    found.trouble = answer.error().message;
  }
  if (target.folder.empty()) co_return found;
  auto here = co_await trouble_here(http, target.folder);
  if (!here.empty()) found.trouble = std::move(here);
  co_return found;
}

asio::awaitable<Error> with_trouble(http::Client& http, ApiTarget target, Error error) {
  const auto found = co_await ask_readiness(http, std::move(target));
  const bool is_news = !found.ready && !error.message.contains(found.trouble);
  if (is_news) error.message += ". The gateway is not ready: " + found.trouble;
  co_return error;
}

Presence::Presence(asio::io_context& io, ApiTarget target, Millis patience)
    : http_(io, {}), target_(std::move(target)), patience_(patience), heard_(now()), asked_(heard_) {}

void Presence::heard() {
  heard_ = now();
  // Of a gateway that cannot do its work only its own word counts: what it pushes may have been under way.
  if (!answers_) away_since_.reset();
  answers_ = true;
}

void Presence::missed(const Error& error) { away(false, error.message); }

void Presence::away(bool answers, std::string why) {
  if (!away_since_) away_since_ = now();
  answers_ = answers;
  why_ = std::move(why);
}

asio::awaitable<void> Presence::ask() {
  if (now() - asked_ < ask_every || (!away_since_ && now() - heard_ < ask_every)) co_return;
  auto found = co_await ask_readiness(http_, target_);
  asked_ = now();
  if (found.ready) {
    away_since_.reset();
    answers_ = true;
  } else {
    away(found.answers, std::move(found.trouble));
  }
}

std::string Presence::trouble() const {
  if (!away_since_) return {};
  return answers_ ? "the gateway cannot go on: " + why_ : "the gateway is away";
}

std::optional<Error> Presence::verdict() const {
  if (!away_since_) return std::nullopt;
  if (!answers_ && !target_.folder.empty() && !find_instance(Paths(target_.folder)))
    return Error(Fault::unavailable, fmt::format("the installation in {} runs no longer", target_.folder));
  if (now() - *away_since_ < patience_) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_).count();
  if (answers_) return Error(Fault::deadline, fmt::format("no answer in time: for {} s the gateway was not ready: {}", seconds, why_));
  return Error(Fault::unavailable, fmt::format("the gateway at {} could not be reached for {} s: {}", target_.url, seconds, why_));
}

}  // namespace convoke::cli
