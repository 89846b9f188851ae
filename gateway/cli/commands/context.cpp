#include "cli/commands/context.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "core/id.hpp"

namespace convoke::cli {

Result<ApiTarget> Context::gateway() const {
  const auto key = environment("CONVOKE_API_KEY");
  if (!args.url.empty()) {
    auto url = args.url;
    while (url.ends_with('/')) url.pop_back();
    return ApiTarget{url, {}, key, {}, true};
  }
  const auto instance = find_instance(Paths(args.data));
  if (!instance && instance.error().code == Fault::unavailable)
    return fail(Fault::unavailable, instance.error().message + ": start it with `convoke up`, or name a gateway with --url");
  if (!instance) return std::unexpected(instance.error());
  if (instance->url.empty()) return fail(Fault::unavailable, fmt::format("the installation in {} is still starting", args.data));
  return ApiTarget{instance->url, {}, key, args.data, true};
}

Result<ApiTarget> Context::control() const {
  const Paths paths(args.data);
  if (const auto instance = find_instance(paths); !instance) return std::unexpected(instance.error());
  return ApiTarget{"http://localhost", paths.control(), {}};
}

int code_of(const Error& error) {
  switch (error.code) {
    case Fault::none: return ok;
    case Fault::unavailable:
    case Fault::unreachable: return not_running;
    case Fault::not_found:
    case Fault::gone: return not_found;
    case Fault::conflict: return conflict;
    case Fault::unauthenticated:
    case Fault::forbidden: return not_allowed;
    case Fault::deadline:
    case Fault::unknown_outcome: return unknown;
    case Fault::cancelled: return interrupted;
    default: return failed;
  }
}

Millis Context::patience() const {
  auto seconds = default_patience;
  const auto typed = args.text("patience");
  std::from_chars(typed.data(), typed.data() + typed.size(), seconds);
  return std::chrono::seconds(seconds);
}

int Context::refuse(const Error& error) const {
  out.error(error);
  return code_of(error);
}

std::string Context::begin_change() {
  const auto given = args.text("key");
  auto key = given.empty() ? new_key() : given;
  left_behind = [key] { return std::vector<std::string>{"Whether it was accepted is not known; to repeat it: --key " + shell_word(key)}; };
  return key;
}

asio::awaitable<Result<Json>> Context::change(std::string path, Json fields) {
  auto target = gateway();
  if (!target) co_return std::unexpected(std::move(target.error()));
  ApiClient api(io, *target);
  const auto key = begin_change();
  auto answer = co_await api.post(std::move(path), std::move(fields), key);
  left_behind = {};
  if (answer) co_return answer;
  auto& error = answer.error();
  const bool is_open = error.code == Fault::deadline || error.code == Fault::unknown_outcome;
  if (is_open && !error.message.contains(key)) error.message += "; the outcome is unknown: repeat with --key " + shell_word(key);
  co_return answer;
}

std::string Context::new_key() {
  IdMaker maker(system_random);
  return to_string(maker.next(std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())));
}

std::string Context::environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  return value ? value : "";
}

Command find_command(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Command>, 23> commands{{{"down", run_down},
                                                                                  {"status", run_status},
                                                                                  {"scale", run_scale},
                                                                                  {"doctor", run_doctor},
                                                                                  {"task", run_task},
                                                                                  {"chat", run_chat},
                                                                                  {"watch", run_watch},
                                                                                  {"plans", run_plans},
                                                                                  {"plan", run_plan},
                                                                                  {"approve", run_decide},
                                                                                  {"reject", run_decide},
                                                                                  {"clarify", run_clarify},
                                                                                  {"cancel", run_cancel},
                                                                                  {"answer", run_answer},
                                                                                  {"agents", run_agents},
                                                                                  {"tools", run_tools},
                                                                                  {"team check", run_team_check},
                                                                                  {"team apply", run_team_apply},
                                                                                  {"dead-letters", run_dead_letters},
                                                                                  {"dead-letters show", run_dead_letter},
                                                                                  {"dead-letters retry", run_dead_letter},
                                                                                  {"dead-letters drop", run_dead_letter},
                                                                                  {"trace", run_trace}}};
  for (const auto& [known, command] : commands)
    if (known == name) return command;
  return nullptr;
}

}  // namespace convoke::cli
