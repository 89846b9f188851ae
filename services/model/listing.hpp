// Lists in a text ("Facebook, Instagram and LinkedIn"), and choices of an enumeration.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/candidates.hpp"

namespace convoke::model {

struct Listing {
  std::vector<const Candidate*> items;
};

/// Every run of spans that are joined by commas and "and"; single spans as lists of one.
std::vector<Listing> listings_of(const std::vector<Candidate>& candidates, const Reading& reading);

/// One of them is a name, a quotation or the like, or holds one.
bool names_any(const Listing& listing, const Reading& reading);

double list_suitability(const Parameter& parameter, const Listing& listing, const std::vector<Candidate>& candidates,
                        const Reading& reading);

/// "a, b and c" as a list of texts.
nlohmann::ordered_json split_list(std::string_view text);

/// How well a choice is meant by the tokens [first, last): 1 when it is said, less for related words, 0 when nothing speaks for it.
double choice_match(std::string_view choice, const Reading& reading, std::size_t first, std::size_t last);

}  // namespace convoke::model
