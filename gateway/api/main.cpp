// convoke-gateway: all text doors.
#include <exception>

#include "api/gateway.hpp"
#include "runtime/config.hpp"
#include "runtime/otlp_exporter.hpp"
#include "telemetry/log.hpp"

using namespace convoke;

int main(int argc, char** argv) try {
  runtime::ProcessOptions process;
  process.name = "gateway";
  bus::ClientOptions bus_options;
  http::ServerOptions server;
  server.listen = "127.0.0.1:8080";
  api::GatewayOptions options;
  runtime::OtlpOptions otlp;
  runtime::Config config("convoke-gateway", "all text doors: the task API, our own REST, WebSocket");
  config.add("process", process);
  config.add("bus", bus_options);
  config.add("http", server);
  config.add("gateway", options);
  config.add("otlp", otlp);
  if (const auto code = config.load(argc, argv)) return *code;
  runtime::Runtime runtime(process);
  runtime::OtlpExporter exporter(runtime, otlp);
  bus_options.intercoms = process.intercoms;
  bus::Client bus(runtime.io().get_executor(), bus_options, {runtime.replica(), process.name, "gateway"});
  api::Gateway gateway(runtime, bus, options, server);
  gateway.start();
  return runtime.run();
} catch (const api::BadSettings& error) {
  telemetry::log::error("cannot start: {}", error.what());
  telemetry::log::flush();
  return 2;  // as Config::load has it for a mistake that it finds itself
} catch (const std::exception& error) {
  telemetry::log::error("cannot start: {}", error.what());
  telemetry::log::flush();
  return 1;
}
