// One turn of an agent: the loop of model and tools. What earlier attempts have recorded is taken over instead of being done again; each
// response that orders calls is an item before any of them begins, each call's result is an item when it is there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "agents/team/team.hpp"
#include "agents/turns/teams.hpp"
#include "agents/turns/turn.hpp"
#include "llm/model.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/trace.hpp"
#include "tools/http_call.hpp"
#include "tools/journal.hpp"
#include "worker/history.hpp"

namespace convoke::worker {

namespace asio = boost::asio;

struct ConversationOptions {
  std::size_t max_result_bytes = std::size_t{64} << 10;
  std::size_t history_bytes = std::size_t{256} << 10;
  Millis start_within{2'000};

  template <class Fields> void describe(Fields& field) {
    field("max_result_bytes", max_result_bytes, "a tool's result longer than this is cut for the model");
    field("history_bytes", history_bytes, "of earlier turns that a model is told");
  }
};

/// Tools of agents in the form in which models are told them, by team version.
class Offers {
 public:
  const std::vector<llm::Tool>& of(const agents::TeamVersion& team, const agents::Agent& agent);

 private:
  std::map<std::tuple<std::string, std::uint32_t, std::string>, std::vector<llm::Tool>> kept_;
};

/// What all turns of the process share.
struct Tooling {
  llm::Model& model;
  http::Client& http;
  tools::Journal& journal;
  telemetry::Tracer& tracer;
  ConversationOptions options;
  Offers offers = {};
  telemetry::Counter refused = {};  // calls that the journal could not note, each time
};

class Conversation {
 public:
  /// All references outlive the conversation; `agent` belongs to `team`.
  Conversation(Tooling& tooling, agents::Turn& turn, std::shared_ptr<const agents::TeamVersion> team, const agents::Agent& agent);

  asio::awaitable<wire::TurnResultT> run();

 private:
  /// A response that orders calls, and which of them have their result.
  struct Round {
    std::uint64_t item = 0;
    llm::Response response;
    std::vector<bool> done;
    std::vector<std::string> unknown;  // of each call: why nobody knows whether it was carried out; empty: it is known
    bool recorded = false;             // by an earlier attempt: its calls may have begun there
  };
  using Ended = std::optional<wire::TurnResultT>;

  Status take_over();
  asio::awaitable<Result<llm::Response>> ask_model();
  asio::awaitable<Ended> carry_out_calls();
  asio::awaitable<Status> carry_out(std::size_t index);
  asio::awaitable<Status> run_tool(std::size_t index, const tools::Tool& tool);
  asio::awaitable<Status> run_http(std::size_t index, const tools::Tool& tool);
  asio::awaitable<Result<tools::Applied>> apply(std::size_t index, const tools::Tool& tool);
  asio::awaitable<Status> tell_person(std::size_t index);
  asio::awaitable<Status> report(std::size_t index, Fault fault, std::string text);
  asio::awaitable<Result<std::uint64_t>> record(const llm::Response& response);
  void begin_round(std::uint64_t item, llm::Response response, bool recorded);
  Millis note_unknown();
  wire::AskT ask_about(std::size_t index) const;
  Ended given_up(const llm::Response& response) const;
  asio::awaitable<wire::TurnResultT> conclude(llm::Response response, bool recorded);
  Ended ask();
  Result<wire::AskT> ask_for(const llm::ToolCall& call) const;
  bool is_question(const llm::ToolCall& call) const;
  wire::TurnResultT failed(Fault fault, std::string text) const;
  wire::TurnResultT cancelled() const;
  void show(const llm::TextDelta& delta);
  telemetry::Span span(std::string name, std::string operation) const;
  /// The function that the step names, if it is one of the agent's.
  const tools::Tool* named_function() const;

  Tooling& tooling_;
  agents::Turn& turn_;
  std::shared_ptr<const agents::TeamVersion> team_;
  const agents::Agent& agent_;
  History history_;
  llm::Request request_;  // grows by what is said and done
  std::optional<Round> round_;
  wire::UsageT usage_;  // of what is not in an item
  std::uint32_t model_calls_ = 0;
  std::uint32_t tool_calls_ = 0;
  std::uint64_t tokens_ = 0;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t refused_ = 0;
  std::string last_failure_;
  std::uint32_t shown_attempt_ = 0;
};

}  // namespace convoke::worker
