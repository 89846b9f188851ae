// What all kinds of harm need: time, dice, and a look at processes. Of harm.cpp and harm_limits.cpp alone.
#pragma once

#include <signal.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "fault/harm.hpp"

namespace convoke::test {

constexpr std::chrono::seconds harm_patience{60};

inline void rest(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

inline int between(std::mt19937_64& random, int least, int most) {
  return static_cast<int>(random() % static_cast<unsigned>(most - least + 1)) + least;
}

inline std::string ms(std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; }

inline bool is_in_state(pid_t pid, char state) {
  return text_of("/proc/" + std::to_string(pid) + "/stat").find(std::string(") ") + state + " ") != std::string::npos;
}

inline bool ended(pid_t pid) { return ::kill(pid, 0) != 0 || is_in_state(pid, 'Z'); }

/// Harm that goes on while people do, from `harm` to `undo` for that time, in a thread of its own.
inline Strike lasting(std::string said, std::chrono::milliseconds time, std::function<void()> harm, std::function<void()> undo,
                      std::function<bool()> felt) {
  auto over = std::make_shared<std::future<void>>(std::async(std::launch::async, [time, harm = std::move(harm), undo = std::move(undo)] {
    harm();
    rest(time);
    undo();
  }));
  return {.said = std::move(said), .felt = [over, felt = std::move(felt)] {
            over->wait();
            return felt();
          }};
}

}  // namespace convoke::test
