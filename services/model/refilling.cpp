// What a first text leaves open, filled from another: a reply, the rest of a request, the goal.
#include <algorithm>

#include "model/arguments.hpp"
#include "model/joints.hpp"

namespace convoke::model {

void fill_from(Filled& filled, const Tool& tool, const Reading& reading, FillOptions options) {
  if (filled.missing.empty() && filled.vague.empty()) return;
  const auto other = fill(tool, reading, 0, reading.tokens.size(), options);
  const auto among = [](const std::vector<const Parameter*>& list, const Parameter* one) {
    return std::ranges::find(list, one) != list.end();
  };
  std::erase_if(filled.missing, [&](const Parameter* parameter) {
    if (!other.arguments.contains(parameter->name) || (options.elsewhere && among(filled.refused, parameter))) return false;
    filled.arguments[parameter->name] = other.arguments[parameter->name];
    if (among(other.vague, parameter)) filled.vague.push_back(parameter);
    if (among(other.loose, parameter)) filled.loose.push_back(parameter);
    if (among(other.topics, parameter)) filled.topics.push_back(parameter);
    return true;
  });
  std::erase_if(filled.refused, [&](const Parameter* parameter) { return !among(filled.missing, parameter); });
  for (const auto* parameter : other.refused) {
    if (!options.elsewhere && among(filled.missing, parameter) && !among(filled.refused, parameter)) filled.refused.push_back(parameter);
  }
  std::erase_if(filled.vague, [&](const Parameter* parameter) {
    if (!other.arguments.contains(parameter->name) || among(other.vague, parameter)) return false;
    filled.arguments[parameter->name] = other.arguments[parameter->name];
    return true;
  });
}

namespace {

/// "its warranty", "this crisis", "the same title", "30 more", "200 of them"
bool points_at_thing(const Reading& r, std::size_t first, std::size_t last) {
  for (auto i = first; i < last; ++i) {
    const auto& word = r.tokens[i].lower;
    if (r.entity_of[i] != Reading::none) continue;
    if (word == "it" || word == "its" || word == "them" || word == "this" || word == "these" || word == "same") return true;
    const auto* count = i > first ? r.entity_at(i - 1) : nullptr;
    if (word == "more" && count != nullptr && count->shape == Shape::number) return true;
  }
  return false;
}

}  // namespace

void fill_from_earlier(Filled& filled, const Tool& tool, const Reading& reading, std::size_t first, std::size_t last,
                       const std::vector<Earlier>& earlier) {
  if (!points_at_thing(reading, first, last)) return;
  const auto value_for = [&](const Parameter& parameter) -> const nlohmann::ordered_json* {
    const auto last_word = [](const Parameter& one) {
      return one.words.empty() || one.words.back() == "name" ? one.name : one.words.back();
    };
    enum class By { name, last_word, want };
    for (const auto by : {By::name, By::last_word, By::want}) {
      for (auto one = earlier.rbegin(); one != earlier.rend(); ++one) {
        for (const auto& other : one->tool->parameters) {
          const auto value = one->filled->arguments.find(other.name);
          const bool suits = by == By::name        ? other.name == parameter.name
                             : by == By::last_word ? last_word(other) == last_word(parameter)
                                                   : other.want == parameter.want;
          if (suits && value != one->filled->arguments.end() && value->is_string()) return &*value;
        }
      }
    }
    return nullptr;
  };
  for (const auto& parameter : tool.parameters) {
    if (parameter.want != Want::name && parameter.want != Want::text) continue;
    const bool open = std::ranges::find(filled.missing, &parameter) != filled.missing.end() ||
                      std::ranges::find(filled.loose, &parameter) != filled.loose.end();
    const auto* value = open ? value_for(parameter) : nullptr;
    if (value == nullptr) continue;
    filled.arguments[parameter.name] = *value;
    std::erase(filled.missing, &parameter);
    std::erase(filled.loose, &parameter);
  }
}

void fill_from_frame(Filled& filled, const Tool& tool, const Reading& reading, std::size_t first) {
  const auto end = behind_frame(reading);
  if (end == 0 || first < end) return;
  const auto framed = fill(tool, reading, 0, end, {.free_text = false});
  for (const auto& parameter : tool.parameters) {
    const auto announces = [&](const Token& token) { return std::ranges::find(parameter.cues, token.stem) != parameter.cues.end(); };
    const bool announced = std::any_of(reading.tokens.begin(), reading.tokens.begin() + static_cast<std::ptrdiff_t>(end), announces);
    if (parameter.want != Want::name || !announced || !framed.arguments.contains(parameter.name)) continue;
    filled.arguments[parameter.name] = framed.arguments[parameter.name];
    std::erase(filled.missing, &parameter);
    std::erase(filled.loose, &parameter);
  }
}

}  // namespace convoke::model
