#include "runtime/config.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/process.hpp"

using namespace convoke;
using namespace convoke::runtime;
using convoke::test::TempDir;

namespace {

struct Options {
  std::string address = "127.0.0.1:0";
  std::string password;
  int workers = 2;
  std::size_t bytes = 1024;
  double share = 0.5;
  bool loud = false;
  Millis wait{250};
  std::vector<std::string> peers = {"a", "b"};

  template <class Fields> void describe(Fields& field) {
    field("address", address, "where to listen");
    field.secret("password", password, "the password");
    field("workers", workers, "how many");
    field("bytes", bytes, "how large");
    field("share", share, "which share");
    field("loud", loud, "how loud");
    field("wait", wait, "how long");
    field("peers", peers, "who else");
  }
};

struct Loaded {
  Options options;
  std::optional<int> code;
  std::string out, err;
};

Loaded load(std::vector<const char*> arguments, const std::string& file = {}) {
  Loaded loaded;
  TempDir folder;
  const auto path = folder.file("config.yaml");
  std::ofstream(path) << file;
  const auto flag = "--config=" + path;
  arguments.insert(arguments.begin(), "program");
  if (!file.empty()) arguments.push_back(flag.c_str());
  Config config("program", "A program.");
  config.add("store", loaded.options);
  std::ostringstream out, err;
  loaded.code = config.load(static_cast<int>(arguments.size()), arguments.data(), out, err);
  loaded.out = out.str();
  loaded.err = err.str();
  for (auto at = loaded.err.find(folder.path().string()); at != std::string::npos; at = loaded.err.find(folder.path().string())) {
    loaded.err.erase(at, folder.path().string().size() + 1);
  }
  return loaded;
}

/// An environment variable for the length of a test.
struct Variable {
  std::string name;
  Variable(std::string variable, const std::string& value) : name(std::move(variable)) { ::setenv(name.c_str(), value.c_str(), 1); }
  ~Variable() { ::unsetenv(name.c_str()); }
};

}  // namespace

TEST_CASE("config: without anything the defaults of the struct hold") {
  const auto loaded = load({});
  CHECK_FALSE(loaded.code);
  CHECK(loaded.options.workers == 2);
  CHECK(loaded.options.peers == std::vector<std::string>{"a", "b"});
}

TEST_CASE("config: a flag beats the environment, which beats the file, which beats the default") {
  const std::string file = "store:\n  workers: 3\n  address: from-file\n  wait: 2s\n  peers: [x, y, z]\n";
  const Variable address("CONVOKE_STORE_ADDRESS", "from-environment");
  const Variable wait("CONVOKE_STORE_WAIT", "5m");
  const auto loaded = load({"--store.wait=1h"}, file);
  CHECK_FALSE(loaded.code);
  CHECK(loaded.options.workers == 3);
  CHECK(loaded.options.address == "from-environment");
  CHECK(loaded.options.wait == Millis{3'600'000});
  CHECK(loaded.options.peers == std::vector<std::string>{"x", "y", "z"});
}

TEST_CASE("config: every type is read from text") {
  const auto loaded =
      load({"--store.bytes=4MiB", "--store.share=0.25", "--store.loud=true", "--store.wait=1500", "--store.peers=one, two"});
  CHECK_FALSE(loaded.code);
  CHECK(loaded.options.bytes == 4 * 1024 * 1024);
  CHECK(loaded.options.share == 0.25);
  CHECK(loaded.options.loud);
  CHECK(loaded.options.wait == Millis{1500});
  CHECK(loaded.options.peers == std::vector<std::string>{"one", "two"});
}

TEST_CASE("config: every mistake of a file is named with its line, all at once") {
  const auto loaded = load({}, "store:\n  workers: many\n  wrkers: 3\nstor:\n  x: 1\n  wait: 1\n");
  CHECK(loaded.code == 2);
  CHECK(loaded.err ==
        "config.yaml:2: store.workers: expected a whole number (KiB, MiB, GiB allowed), not \"many\"\n"
        "config.yaml:3: store.wrkers: no such key\n"
        "config.yaml:5: stor.x: no such key\n"
        "config.yaml:6: stor.wait: no such key\n");
}

