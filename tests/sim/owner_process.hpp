// A groupchat replica: the real owner core with real session, user and team logic, between a simulated bus and the one store in memory,
// over a connection to Redis that may be slow, break with commits under way, and come back.
#pragma once

#include <deque>
#include <memory>

#include "bus_process.hpp"
#include "groupchat/owner/core.hpp"

namespace convoke::sim {

namespace own = groupchat::owner;

class OwnerProcess final : public BusProcess {
 public:
  using BusProcess::BusProcess;

  void drain() override;
  /// The connection to Redis ends now; it is back after `away`. What was sent and not carried out may land late.
  void break_redis(Millis away);
  /// Redis itself is gone, or back.
  void redis_changed();
  const own::Core* core() const { return core_.get(); }

 protected:
  void boot() override;
  void die() override;
  void tick() override;
  const char* service() const override { return "groupchat"; }
  void on_message(wire::Message message) override;
  void on_view(const wire::ViewT& view) override;
  void on_link(bool up) override;
  wire::RegisterT registration() override;

 private:
  struct Pending {
    own::Action action;
    bool done = false;
  };

  void feed(own::Event event);
  void perform_all(std::vector<own::Action> actions);
  void perform(own::Action action);
  void to_store(own::Action action);
  void land_late(const std::shared_ptr<Pending>& pending, Millis within);
  own::Event claim(const own::Claim& action);
  void carry_out(std::uint64_t link, const std::shared_ptr<Pending>& pending);
  own::Event execute(const own::Action& action);
  store::CommitAnswer refusal();
  own::Event commit(const own::CommitScope& action);
  void note(const own::Send& action);
  static own::Event lost(const own::Action& action);
  void connect_redis(std::uint64_t link);

  std::unique_ptr<own::Core> core_;
  own::Announce announced_;
  bool redis_up_ = false;
  std::uint64_t link_ = 0;  // the connection's number: what belongs to another one is answered no more
  std::uint64_t generation_ = 0;
  Millis last_{0};  // in order on one connection
  std::deque<std::shared_ptr<Pending>> pending_;
  bool draining_ = false;
};

}  // namespace convoke::sim
