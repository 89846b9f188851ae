#include "model/sharing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/phrases.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr double likely_person = 0.35;

bool is_number(const Entity& entity) {
  return entity.shape == Shape::number || entity.shape == Shape::money || entity.shape == Shape::percent;
}

/// Nothing but "and", commas, numbers and the like stands between the tokens.
bool joined(const Reading& r, std::size_t from, std::size_t to) {
  static constexpr std::array<std::string_view, 11> joints{"and", "plus", "to", "for", "a", "an", "also", "as", "well", "one", "of"};
  if (to < from) return false;
  bool listed = false;
  for (auto i = from; i < to; ++i) {
    const auto* entity = r.entity_at(i);
    if (entity != nullptr ? !is_number(*entity) : std::ranges::find(joints, r.tokens[i].lower) == joints.end()) return false;
    listed = listed || r.tokens[i].lower == "and" || r.tokens[i].lower == "plus";
  }
  const auto gap = std::string_view(r.text).substr(r.tokens[from - 1].end, r.tokens[to].begin - r.tokens[from - 1].end);
  // A full stop inside a number ("2.50") ends nothing.
  for (std::size_t i = 0; i < gap.size(); ++i) {
    const bool stop = gap[i] == '.' && (i + 1 == gap.size() || gap[i + 1] == ' ' || gap[i + 1] == '\n');
    if (stop || std::string_view(";:!?\n").contains(gap[i])) return false;
  }
  return listed || gap.contains(',');
}

void set_number(Filled& filled, const Parameter& parameter, double value) {
  if (parameter.type == ValueType::integer) {
    filled.arguments[parameter.name] = static_cast<std::int64_t>(value);
  } else {
    filled.arguments[parameter.name] = value;
  }
}

bool counts(const Parameter& parameter) {
  return parameter.want == Want::count || parameter.want == Want::money || parameter.want == Want::percent;
}

std::vector<Filled> for_people(const Tool& tool, const Reading& r, std::size_t first, std::size_t last, const Filled& filled,
                               bool earlier = false) {
  const bool people = std::ranges::find(tool.parameters, Want::person, &Parameter::want) != tool.parameters.end();
  const auto want = people ? Want::person : Want::party;
  const auto person = std::ranges::find(tool.parameters, want, &Parameter::want);
  if (person == tool.parameters.end() || std::ranges::count(tool.parameters, want, &Parameter::want) != 1) return {};
  const auto value = filled.arguments.find(person->name);
  if (value == filled.arguments.end() || !value->is_string()) return {};
  std::vector<const Entity*> names;
  std::vector<const Entity*> amounts;
  for (const auto& entity : r.entities) {
    if (entity.first < first || entity.last > last) continue;
    if (entity.shape == Shape::name) names.push_back(&entity);
    if (is_number(entity)) amounts.push_back(&entity);
  }
  const auto own = std::ranges::find_if(names, [&](const Entity* name) { return name->value == value->get_ref<const std::string&>(); });
  if (own == names.end()) return {};
  auto begin = own;
  auto end = own + 1;
  const auto suits = [&](const Entity* name) { return !people || name->person >= likely_person; };
  while (begin != names.begin() && suits(*(begin - 1)) && joined(r, (*(begin - 1))->last, (*begin)->first)) --begin;
  while (end != names.end() && suits(*end) && joined(r, (*(end - 1))->last, (*end)->first)) ++end;
  const auto count = static_cast<std::size_t>(end - begin);
  if (count < 2) return {};
  // "Sakura Print, Osaka": where nothing says "and", what stands behind a firm's name says more of it.
  const auto is_and = [](const Token& token) { return token.lower == "and"; };
  if (!people && std::none_of(r.tokens.begin() + static_cast<std::ptrdiff_t>((*begin)->last),
                              r.tokens.begin() + static_cast<std::ptrdiff_t>((*(end - 1))->first), is_and))
    return {};
  for (auto name = begin; name != end; ++name) {
    // Another argument has it: "… of Tom with Jerry".
    const bool taken = std::ranges::any_of(filled.arguments.items(), [&](const auto& item) {
      return item.key() != person->name && item.value().is_string() && item.value() == (*name)->value;
    });
    if (taken) return {};
  }
  const auto amount = std::ranges::find_if(tool.parameters, counts);
  const bool own_amounts = !earlier && amount != tool.parameters.end() && amounts.size() == count;
  std::vector<Filled> shares;
  for (std::size_t i = 0; i < count; ++i) {
    auto share = filled;
    share.arguments[person->name] = (*(begin + static_cast<std::ptrdiff_t>(i)))->value;
    if (own_amounts) set_number(share, *amount, amounts[i]->number);
    shares.push_back(std::move(share));
  }
  return shares;
}

