// What a person types at a question, and what is typed elsewhere when nobody is here to be asked. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/show.hpp"

namespace convoke::cli {

enum class Choice : std::uint8_t { yes, no, edit, later, unclear };

/// A choice's first letter or its word, in any case. Everything else, an empty line too, is unclear: to be asked again.
Choice choice_of(std::string_view typed, bool may_edit);

/// The commands that answer a question from anywhere; `self` is what names the installation (Invocation::self).
std::vector<std::string> commands_for(const Question& question, const Show& show, const std::string& self);

/// The questions that wait, for people: what is asked, and what to type.
std::vector<std::string> waiting_lines(const Show& show, const std::string& self);
/// The same as JSON: `{"type": "waits_for_person", "questions": [{"request", "kind", "plan", "step", "text", "commands"}]}`.
Json waiting_json(const Show& show, const std::string& self);

}  // namespace convoke::cli
