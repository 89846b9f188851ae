// The real intercom core on simulated connections.
#pragma once

#include <map>
#include <memory>

#include "intercom/intercom_core.hpp"
#include "net.hpp"
#include "process.hpp"

namespace convoke::sim {

class IntercomProcess final : public Process {
 public:
  using Process::Process;

  void take(const Wire& wire, Packet packet);
  const intercom::IntercomCore* core() const { return core_.get(); }

 protected:
  void boot() override;
  void die() override;
  void tick() override;
  Millis tick_every() const override { return Millis{40}; }

 private:
  void perform(const Packet* packet);

  std::unique_ptr<intercom::IntercomCore> core_;
  intercom::Actions actions_;
  std::map<intercom::Peer, Wire> peers_;
};

}  // namespace convoke::sim
