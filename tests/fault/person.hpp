// One person's connection, and the record in real time of what they did and saw over it: the history that tests/linear holds against the
// promise that a log is one order of events. A person goes on whatever happens to the processes: a command that is not answered is repeated
// with its key, and one that never is stays of unknown outcome.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/installation.hpp"

namespace convoke::test {

/// What several people did and saw; safe from any thread.
class History {
 public:
  void note(Json operation);
  void mistake(std::string what);
  std::vector<Json> operations() const;
  std::vector<std::string> mistakes() const;
  /// Appends all operations, one line each, and the folder if there is none; how many they are.
  std::size_t write(const std::filesystem::path& file) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Json> operations_;
  std::vector<std::string> mistakes_;
};

/// Where histories are left for the checker.
std::filesystem::path histories();

class Person {
 public:
  /// `address`: host:port. `number` names them in the history, which stays.
  Person(std::string address, int number, History& history);
  ~Person();
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  /// A command whose event is read as `text` in `log`: repeated with its key until it is answered, or for half a minute; one operation,
  /// from the first sending to the answer, also when it is called again. A refusal that no repetition can mend is a mistake.
  RestAnswer say(const std::string& log, const std::string& path, const Json& fields, const std::string& key, const std::string& text);
  /// The whole log, page by page; false when there was no answer, and nothing was seen. What people said and settled is in the history.
  bool read(const std::string& log);

 private:
  RestAnswer send(const std::string& method, const std::string& path, const std::string& body, const std::string& key);
  struct Connection;
  std::unique_ptr<Connection> connection_;
  int number_;
  History& history_;
  std::map<std::string, Json> unanswered_;  // by key: what may be called again
};

}  // namespace convoke::test
