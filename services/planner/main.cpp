// convoke-planner: makes plans.
#include <exception>
#include <iostream>

#include "planner/service.hpp"
#include "runtime/config.hpp"
#include "runtime/otlp_exporter.hpp"

int main(int argc, char** argv) try {
  using namespace convoke;
  runtime::ProcessOptions process;
  process.name = "planner";
  planner::ServiceOptions options;
  runtime::OtlpOptions otlp;
  runtime::Config config("convoke-planner", "Makes plans: a goal and a team in, steps or a question to the person out.");
  config.add("process", process);
  config.add("bus", options.bus);
  config.add("turns", options.turns);
  config.add("http_client", options.http);
  config.add("model", options.model);
  config.add("planner", options.planner);
  config.add("otlp", otlp);
  if (const auto code = config.load(argc, argv)) return *code;
  runtime::Runtime runtime(process);
  runtime::OtlpExporter exporter(runtime, otlp);
  planner::Service service(runtime, options);
  service.start();
  return runtime.run();
} catch (const std::exception& error) {
  std::cerr << "convoke-planner: " << error.what() << '\n';
  return 1;
}
