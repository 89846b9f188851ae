// convoke-intercom: the router between all processes.
#include <exception>
#include <iostream>

#include "intercom/service.hpp"
#include "runtime/config.hpp"
#include "runtime/runtime.hpp"

int main(int argc, char** argv) try {
  using namespace convoke;
  runtime::ProcessOptions process{.name = "intercom"};
  intercom::ListenOptions listen;
  intercom::Settings settings;
  runtime::Config config("convoke-intercom", "The router: registry, work queues, streams.");
  config.add("process", process);
  config.add("intercom", listen);
  config.add("intercom", settings);
  if (const auto exit = config.load(argc, argv)) return *exit;
  runtime::Runtime runtime(process);
  intercom::Service service(runtime, listen, settings);
  service.open();
  runtime.spawn("ticks", service.run(), runtime::OnFailure::stop);
  return runtime.run();
} catch (const std::exception& error) {
  std::cerr << "convoke-intercom: " << error.what() << '\n';
  return 1;
}
