// A process on the bus for tests to freeze and kill: answers every Query with Accepted, and nothing else. bus_peer ENDPOINT SERVICE
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "bus/client.hpp"

int main(int argc, char** argv) {
  using namespace convoke;
  if (argc != 3) return 2;
  boost::asio::io_context io(1);
  bus::ClientOptions options;
  options.intercoms = {argv[1]};
  bus::Client client(io.get_executor(), options, {{system_random(), system_random()}, "peer", argv[2]});
  client.on_message([&](const wire::Message& message) {
    if (message.as<wire::QueryT>() == nullptr) return;
    wire::AcceptedT accepted;
    accepted.session = to_string(wire::from_wire(message.header.id));
    client.send(wire::reply(message.header, std::move(accepted)));
  });
  boost::asio::co_spawn(io, client.run(), boost::asio::detached);
  io.run();
}
