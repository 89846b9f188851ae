// Rubbish on the ports that an installation on one host does not open: the bus, health and model over TCP.
#include <signal.h>

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "http/client.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"
#include "support/rubbish.hpp"

using namespace convoke;
using namespace convoke::test;
namespace asio = boost::asio;

namespace {

void throw_at_port(std::uint16_t port) {
  INFO("port " << port);
  throw_at<asio::ip::tcp>(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
}

std::string local(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

unsigned status_of(std::uint16_t port, const std::string& path) {
  asio::io_context io;
  http::Client client(io, {});
  http::ClientRequest asked;
  asked.url = "http://" + local(port) + path;
  asked.total_deadline = Millis{5'000};
  const auto answer = run(io, client.send(std::move(asked)));
  return answer ? answer->status : 0;
}

}  // namespace

TEST_CASE("rubbish: any bytes on the TCP ports of bus, health and model disturb nobody") {
  const auto bus = free_port();
  const auto bus_health = free_port();
  const auto model = free_port();
  const auto model_health = free_port();
  const auto service_health = free_port();
  TempDir folder;
  Process intercom({{program("convoke-intercom"), "--intercom.bind=tcp://" + local(bus), "--process.health=" + local(bus_health)}, {}, {}});
  Process offline({{program("convoke-model"), "--offline.listen=" + local(model), "--process.health=" + local(model_health)}, {}, {}});
  Process executor({{program("convoke-executor"), "--process.intercoms=tcp://" + local(bus), "--process.data=" + folder.path().string(),
                     "--process.health=" + local(service_health)},
                    {},
                    {}});
  const auto all_ready = [&] {
    return status_of(bus_health, "/readyz") == 200 && status_of(model_health, "/readyz") == 200 &&
           status_of(service_health, "/readyz") == 200;
  };
  REQUIRE(eventually(std::chrono::seconds(30), all_ready));
  for (const auto port : {bus, bus_health, model, model_health, service_health}) throw_at_port(port);
  CHECK(eventually(std::chrono::seconds(10), all_ready));
  CHECK(status_of(model, "/v1/models") == 200);
  for (auto* process : {&executor, &offline, &intercom}) {
    CHECK(process->running());
    process->signal(SIGTERM);
    CHECK(process->wait(std::chrono::seconds(20)) == Exit{0, 0});
    CHECK(process->error_lines() == std::vector<std::string>{});
    CHECK(process->err().find("Sanitizer") == std::string::npos);
  }
}
