#include "core/file.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace convoke {

Result<std::string> read_file(std::string_view what, const std::string& path, std::size_t most) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 65'536> buffer;
  while (file && text.size() <= most) {
    file.read(buffer.data(), buffer.size());
    text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (text.size() > most) return fail(Fault::too_large, fmt::format("{} {}: expected at most {} bytes", what, path, most));
  if (!file.eof()) return fail(Fault::not_found, fmt::format("cannot read {} {}: {}", what, path, std::strerror(errno != 0 ? errno : EIO)));
  return text;
}

}  // namespace convoke
