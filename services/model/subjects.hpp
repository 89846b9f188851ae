// Subjects that several tools have in common ("onboarding"): a goal may name one of them, and no tool at all. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/ranking.hpp"

namespace convoke::model {

/// "Set up everything for the new colleague", "see to her complete onboarding" in tokens [first, last): the tools that share a synonym
/// which speaks of an employee ("onboard a new employee"); empty when it asks for no such thing.
std::vector<std::size_t> all_for_newcomer(const Index& index, const Reading& reading, std::size_t first, std::size_t last);

/// Tools that say in their description, or in a synonym that several of them have, that they are about this.
std::vector<std::size_t> belonging(const Index& index, const std::string& stem);

/// Three tools or more that have one synonym in common which the topic has, whole; empty when there is none.
std::vector<std::size_t> shared_subject(const Index& index, const Topic& topic);

/// Some tool's name has the word: then that tool is meant, not a subject.
bool is_named(const Catalogue& catalogue, const std::string& stem);

}  // namespace convoke::model
