#include "fault/replica.hpp"

#include <signal.h>

#include <stdexcept>
#include <utility>

namespace convoke::test {
namespace {

constexpr std::chrono::milliseconds look_every{20};
constexpr std::chrono::milliseconds before_next_life{100};
constexpr std::chrono::seconds patience{30};

}  // namespace

Replica::Replica(Installation& installation, const std::string& of, std::string name, const std::map<std::string, std::string>& other)
    : name_(std::move(name)), command_(installation.like(of, name_, other)) {
  const auto log = (installation.data() / "logs" / (name_ + ".log")).string();
  const std::vector<std::string> into{"sh", "-c", R"(log=$1; shift; exec "$@" >>"$log" 2>&1)", "sh", log};
  command_.arguments.insert(command_.arguments.begin(), into.begin(), into.end());
  thread_ = std::thread([this] { live(); });
  if (!eventually(patience, [this] { return pid_ > 0; })) throw std::runtime_error(name_ + " is not started");
}

Replica::~Replica() { leave(); }

void Replica::live() {
  while (!leaving_) {
    Process process(command_);
    ++lives_;
    pid_ = process.pid();
    while (process.running() && !leaving_) std::this_thread::sleep_for(look_every);
    if (leaving_) {
      process.signal(SIGCONT);
      process.signal(SIGTERM);
      end_ = process.wait(patience);
    }
    pid_ = 0;
    std::this_thread::sleep_for(before_next_life);
  }
}

std::optional<Exit> Replica::leave() {
  leaving_ = true;
  if (thread_.joinable()) thread_.join();
  return end_;
}

}  // namespace convoke::test
