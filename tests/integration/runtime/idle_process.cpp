// Does what its options say on the way to its end; everything else is what every process has.
#include <stdexcept>

#include "core/async.hpp"
#include "runtime/config.hpp"
#include "runtime/runtime.hpp"
#include "telemetry/log.hpp"

using namespace convoke;

namespace {

namespace log = convoke::telemetry::log;

struct IdleOptions {
  Millis finish{0};
  Millis fail_after{0};
  bool stubborn = false;
  bool block = false;

  template <class Fields> void describe(Fields& field) {
    field("finish", finish, "how long finishing takes");
    field("fail_after", fail_after, "when to fail");
    field("stubborn", stubborn, "do not end when cancelled");
    field("block", block, "stop the loop for good");
  }
};

class Idle {
 public:
  Idle(runtime::Runtime& runtime, IdleOptions options) : runtime_(runtime), options_(options) {}

  void start() {
    runtime_.set_ready("idle", false, "warming up");
    runtime_.add_route("/route", [this](http::Request request) { return route(std::move(request)); });
    for (const auto& [step, name] : {std::pair{runtime::DrainStep::flush, "flush"}, std::pair{runtime::DrainStep::finish, "finish"},
                                     std::pair{runtime::DrainStep::stop_accepting, "accept"}}) {
      runtime_.on_drain(step, name, [this, name] { return drain(name); });
    }
    runtime_.spawn("idle", run());
    if (options_.fail_after.count() > 0) runtime_.spawn("failing", failing(), runtime::OnFailure::stop);
  }

 private:
  boost::asio::awaitable<void> run() {
    co_await sleep_for(Millis{50});
    runtime_.set_ready("idle", true);
    while (options_.block) {
    }
    for (;;) {
      co_await sleep_for(Millis{60'000});
      if (!options_.stubborn) continue;
      co_await boost::asio::this_coro::reset_cancellation_state();
    }
  }

  boost::asio::awaitable<void> failing() {
    co_await sleep_for(options_.fail_after);
    throw std::runtime_error("as it was told to");
  }

  boost::asio::awaitable<void> drain(std::string name) {
    log::info("step {}", name);
    if (name == "finish") co_await sleep_for(options_.finish);
  }

  boost::asio::awaitable<http::Response> route(http::Request request) { co_return http::text_response(200, "route " + request.path); }

  runtime::Runtime& runtime_;
  IdleOptions options_;
};

}  // namespace

int main(int argc, char** argv) {
  runtime::ProcessOptions process;
  process.name = "idle";
  IdleOptions options;
  runtime::Config config("test_idle_process", "A process that does nothing.");
  config.add("process", process);
  config.add("idle", options);
  if (const auto code = config.load(argc, argv)) return *code;
  runtime::Runtime runtime(process);
  Idle idle(runtime, options);
  idle.start();
  return runtime.run();
}
