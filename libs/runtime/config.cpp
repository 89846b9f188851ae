#include "runtime/config.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>

#include "core/arguments.hpp"
#include "runtime/config_file.hpp"

namespace convoke::runtime {
namespace {

/// The sections of all programs; tests/lint/shared_config.sh holds this against what they say of themselves.
constexpr std::array<std::string_view, 17> all_sections{"bus",         "conversation", "gateway", "groupchat", "handout", "http",
                                                        "http_client", "intercom",     "model",   "offline",   "otlp",    "owner",
                                                        "planner",     "process",      "store",   "turns",     "worker"};

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

/// A scalar that YAML reads back as the same text.
std::string yaml_scalar(std::string_view text) {
  const bool nothing = text == "null" || text == "Null" || text == "NULL";  // to YAML, without quotes
  const bool plain = !text.empty() && !nothing && std::ranges::all_of(text, [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || c == '.' || c == '_' || c == '/';
  });
  if (plain) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);  // a line's end would be read as a space
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string Config::Entry::variable() const { return "CONVOKE_" + upper(section) + "_" + upper(key); }

void Config::positional(std::vector<std::string>& rest, std::string help) {
  rest_ = &rest;
  rest_help_ = std::move(help);
}

Config::Entry* Config::find(std::string_view section, std::string_view key) {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.section == section && entry.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

bool Config::known_section(std::string_view section) const {
  return std::ranges::find(entries_, section, &Entry::section) != entries_.end();
}

Status Config::read_file(const std::string& path, std::vector<std::string>& mistakes) {
  const auto values = read_config_file(path);
  if (!values) return std::unexpected(values.error());
  for (const auto& value : *values) {
    if (!known_section(value.section) && std::ranges::find(all_sections, value.section) != all_sections.end()) continue;
    const std::string name = value.key.empty() ? value.section : value.section + "." + value.key;
    const auto place = fmt::format("{}:{}: {}", path, value.line, name);
    auto* entry = find(value.section, value.key);
    if (!value.mistake.empty()) {
      mistakes.push_back(place + ": " + value.mistake);
    } else if (entry == nullptr) {
      mistakes.push_back(place + ": no such key");
    } else if (const auto set = entry->set(value.text); !set) {
      mistakes.push_back(place + ": " + set.error().message);
    }
  }
  return {};
}

void Config::read_environment(std::vector<std::string>& mistakes) {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto name = text.substr(0, text.find('='));
    if (!name.starts_with("CONVOKE_") || name == "CONVOKE_CONFIG" || name.size() == text.size()) continue;
    const auto entry = std::ranges::find(entries_, name, &Entry::variable);
    if (entry != entries_.end()) {
      const auto set = entry->set(text.substr(name.size() + 1));
      if (!set) mistakes.push_back(fmt::format("{}: {}", name, set.error().message));
      continue;
    }
    // A secret, read by the name that a key like `api_key_env` gives.
    if (name.ends_with("_API_KEY")) continue;
    // One environment may serve several programs: only what is meant for a section of ours can be a mistake here.
    const auto ours =
        std::ranges::any_of(entries_, [&](const Entry& each) { return name.starts_with("CONVOKE_" + upper(each.section) + "_"); });
    if (ours) mistakes.push_back(fmt::format("{}: no such key", name));
  }
}

std::string Config::print() const {
  std::string out;
  std::string_view section;
  for (const auto& entry : entries_) {
    if (entry.section != section) out += fmt::format("{}{}:\n", out.empty() ? "" : "\n", entry.section);
    section = entry.section;
    const auto value = entry.get();
    out += fmt::format("  {}: {}  # {}\n", entry.key, entry.secret && !value.empty() ? "\"********\"" : yaml_scalar(value), entry.help);
  }
  return out;
}

std::optional<int> Config::load(int argc, const char* const* argv) { return load(argc, argv, std::cout, std::cerr); }

std::optional<int> Config::load(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app(purpose_, program_);
  std::string file;
  bool check = false;
  bool show = false;
  app.add_option("--config", file, "YAML file to read first")->envname("CONVOKE_CONFIG")->type_name("FILE");
  app.add_flag("--check-config", check, "say whether the configuration is in order, and end");
  app.add_flag("--print-config", show, "print the configuration as it would be used, and end");
  std::vector<std::string> given(entries_.size());
  std::vector<CLI::Option*> options;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto& entry = entries_[i];
    const auto value = entry.get();
    auto help = entry.help + (entry.secret || value.empty() ? "" : " [" + value + "]") + " (" + entry.variable() + ")";
    options.push_back(app.add_option(entry.flag(), given[i], std::move(help))->type_name("")->take_last());
  }
  if (rest_ != nullptr) app.add_option("arguments", *rest_, rest_help_);
  try {
    app.parse(arguments_for_cli11(argc, argv));
  } catch (const CLI::Success& success) {
    return app.exit(success, out, err);
  } catch (const CLI::ParseError& error) {
    err << program_ << ": " << error.what() << "\nRun with --help for what can be given.\n";
    return 2;
  }
  std::vector<std::string> mistakes;
  if (!file.empty()) {
    if (const auto read = read_file(file, mistakes); !read) mistakes.push_back(read.error().message);
  }
  read_environment(mistakes);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (options[i]->count() == 0) continue;
    if (const auto set = entries_[i].set(given[i]); !set) mistakes.push_back(entries_[i].flag() + ": " + set.error().message);
  }
  for (const auto& mistake : mistakes) err << mistake << "\n";
  if (!mistakes.empty()) return 2;
  if (show) out << print();
  if (check) out << program_ << ": the configuration is in order\n";
  if (show || check) return 0;
  return std::nullopt;
}

}  // namespace convoke::runtime
