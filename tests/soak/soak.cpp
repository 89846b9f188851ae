// scripts/soak: a whole installation under about 70 % of the load it can carry, with a process killed every ten seconds; nothing may be
// lost or doubled, memory and keys stay flat, and answers are as quick as before five seconds after each death. Usage: convoke-soak
// [minutes] [calm].
#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "core/id.hpp"
#include "soak/gauges.hpp"
#include "soak/growth.hpp"
#include "soak/load.hpp"
#include "soak/team.hpp"

namespace {

using namespace convoke;
using namespace convoke::soak;
using std::chrono::seconds;

constexpr double share = 0.7;
constexpr double recovered_after = 5;  // seconds
constexpr double kill_every = 10;
constexpr double flat = 1.02;
constexpr double similar = 1.10;
constexpr double settled_after = 80;          // seconds: longer than anything is kept
constexpr double shortest_shift = 160;        // seconds: a life that is judged fits into it, with room
constexpr double least_deaths = 0.95;         // of those that are due
constexpr double noise_bytes = 512.0 * 1024;  // below this a process's memory is what its allocator happens to hold
constexpr std::size_t people = 48;
constexpr seconds before_capacity{75};  // longer than anything is kept: deletions belong to what a job costs

struct Death {
  double at = 0;
  std::string who;
};

struct Timed {
  double due = 0;
  double ms = 0;
};

class Soak {
 public:
  Soak(double minutes, bool calm)
      : length_(minutes * 60),
        calm_(calm),
        warm_up_(kill_every * std::round(std::clamp(length_ / 6, 20.0, 300.0) / kill_every)),
        installation_(options(folder_)),
        gauges_(installation_) {}

  bool run() {
    {
      Load load({.address = installation_.address()});
      const double capacity = load.capacity(people, before_capacity, seconds(std::clamp(static_cast<int>(length_ / 20), 10, 30)));
      begun_ = Clock::now();
      fmt::print("capacity {:.0f} jobs/s; load {:.0f} jobs/s for {:.0f} s, the first {:.0f} s without a death\n", capacity,
                 share * capacity, length_, warm_up_);
      load.set_rate(share * capacity);
      go_on(load);
      judge(load);
    }
    check("ends in order", installation_.stop() == test::Exit{0, 0}, "");
    fmt::print("{}\n", well_ ? "SOAK: all is well" : "SOAK: BROKEN");
    return well_;
  }

 private:
  static test::InstallationOptions options(const test::TempDir& folder) {
    std::ofstream(folder.file("team.yaml")) << team;
    std::ofstream(folder.file("script.yaml")) << script;
    return {.team = folder.file("team.yaml"),
            .environment = {{"CONVOKE_OFFLINE_SCRIPT", folder.file("script.yaml")},
                            {"CONVOKE_STORE_KEY_TTL", "60s"},
                            {"CONVOKE_STORE_TOMBSTONE_TTL", "60s"},
                            {"CONVOKE_STORE_SPANS_TTL", "60s"},
                            {"CONVOKE_INTERCOM_KEEP_INSTANCES", "60s"},
                            {"CONVOKE_TURNS_TRANSCRIPT_KEEP", "60s"},
                            {"CONVOKE_WORKER_KEEP_EFFECTS", "60s"}}};
  }

  double now() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

  // Samples are taken halfway between two deaths, when whoever was killed is there again.
  void go_on(Load& load) {
    double next_death = warm_up_;
    double next_line = kill_every / 2;
    while (now() < length_ && !load.ended()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!calm_ && now() >= next_death && now() < last_death() && kill()) next_death = std::max(next_death, now() - 1) + kill_every;
      if (now() < next_line) continue;
      next_line += kill_every;
      line(load);
    }
  }

  // After it, nobody is killed.
  double last_death() const { return length_ - 2 * recovered_after; }
  double deaths_due() const { return calm_ ? 0 : std::max(0.0, std::ceil((last_death() - warm_up_) / kill_every)); }