TEST_CASE("config: sections of other programs in the same file are passed over") {
  const auto loaded = load({}, "gateway:\n  whatever: 1\nstore:\n  workers: 3\nintercom: {tick: 5}\n");
  CHECK_FALSE(loaded.code.has_value());
  CHECK(loaded.options.workers == 3);
}

TEST_CASE("config: a file that is no YAML, or is not there, is named") {
  CHECK(load({}, "store: [\n").err.find("config.yaml:2:") != std::string::npos);
  CHECK(load({}, "just text\n").err == "config.yaml:1: expected sections with keys\n");
  const auto absent = load({"--config=/nowhere/x.yaml"});
  CHECK(absent.code == 2);
  CHECK(absent.err == "cannot read the configuration /nowhere/x.yaml: No such file or directory\n");
}

TEST_CASE("config: unknown flags and unknown variables of a known section are mistakes, others' variables are not") {
  CHECK(load({"--store.nothing=1"}).code == 2);
  CHECK(load({"stray"}).code == 2);
  const Variable foreign("CONVOKE_GATEWAY_PORT", "80");
  CHECK_FALSE(load({}).code);
  const Variable secret("CONVOKE_STORE_API_KEY", "read by its name");
  const Variable wrong("CONVOKE_STORE_WROKERS", "80");
  CHECK(load({}).err == "CONVOKE_STORE_WROKERS: no such key\n");
}

TEST_CASE("config: out of range, fractions and units that do not exist are refused") {
  for (const auto* flag : {"--store.workers=9999999999", "--store.bytes=-1", "--store.wait=2days", "--store.wait=-5s",
                           "--store.loud=perhaps", "--store.share=half", "--store.workers=1.5", "--store.bytes=9223372036854775807GiB"}) {
    INFO(flag);
    CHECK(load({flag}).code == 2);
  }
}

TEST_CASE("config: what is printed is read back the same, and never shows a secret") {
  const auto printed = load({"--print-config", "--store.password=hunter2", "--store.address=a: \"b\"", "--store.peers=x,y"});
  CHECK(printed.code == 0);
  CHECK(printed.out.find("hunter2") == std::string::npos);
  CHECK(printed.out.find("********") != std::string::npos);
  const auto again = load({}, printed.out);
  CHECK_FALSE(again.code);
  CHECK(again.options.address == "a: \"b\"");
  CHECK(again.options.peers == std::vector<std::string>{"x", "y"});
  CHECK(again.options.wait == Millis{250});
}

TEST_CASE("config: --check-config and --help say what they are asked") {
  CHECK(load({"--check-config"}).out == "program: the configuration is in order\n");
  CHECK(load({"--check-config", "--store.workers=x"}).code == 2);
  const auto help = load({"--help"});
  CHECK(help.code == 0);
  CHECK(help.out.find("--store.workers") != std::string::npos);
  CHECK(help.out.find("CONVOKE_STORE_WORKERS") != std::string::npos);
}

TEST_CASE("config: an empty value is empty, and does not take the next argument for itself") {
  const auto loaded = load({"--store.address=", "--store.loud=true"});
  INFO(loaded.err);
  CHECK_FALSE(loaded.code);
  CHECK(loaded.options.address.empty());
  CHECK(loaded.options.loud);
}

TEST_CASE("config: a text that YAML would take for nothing, or for several lines, is printed so that it comes back") {
  for (const std::string text : {"null", "NULL", "a\nb", "tab\there", "\x7f\x01", "~", "#", "- x", " a ", "\xc3\xa9"}) {
    const auto flag = "--store.address=" + text;
    const auto printed = load({"--print-config", flag.c_str()});
    REQUIRE(printed.code == 0);
    CHECK(load({}, printed.out).options.address == text);
  }
}
