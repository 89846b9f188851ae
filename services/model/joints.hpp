// How the parts of a sentence are joined: by a sign, by "and", as a list, as an apposition. Of the words alone; no tool is asked.
#pragma once

#include <cstddef>

#include "model/entities.hpp"

namespace convoke::model {

/// The sign between a token and the next one: a newline, . ! ? ; : , or &; a dash is a semicolon. A space when there is none.
char sign_between(const Reading& reading, std::size_t left);

/// Behind "and", "but", "so" the clause itself begins.
std::size_t behind_joint(const Reading& reading, std::size_t token);

/// "as for the lift, have it serviced": where what is asked about it begins; `token` itself when nothing is set before.
std::size_t behind_subject(const Reading& reading, std::size_t token);

/// "the printer, | an old one from Berlin, | is …": the token behind the comma that closes what is said more of the thing named from
/// `from` on; `token` itself when none does.
std::size_t behind_apposition(const Reading& reading, std::size_t from, std::size_t token);

/// "has also | earned": the adverb stands inside its sentence.
bool also_inside(const Reading& reading, std::size_t token);

/// "an account, | VPN access and a laptop": two or three words without article, before the next item.
bool lists_thing(const Reading& reading, std::size_t token);

/// "it", "the result", "about this": what was said or found out before.
bool points_back(const Reading& reading, std::size_t first, std::size_t last);

/// "then", "afterwards", here or at the end of what stands before: in this order.
bool follows(const Reading& reading, std::size_t first, std::size_t last);

/// "…, the one with the rules", "…, 12 of them": says more about what was named.
bool apposes(const Reading& reading, std::size_t token);

/// "the Family Bundle": by its article a thing, and no firm. A noun behind it ("the Acme contract") would say what it is.
bool names_thing(const Reading& r, const Entity& entity);

/// "For the Spring campaign: …": the token behind the colon, where "for" or "regarding" opens what stands before it; otherwise 0.
std::size_t behind_frame(const Reading& r);

}  // namespace convoke::model
