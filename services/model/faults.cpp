#include "model/faults.hpp"

#include <utility>

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

Status read_number(const Json& json, const char* key, double& value) {
  const auto found = json.find(key);
  if (found == json.end()) return {};
  if (!found->is_number() || found->get<double>() < 0 || found->get<double>() > 1e9)
    return fail(Fault::invalid, std::string(key) + " must be a number of 0 or more");
  value = found->get<double>();
  return {};
}

Status read_trouble(const Json& json, const char* name, Trouble& trouble, const char* extra, double* extra_value) {
  const auto found = json.find(name);
  if (found == json.end()) return {};
  if (!found->is_object()) return fail(Fault::invalid, std::string(name) + " must be an object");
  double next = static_cast<double>(trouble.next);
  double every = static_cast<double>(trouble.every);
  for (const auto& [key, value] : found->items()) {
    if (key != "next" && key != "every" && (extra == nullptr || key != extra))
      return fail(Fault::invalid, std::string(name) + "." + key + " is not known");
  }
  for (const auto& [key, value] : {std::pair<const char*, double*>{"next", &next}, {"every", &every}}) {
    if (auto read = read_number(*found, key, *value); !read) return read;
  }
  if (extra != nullptr) {
    if (auto read = read_number(*found, extra, *extra_value); !read) return read;
  }
  trouble = {static_cast<std::uint64_t>(next), static_cast<std::uint64_t>(every)};
  return {};
}

Json trouble_json(const Trouble& trouble) { return {{"next", trouble.next}, {"every", trouble.every}}; }

}  // namespace

Status FaultPlan::apply(const Json& json) {
  if (!json.is_object()) return fail(Fault::invalid, "faults must be an object");
  for (const auto& [key, value] : json.items()) {
    static constexpr std::string_view known[] = {"delay_ms", "tokens_per_second", "rate_limit", "error", "cut", "malformed", "reset"};
    if (std::ranges::find(known, key) == std::end(known)) return fail(Fault::invalid, key + " is not known");
  }
  Faults made = json.contains("reset") && json["reset"] == true ? Faults{} : faults_;
  double delay = static_cast<double>(made.delay.count());
  double after = static_cast<double>(made.after_tokens);
  if (auto read = read_number(json, "delay_ms", delay); !read) return read;
  if (auto read = read_number(json, "tokens_per_second", made.tokens_per_second); !read) return read;
  if (auto read = read_trouble(json, "rate_limit", made.rate_limit, "retry_after_s", &made.retry_after_s); !read) return read;
  if (auto read = read_trouble(json, "error", made.error, nullptr, nullptr); !read) return read;
  if (auto read = read_trouble(json, "cut", made.cut, "after_tokens", &after); !read) return read;
  if (auto read = read_trouble(json, "malformed", made.malformed, nullptr, nullptr); !read) return read;
  made.delay = Millis{static_cast<std::int64_t>(delay)};
  made.after_tokens = static_cast<std::uint64_t>(after);
  faults_ = made;
  return {};
}

bool FaultPlan::due(Trouble& trouble) const {
  if (trouble.next > 0) {
    --trouble.next;
    return true;
  }
  return trouble.every != 0 && requests_ % trouble.every == 0;
}

Harm FaultPlan::next() {
  ++requests_;
  if (due(faults_.rate_limit)) return Harm::rate_limit;
  if (due(faults_.error)) return Harm::error;
  if (due(faults_.cut)) return Harm::cut;
  if (due(faults_.malformed)) return Harm::malformed;
  return Harm::none;
}

Json FaultPlan::to_json() const {
  Json json{{"requests", requests_}, {"delay_ms", faults_.delay.count()}, {"tokens_per_second", faults_.tokens_per_second}};
  json["rate_limit"] = trouble_json(faults_.rate_limit);
  json["rate_limit"]["retry_after_s"] = faults_.retry_after_s;
  json["error"] = trouble_json(faults_.error);
  json["cut"] = trouble_json(faults_.cut);
  json["cut"]["after_tokens"] = faults_.after_tokens;
  json["malformed"] = trouble_json(faults_.malformed);
  return json;
}

}  // namespace convoke::model
