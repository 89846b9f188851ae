// convoke-groupchat: remembers sessions, users and teams, in Redis.
#include <exception>
#include <iostream>

#include "groupchat/service.hpp"
#include "runtime/config.hpp"
#include "runtime/otlp_exporter.hpp"

int main(int argc, char** argv) try {
  using namespace convoke;
  runtime::ProcessOptions process{.name = "groupchat"};
  bus::ClientOptions bus;
  store::RedisOptions redis;
  groupchat::owner::Options owner;
  groupchat::ServiceOptions service_options;
  groupchat::session::HandoutTimes handout;
  runtime::OtlpOptions otlp;
  runtime::Config config("convoke-groupchat", "Owns sessions, users and team versions; the only process that talks to Redis.");
  config.add("process", process);
  config.add("bus", bus);
  config.add("store", redis);
  config.add("otlp", otlp);
  config.add("owner", owner);
  config.add("groupchat", service_options);
  config.add("handout", handout);
  if (const auto exit = config.load(argc, argv)) return *exit;
  runtime::Runtime runtime(process);
  runtime::OtlpExporter exporter(runtime, otlp);
  groupchat::Service service(runtime, bus, redis, owner, service_options, handout);
  service.start();
  return runtime.run();
} catch (const std::exception& error) {
  std::cerr << "convoke-groupchat: " << error.what() << '\n';
  return 1;
}
