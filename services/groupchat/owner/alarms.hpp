// Times at which scopes want to be looked at, earliest first; one per scope.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "groupchat/owner/slot.hpp"

namespace convoke::groupchat::owner {

template <class Time> class Alarms {
 public:
  void set(const Key& key, std::optional<Time> time) {
    erase(key);
    if (!time) return;
    times_.emplace(key, *time);
    order_.emplace(*time, key);
  }

  void erase(const Key& key) {
    const auto found = times_.find(key);
    if (found == times_.end()) return;
    order_.erase({found->second, key});
    times_.erase(found);
  }

  void erase(store::Partition partition) {
    for (auto at = times_.lower_bound(Key{partition, ""}); at != times_.end() && at->first.partition == partition;) {
      order_.erase({at->second, at->first});
      at = times_.erase(at);
    }
  }

  std::optional<Time> at(const Key& key) const {
    const auto found = times_.find(key);
    return found == times_.end() ? std::nullopt : std::optional(found->second);
  }

  /// Takes out those whose time has come, at most `most` of them.
  std::vector<Key> take(Time now, std::size_t most) {
    std::vector<Key> taken;
    while (!order_.empty() && order_.begin()->first <= now && taken.size() < most) {
      taken.push_back(order_.begin()->second);
      erase(taken.back());
    }
    return taken;
  }

  std::vector<Key> keys(store::Partition partition) const {
    std::vector<Key> found;
    for (auto at = times_.lower_bound(Key{partition, ""}); at != times_.end() && at->first.partition == partition; ++at) {
      found.push_back(at->first);
    }
    return found;
  }

  std::size_t size() const { return times_.size(); }

 private:
  std::map<Key, Time> times_;
  std::set<std::pair<Time, Key>> order_;
};

}  // namespace convoke::groupchat::owner
