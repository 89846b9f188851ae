// Words of a text: where they stand, how they are written, and their stems. Everything that ranks or extracts starts from these.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::model {

struct Token {
  std::string lower;  // ASCII lower case, without a possessive 's
  std::string stem;
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;
  bool capital = false;     // starts with an upper-case letter
  bool all_caps = false;    // two letters or more, all upper case
  bool digits = false;      // has a digit
  bool possessive = false;  // was followed by 's
  bool sentence_start = false;
};

/// Letters, digits and bytes beyond ASCII make words; apostrophes inside stay, everything else separates.
std::vector<Token> tokenize(std::string_view text);

/// Words of an identifier: snake_case, kebab-case and camelCase.
std::vector<std::string> identifier_words(std::string_view name);

/// Porter's algorithm (1980) on lower-case ASCII, after British spellings became American ones; other words come back as they are.
std::string stem(std::string_view lower);

/// Articles, pronouns, auxiliaries, prepositions and polite phrases: say nothing about what is wanted.
bool is_stop_word(std::string_view lower);
bool is_preposition(std::string_view lower);
bool is_determiner(std::string_view lower);
/// Send back, hand over: belongs to the verb before it.
bool is_particle(std::string_view lower);

/// What a number is of: 500 GB, 27 inch.
bool is_unit(std::string_view lower);

/// The stems that tell texts apart, in order: no stop words, "set up" as one word, compounds kept as written.
std::vector<std::string> content_stems(std::string_view text);
std::vector<std::string> content_stems(const std::vector<Token>& tokens, std::vector<std::size_t>* positions = nullptr);

std::string to_lower(std::string_view text);
std::string trim(std::string_view text);

}  // namespace convoke::model
