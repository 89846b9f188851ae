// convoke-worker: carries out turns of agents.
#include <exception>
#include <iostream>

#include "runtime/config.hpp"
#include "runtime/otlp_exporter.hpp"
#include "worker/service.hpp"

int main(int argc, char** argv) try {
  using namespace convoke;
  runtime::ProcessOptions process;
  process.name = "worker";
  worker::ServiceOptions options;
  runtime::OtlpOptions otlp;
  runtime::Config config("convoke-worker", "Carries out the turns of one agent, or of all agents of a team: context, model, tools.");
  config.add("process", process);
  config.add("bus", options.bus);
  config.add("turns", options.turns);
  config.add("http_client", options.http);
  config.add("model", options.model);
  config.add("conversation", options.conversation);
  config.add("worker", options.worker);
  config.add("otlp", otlp);
  if (const auto code = config.load(argc, argv)) return *code;
  runtime::Runtime runtime(process);
  runtime::OtlpExporter exporter(runtime, otlp);
  worker::Service service(runtime, options);
  service.start();
  return runtime.run();
} catch (const std::exception& error) {
  std::cerr << "convoke-worker: " << error.what() << '\n';
  return 1;
}
