#include "groupchat/session/letters.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace convoke::groupchat::session {
namespace {

std::size_t size_of(const state::StoredLetterT& stored) {
  std::size_t bytes = stored.letter->text.size();
  for (const auto& input : stored.input) bytes += input.text.size();
  return bytes;
}

auto with_id(std::string_view id) {
  return [id](const state::StoredLetterT& stored) { return stored.letter->id == id; };
}

}  // namespace

void keep_letter(Context& c, state::StoredLetterT stored) {
  c.touch();
  auto& kept = c.state.dead_letters;
  kept.push_back(std::move(stored));
  std::size_t bytes = 0;
  for (const auto& each : kept) bytes += size_of(each);
  while (kept.size() > 1 && (kept.size() > max_letters || bytes > max_letter_bytes)) {
    bytes -= size_of(kept.front());
    const std::string oldest = kept.front().letter->id;
    drop_letter(c, oldest, "system", fmt::format("A session keeps {} dead letters, of {} KiB.", max_letters, max_letter_bytes / 1024));
  }
}

const state::StoredLetterT* find_letter(const State& state, std::string_view id) {
  const auto found = std::ranges::find_if(state.dead_letters, with_id(id));
  return found == state.dead_letters.end() ? nullptr : &*found;
}

void remove_letter(Context& c, std::string_view id) {
  c.touch();
  std::erase_if(c.state.dead_letters, with_id(id));
}

void drop_letter(Context& c, std::string_view id, std::string by, std::string_view why) {
  const auto* stored = find_letter(c.state, id);
  if (stored == nullptr) return;
  const auto& letter = *stored->letter;
  auto event = c.event(wire::EventKind::letter_dropped, letter.conversation, std::move(by));
  event.text = why;
  event.data = render({{"id", letter.id}, {"agent", letter.agent}, {"turn", std::to_string(letter.turn)}});
  c.post(std::move(event));
  remove_letter(c, id);
}

}  // namespace convoke::groupchat::session
