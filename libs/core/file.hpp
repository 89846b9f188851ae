#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke {

/// The content of a file, of a pipe too. NOT_FOUND with the system's reason when it cannot be read, TOO_LARGE when it holds more than
/// `most` bytes: no more than these are read, whatever the file (`/dev/zero` has no end). `what` it is, in the refusal: "the team file".
Result<std::string> read_file(std::string_view what, const std::string& path, std::size_t most);

}  // namespace convoke
