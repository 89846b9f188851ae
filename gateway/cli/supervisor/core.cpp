#include "cli/supervisor/core.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace convoke::cli {

std::string_view name_of(Phase phase) {
  constexpr std::array<std::string_view, 5> names{"waiting", "running", "back-off", "stopping", "stopped"};
  return names.at(static_cast<std::size_t>(phase));
}

std::vector<Order> SupervisorCore::on(const Happened& event, SteadyTime now) {
  now_ = now;
  leave_out_pause();
  std::visit([this](const auto& each) { take(each); }, event);
  if (stopping_)
    stop_next_group();
  else
    for (auto& [name, child] : children_) look_at(child);
  for (auto& [name, child] : children_)
    if (child.phase == Phase::stopping && now_ >= child.due) kill(child);
  std::erase_if(children_, [this](auto& entry) {
    const bool gone = entry.second.removing && entry.second.phase == Phase::stopped;
    if (gone) order(Order::What::forget, entry.second);
    return gone;
  });
  return std::exchange(orders_, {});
}

// Ticks are regular as long as we run ourselves. Whatever is found after a pause (checks that could not be heard in time, deadlines that
// passed) is put off by it.
void SupervisorCore::leave_out_pause() {
  if (!ticked_ || now_ - *ticked_ <= limits_.longest_tick) return;
  const auto pause = now_ - *ticked_;
  ticked_ = now_;
  for (auto& [name, child] : children_) {
    child.started += pause;
    if (child.unanswered) *child.unanswered += pause;
    if (child.phase == Phase::stopping) child.due += pause;
  }
}

bool SupervisorCore::all_ready() const {
  return std::ranges::all_of(children_, [](const auto& entry) { return entry.second.ready || entry.second.removing; });
}

Child* SupervisorCore::find(const std::string& name) {
  const auto found = children_.find(name);
  return found == children_.end() ? nullptr : &found->second;
}

void SupervisorCore::take(const happened::Added& event) {
  auto [found, made] = children_.try_emplace(event.name);
  auto& child = found->second;
  child.removing = false;
  if (!made && child.phase == Phase::stopping) child.phase = Phase::running;  // wanted again; its end starts it anew
  if (!made) return;
  child.name = event.name;
  child.stage = event.stage;
  child.stop_order = event.stop_order;
}

void SupervisorCore::take(const happened::Removed& event) {
  auto* child = find(event.name);
  if (!child) return;
  child->removing = true;
  stop(*child);
}

void SupervisorCore::take(const happened::Spawned& event) {
  auto* child = find(event.name);
  if (!child) return;
  child->pid = event.pid;
  child->started = now_;
  child->unanswered.reset();
  child->hopeless = false;
  if (child->phase == Phase::stopping) order(Order::What::terminate, *child);  // was asked to end while it began
}

void SupervisorCore::take(const happened::SpawnFailed& event) {
  if (auto* child = find(event.name)) ended(*child, event.reason, event.hopeless);
}

void SupervisorCore::take(const happened::Exited& event) {
  const auto found = std::ranges::find_if(children_, [&](const auto& entry) { return entry.second.pid == event.pid; });
  if (found != children_.end() && event.pid != 0) ended(found->second, event.how, event.hopeless);
}

void SupervisorCore::ended(Child& child, std::string how, bool hopeless) {
  child.hopeless = hopeless;
  child.pid = 0;
  child.ready = child.killed = false;
  child.last_end = child.reason = std::move(how);
  if (child.phase == Phase::stopping || child.removing || stopping_) {
    child.phase = Phase::stopped;
    return;
  }
  if (now_ - child.started >= limits_.steady_after) child.in_a_row = 0;
  // The first end after a steady time is answered at once.
  const auto doublings = std::min<std::uint32_t>(child.in_a_row, 16);
  const auto delay = child.in_a_row == 0 ? Millis{0} : std::min(limits_.backoff_most, limits_.backoff_first * (1 << (doublings - 1)));
  ++child.in_a_row;
  child.phase = Phase::backoff;
  child.due = now_ + delay;
}

void SupervisorCore::take(const happened::Asked& event) {
  auto* child = find(event.name);
  if (child && child->pid == event.pid && !child->unanswered) child->unanswered = now_;
}

void SupervisorCore::take(const happened::Health& event) {
  auto* child = find(event.name);
  if (!child || child->pid != event.pid || child->phase != Phase::running) return;
  child->ready = event.healthy && event.ready;
  child->was_ready = child->was_ready || child->ready;
  child->reason = event.reason;
  if (event.healthy)
    child->unanswered.reset();
  else if (!child->unanswered)
    child->unanswered = now_;
}

bool SupervisorCore::may_start(const Child& child) const {
  return std::ranges::all_of(children_, [&](const auto& entry) { return entry.second.stage >= child.stage || entry.second.was_ready; });
}

void SupervisorCore::look_at(Child& child) {
  if (child.removing) return;
  const bool first = child.phase == Phase::waiting && may_start(child);
  const bool again = child.phase == Phase::backoff && now_ >= child.due;
  if (first || again) {
    if (again) ++child.restarts;
    child.phase = Phase::running;
    child.started = now_;
    if (first) child.reason = "starting";
    order(Order::What::start, child);
    return;
  }
  if (child.phase != Phase::running || child.pid == 0 || !child.unanswered) return;
  const auto patience =
      std::max(*child.unanswered + limits_.unhealthy_after, child.was_ready ? SteadyTime{} : child.started + limits_.start_grace);
  if (now_ >= patience) kill(child);
}

void SupervisorCore::stop(Child& child) {
  if (child.phase == Phase::stopping || child.phase == Phase::stopped) return;
  if (child.pid == 0 && child.phase != Phase::running) {
    child.phase = Phase::stopped;
    return;
  }
  child.phase = Phase::stopping;
  child.ready = false;
  child.due = now_ + limits_.stop_deadline;
  if (child.pid != 0) order(Order::What::terminate, child);
}

void SupervisorCore::kill(Child& child) {
  if (std::exchange(child.killed, true)) return;
  child.ready = false;
  order(Order::What::kill, child);
}

// Stops the lowest group that still runs; the next one when all of it has ended.
void SupervisorCore::stop_next_group() {
  int lowest = std::numeric_limits<int>::max();
  for (auto& [name, child] : children_) {
    if (child.phase == Phase::waiting || child.phase == Phase::backoff) child.phase = Phase::stopped;
    if (child.phase != Phase::stopped) lowest = std::min(lowest, child.stop_order);
  }
  for (auto& [name, child] : children_)
    if (child.phase == Phase::running && child.stop_order == lowest) stop(child);
  const bool all = std::ranges::all_of(children_, [](const auto& entry) { return entry.second.phase == Phase::stopped; });
  if (all && !std::exchange(finished_, true)) orders_.push_back({Order::What::finished, {}, 0});
}

}  // namespace convoke::cli
