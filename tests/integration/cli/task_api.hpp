// The task API of one installation, spoken to as a page of the original would.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "http/client.hpp"
#include "integration/cli/installation.hpp"
#include "support/coroutine.hpp"

namespace convoke::test {

class Api {
 public:
  explicit Api(std::map<std::string, std::string> environment = {}) {
    installation_.environment = std::move(environment);
    installation_.up();
    url_ = installation_.status()["url"].get<std::string>();
  }

  http::Response send(const std::string& method, const std::string& path, const Json& body = nullptr, http::Headers headers = {}) {
    http::ClientRequest request;
    request.method = method;
    request.url = url_ + path;
    if (!body.is_null()) request.body = body.dump();
    request.headers = std::move(headers);
    auto response = run(io_, client_.send(std::move(request)), std::chrono::seconds(40));
    if (!response) return http::Response{.status = 0, .headers = {}, .body = response.error().message};
    return *response;
  }
  /// The same request several times at once.
  std::vector<http::Response> at_once(std::size_t times, const std::string& method, const std::string& path, const Json& body,
                                      const http::Headers& headers) {
    std::vector<http::Response> answers;
    for (std::size_t i = 0; i < times; ++i) {
      http::ClientRequest request;
      request.method = method;
      request.url = url_ + path;
      if (!body.is_null()) request.body = body.dump();
      request.headers = headers;
      boost::asio::co_spawn(io_, client_.send(std::move(request)), [&](std::exception_ptr, Result<http::Response> response) {
        answers.push_back(response ? std::move(*response) : http::Response{.status = 0, .headers = {}, .body = response.error().message});
      });
    }
    REQUIRE(run_until(io_, std::chrono::seconds(40), [&] { return answers.size() == times; }));
    return answers;
  }
  Json get(const std::string& path, http::Headers headers = {}) {
    const auto response = send("GET", path, nullptr, std::move(headers));
    INFO(path << " → " << response.status << " " << response.body);
    CHECK(response.status == 200);
    return Json::parse(response.body, nullptr, false);
  }
  Json post(const std::string& path, const Json& body, http::Headers headers = {}) {
    const auto response = send("POST", path, body, std::move(headers));
    INFO(path << " → " << response.status << " " << response.body);
    CHECK((response.status == 200 || response.status == 202));
    return Json::parse(response.body, nullptr, false);
  }
  Json task(const std::string& description) { return post("/input_task", {{"description", description}}); }
  Json plan(const std::string& session) { return get("/plans?session_id=" + session)[0]; }
  /// Until no step waits for anything any more.
  Json finished(const std::string& session) {
    Json last;
    CHECK(eventually(std::chrono::seconds(30), [&] {
      last = plan(session);
      return last["overall_status"] != "in_progress";
    }));
    INFO(last.dump());
    return last;
  }
  /// The session's only plan as soon as `predicate` holds for it.
  template <class Predicate> Json plan_when(const std::string& session, Predicate predicate) {
    Json last;
    CHECK(eventually(std::chrono::seconds(30), [&] {
      last = plan(session);
      return predicate(last);
    }));
    INFO(last.dump());
    return last;
  }
  Installation& installation() { return installation_; }

 private:
  Installation installation_;
  boost::asio::io_context io_;
  http::Client client_{io_, {}};
  std::string url_;
};

}  // namespace convoke::test
