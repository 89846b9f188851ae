// The owner's end of the turn protocol for tests: a real bus client behind a real intercom that gives out turns, records what is reported,
// answers by the protocol's rules, and can be told to misbehave. It commits nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agents/team/team.hpp"
#include "bus/client.hpp"

namespace turns_test {

using namespace convoke;

class Owner {
 public:
  Owner(boost::asio::io_context& io, std::string endpoint);

  bus::Client& bus() { return bus_; }
  /// Claims all partitions; wait for `ready`.
  void start();
  bool ready() const;

  void serve_team(const agents::Team& team, std::uint32_t version);
  void announce_team(const std::string& team, std::uint32_t version);
  /// Gives out a turn; items that earlier attempts have recorded are handed over as the real owner does.
  void give(wire::WorkT work);
  void control(wire::ControlKind kind, const wire::WorkT& work);

  struct Turn {
    std::uint32_t attempt = 0;
    std::vector<wire::ItemT> items;
    std::optional<wire::TurnResultT> result;
    bool returned = false;
    std::uint32_t lost = 0;  // the attempt whose worker is gone
    bool closed = false;
    std::size_t progress = 0;
    convoke::Uuid replica;  // that reported last
  };
  Turn& turn(std::uint64_t number) { return turns_[number]; }

  /// Return true to leave a report unanswered and unapplied.
  std::function<bool(const wire::ReportT&)> lose;
  /// Transcript that is read, per agent.
  std::map<std::string, std::vector<std::string>> transcripts;
  std::size_t transcript_reads = 0;
  std::vector<wire::DeltaT> deltas;

 private:
  void on_message(wire::Message message);
  void on_report(const wire::Message& message);
  void on_query(const wire::Message& message);
  std::uint64_t transcript_after(const wire::ReportT& report);

  boost::asio::io_context& io_;
  convoke::Uuid replica_;
  bus::Client bus_;
  std::map<std::uint64_t, Turn> turns_;
  std::map<std::uint64_t, wire::WorkT> given_;
  std::map<std::pair<std::string, std::uint32_t>, std::string> teams_;
};

}  // namespace turns_test
