// Names of sockets in a data folder: the system allows 107 bytes for the path of one.
#include <fmt/core.h>

#include "cli/instance.hpp"
#include "core/hash.hpp"

namespace convoke::cli {
namespace {

constexpr std::size_t longest_socket_path = 107;  // sun_path, without its end
constexpr std::size_t longest_name = 38;          // of a process, as it is; a longer one is cut
constexpr std::size_t hash_digits = 16;
constexpr std::string_view around_name = "/run/.health";

}  // namespace

std::string Paths::health(const std::string& process) const {
  auto name = process;
  if (name.size() > longest_name) {
    name.resize(longest_name - hash_digits - 1);
    name += "-" + to_hex(sha256(process)).substr(0, hash_digits);
  }
  return run() + "/" + name + ".health";
}

Status check_length(const Paths& paths) {
  constexpr auto most = longest_socket_path - longest_name - around_name.size();
  if (paths.data.size() <= most) return {};
  return fail(Fault::invalid,
              fmt::format("the path of the data folder is too long for sockets in it: {} (at most {} bytes)", paths.data, most));
}

}  // namespace convoke::cli
