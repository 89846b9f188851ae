#include "runtime/tasks.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>

#include "telemetry/log.hpp"

namespace convoke::runtime {
namespace {

/// Why a task failed; empty when it only was cancelled.
std::string reason_of(const std::exception_ptr& failure, bool cancelled) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (cancelled && error.code() == asio::error::operation_aborted) return {};
    return error.what();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

}  // namespace

struct Tasks::Shared {
  struct Task {
    std::string name;
    OnFailure on_failure;
    asio::cancellation_signal cancellation;
  };

  Shared(asio::io_context& io, telemetry::Metrics& metrics)
      : empty(io.get_executor()),
        failed(metrics.counter("convoke_tasks_failed_total", "Tasks that ended with an exception")),
        running(metrics.gauge("convoke_tasks", "Tasks that run")) {
    empty.set();
  }

  void ended(std::list<Task>::iterator task, const std::exception_ptr& failure) {
    const auto name = std::move(task->name);
    const auto on_failure = task->on_failure;
    tasks.erase(task);
    running.add(-1);
    if (tasks.empty()) empty.set();
    const auto reason = failure ? reason_of(failure, cancelled) : std::string{};
    if (reason.empty()) return;
    failed.add();
    telemetry::log::error("task {} failed: {}", name, reason);
    if (on_failure == OnFailure::stop && fatal) fatal(name);
  }

  std::list<Task> tasks;
  Event empty;
  telemetry::Counter failed;
  telemetry::Gauge running;
  std::function<void(const std::string&)> fatal;
  bool cancelled = false;
};

Tasks::Tasks(asio::io_context& io, telemetry::Metrics& metrics) : shared_(std::make_shared<Shared>(io, metrics)), io_(io) {}
Tasks::~Tasks() { shared_->fatal = nullptr; }

void Tasks::on_fatal(std::function<void(const std::string& name)> call) { shared_->fatal = std::move(call); }

void Tasks::spawn(std::string name, asio::awaitable<void> task, OnFailure on_failure) {
  auto& entry = shared_->tasks.emplace_front(std::move(name), on_failure);
  const auto place = shared_->tasks.begin();
  shared_->empty.reset();
  shared_->running.add(1);
  asio::co_spawn(io_, std::move(task),
                 asio::bind_cancellation_slot(entry.cancellation.slot(), [shared = shared_, place](const std::exception_ptr& failure) {
                   shared->ended(place, failure);
                 }));
}

void Tasks::cancel() {
  shared_->cancelled = true;
  for (auto task = shared_->tasks.begin(); task != shared_->tasks.end();) {
    auto& cancellation = task->cancellation;
    ++task;  // the task may end, and its entry go, at once
    cancellation.emit(asio::cancellation_type::terminal);
  }
}

asio::awaitable<bool> Tasks::wait_all(Millis limit) {
  const auto shared = shared_;
  const bool none = co_await shared->empty.wait_for(limit);
  co_return none;
}

std::size_t Tasks::size() const { return shared_->tasks.size(); }

std::string Tasks::names() const {
  std::string names;
  for (const auto& task : shared_->tasks) names += (names.empty() ? "" : ", ") + task.name;
  return names;
}

}  // namespace convoke::runtime
