// Configuration, read once at the start: defaults in the struct, then a YAML file (`--config FILE`), then the environment
// (`CONVOKE_<SECTION>_<KEY>`), then flags (`--section.key=value`). A component declares its struct once and never sees this system:
//
//   struct StoreOptions {
//     std::string redis = "unix:/run/redis.sock";
//     std::string password;
//     Millis timeout{500};
//     template <class Fields> void describe(Fields& field) {
//       field("redis", redis, "where Redis listens");
//       field.secret("password", password, "its password");
//       field("timeout", timeout, "for one commit");
//     }
//   };
//   config.add("store", options);        // store.redis, CONVOKE_STORE_REDIS, --store.redis
//
// Types: bool, integers (with KiB, MiB, GiB for sizes), double, std::string, Millis (`250ms`, `2s`, `5m`, `1h`; a bare number is
// milliseconds), std::vector<std::string> (a YAML list, or separated by commas). Unknown keys are mistakes, named with file and line.
// One file may serve all programs: each reads its own sections and passes over those of the others.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace convoke::runtime {

namespace config_detail {
Result<bool> parse_bool(std::string_view text);
Result<std::int64_t> parse_integer(std::string_view text, std::int64_t least, std::int64_t most);
Result<double> parse_double(std::string_view text);
Result<Millis> parse_duration(std::string_view text);
std::vector<std::string> parse_list(std::string_view text);
std::string print_duration(Millis value);
std::string print_list(const std::vector<std::string>& values);
std::string print_double(double value);
}  // namespace config_detail

class Config {
 public:
  /// `program` and `purpose` head the text of --help.
  Config(std::string program, std::string purpose) : program_(std::move(program)), purpose_(std::move(purpose)) {}

  /// `options` must outlive load(). Section and key are lower case with underscores.
  template <class Options> void add(std::string section, Options& options) {
    Declared declared{*this, std::move(section)};
    options.describe(declared);
  }

  /// A positional argument or list of them: what is left of the command line. Without this call any is a mistake.
  void positional(std::vector<std::string>& rest, std::string help);

  /// Fills all structs. Returns an exit code when the process has to end at once: --help, --print-config (secrets masked) and
  /// --check-config (0, or 2 with every mistake on standard error), or a mistake (2).
  std::optional<int> load(int argc, const char* const* argv);
  std::optional<int> load(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

  /// The YAML text with every value as it now is, secrets masked.
  std::string print() const;

 private:
  struct Entry {
    std::string section;
    std::string key;
    std::string help;
    bool secret = false;
    std::function<Status(std::string_view)> set;
    std::function<std::string()> get;
    std::string flag() const { return "--" + section + "." + key; }
    std::string variable() const;
  };

  class Declared {
   public:
    Declared(Config& config, std::string section) : config_(config), section_(std::move(section)) {}
    template <class Value> void operator()(std::string key, Value& value, std::string help) {
      declare(std::move(key), value, std::move(help), false);
    }
    template <class Value> void secret(std::string key, Value& value, std::string help) {
      declare(std::move(key), value, std::move(help), true);
    }

   private:
    template <class Value> void declare(std::string key, Value& value, std::string help, bool secret);
    Config& config_;
    std::string section_;
  };

  Entry* find(std::string_view section, std::string_view key);
  bool known_section(std::string_view section) const;
  Status read_file(const std::string& path, std::vector<std::string>& mistakes);
  void read_environment(std::vector<std::string>& mistakes);

  std::string program_;
  std::string purpose_;
  std::vector<Entry> entries_;
  std::vector<std::string>* rest_ = nullptr;
  std::string rest_help_;
};

template <class Value> void Config::Declared::declare(std::string key, Value& value, std::string help, bool secret) {
  namespace detail = config_detail;
  Entry entry{section_, std::move(key), std::move(help), secret, {}, {}};
  const auto accept = [&value](auto parsed) -> Status {
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    value = static_cast<Value>(*parsed);
    return {};
  };
  if constexpr (std::same_as<Value, bool>) {
    entry.set = [accept](std::string_view text) { return accept(detail::parse_bool(text)); };
    entry.get = [&value] { return std::string(value ? "true" : "false"); };
  } else if constexpr (std::integral<Value>) {
    entry.set = [accept](std::string_view text) {
      constexpr auto most = std::in_range<std::int64_t>(std::numeric_limits<Value>::max())
                                ? static_cast<std::int64_t>(std::numeric_limits<Value>::max())
                                : std::numeric_limits<std::int64_t>::max();
      return accept(detail::parse_integer(text, static_cast<std::int64_t>(std::numeric_limits<Value>::min()), most));
    };
    entry.get = [&value] { return std::to_string(value); };
  } else if constexpr (std::floating_point<Value>) {
    entry.set = [accept](std::string_view text) { return accept(detail::parse_double(text)); };
    entry.get = [&value] { return detail::print_double(value); };
  } else if constexpr (std::same_as<Value, std::string>) {
    entry.set = [&value](std::string_view text) -> Status {
      value = text;
      return {};
    };
    entry.get = [&value] { return value; };
  } else if constexpr (std::same_as<Value, std::vector<std::string>>) {
    entry.set = [&value](std::string_view text) -> Status {
      value = detail::parse_list(text);
      return {};
    };
    entry.get = [&value] { return detail::print_list(value); };
  } else {
    static_assert(requires(Value v) { std::chrono::duration_cast<Millis>(v); }, "a type that configuration can read");
    entry.set = [accept](std::string_view text) { return accept(detail::parse_duration(text)); };
    entry.get = [&value] { return detail::print_duration(std::chrono::duration_cast<Millis>(value)); };
  }
  config_.entries_.push_back(std::move(entry));
}

}  // namespace convoke::runtime
