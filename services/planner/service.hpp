// The planner as a process: planning turns in, plans or questions out.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "http/client.hpp"
#include "llm/config.hpp"
#include "runtime/turn_service.hpp"

namespace convoke::planner {

namespace asio = boost::asio;

struct PlannerOptions {
  std::uint32_t attempts = 3;
  std::uint32_t max_output_tokens = 4'096;

  template <class Fields> void describe(Fields& field) {
    field("attempts", attempts, "answers of the model that are looked at before planning fails");
    field("max_output_tokens", max_output_tokens, "of one answer");
  }
};

struct ServiceOptions {
  bus::ClientOptions bus;
  agents::HostOptions turns;
  http::ClientOptions http;
  llm::ModelConfig model;
  PlannerOptions planner;
};

class Service {
 public:
  Service(runtime::Runtime& runtime, ServiceOptions options);
  void start() { turns_.start(); }

 private:
  asio::awaitable<wire::TurnResultT> carry_out(agents::Turn& turn);
  /// Adds to `used` the tokens that it took; the caller keeps the number while this runs.
  asio::awaitable<Result<std::string>> answer(agents::Turn& turn, llm::Request request, std::uint64_t& used);
  const std::string& catalogue(const agents::TeamVersion& team);

  runtime::Runtime& runtime_;
  ServiceOptions options_;
  http::Client http_;
  llm::Model model_;
  std::map<std::pair<std::string, std::uint32_t>, std::string> catalogues_;
  runtime::TurnService turns_;
};

}  // namespace convoke::planner
