// Who receives which stream.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "intercom/action.hpp"

namespace convoke::intercom {

class Streams {
 public:
  void add(const std::string& name, Peer peer) {
    auto& peers = all_[name];
    const auto at = std::ranges::lower_bound(peers, peer);
    if (at == peers.end() || *at != peer) peers.insert(at, peer);
  }

  void remove(const std::string& name, Peer peer) {
    const auto found = all_.find(name);
    if (found == all_.end()) return;
    std::erase(found->second, peer);
    if (found->second.empty()) all_.erase(found);
  }

  /// In rising order of peers.
  std::span<const Peer> subscribers(std::string_view name) const {
    const auto found = all_.find(name);
    return found == all_.end() ? std::span<const Peer>{} : std::span<const Peer>(found->second);
  }

  std::size_t size() const { return all_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_map<std::string, std::vector<Peer>, Hash, std::equal_to<>> all_;  // looked up, never walked
};

}  // namespace convoke::intercom