  // False when nobody was: the supervisor does not answer, or whom it named has just died. It is tried again at once.
  bool kill() {
    auto all = gauges_.pids();
    if (!shifts_ && !all.empty()) {
      std::vector<std::string> names;
      for (const auto& [name, pid] : all) names.push_back(name);
      const double measured = length_ - warm_up_;
      shifts_.emplace(warm_up_, length_, names, measured / 6 >= shortest_shift ? 2 : 1);
    }
    std::erase_if(all, [this](const auto& process) { return shifts_->spared(process.first, now()); });
    if (all.empty()) return false;
    auto victim = all.begin();
    std::advance(victim, static_cast<std::ptrdiff_t>(system_random() % all.size()));
    if (::kill(victim->second, SIGKILL) != 0) return false;
    deaths_.push_back({now(), victim->first});
    return true;
  }

  void collect(Load& load) {
    for (const auto& done : load.take()) {
      const double due = std::chrono::duration<double>(done.due - begun_).count();
      if (done.kind == Kind::chat) chats_.push_back({due, done.ms});
      ++done_;
    }
  }

  void line(Load& load) {
    const auto before = done_;
    collect(load);
    gauges_.sample(now());
    const auto& samples = gauges_.samples();
    double memory = 0;
    if (!samples.empty())
      for (const auto& [name, each] : samples.back().processes) memory += name == "redis" ? 0 : each.bytes;
    const double from = now() - kill_every;
    fmt::print(
        "{:6.0f} s  {:5.0f} jobs/s  {:4} open  chat p50 {:6.1f} ms p99 {:7.1f} ms  {:6.1f} MiB  redis {:6.0f} keys {:6.1f} MiB  {:3} wrong "
        " {}\n",
        now(), static_cast<double>(done_ - before) / kill_every, load.open(), percentile(from, now(), 0.5), percentile(from, now(), 0.99),
        memory / 1048576, samples.empty() ? 0 : samples.back().redis_keys, samples.empty() ? 0 : samples.back().redis_bytes / 1048576,
        load.mistakes().size(), deaths_.empty() || deaths_.back().at < from ? "" : "killed " + deaths_.back().who);
    std::fflush(stdout);
  }

  // Of chats that were due in that time; 0 when there were none.
  double percentile(double from, double to, double which) const {
    std::vector<double> times;
    for (const auto& chat : chats_)
      if (chat.due >= from && chat.due < to) times.push_back(chat.ms);
    if (times.empty()) return 0;
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(which * static_cast<double>(times.size() - 1));
    std::ranges::nth_element(times, at);
    return *at;
  }

  void check(const std::string& what, bool holds, const std::string& text) {
    fmt::print("{} {}{}{}\n", holds ? "ok    " : "BROKEN", what, text.empty() ? "" : ": ", text);
    well_ = well_ && holds;
  }

  void judge(Load& load) {
    const bool settled = load.settle(seconds(150));
    collect(load);
    fmt::print("\n{} jobs done ({} tasks, {} questions), {} posts and tasks accepted, {} deaths, {} connections of readers\n", done_,
               load.tasks(), load.questions(), load.accepted(), deaths_.size(), load.reconnects());
    if (!calm_) {
      check("somebody died every ten seconds", static_cast<double>(deaths_.size()) >= least_deaths * deaths_due(),
            fmt::format("{} deaths, {:.0f} are due", deaths_.size(), deaths_due()));
    }
    check("every job is over and every session was compared", settled, settled ? "" : fmt::format("{} are open", load.open()));
    const auto mistakes = load.mistakes();
    for (const auto& mistake : mistakes) fmt::print("       {}\n", mistake);
    check("nothing lost, doubled or out of order", mistakes.empty(), fmt::format("{} mistakes", mistakes.size()));
    judge_effects(load);
    judge_latency();
    judge_growth();
    const auto errors = installation_.errors();
    for (std::size_t i = 0; i < std::min<std::size_t>(errors.size(), 20); ++i) fmt::print("       {}\n", errors[i]);
    check("no process reports an error of its own", errors.empty(), fmt::format("{} lines", errors.size()));
  }

  void judge_effects(const Load& load) {
    std::set<std::string> keys;
    std::size_t twice = 0;
    const auto effects = installation_.effects();
    for (const auto& effect : effects) twice += keys.insert(effect.value("key", "")).second ? 0 : 1;
    const auto due = load.tasks() * effects_of_a_task + load.questions();
    check("each call had its effect, once", twice == 0 && effects.size() == due,
          fmt::format("{} effects where {} are due, {} twice", effects.size(), due, twice));
  }

