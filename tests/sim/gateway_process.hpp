// A gateway without its doors: the real Reader per client and conversation, the real Calls, and clients on connections that may end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/reader.hpp"
#include "bus_process.hpp"

namespace convoke::sim {

class GatewayProcess final : public BusProcess {
 public:
  using BusProcess::BusProcess;
  using Deliver = std::function<void(const std::string& conversation, api::ReadAction action)>;
  using Done = std::function<void(Result<wire::AnswerT>)>;

  // What a client's connection asks for; nothing comes back when this process dies.
  void command(wire::CommandT command, Done done);
  void query(wire::QueryT query, Done done);
  void open(std::uint64_t connection, std::string user, std::string conversation, api::Position at, Deliver deliver);
  void close(std::uint64_t connection);
  /// Asks the intercom who is there.
  void look_up(std::string search);
  /// Whoever of that service is next in turn; nobody answers it.
  void ask_service(std::string name);

 protected:
  void boot() override;
  void die() override;
  void tick() override;
  const char* service() const override { return "gateway"; }
  void on_message(wire::Message message) override;
  wire::RegisterT registration() override { return {}; }

 private:
  using Id = std::pair<std::uint64_t, std::string>;  // connection, conversation
  struct Watch {
    std::string user;
    api::Reader reader;
    Deliver deliver;
  };

  void act(const Id& id, api::ReadActions actions);
  void end(const Id& id);
  void read_slowly(const Id& id);
  void read_page(const Id& id, const api::Position& at);
  void ask_heads();
  void ask_heads(std::uint8_t partition, std::vector<std::string> conversations);
  void tell_heads(const wire::HeadsT& heads, const std::vector<std::string>& asked);
  std::vector<Id> readers_of(const std::string& conversation) const;
  wire::Message to_session(wire::QueryT query) const;

  std::map<Id, Watch> watches_;
  std::set<std::uint8_t> asking_;
  Millis heads_at_{0};
  std::size_t polls_ = 0;
};

}  // namespace convoke::sim
