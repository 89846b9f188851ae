// The executor as a process: deciding turns in, decisions out. The judgement is in decide.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "runtime/turn_service.hpp"

namespace convoke::executor {

namespace asio = boost::asio;

class Service {
 public:
  Service(runtime::Runtime& runtime, bus::ClientOptions bus, agents::HostOptions host);
  void start() { turns_.start(); }

 private:
  asio::awaitable<wire::TurnResultT> carry_out(agents::Turn& turn);

  runtime::TurnService turns_;
};

}  // namespace convoke::executor
