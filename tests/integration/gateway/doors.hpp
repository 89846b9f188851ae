// A real intercom and a real gateway in a fresh folder, and a client to knock with.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "api/common/fields.hpp"
#include "http/client.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"

namespace convoke::test {

using api::Json;

class Doors {
 public:
  explicit Doors(std::vector<std::string> gateway_flags = {}) : flags_(std::move(gateway_flags)) {
    start_intercom();
    port_ = free_port();
    start_gateway();
    REQUIRE(eventually(std::chrono::seconds(20), [this] { return ready(); }));
  }

  void start_intercom() {
    intercom_ = std::make_unique<Process>(Command{
        .arguments = {program("convoke-intercom"), "--process.health=unix:" + folder_.file("intercom.health"), "--intercom.bind=" + bus()},
        .environment = {},
        .folder = {}});
  }
  void stop_intercom() { intercom_.reset(); }
  void start_gateway() {
    std::vector<std::string> words{program("convoke-gateway"),
                                   "--process.intercoms=" + bus(),
                                   "--process.health=unix:" + folder_.file("gateway.health"),
                                   "--http.listen=127.0.0.1:" + std::to_string(port_),
                                   "--gateway.command_deadline=500ms",
                                   "--gateway.query_deadline=500ms"};
    words.insert(words.end(), flags_.begin(), flags_.end());
    gateway_ = std::make_unique<Process>(Command{.arguments = words, .environment = {}, .folder = {}});
  }

  std::string bus() const { return "ipc://" + folder_.file("bus"); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }
  Process& gateway() { return *gateway_; }

  http::Response send(const std::string& method, const std::string& path, std::string body = {}, http::Headers headers = {}) {
    http::ClientRequest request;
    request.method = method;
    request.url = "http://" + address() + path;
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.total_deadline = Millis{10'000};
    auto response = run(io, client_.send(std::move(request)));
    if (!response) return http::Response{.status = 0, .headers = {}, .body = response.error().message};
    return *response;
  }
  static std::string code(const http::Response& response) {
    const auto json = Json::parse(response.body, nullptr, false);
    return json.is_object() && json.contains("error") ? json["error"].value("code", "") : response.body;
  }
  static std::string message(const http::Response& response) {
    const auto json = Json::parse(response.body, nullptr, false);
    return json.is_object() && json.contains("error") ? json["error"].value("message", "") : response.body;
  }
  /// No owner answers here, or only what a test makes it answer: the bus alone is asked for.
  bool ready() {
    const auto said = Json::parse(send("GET", "/readyz").body, nullptr, false);
    return said.is_object() && said.contains("waits_for") && std::ranges::count(said["waits_for"], "bus") == 0;
  }

  boost::asio::io_context io;

 private:
  TempDir folder_;
  std::vector<std::string> flags_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> intercom_;
  std::unique_ptr<Process> gateway_;
  http::Client client_{io, {}};
};

}  // namespace convoke::test
