// The tasks of a process: started with a name, counted, cancelled and awaited together. Internal to this folder.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "core/async.hpp"
#include "runtime/runtime.hpp"

namespace convoke::runtime {

class Tasks {
 public:
  Tasks(asio::io_context& io, telemetry::Metrics& metrics);
  ~Tasks();

  void spawn(std::string name, asio::awaitable<void> task, OnFailure on_failure);
  void on_fatal(std::function<void(const std::string& name)> call);
  /// Asks all to end. Call from the loop.
  void cancel();
  /// True once none runs.
  asio::awaitable<bool> wait_all(Millis limit);
  std::size_t size() const;
  std::string names() const;

 private:
  struct Shared;  // outlives this object until the last task has ended
  std::shared_ptr<Shared> shared_;
  asio::io_context& io_;
};

}  // namespace convoke::runtime
