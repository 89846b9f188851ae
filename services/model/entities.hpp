// What a text contains by shape: e-mail addresses, amounts, dates, codes, quotations, names … No word belongs to two of them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/dates.hpp"
#include "model/words.hpp"

namespace convoke::model {

enum class Shape : std::uint8_t { quoted, email, url, phone, date, period, money, percent, version, code, number, name };

struct Entity {
  Shape shape = Shape::name;
  std::size_t first = 0;  // tokens [first, last); a phone number or a URL covers several
  std::size_t last = 0;
  std::size_t begin = 0;  // bytes, with currency signs and quotation marks
  std::size_t end = 0;
  std::string value;     // as an argument: dates in ISO form, quotations without marks, otherwise as written
  double number = 0;     // money, percent, number
  bool vague = false;    // date: only a week, month or year
  double person = 0;     // name: how much it looks like a person's, 0 to 1
  bool country = false;  // name: a country's
  bool company = false;  // name: has a word that companies are called by
};

/// A text, its words, and what they are.
struct Reading {
  std::string text;
  std::vector<Token> tokens;
  std::vector<Entity> entities;        // in the order of the text
  std::vector<std::size_t> entity_of;  // per token: index into entities, or npos
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  const Entity* entity_at(std::size_t token) const { return entity_of[token] == none ? nullptr : &entities[entity_of[token]]; }
};

/// Of a text longer than 4 KiB the beginning and the end are read. `known` says whether a stem is a word of the catalogue at hand: those
/// are no names, unless written like one inside a sentence.
Reading read_text(std::string_view text, Day today, const std::function<bool(std::string_view)>& known);

/// A common first name, in lower case.
bool is_first_name(std::string_view lower);

}  // namespace convoke::model