  // How the worst of each second goes after a death, by who died: where recovery takes long.
  void tell_recovery() {
    std::set<std::string> victims;
    for (const auto& death : deaths_) victims.insert(death.who);
    for (const auto& victim : victims) {
      std::string line;
      for (int second = 0; second < static_cast<int>(kill_every); ++second) {
        double worst = 0;
        for (const auto& death : deaths_)
          if (death.who == victim) worst = std::max(worst, percentile(death.at + second, death.at + second + 1, 0.99));
        line += fmt::format(" {:6.0f}", worst);
      }
      fmt::print("       {:<17} p99 in ms by the second after its death, the worst of all:{}\n", victim, line);
    }
  }

  void judge_latency() {
    tell_recovery();
    const double usual = percentile(warm_up_ / 3, warm_up_, 0.99);
    const double most = std::max(2 * usual, usual + 25);
    std::size_t late = 0;
    double worst = 0;
    for (const auto& death : deaths_) {
      const double after = percentile(death.at + recovered_after, death.at + kill_every - 1, 0.99);
      worst = std::max(worst, after);
      if (after <= most) continue;
      ++late;
      fmt::print("       after {} died at {:.0f} s: p99 {:.1f} ms\n", death.who, death.at, after);
    }
    check("p99 is back five seconds after each death", late == 0,
          fmt::format("p99 {:.1f} ms before the deaths, {:.1f} ms allowed, worst {:.1f} ms, {} of {} late", usual, most, worst, late,
                      deaths_.size()));
  }

  void judge_growth() {
    const bool counts = length_ >= 600;
    if (!counts) fmt::print("       too short a time to speak of growth; for information:\n");
    const auto tell = [&](const Growth& each, double allowed) {
      const bool memory = each.what.starts_with("memory");
      const bool holds = each.ratio() < allowed || (memory && each.last - each.first < noise_bytes);
      const auto text = fmt::format("{:.0f} to {:.0f}, × {:.3f}", each.first, each.last, each.ratio());
      if (counts)
        check(each.what + " does not grow", holds, text);
      else
        fmt::print("       {}: {}\n", each.what, text);
    };
    const double settled = counts ? settled_after : 20;
    const auto& samples = gauges_.samples();
    const auto unknown = without_life(samples, warm_up_, settled);
    std::string names;
    for (const auto& name : unknown) names += " " + name;
    if (counts) check("each process lived long enough to be judged", unknown.empty(), names.empty() ? "" : "but for" + names);
    for (const auto& each : growth_in_lives(samples, warm_up_, settled)) tell(each, flat);
    for (const auto& each : growth_between_lives(samples, warm_up_, settled)) tell(each, flat);
    // Without deaths this is one life. With them lives differ in the backlog that they began with, and their memory keeps its highest mark.
    for (const auto& each : growth_of_processes(samples, warm_up_, settled)) tell(each, calm_ ? flat : similar);
    tell(growth_of("Redis's keys", samples, warm_up_, [](const Sample& sample) { return sample.redis_keys; }), flat);
    tell(growth_of("Redis's bytes", samples, warm_up_, [](const Sample& sample) { return sample.redis_bytes; }), flat);
  }

  double length_;
  bool calm_;  // nobody is killed: what grows then grows by itself
  double warm_up_;
  test::TempDir folder_;
  test::Installation installation_;
  Gauges gauges_;
  std::optional<Shifts> shifts_;
  Clock::time_point begun_;
  std::vector<Death> deaths_;
  std::vector<Timed> chats_;
  std::size_t done_ = 0;
  bool well_ = true;
};

}  // namespace

int main(int count, char** arguments) try {
  const double minutes = count > 1 ? std::atof(arguments[1]) : 30;
  const bool calm = count > 2 && std::string_view(arguments[2]) == "calm";
  if (minutes <= 0 || (count > 2 && !calm)) {
    fmt::print(stderr, "usage: convoke-soak [minutes] [calm]\n");
    return 2;
  }
  return Soak(minutes, calm).run() ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "convoke-soak: {}\n", error.what());
  return 2;
}
