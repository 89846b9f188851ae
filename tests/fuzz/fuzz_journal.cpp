// The effects journal as it lies on disk, damaged in any way: a process that starts with it keeps every complete line, and a call that it
// applies is applied once. The first byte says whether old lines are forgotten, and whether the file is long.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "fuzz.hpp"
#include "tools/journal.hpp"

using namespace convoke;

namespace {

/// In memory, because every call waits for the disk.
class File {
 public:
  File() : descriptor_(memfd_create("effects", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {}
  const std::string& path() const { return path_; }

  void write(std::string_view bytes) const {
    fuzz::require(ftruncate(descriptor_, 0) == 0, "no file");
    fuzz::require(pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "no file");
  }

  std::string read() const {
    std::string bytes(static_cast<std::size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
    fuzz::require(pread(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "no file");
    return bytes;
  }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const File file;
  static const tools::Tool tool{.name = "greet", .parameters = {{.name = "name"}}, .response = "Hello {name}", .fail = {.first = 1}};
  static const tools::Call call{"s/office.HrAgent/1/2/0", "s", "office.HrAgent", R"({"name": "Ada"})"};
  constexpr UnixTime now = UnixTime{} + Millis{1'795'000'000'000};
  const auto keep = (data[0] & 1) != 0 ? std::optional(Millis{3'600'000}) : std::nullopt;
  std::string before(fuzz::text(data, size).substr(1));
  if ((data[0] & 2) != 0 && !before.empty()) {
    while (before.size() < std::size_t{100} << 10) before += before;
  }
  file.write(before);

  auto journal = tools::Journal::open(file.path(), keep, now);
  fuzz::require(journal.has_value(), "a journal that cannot be opened");
  const auto first = journal->apply(tool, call, now);
  const auto whole = before.substr(0, before.rfind('\n') + 1);
  fuzz::require(file.read().starts_with(whole), "a complete line that is lost");
  if (!first) {
    fuzz::require(first.error().code == Fault::conflict, "a call that a damaged journal keeps from being applied");
    return 0;
  }
  const auto second = journal->apply(tool, call, now);
  auto reopened = tools::Journal::open(file.path(), keep, now);
  fuzz::require(reopened.has_value(), "a journal that cannot be opened again");
  const auto third = reopened->apply(tool, call, now);
  for (const auto& again : {second, third}) {
    fuzz::require(again.has_value() && again->repeat, "a call that is applied twice");
    fuzz::require(again->text == first->text && again->failed == first->failed, "a call with two results");
  }
  return 0;
}
