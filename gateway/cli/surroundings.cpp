#include "cli/surroundings.hpp"

#include <fmt/core.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace convoke::cli {

namespace asio = boost::asio;

std::string program_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

Result<std::string> find_in_path(const std::string& name) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  std::istringstream folders(path ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (auto candidate = fmt::format("{}/{}", folder, name); access(candidate.c_str(), X_OK) == 0) return candidate;
  return fail(Fault::not_found, fmt::format("{} is not installed: apt-get install {}", name, name));
}

const std::vector<std::string>& service_programs() {
  static const std::vector<std::string> names{"convoke-intercom", "convoke-groupchat", "convoke-planner", "convoke-executor",
                                              "convoke-worker",   "convoke-model",     "convoke-gateway"};
  return names;
}

Result<std::uint16_t> free_port() {
  asio::io_context io;
  boost::system::error_code error;
  asio::ip::tcp::acceptor acceptor(io);
  const asio::ip::tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
  acceptor.open(any.protocol(), error);
  if (!error) acceptor.bind(any, error);
  if (error) return fail(Fault::unavailable, "no free port on loopback: " + error.message());
  return acceptor.local_endpoint().port();
}

Status check_port(std::uint16_t port) {
  asio::io_context io;
  boost::system::error_code error;
  asio::ip::tcp::acceptor acceptor(io);
  const asio::ip::tcp::endpoint wanted(asio::ip::address_v4::loopback(), port);
  acceptor.open(wanted.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(wanted, error);
  if (error) return fail(Fault::conflict, fmt::format("port {} cannot be used ({}): choose another with --port", port, error.message()));
  return {};
}

std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs disk{};
  if (statvfs(folder.c_str(), &disk) != 0) return 0;
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

}  // namespace convoke::cli
