// The model client against a real server that does what it is told to do wrong.
#include "llm/model.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/async.hpp"
#include "http/client.hpp"
#include "support/coroutine.hpp"
#include "support/offline_model.hpp"

using namespace convoke;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

struct Bench {
  test::OfflineModel server;
  boost::asio::io_context io;
  http::Client client{io, {}};
  std::vector<std::string> texts;  // per attempt

  explicit Bench(const Json& faults = Json::object()) : server({"--faults", faults.dump()}) {}

  llm::ModelOptions options() const {
    llm::ModelOptions made;
    made.endpoints = {{server.url(), ""}};
    made.retry = {.attempts = 3, .first_delay = Millis{10}, .longest_delay = Millis{40}};
    made.first_token_deadline = Millis{5'000};
    made.token_deadline = Millis{5'000};
    return made;
  }

  static llm::Request request() { return {.model = "offline", .messages = {{.role = llm::Role::user, .content = "Write a poem"}}}; }

  Result<llm::Response> ask(const llm::ModelOptions& with) {
    llm::Model model(client, with);
    auto task = model.complete(request(), [this](const llm::TextDelta& delta) {
      texts.resize(std::max<std::size_t>(texts.size(), delta.attempt));
      auto& text = texts[delta.attempt - 1];
      CHECK(text.size() == delta.offset);
      text += delta.text;
    });
    return test::run(io, std::move(task));
  }

  std::uint64_t requests() {
    http::ClientRequest get;
    get.url = server.url("/control");
    auto task = client.send(std::move(get));
    return Json::parse(test::run(io, std::move(task)).value().body)["requests"].get<std::uint64_t>();
  }
};

}  // namespace

TEST_CASE("llm model: the text streams, and the whole is what streamed") {
  Bench bench;
  const auto response = bench.ask(bench.options());
  REQUIRE(response);
  CHECK(response->content.find("not a language model") != std::string::npos);
  CHECK(response->finish_reason == llm::Finish::stop);
  CHECK(response->usage.completion_tokens > 5);
  CHECK(response->model == "offline");
  REQUIRE(bench.texts.size() == 1);
  CHECK(bench.texts[0] == response->content);
}

TEST_CASE("llm model: a rate limit, an error and a cut stream are tried again") {
  for (const Json& faults : {Json{{"rate_limit", {{"next", 1}, {"retry_after_s", 0.05}}}}, Json{{"error", {{"next", 2}}}},
                             Json{{"cut", {{"next", 1}, {"after_tokens", 2}}}}, Json{{"malformed", {{"next", 2}}}}}) {
    INFO(faults.dump());
    Bench bench(faults);
    const auto response = bench.ask(bench.options());
    REQUIRE(response);
    CHECK(bench.texts.back() == response->content);
    if (faults.contains("cut")) CHECK(bench.texts.front() == "This is");
  }
}

TEST_CASE("llm model: gives up with the fault's own code when it does not pass") {
  const auto failure = [](const Json& faults) {
    Bench bench(faults);
    auto response = bench.ask(bench.options());
    REQUIRE_FALSE(response);
    return std::pair(response.error().code, bench.requests());
  };
  CHECK(failure({{"rate_limit", {{"every", 1}, {"retry_after_s", 0.01}}}}) == std::pair(Fault::model_rate_limited, std::uint64_t{3}));
  CHECK(failure({{"error", {{"every", 1}}}}) == std::pair(Fault::model_overloaded, std::uint64_t{3}));
  CHECK(failure({{"malformed", {{"every", 1}}}}) == std::pair(Fault::model_invalid, std::uint64_t{3}));
  CHECK(failure({{"rate_limit", {{"every", 1}, {"retry_after_s", 3600}}}}) == std::pair(Fault::model_rate_limited, std::uint64_t{1}));
}

TEST_CASE("llm model: Retry-After is waited for") {
  Bench bench({{"rate_limit", {{"next", 1}, {"retry_after_s", 1}}}});
  const auto begin = std::chrono::steady_clock::now();
  CHECK(bench.ask(bench.options()));
  CHECK(std::chrono::steady_clock::now() - begin >= 1s);
}

TEST_CASE("llm model: silence between tokens ends an attempt") {
  Bench bench({{"tokens_per_second", 2}});
  auto options = bench.options();
  options.retry.attempts = 1;
  options.token_deadline = Millis{150};
  const auto begin = std::chrono::steady_clock::now();
  const auto response = bench.ask(options);
  REQUIRE_FALSE(response);
  CHECK(response.error().code == Fault::model_overloaded);
  CHECK(std::chrono::steady_clock::now() - begin < 3s);
}

TEST_CASE("llm model: the whole has its deadline") {
  Bench bench({{"delay_ms", 2000}});
  auto options = bench.options();
  options.total_deadline = Millis{300};
  const auto begin = std::chrono::steady_clock::now();
  const auto response = bench.ask(options);
  REQUIRE_FALSE(response);
  CHECK(std::chrono::steady_clock::now() - begin < 1500ms);
}

TEST_CASE("llm model: the fallback answers when the first cannot") {
  Bench bench;
  auto options = bench.options();
  options.endpoints = {{"http://127.0.0.1:" + std::to_string(test::free_port()) + "/v1", ""}, {bench.server.url(), "", "other"}};
  options.retry.attempts = 1;
  const auto response = bench.ask(options);
  REQUIRE(response);
  CHECK(response->content.find("offline model") != std::string::npos);
}

TEST_CASE("llm model: a refused request is not repeated, and names what the provider said") {
  Bench bench;
  llm::Model model(bench.client, bench.options());
  auto task = model.complete({.model = "offline", .messages = {}}, {});
  const auto response = test::run(bench.io, std::move(task));
  REQUIRE_FALSE(response);
  CHECK(response.error().code == Fault::model_invalid);
  CHECK(response.error().message.find("at least one message") != std::string::npos);
  CHECK(bench.requests() == 1);
}

TEST_CASE("llm model: a cancelled call ends at once and says so") {
  Bench bench({{"tokens_per_second", 2}});
  llm::Model model(bench.client, bench.options());
  boost::asio::cancellation_signal cancel;
  std::optional<Result<llm::Response>> outcome;
  boost::asio::co_spawn(
      bench.io, model.complete(Bench::request(), [&](const llm::TextDelta&) { cancel.emit(boost::asio::cancellation_type::terminal); }),
      boost::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr failed, Result<llm::Response> response) {
        CHECK_FALSE(failed);
        outcome = std::move(response);
      }));
  CHECK(test::run_until(bench.io, 10s, [&] { return outcome.has_value(); }));
  REQUIRE(outcome);
  REQUIRE_FALSE(*outcome);
  CHECK(outcome->error().code == Fault::cancelled);
}
