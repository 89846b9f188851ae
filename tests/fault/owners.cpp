#include "fault/owners.hpp"

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/process.hpp"
#include "support/redis_server.hpp"

namespace convoke::test {
namespace {

constexpr std::chrono::milliseconds look_every{100};
constexpr std::chrono::seconds patience{10};

// A line for each partition: the replica of its epoch.
constexpr const char* script = R"(
local out = {}
for i = 0, 255 do
  local epoch = redis.call('GET', string.format('{p%03d}:epoch', i))
  out[i + 1] = epoch and epoch:match(' (.*)$') or ''
end
return table.concat(out, '\n') .. '\n')";

}  // namespace

Owners::Owners(std::string socket) : socket_(std::move(socket)), thread_([this] { run(); }) {}

Owners::~Owners() {
  ending_ = true;
  thread_.join();
}

void Owners::watch() {
  begin_ = true;
  if (!eventually(patience, [this] { return !begin_; })) throw std::runtime_error("Redis does not tell who owns what");
}

Owners::Table Owners::look() const {
  Table table;
  std::istringstream lines(redis_command(socket_, {"EVAL", script, "0"}));
  for (auto& owner : table) std::getline(lines, owner);
  return table;
}

void Owners::run() {
  Table before;
  std::set<std::string> here;
  std::set<std::string> overtaken;
  for (; !ending_; std::this_thread::sleep_for(look_every)) {
    Table now;
    try {
      now = look();
    } catch (const std::exception&) {
      continue;  // Redis is harmed as well
    }
    if (begin_) {
      here = {now.begin(), now.end()};
      overtaken.clear();
      takeovers_ = 0;
      came_back_ = false;
      before = now;
      begin_ = false;
    }
    for (std::size_t at = 0; at < now.size(); ++at) {
      if (before[at].empty() || now[at] == before[at] || !here.contains(now[at])) continue;
      ++takeovers_;
      overtaken.insert(before[at]);
      if (overtaken.contains(now[at])) came_back_ = true;
    }
    before = std::move(now);
  }
}

}  // namespace convoke::test
