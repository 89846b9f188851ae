// What stands in front of a gateway that is reached over https: takes TLS with a certificate made for the test, and hands the bytes on as
// they are. Runs in a thread of its own. Certificates are made by `openssl`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace convoke::test {

struct Certificate {
  std::string file;  // also what to trust, for it signs itself
  std::string key;
};
/// A certificate for that host name, in that folder; throws where it cannot be made.
Certificate make_certificate(const std::string& folder, const std::string& host);

class TlsRelay {
 public:
  /// Listens on loopback, at a port that the system chooses, and connects to `port` of loopback for each that comes.
  TlsRelay(const Certificate& certificate, std::uint16_t port);
  ~TlsRelay();
  std::uint16_t port() const;
  /// Connections whose TLS was agreed on.
  int accepted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Listens and says nothing; keeps what it is told.
class Listener {
 public:
  Listener();
  ~Listener();
  std::uint16_t port() const;
  std::string heard() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace convoke::test
