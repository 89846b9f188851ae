// The spans of a text that may become arguments, and how well each suits a parameter.
#pragma once

#include <string>
#include <vector>

#include "model/catalogue.hpp"
#include "model/entities.hpp"
#include "model/phrases.hpp"

namespace convoke::model {

struct Candidate {
  enum class Kind : std::uint8_t { entity, phrase, modifier, tail } kind = Kind::phrase;
  std::size_t first = 0;  // tokens [first, last)
  std::size_t last = 0;
  const Entity* entity = nullptr;
  std::string value;
  std::string whole;  // with the tool's own word behind it: "business customers" for a tool that asks customers
  std::string lead;
  std::size_t lead_token = 0;
  bool everyday = false;                // nothing but words of everyday talk
  bool object = false;                  // the first phrase without a preposition
  bool counted = false;                 // a number stands before it, for a tool that takes so many
  bool owned = false;                   // "its results": of something that has the name
  bool pronoun = false;                 // "it": refers to something, says nothing
  bool about = false;                   // only says again what the tool does
  bool short_name = false;              // a name of one word and what it is: "HP printers"
  std::vector<std::string> kind_stems;  // of the words behind the first
  std::string modified;                 // modifier: the stem of the word that it stands before

  /// All that stands behind the name says what kind of thing the parameter is: "the Figma software".
  bool only_kind(const Parameter& parameter) const;
  bool is_person() const;
  /// Of a group of people all of its name.
  const std::string& value_for(const Parameter& parameter) const;
};

/// `tool_stems`: the words of the tool's name; phrases are freed of them at both ends.
std::vector<Candidate> candidates_of(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last);

/// 0 or less: does not suit. 1 is good, cues add to it.
double suitability(const Parameter& parameter, const Candidate& candidate, const Reading& reading);

}  // namespace convoke::model
