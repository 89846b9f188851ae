#include "core/failpoint.hpp"

#ifdef CONVOKE_FAILPOINTS

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace convoke::failpoint {
namespace {

constexpr int until_sent_ms = 60;  // ZeroMQ sends from a thread of its own

struct Plan {
  bool recording = false;
  std::map<std::string, std::uint64_t, std::less<>> deaths;  // at the n-th pass
};

Plan plan_of(const std::string& text) {
  Plan plan;
  std::string spaced = text;
  for (auto& character : spaced)
    if (character == ',') character = '\n';
  std::istringstream orders(spaced);
  for (std::string order; orders >> order;) {
    if (order == "record") plan.recording = true;
    const auto action = order.find("=die");
    if (action == std::string::npos) continue;
    const auto name = order.substr(0, std::min(order.find(':'), action));
    std::uint64_t number = 1;
    if (name.size() < action) std::from_chars(order.data() + name.size() + 1, order.data() + action, number);
    plan.deaths[name] = number;
  }
  return plan;
}

class Orders {
 public:
  Orders() {
    const char* text = std::getenv("CONVOKE_FAILPOINTS");  // NOLINT(concurrency-mt-unsafe): read once, before threads
    const std::string_view program = program_invocation_short_name;
    constexpr std::string_view ours = "convoke-";
    if (text == nullptr || *text == '\0' || !program.starts_with(ours)) return;
    process_ = program.substr(ours.size());
    wanted_ = true;
    if (*text == '@')
      folder_ = text + 1;
    else
      plan_ = plan_of(text);
  }

  bool wanted() const { return wanted_; }

  void pass(std::string_view where, std::string_view what, std::string_view when) {
    read_again();
    if (!plan_.recording && plan_.deaths.empty()) return;
    std::string name = process_;
    for (const auto part : {where, what, when})
      if (!part.empty()) name.append(".").append(part);
    if (plan_.recording) record(name);
    const auto death = plan_.deaths.find(name);
    if (death == plan_.deaths.end() || ++passes_[name] != death->second || !first(name)) return;
    if (when == "after") ::poll(nullptr, 0, until_sent_ms);
    ::kill(::getpid(), SIGKILL);
  }

 private:
  void read_again() {
    if (folder_.empty()) return;
    struct stat now{};
    if (::stat((folder_ + "/orders").c_str(), &now) != 0) now = {};
    const auto stamp = std::pair(now.st_ino, now.st_mtim.tv_sec * 1'000'000'000L + now.st_mtim.tv_nsec);
    if (stamp == stamp_) return;
    stamp_ = stamp;
    passes_.clear();
    std::ostringstream text;
    text << std::ifstream(folder_ + "/orders").rdbuf();
    plan_ = plan_of(text.str());
  }

  void record(const std::string& name) const {
    const int file = ::open((folder_ + "/passed." + std::to_string(::getpid())).c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    const std::string line = name + "\n";
    if (file >= 0 && ::write(file, line.data(), line.size()) < 0) ::abort();
    ::close(file);
  }

  // Started again, the process must not die at the same place again.
  bool first(const std::string& name) const {
    if (folder_.empty()) return true;
    const int mark = ::open((folder_ + "/obeyed." + name).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (mark >= 0) ::close(mark);
    return mark >= 0;
  }

  bool wanted_ = false;
  std::string process_;
  std::string folder_;
  Plan plan_;
  std::map<std::string, std::uint64_t, std::less<>> passes_;
  std::pair<ino_t, long> stamp_{};
};

Orders& orders() {
  static Orders all;
  return all;
}

}  // namespace

bool wanted() { return orders().wanted(); }
void pass(std::string_view where, std::string_view what, std::string_view when) { orders().pass(where, what, when); }

}  // namespace convoke::failpoint

#endif
