// Configuration files: mistakes are named, and what is taken is printed as a file that says the same.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <string>

#include "fuzz.hpp"
#include "runtime/config.hpp"

using namespace convoke;

namespace {

struct Sample {
  bool on = true;
  std::uint16_t small = 1;
  std::int64_t large = 2;
  double fraction = 0.5;
  std::string text = "a";
  Millis wait{250};
  std::vector<std::string> list{"a", "b"};

  template <class Fields> void describe(Fields& field) {
    field("on", on, "a switch");
    field("small", small, "a number");
    field("large", large, "another one");
    field("fraction", fraction, "part of something");
    field("text", text, "a text");
    field("wait", wait, "a time");
    field("list", list, "several texts");
  }
};

struct Read {
  std::optional<int> code;
  std::string printed;
  std::string mistakes;
};

Read read(std::string_view file) {
  static const int descriptor = memfd_create("config", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  fuzz::require(ftruncate(descriptor, 0) == 0, "no file");
  fuzz::require(pwrite(descriptor, file.data(), file.size(), 0) == static_cast<ssize_t>(file.size()), "no file");
  Sample sample;
  runtime::Config config("convoke-fuzz", "Is fuzzed.");
  config.add("sample", sample);
  std::ostringstream out;
  std::ostringstream err;
  const std::array arguments{"convoke-fuzz", "--config", path.c_str(), "--print-config"};
  const auto code = config.load(static_cast<int>(arguments.size()), arguments.data(), out, err);
  return {code, out.str(), err.str()};
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = read(fuzz::text(data, size));
  fuzz::require(first.code == 0 || first.code == 2, "a configuration that is neither taken nor refused");
  fuzz::require((first.code == 0) == first.mistakes.empty(), "a refusal without a reason");
  if (first.code != 0) return 0;
  const auto again = read(first.printed);
  fuzz::require(again.code == 0, "a configuration that is printed and cannot be read");
  fuzz::require(again.printed == first.printed, "a configuration that changes when it is printed");
  return 0;
}
