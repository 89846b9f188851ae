// A whole installation for one test: `convoke up` with every process it has, on a fresh folder and a port the system chose. Tests speak to
// it as people do, over REST and the command line, and may kill or freeze any process by its name. All is gone at the end of the scope.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/client.hpp"
#include "support/process.hpp"

namespace convoke::test {

using Json = nlohmann::json;

struct RestAnswer {
  int status = 0;  // 0: none came
  Json body;
};

struct CliAnswer {
  int code = -1;  // exit code; -1 when it did not end in time or was killed
  std::string out;
  std::string err;
};

struct InstallationOptions {
  std::filesystem::path data = {};                      // stays; empty: a fresh folder, gone at the end
  std::string team = {};                                // path of a team file; empty: the one that ships with the product
  std::map<std::string, std::string> environment = {};  // of `convoke up`, and so of all processes, such as CONVOKE_MODEL_URL
  std::vector<std::string> arguments = {};              // more of them for `convoke up`
};

class Installation {
 public:
  /// Starts `convoke up` on a fresh folder, or on `data`, which then stays; waits until it is ready; throws std::runtime_error with what it
  /// said when it is not.
  explicit Installation(std::filesystem::path data = {}) : Installation(InstallationOptions{.data = std::move(data)}) {}
  explicit Installation(InstallationOptions options);

  const std::filesystem::path& data() const { return data_; }
  std::string run_folder() const { return (data_ / "run").string(); }
  /// host:port of the gateway, the same for as long as the installation lives.
  const std::string& address() const { return address_; }

  // The REST API (gateway/api). `user` goes into x-ms-client-principal-id; empty: the default user.
  RestAnswer get(const std::string& path, const std::string& user = {});
  RestAnswer post(const std::string& path, const Json& fields, const std::string& key = {}, const std::string& user = {});
  /// Any bytes as the body.
  RestAnswer send(const std::string& method, const std::string& path, std::string body, http::Headers headers = {});
  /// Repeats until something but 0, 502, 503 or 504 is answered: what a client does that has a key.
  RestAnswer surely(const std::string& path, const Json& fields, const std::string& key);

  RestAnswer surely_get(const std::string& path);

  /// Gives the team a task; `policy` as the API names them. The accepted answer: plan, conversation, session_id …
  Json task(const std::string& session, const std::string& description, const std::string& policy);
  /// The plan with its steps and requests; null when there was no answer.
  Json plan(const std::string& id);
  /// The plan when `predicate` holds for it; as it is after a minute otherwise.
  Json plan_when(const std::string& id, const std::function<bool(const Json&)>& predicate);
  Json ended_plan(const std::string& id);
  /// All events of a conversation.
  std::vector<Json> events(const std::string& conversation);
  /// What template tools have applied; suppressed repeats are left out.
  std::vector<Json> effects() const;

  /// `convoke status --json`; null when the supervisor does not answer.
  Json status();
  /// The supervisor's word on one process; null when it has none of that name.
  Json process(const std::string& name);
  /// Never 0: throws when it does not run, for signals to 0 go to the test itself.
  pid_t pid(const std::string& name);
  int restarts(const std::string& name);
  bool ready();
  bool wait_ready(std::chrono::milliseconds limit = std::chrono::seconds(60));
  /// A value of /metrics of one process, `convoke_commits_total{scope="session"}` for example; 0 when it has none.
  double metric(const std::string& process, const std::string& series);

  /// The command line on this installation, with --json.
  CliAnswer cli(std::vector<std::string> arguments, std::chrono::milliseconds limit = std::chrono::seconds(60));
  /// The same, left running: `watch`, for example.
  Process cli_process(std::vector<std::string> arguments);
  /// One more process like the running one called `name`, as `as`, with `other` values of some flags (`--http.listen`). The supervisor
  /// knows nothing of it.
  Process another(const std::string& name, const std::string& as, const std::map<std::string, std::string>& other = {});
  /// The command that starts it.
  Command like(const std::string& name, const std::string& as, const std::map<std::string, std::string>& other = {});

  /// Lines of the logs that say that something is wrong with a program: level error, or a sanitizer's report.
  std::vector<std::string> errors() const;
  /// Stops it as a person does, with SIGTERM; how it ended.
  std::optional<Exit> stop();
  /// SIGKILL to the supervisor; the kernel then kills what it started.
  void kill();
  pid_t supervisor() const { return up_->pid(); }

 private:
  RestAnswer request(http::ClientRequest asked);
  boost::asio::io_context io_;
  http::Client http_{io_, {}};
  TempDir folder_;
  InstallationOptions options_;
  std::filesystem::path data_;
  std::optional<Process> up_;
  std::string address_;
};

/// The whole of a file.
std::string text_of(const std::filesystem::path& path);

}  // namespace convoke::test
