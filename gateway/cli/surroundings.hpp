// What this host offers an installation: programs, ports, space. Used by `up` to find what it starts and by `doctor` to say what is
// missing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace convoke::cli {

/// Of the gateway, unless `up` is told another.
constexpr std::uint16_t default_port = 8080;

/// The folder that this program is in.
std::string program_folder();
/// The first of that name in PATH; NOT_FOUND with how to get it.
Result<std::string> find_in_path(const std::string& name);
/// Our programs.
const std::vector<std::string>& service_programs();
/// A TCP port on loopback that is free now.
Result<std::uint16_t> free_port();
/// CONFLICT when somebody listens on it.
Status check_port(std::uint16_t port);
/// Bytes that this user may still write there.
std::uint64_t free_bytes(const std::string& folder);

}  // namespace convoke::cli
