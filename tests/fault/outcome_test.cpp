// A tool that is not idempotent and has its effect outside: a worker is killed while the call is under way. Nobody knows whether it was
// carried out, a person is asked, and what the person says is done.
#include <signal.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <mutex>
#include <thread>

#include "core/async.hpp"
#include "http/server.hpp"
#include "support/installation.hpp"

using namespace convoke;
using namespace convoke::test;

namespace {

/// The world outside: counts what it is told to do, in a thread of its own. Holds every answer back while it is told to.
class Bank {
 public:
  Bank() : server_(io_, {}, [this](http::Request request) { return handle(std::move(request)); }) {
    if (const auto listening = server_.listen(); !listening) throw std::runtime_error(listening.error().message);
    boost::asio::co_spawn(io_, server_.run(), [](const std::exception_ptr&) {});
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Bank() {
    io_.stop();
    thread_.join();
  }
  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;

  std::string address() const { return server_.address(); }
  std::vector<http::Request> charges() const {
    const std::scoped_lock lock(mutex_);
    return charges_;
  }
  void hold(bool held) {
    const std::scoped_lock lock(mutex_);
    held_ = held;
  }
  void answer(unsigned status) {
    const std::scoped_lock lock(mutex_);
    status_ = status;
  }

 private:
  boost::asio::awaitable<http::Response> handle(http::Request request) {
    bool held = false;
    unsigned status = 0;
    {
      const std::scoped_lock lock(mutex_);
      charges_.push_back(std::move(request));
      held = held_;
      status = status_;
    }
    if (held) co_await sleep_for(Millis{60'000});
    co_return http::text_response(status, "receipt 4711");
  }

  boost::asio::io_context io_{1};
  http::Server server_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::vector<http::Request> charges_;
  bool held_ = false;
  unsigned status_ = 200;
};

std::string company_with_cashier(const std::string& address) {
  auto team = text_of(std::filesystem::path(CONVOKE_SOURCE_DIR) / "services/worker/teams/company.yaml");
  const auto agents = team.find("\nagents:\n");
  REQUIRE(agents != std::string::npos);
  return team.insert(agents + 9, R"(  - name: CashierAgent
    description: Charges the cards of customers.
    instructions: You charge customers.
    tools:
      - name: charge_card
        description: Charges the card of a customer.
        kind: http
        url: http://)" + address + R"(/charges
        idempotent: false
        timeout_ms: 1500
        parameters:
          - {name: customer_name, description: Name of the customer.}
)");
}

Json charging(Installation& installation, const Bank& bank, const std::string& session) {
  const auto before = bank.charges().size();
  const auto task = installation.task(session, "Charge the card of the customer Maria Lopez.", "none");
  REQUIRE(eventually(std::chrono::seconds(60), [&] { return bank.charges().size() == before + 1; }));
  return task;
}

Json question_about(Installation& installation, const Json& task) {
  const auto asks = [](const Json& plan) {
    return std::ranges::any_of(plan["requests"], [](const Json& request) { return request["kind"] == "unknown_outcome"; });
  };
  const auto plan = installation.plan_when(task["plan"], asks);
  INFO(plan.dump());
  REQUIRE(asks(plan));
  REQUIRE(plan["requests"].size() == 1);
  return plan["requests"][0];
}

}  // namespace

TEST_CASE("outcome unknown: a worker dies during a call that must not be repeated, and a person decides") {
  Bank bank;
  Installation installation;
  TempDir folder;
  std::ofstream(folder.file("team.yaml")) << company_with_cashier(bank.address());
  const auto applied = installation.cli({"team", "apply", folder.file("team.yaml")});
  INFO(applied.out << applied.err);
  REQUIRE(applied.code == 0);
  const std::string worker = "worker-CashierAgent-1";
  REQUIRE(eventually(std::chrono::seconds(30), [&] { return !installation.process(worker).is_null(); }));

  // It did happen: what the person says of it is the call's result.
  bank.hold(true);
  const auto happened = charging(installation, bank, "happened");
  ::kill(installation.pid(worker), SIGKILL);
  auto question = question_about(installation, happened);
  CHECK(question["text"].get<std::string>().starts_with("Outcome unknown: CashierAgent called charge_card"));
  CHECK(installation.post("/api/requests/" + question["id"].get<std::string>(), {{"approved", true}, {"text", "It was, receipt 12."}})
            .status == 200);
  auto plan = installation.ended_plan(happened["plan"]);
  INFO(plan.dump());
  CHECK(plan["overall_status"] == "completed");
  CHECK(plan["steps"][0]["agent_reply"].get<std::string>().find("receipt 12") != std::string::npos);
  CHECK(bank.charges().size() == 1);

  // It did not: it is done again, once.
  const auto not_yet = charging(installation, bank, "not-yet");
  ::kill(installation.pid(worker), SIGKILL);
  question = question_about(installation, not_yet);
  bank.hold(false);
  const auto answered = installation.cli({"answer", question["id"], "--no"});
  INFO(answered.out << answered.err);
  CHECK(answered.code == 0);
  plan = installation.ended_plan(not_yet["plan"]);
  INFO(plan.dump());
  CHECK(plan["overall_status"] == "completed");
  CHECK(plan["steps"][0]["agent_reply"].get<std::string>().find("4711") != std::string::npos);
  const auto charges = bank.charges();
  CHECK(charges.size() == 3);
  for (const auto& charge : charges) CHECK(charge.body == R"({"customer_name":"Maria Lopez"})");
  const auto events = installation.events(not_yet["conversation"]);
  CHECK(std::ranges::count_if(events, [](const Json& event) { return event["kind"] == "outcome_unknown"; }) == 1);

  // Nobody dies: an answer that does not come in time is as little known.
  bank.hold(true);
  const auto silent = charging(installation, bank, "silent");
  question = question_about(installation, silent);
  CHECK(installation.cli({"answer", question["id"], "--yes"}).code == 0);
  CHECK(installation.ended_plan(silent["plan"])["overall_status"] == "completed");
  CHECK(bank.charges().size() == 4);
  bank.hold(false);

  // A redirect says nothing of what was done: many servers carry a POST out and then say where to look.
  bank.answer(302);
  const auto elsewhere = charging(installation, bank, "elsewhere");
  question = question_about(installation, elsewhere);
  CHECK(installation.cli({"answer", question["id"], "--yes"}).code == 0);
  CHECK(installation.ended_plan(elsewhere["plan"])["overall_status"] == "completed");
  CHECK(bank.charges().size() == 5);

  // What the server refuses it has seen: the step is not tried again, and a plan that says the same again is none.
  bank.answer(429);
  const auto refused = charging(installation, bank, "refused");
  plan = installation.ended_plan(refused["plan"]);
  INFO(plan.dump());
  CHECK(plan["overall_status"] == "failed");
  CHECK(plan["steps"][0]["agent_reply"].get<std::string>().find("HTTP 429") != std::string::npos);
  CHECK(bank.charges().size() == 6);

  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
