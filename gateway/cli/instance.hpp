// An installation on this host, as its data folder: where things are in it, who holds it, and how the rest of the command line finds it.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace convoke::cli {

struct Paths {
  explicit Paths(std::string folder) : data(std::move(folder)) {}
  std::string data;
  std::string run() const { return data + "/run"; }  // sockets, 0700
  std::string redis() const { return data + "/redis"; }
  std::string logs() const { return data + "/logs"; }
  std::string lock() const { return data + "/lock"; }
  std::string instance() const { return data + "/instance.json"; }
  std::string applied_team() const { return data + "/team.applied"; }
  std::string workers() const { return data + "/workers.json"; }
  std::string last_failure() const { return logs() + "/start.failed"; }
  std::string append_only() const { return redis() + "/appendonlydir/appendonly.aof.manifest"; }
  std::string port() const { return data + "/port"; }  // that `up` was last told to use; empty: none
  std::string control() const { return run() + "/control"; }
  std::string intercom() const { return run() + "/intercom"; }
  std::string redis_socket() const { return run() + "/redis"; }
  std::string model_socket() const { return run() + "/model"; }
  std::string team() const { return data + "/team"; }  // file that `up` was last told to use; empty: the team that ships with it
  /// Of bounded length, whatever the process is called: a long name is cut, and ends with a hash of the whole.
  std::string health(const std::string& process) const;
  std::string log(const std::string& process) const { return logs() + "/" + process + ".log"; }
};

/// INVALID when a socket's path would be too long for the system.
Status check_length(const Paths& paths);
/// Whether an installation may be in that folder: it is one, or is empty, or is not there. Looks and changes nothing. INVALID, with the
/// reason, for a folder with anything else in it: that is somebody's, and would be closed to all others.
Status check_place(const Paths& paths);
/// Makes the data folder and that of the logs, private to this user, after check_length and check_place. FORBIDDEN.
Status prepare(const Paths& paths);
/// Makes what is needed to run in them.
Status prepare_run(const Paths& paths);

/// The right to be the one supervisor of a data folder; given back by the destructor or by the end of the process.
class InstanceLock {
 public:
  /// CONFLICT with the process that holds it.
  static Result<InstanceLock> take(const Paths& paths);
  InstanceLock(InstanceLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  InstanceLock& operator=(InstanceLock&&) = delete;
  ~InstanceLock();

 private:
  explicit InstanceLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

struct Instance {
  std::string url;
  pid_t pid = 0;
};
/// The instance that holds the folder now. UNAVAILABLE when none does; FORBIDDEN when this user may not look.
Result<Instance> find_instance(const Paths& paths);
Status write_instance(const Paths& paths, const Instance& instance);
/// Removes what an instance leaves behind when it ends in order.
void forget_instance(const Paths& paths);

/// Agents whose number of workers somebody chose, by full name: 0 to most_workers. What cannot be read counts as nothing.
std::map<std::string, int> read_workers(const Paths& paths);
Status write_workers(const Paths& paths, const std::map<std::string, int>& workers);

/// Empty where it cannot be read, or is too large to be of ours.
std::string text_of_file(const std::string& path);
/// Whole or not at all; UNAVAILABLE with the reason.
Status write_file(const std::string& path, std::string_view text);

}  // namespace convoke::cli
