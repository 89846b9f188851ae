#include "tools/journal_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace convoke::tools {
namespace {

constexpr int lock_tries = 250;  // a millisecond apart
constexpr std::size_t block = std::size_t{64} * 1024;

std::unexpected<Error> failed(std::string_view doing, const std::string& path) {
  return fail(Fault::unavailable, fmt::format("cannot {} the effects journal {}: {}", doing, path, std::strerror(errno)));
}

bool same_file(int fd, const std::string& path) {
  struct stat open_one{};
  struct stat present{};
  return ::fstat(fd, &open_one) == 0 && ::stat(path.c_str(), &present) == 0 && open_one.st_ino == present.st_ino &&
         open_one.st_dev == present.st_dev;
}

}  // namespace

JournalFile::Lock::~Lock() {
  if (fd_ >= 0) ::flock(fd_, LOCK_UN);
}

void JournalFile::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Status JournalFile::open_current(const std::function<void()>& reset) {
  if (fd_ >= 0 && same_file(fd_, path_)) return {};
  close();
  reset();
  end_ = 0;
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return failed("open", path_);
  return {};
}

Result<JournalFile::Lock> JournalFile::lock(const std::function<void()>& reset) {
  for (int attempt = 0; attempt < lock_tries; ++attempt) {
    if (auto opened = open_current(reset); !opened) return std::unexpected(std::move(opened.error()));
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
      Lock held(fd_);
      if (same_file(fd_, path_)) return held;  // it may have been replaced between opening and locking
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return failed("lock", path_);
    ::poll(nullptr, 0, 1);
  }
  return fail(Fault::unavailable, fmt::format("the effects journal {} is locked by another process; repeat with the same key", path_));
}

// By halving, so that a long past costs a few lines and not all of them.
void JournalFile::pass_over(const std::function<bool(std::string_view)>& is_old) {
  struct stat file{};
  if (::fstat(fd_, &file) != 0) return;
  std::uint64_t low = 0;  // the beginning of a line, with none but old ones before it
  auto high = static_cast<std::uint64_t>(file.st_size);
  while (high - low > block) {
    const auto middle = low + (high - low) / 2;
    const auto rest = read_line(middle);  // of the line that the middle is in
    const auto next = middle + (rest ? rest->size() + 1 : 0);
    const auto line = rest ? read_line(next) : rest;
    if (line && next < high && is_old(*line))
      low = next;
    else
      high = middle;
  }
  end_ = low;
}

Status JournalFile::catch_up(const std::function<void(std::uint64_t, std::string_view)>& each,
                             const std::function<bool(std::string_view)>& is_old) {
  if (end_ == 0 && is_old) pass_over(is_old);
  std::array<char, block> buffer;
  std::string rest;  // the beginning of a line whose end is in the next block
  std::uint64_t at = end_;
  for (;;) {
    const ssize_t got = ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path_);
    if (got == 0) break;
    at += static_cast<std::uint64_t>(got);
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t newline; (newline = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(newline + 1)) {
      rest += bytes.substr(0, newline);
      each(end_, rest);
      end_ += rest.size() + 1;
      rest.clear();
    }
    rest += bytes;
  }
  if (!rest.empty() && ::ftruncate(fd_, static_cast<off_t>(end_)) != 0) return failed("mend", path_);
  return {};
}

Result<std::uint64_t> JournalFile::append(std::string line) {
  line += '\n';
  for (std::size_t written = 0; written < line.size();) {
    const ssize_t put = ::pwrite(fd_, line.data() + written, line.size() - written, static_cast<off_t>(end_ + written));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const auto problem = failed("write to", path_);
      // What was written of it is half a line; if it cannot be cut off now, the next writer does.
      [[maybe_unused]] const int ignored = ::ftruncate(fd_, static_cast<off_t>(end_));
      return problem;
    }
    written += static_cast<std::size_t>(put);
  }
  return std::exchange(end_, end_ + line.size());
}

Result<std::string> JournalFile::read_line(std::uint64_t offset) const {
  std::array<char, 4096> buffer;
  std::string line;
  for (;;) {
    const ssize_t got = ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset + line.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path_);
    if (got == 0) return fail(Fault::unavailable, fmt::format("the effects journal {} was cut at byte {}", path_, offset));
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t newline = bytes.find('\n');
    line += bytes.substr(0, newline);
    if (newline != std::string_view::npos) return line;
  }
}

Status JournalFile::sync() const {
  while (::fdatasync(fd_) != 0)
    if (errno != EINTR) return failed("sync", path_);
  return {};
}

}  // namespace convoke::tools