struct Item {
  std::size_t first;
  std::size_t last;
  double count;
};

/// Things with a count or an article before them: "3 laptops", "a monitor".
std::vector<Item> counted_items(const Reading& r, std::size_t first, std::size_t last) {
  std::vector<Item> items;
  for (const auto& phrase : phrases_of(r, first, last)) {
    if (phrase.first == first || !phrase.lead.empty()) continue;
    const auto* before = r.entity_at(phrase.first - 1);
    if (before != nullptr && before->shape == Shape::number) {
      items.push_back({phrase.first, phrase.last, before->number});
    } else if (r.tokens[phrase.first - 1].lower == "a" || r.tokens[phrase.first - 1].lower == "an") {
      items.push_back({phrase.first, phrase.last, 1});
    }
  }
  return items;
}

std::vector<Filled> for_things(const Tool& tool, const Reading& r, std::size_t first, std::size_t last, const Filled& filled) {
  const auto count = std::ranges::find(tool.parameters, Want::count, &Parameter::want);
  const auto name = std::ranges::find(tool.parameters, Want::name, &Parameter::want);
  if (count == tool.parameters.end() || name == tool.parameters.end() || !filled.arguments.contains(count->name)) return {};
  const auto value = filled.arguments.find(name->name);
  if (value == filled.arguments.end() || !value->is_string()) return {};
  const auto text = [&](const Item& item) {
    return r.text.substr(r.tokens[item.first].begin, r.tokens[item.last - 1].end - r.tokens[item.first].begin);
  };
  const auto items = counted_items(r, first, last);
  const auto own = std::ranges::find_if(items, [&](const Item& item) { return text(item).contains(value->get_ref<const std::string&>()); });
  if (own == items.end()) return {};
  std::vector<Filled> shares{filled};
  for (auto item = own + 1; item != items.end() && joined(r, (item - 1)->last, item->first); ++item) {
    auto share = filled;
    share.arguments[name->name] = text(*item);
    set_number(share, *count, item->count);
    if (item->count < 0 || item->count != std::floor(item->count)) {
      share.arguments.erase(count->name);
      share.missing.push_back(&*count);
    }
    shares.push_back(std::move(share));
  }
  return shares;
}

}  // namespace

namespace {

/// "… for both", "their …": the persons of what was said before.
bool means_those(const Reading& r, std::size_t first, std::size_t last) {
  static constexpr std::array<std::string_view, 5> words{"both", "them", "they", "their", "theirs"};
  for (auto i = first; i < last; ++i) {
    if (r.entity_at(i) == nullptr && std::ranges::find(words, r.tokens[i].lower) != words.end()) return true;
  }
  return false;
}

bool names(const Reading& r, std::size_t first, std::size_t last, const nlohmann::ordered_json& value) {
  return value.is_string() && std::ranges::any_of(r.entities, [&](const Entity& entity) {
           return entity.first >= first && entity.last <= last && entity.value == value.get_ref<const std::string&>();
         });
}

}  // namespace

std::vector<Filled> shares_of(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last,
                              const std::vector<Reading>& replies, const Filled& filled) {
  auto shares = each_of(tool, reading, first, last, filled);
  if (shares.size() == 1 && first > 0 && means_those(reading, first, last)) {
    const auto person = std::ranges::find(tool.parameters, Want::person, &Parameter::want);
    const auto value = person == tool.parameters.end() ? filled.arguments.end() : filled.arguments.find(person->name);
    if (value != filled.arguments.end() && !names(reading, first, last, *value)) {
      if (auto those = for_people(tool, reading, 0, first, filled, true); those.size() > 1) shares = std::move(those);
    }
  }
  for (const auto& reply : replies) {
    std::vector<Filled> more;
    for (const auto& share : shares) {
      for (auto& one : each_of(tool, reply, 0, reply.tokens.size(), share)) more.push_back(std::move(one));
    }
    shares = std::move(more);
  }
  return shares;
}

std::vector<Filled> each_of(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last, const Filled& filled) {
  if (auto shares = for_people(tool, reading, first, last, filled); shares.size() > 1) return shares;
  if (auto shares = for_things(tool, reading, first, last, filled); shares.size() > 1) return shares;
  return {filled};
}

}  // namespace convoke::model
