// A wire that can be cut and slowed down: a proxy that takes the place of a Unix socket, `run/intercom` for example (or stands beside a
// port), and hands everything on to the server behind it. It keeps that place when the server is started again. Connections that were made
// before, or in the moment of a start, do not pass through it. Runs in a thread of its own.
#pragma once

#include <memory>
#include <string>

namespace convoke::test {

class Wire {
 public:
  /// `path`: the socket of a server that listens now.
  explicit Wire(std::string path);
  /// To a server on a port: does not take its place, but listens on another of this host, `address()`.
  static std::unique_ptr<Wire> to(const std::string& host_and_port);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  enum class State {
    whole,
    cut,     // connections end with all that was held back, new ones are ended at once
    slow,    // each piece waits 150 ms, in both directions
    silent,  // connections stay, and nothing passes
    mute,    // connections stay, and what the server says does not pass
  };
  /// Of all connections, or of one peer's alone, which others do not feel; nothing else is kept up then. `whose`: the name of a process
  /// (its `--process.name`), whichever of its lives; only through a Unix socket is it known who speaks.
  void set(State state, const std::string& whose = {});
  /// Ends the connections of every second peer, once.
  void snap();
  std::size_t connections(const std::string& whose = {}) const;
  /// How many connections it has ended or refused and how many pieces it has held up so far, of everybody or of one.
  std::size_t hits(const std::string& whose = {}) const;
  /// Whether nothing is under way any more of what was sent over connections that their clients have ended since.
  bool is_quiet() const;
  const std::string& address() const { return address_; }

 private:
  class Inside;
  explicit Wire(std::unique_ptr<Inside> inside);
  std::string address_;
  std::unique_ptr<Inside> inside_;
};

}  // namespace convoke::test
