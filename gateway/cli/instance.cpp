#include "cli/instance.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <string.h>  // NOLINT: strerror
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/arguments.hpp"
#include "core/file.hpp"

namespace convoke::cli {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{16} << 20;

Status make_private(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(Fault::forbidden, fmt::format("cannot make {}: {}", folder, error.message()));
  if (chmod(folder.c_str(), 0700) != 0) return fail(Fault::forbidden, fmt::format("{}: {}", folder, strerror(errno)));
  return {};
}

pid_t holder(const Paths& paths) {
  const auto text = text_of_file(paths.lock());
  return text.empty() ? 0 : static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
}

}  // namespace

Status check_place(const Paths& paths) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::exists(paths.data, error)) return {};
  if (!fs::is_directory(paths.data, error)) return fail(Fault::invalid, paths.data + " is no folder: choose another with --data");
  if (fs::exists(paths.lock(), error) && fs::is_directory(paths.logs(), error)) return {};
  fs::directory_iterator entries(paths.data, error);
  if (error) return fail(Fault::forbidden, fmt::format("{}: {}", paths.data, error.message()));
  for (const auto& entry : entries)
    // A file system of its own has the one from the beginning; the other is what an installation makes first.
    if (entry.path().filename() != "lost+found" && entry.path() != paths.lock())
      return fail(Fault::invalid,
                  fmt::format("{} holds other things ({}), and an installation closes its folder to everybody else: choose a "
                              "folder of its own with --data, such as {}/convoke",
                              paths.data, entry.path().filename().string(), paths.data == "/" ? "" : paths.data));
  return {};
}

Status prepare(const Paths& paths) {
  if (auto status = check_length(paths); !status) return status;
  if (auto status = check_place(paths); !status) return status;
  if (auto status = make_private(paths.data); !status) return status;
  const int lock = open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return fail(Fault::forbidden, fmt::format("{}: {}", paths.lock(), strerror(errno)));
  close(lock);
  return make_private(paths.logs());
}

Status prepare_run(const Paths& paths) {
  for (const auto& folder : {paths.run(), paths.redis()})
    if (auto status = make_private(folder); !status) return status;
  return {};
}

Result<InstanceLock> InstanceLock::take(const Paths& paths) {
  const int descriptor = open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail(Fault::forbidden, fmt::format("{}: {}", paths.lock(), strerror(errno)));
  // Somebody who only looks holds it for a moment.
  bool taken = false;
  for (int tries = 0; tries < 10 && !taken; ++tries) {
    taken = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    if (!taken) poll(nullptr, 0, 20);
  }
  if (!taken) {
    close(descriptor);
    return fail(Fault::conflict,
                fmt::format("{} is in use by the installation of process {}: `convoke down` stops it", paths.data, holder(paths)));
  }
  const auto text = std::to_string(getpid()) + "\n";
  [[maybe_unused]] const bool written =
      ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  return InstanceLock(descriptor);
}

InstanceLock::~InstanceLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<Instance> find_instance(const Paths& paths) {
  const int descriptor = open(paths.lock().c_str(), O_RDONLY | O_CLOEXEC);
  // Whether anything runs in a folder that is closed to us is not known.
  if (descriptor < 0 && (errno == EACCES || errno == EPERM))
    return fail(Fault::forbidden, fmt::format("{} is closed to this user ({}): ask as the user who runs it, or its gateway with --url",
                                              paths.data, strerror(errno)));
  const bool is_free = descriptor < 0 || flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  if (descriptor >= 0) close(descriptor);
  if (is_free) return fail(Fault::unavailable, fmt::format("nothing runs in {}", paths.data));
  Instance found;
  found.pid = holder(paths);
  const auto json = nlohmann::json::parse(text_of_file(paths.instance()), nullptr, false);
  if (const auto url = json.find("url"); url != json.end() && url->is_string()) found.url = url->get<std::string>();
  return found;
}

Status write_instance(const Paths& paths, const Instance& instance) {
  const nlohmann::json json{{"url", instance.url}, {"pid", instance.pid}};
  return write_file(paths.instance(), json.dump() + "\n");
}

void forget_instance(const Paths& paths) {
  std::error_code ignored;
  std::filesystem::remove(paths.instance(), ignored);
}

std::map<std::string, int> read_workers(const Paths& paths) {
  std::map<std::string, int> workers;
  const auto json = nlohmann::json::parse(text_of_file(paths.workers()), nullptr, false);
  if (!json.is_object()) return workers;
  for (const auto& [agent, count] : json.items()) {
    const bool is_usable = count.is_number_unsigned() && count.get<std::uint64_t>() <= most_workers;
    if (is_usable) workers[agent] = count.get<int>();
  }
  return workers;
}

Status write_workers(const Paths& paths, const std::map<std::string, int>& workers) {
  return write_file(paths.workers(), nlohmann::json(workers).dump() + "\n");
}

std::string text_of_file(const std::string& path) { return read_file("the file", path, max_file_bytes).value_or(""); }

Status write_file(const std::string& path, std::string_view text) {
  const auto temporary = path + ".new";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush()) {
      const int error = errno;
      unlink(temporary.c_str());
      return fail(Fault::unavailable, fmt::format("cannot write {}: {}", temporary, strerror(error)));
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return fail(Fault::unavailable, fmt::format("cannot write {}: {}", path, strerror(errno)));
  return {};
}

}  // namespace convoke::cli
