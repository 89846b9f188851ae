// convoke-planner: makes plans.
#include "planner/service.hpp"
#include "runtime/config.hpp"

int main(int argc, char** argv) {
  using namespace convoke;
  runtime::ProcessOptions process;
  process.name = "planner";
  planner::ServiceOptions options;
  runtime::Config config("convoke-planner", "Makes plans: a goal and a team in, steps or a question to the person out.");
  config.add("process", process);
  config.add("bus", options.bus);
  config.add("turns", options.turns);
  config.add("http", options.http);
  config.add("model", options.model);
  config.add("planner", options.planner);
  if (const auto code = config.load(argc, argv)) return *code;
  runtime::Runtime runtime(process);
  planner::Service service(runtime, options);
  service.start();
  return runtime.run();
}
