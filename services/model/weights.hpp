// What counts how much in the ranking. The numbers were found on the requests in tests/data, by hand and by random search.
#pragma once

#include <array>
#include <cstddef>

namespace convoke::model::weights {

enum Field : std::size_t { in_name, in_synonyms, in_description, in_parameters, fields };

inline constexpr double common_share = 0.43;  // of a word of everyday talk
inline constexpr double bigram_share = 0.18;  // of neighbouring words that both have …
inline constexpr double bigram_half = 1.05;   // … so many rarest pairs of them give half of it

// Robertson's BM25F with the usual constants; weights and length normalisation per field.
inline constexpr double k1 = 1.0;
inline constexpr std::array<double, fields> field_weight{3.0, 1.16, 0.7, 0.8};
inline constexpr std::array<double, fields> length_share{0.13, 0.1, 0.4, 1.0};

inline constexpr double related_weight = 0.69;
inline constexpr double misspelt_weight = 0.7;
inline constexpr double verb_share = 0.53;     // of a name's cover: verbs are said in many ways
inline constexpr double unknown_share = 0.4;   // of a word that no tool has: it is most likely a value
inline constexpr double unknown_verb = 0.3;    // of a verb that no tool has
inline constexpr double instance_share = 1.0;  // of a name's word that a parameter names: the request may give the thing itself instead

inline constexpr double explained_share = 0.53;
inline constexpr double cover_share = 0.35;
inline constexpr double fit_share = 0.2;
inline constexpr double agent_share = 0.05;
inline constexpr double phrase_bonus = 0.05;
inline constexpr double verb_as_thing = 0.15;
inline constexpr double question_share = 0.1;   // a question wants a tool that tells, not one that does
inline constexpr double verb_match = 0.12;      // the request's verb is in the tool's name …
inline constexpr double verb_mismatch = 0.15;   // … or the tool has another one, and does not know the request's at all
inline constexpr double counted_thing = 0.115;  // "order 12 desks": whatever the things are, the deed and the count are the tool's
inline constexpr double undoing_margin = 0.1;   // a tool that undoes may rank so much lower than the one that brings it about

inline constexpr double told_phrase = 1.4;  // a synonym that is in the request whole says something if its words do

}  // namespace convoke::model::weights
