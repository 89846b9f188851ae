// Cuts a text into phrases at its function words: "Order | 5 ergonomic chairs | from Acme | by Friday". Each phrase knows the word that
// leads it in. No grammar is needed for that: prepositions, articles and auxiliaries are closed classes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/entities.hpp"

namespace convoke::model {

struct Phrase {
  std::size_t first = 0;  // tokens [first, last), without article and count
  std::size_t last = 0;
  std::string lead;            // "for", "about", "called", ":" …; empty for an object
  std::size_t lead_token = 0;  // where the lead stands; first when there is none
  bool listed = false;         // goes on with a list: behind a comma, "and" or "or"
  bool single = false;         // its article is "a" or "an"
  bool measured = false;       // so many packs, samples … of it
};

std::vector<Phrase> phrases_of(const Reading& reading, std::size_t first, std::size_t last);

/// The verb that opens tokens [first, last), after what is polite; `last` when none does.
std::size_t opening_verb(const Reading& reading, std::size_t first, std::size_t last);

/// "Make this sentence friendlier: …": the text that is to be worked on stands in the request.
bool gives_text(const Reading& reading);

/// "Call it …", "name them …": says what something is called, and asks for nothing.
bool is_naming(const Reading& reading, std::size_t token);

/// Verbs only with their particle: back up, phase out.
bool opens_phrasal(const Reading& reading, std::size_t token);

/// The participle of a request in the passive ("should be booked"), where no verb opens it; `last` when there is none.
std::size_t passive_verb(const Reading& reading, std::size_t first, std::size_t last);
/// The stem of the verb that a participle belongs to: paid gives pay. Empty when it is of no verb that requests use.
std::string active_stem(const Token& participle);

/// called, named, targeting, starting …: words that announce a value like a preposition.
bool is_announcing(std::string_view lower);

/// "packs of paper", "30 pieces": says how a thing is counted.
bool is_measure(std::string_view lower);

}  // namespace convoke::model
