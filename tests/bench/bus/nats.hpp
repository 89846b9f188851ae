// The leanest client that NATS can have: its text protocol (docs.nats.io, "Client protocol") on a blocking socket, one write per message.
#pragma once

#include <cstdint>
#include <string>

namespace convoke::bench {

class NatsPeer {
 public:
  /// Connects to a server on this host and subscribes; throws std::runtime_error when there is none.
  NatsPeer(std::uint16_t port, const std::string& subject);
  ~NatsPeer();
  NatsPeer(const NatsPeer&) = delete;
  NatsPeer& operator=(const NatsPeer&) = delete;

  void publish(const std::string& subject, const std::string& reply, const std::string& payload);
  /// Waits for a message; gives back the subject that wants the reply.
  std::string receive();

 private:
  std::string line();
  void skip(std::size_t bytes);
  bool fill();
  int descriptor_ = -1;
  std::string in_;
  std::size_t read_ = 0;
};

}  // namespace convoke::bench
