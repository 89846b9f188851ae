// convoke-executor: decides what happens with plans.
#include <exception>
#include <iostream>

#include "executor/service.hpp"
#include "runtime/config.hpp"
#include "runtime/otlp_exporter.hpp"

int main(int argc, char** argv) try {
  using namespace convoke;
  runtime::ProcessOptions process;
  process.name = "executor";
  bus::ClientOptions bus;
  agents::HostOptions turns;
  runtime::OtlpOptions otlp;
  runtime::Config config("convoke-executor", "Decides what happens with plans: approval, order, repetition, planning anew, the end.");
  config.add("process", process);
  config.add("bus", bus);
  config.add("turns", turns);
  config.add("otlp", otlp);
  if (const auto code = config.load(argc, argv)) return *code;
  runtime::Runtime runtime(process);
  runtime::OtlpExporter exporter(runtime, otlp);
  executor::Service service(runtime, bus, turns);
  service.start();
  return runtime.run();
} catch (const std::exception& error) {
  std::cerr << "convoke-executor: " << error.what() << '\n';
  return 1;
}
