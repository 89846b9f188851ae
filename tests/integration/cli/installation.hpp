// A whole installation under `convoke up`, in a folder of its own, driven by its command line.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace convoke::test {

using Json = nlohmann::json;

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
  Json json() const { return Json::parse(out, nullptr, false); }
};

/// An installation in a folder of its own; whatever a test leaves running goes with it.
class Installation {
 public:
  ~Installation() { convoke({"down"}, std::chrono::seconds(40)); }

  /// Starts a command and leaves it running.
  Process start(const std::vector<std::string>& words) {
    std::vector<std::string> all{program("convoke"), "--data", data()};
    all.insert(all.end(), words.begin(), words.end());
    return Process(Command{.arguments = all, .environment = environment, .folder = {}});
  }
  Ran convoke(const std::vector<std::string>& words, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    auto process = start(words);
    const auto exit = process.wait(limit);
    return {exit ? exit->code : -1, process.out(), process.err()};
  }
  void up() {
    const auto ran = convoke({"up", "--detach", "--port", "0"});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
  }
  Json status() {
    const auto ran = convoke({"status", "--json"});
    return ran.json().is_object() ? ran.json() : Json{{"ready", false}, {"processes", Json::array()}};
  }
  Json process(const std::string& name) {
    for (const auto& each : status()["processes"])
      if (each["name"] == name) return each;
    return Json{{"pid", 0}, {"ready", false}, {"restarts", 0}};
  }
  bool ready() { return status().value("ready", false); }
  /// The text of a file in the data folder.
  std::string file(const std::string& name) const {
    std::ifstream stream(data() + "/" + name);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  std::map<std::string, std::string> environment;  // of every command
  std::string data() const { return folder_.file("data"); }

 private:
  TempDir folder_;
};

}  // namespace convoke::test
