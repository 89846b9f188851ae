// Dead letters: turns that failed three times, kept in the session's state with what gives them again, until a person settles them or newer
// ones need the room.
#pragma once

#include <string>
#include <string_view>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// What a session keeps, as every commit writes its state whole: so many letters, and so many bytes of what they were about (the newest one
/// is kept whatever its size).
inline constexpr std::size_t max_letters = 100;
inline constexpr std::size_t max_letter_bytes = std::size_t{256} * 1024;

/// Beyond the bounds the oldest letters are dropped.
void keep_letter(Context& c, state::StoredLetterT stored);
/// nullptr: no such letter.
const state::StoredLetterT* find_letter(const State& state, std::string_view id);
/// Forgets it without a word, because it was repeated.
void remove_letter(Context& c, std::string_view id);
/// Forgets it and says so in its conversation (`letter_dropped`).
void drop_letter(Context& c, std::string_view id, std::string by, std::string_view why);

}  // namespace convoke::groupchat::session
