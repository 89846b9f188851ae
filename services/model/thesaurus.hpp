// Words of ordinary office English that are said for one another. General language only: what a team's own words mean is said by the
// synonyms in its team file.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace convoke::model {

/// The groups as text, one a line (thesaurus_groups.cpp).
std::string_view thesaurus_groups();

/// Groups that a stem belongs to; empty for most.
std::span<const std::uint16_t> groups_of(std::string_view stem);

/// All stems of a group.
std::span<const std::string_view> members_of(std::uint16_t group);

/// True when the words are said for one another.
bool related(std::string_view left_stem, std::string_view right_stem);

/// Verbs that commonly open a request, in their base form.
std::span<const std::string_view> request_verbs();

/// A verb that commonly opens a request ("write …", "check …"), as a stem.
bool is_request_verb(std::string_view stem);

/// The verb as a request has it: in its base form. Nouns and participles that share its stem (security, selling) are none.
bool is_imperative(std::string_view lower);

/// Verbs that say little by themselves: handle, manage, do …
bool is_light_verb(std::string_view stem);

/// Work on text that any language model can do without a tool: translate, summarise, explain …
bool is_text_work(std::string_view stem);
/// What is done by thinking alone, where no tool does it: "estimate".
bool is_thinking(std::string_view stem);
/// Undoes what other verbs do: "revoke", "cancel", "uninstall".
bool is_undoing(std::string_view stem);

/// A word of everyday talk (time, right, week): having it in common says little.
bool is_common(std::string_view stem);

}  // namespace convoke::model
