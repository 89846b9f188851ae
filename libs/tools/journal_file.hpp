// The file below the journal: lines appended by many processes, under a lock, never half. Knows nothing of tools.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::tools {

class JournalFile {
 public:
  explicit JournalFile(std::string path) : path_(std::move(path)) {}
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;
  ~JournalFile() { close(); }

  /// Lets go of the lock when it leaves scope.
  class Lock {
   public:
    explicit Lock(int fd) : fd_(fd) {}
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    int fd_;
  };

  /// Opens the file if it is not open, or if another one is at the path by now, and locks it against all other processes. UNAVAILABLE when
  /// it cannot be opened or stays locked for 250 ms. `reset` is called when what was read before is no longer true.
  Result<Lock> lock(const std::function<void()>& reset);

  /// Under the lock: hands over every complete line that was not handed over yet (with its offset, without its newline), and cuts off half
  /// a line at the end. Where a whole file is before it, most of the lines at its beginning for which `is_old` holds are passed over: as
  /// old as they are, so are those before them. Empty: none is.
  Status catch_up(const std::function<void(std::uint64_t offset, std::string_view line)>& each,
                  const std::function<bool(std::string_view line)>& is_old = {});

  /// Under the lock, after catch_up(): writes line and newline at the end, or nothing. Returns its offset; it counts as handed over.
  Result<std::uint64_t> append(std::string line);

  /// The line at an offset that was handed over.
  Result<std::string> read_line(std::uint64_t offset) const;

  /// Returns when everything appended so far is on disk. Needs no lock.
  Status sync() const;

 private:
  Status open_current(const std::function<void()>& reset);
  void pass_over(const std::function<bool(std::string_view line)>& is_old);
  void close();

  std::string path_;
  int fd_ = -1;
  std::uint64_t end_ = 0;  // of what was handed over: always just behind a newline
};

}  // namespace convoke::tools
