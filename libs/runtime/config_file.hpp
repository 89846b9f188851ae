// A configuration file as a list of values with their lines. Internal to this folder; yaml-cpp stays in the .cpp.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"

namespace convoke::runtime {

struct FileValue {
  std::string section;
  std::string key;
  std::string text;     // a list: separated by commas
  int line = 0;         // from 1
  std::string mistake;  // why it cannot be read, or empty
};

/// NOT_FOUND when there is no such file, MALFORMED with file and line when it is no YAML.
Result<std::vector<FileValue>> read_config_file(const std::string& path);

}  // namespace convoke::runtime
