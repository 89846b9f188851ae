// Fills a tool's arguments from a text. Spans of the text (what has a shape, and phrases) are assigned to parameters by type, by the words
// that announce them, and by preposition, best pair first, each span once. Nothing is invented: what is not there is missing.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/catalogue.hpp"
#include "model/entities.hpp"
#include "model/ranking.hpp"

namespace convoke::model {

struct Filled {
  nlohmann::ordered_json arguments = nlohmann::ordered_json::object();
  std::vector<const Parameter*> missing;  // required, without a default, and not in the text
  std::vector<const Parameter*> vague;    // filled with a date of which only a week, month or year was said
  std::vector<const Parameter*> refused;  // missing, for the number that was said cannot be theirs: nothing said elsewhere takes its place
  std::vector<const Parameter*> loose;    // filled with what is left of the request's own words, for want of better
  std::vector<const Parameter*> topics;   // free text of which only the topic is said: "about our offers"
};

struct FillOptions {
  bool phrases = true;     // common nouns as values, not only what has a shape
  bool free_text = true;   // fill free text with the whole clause when nothing better is found
  bool elsewhere = false;  // the words are about something else, too: a person there is no name for a thing here
};

/// From the tokens [first, last) of the reading.
Filled fill(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last, FillOptions options = {});

/// Fills what is missing in `filled` from another text, such as the goal.
void fill_from(Filled& filled, const Tool& tool, const Reading& reading, FillOptions options = {.free_text = false});

/// A call that comes before this one.
struct Earlier {
  const Tool* tool;
  const Filled* filled;
};

/// Where [first, last) points at a thing ("its warranty", "30 more"): names and texts that are missing or loosely filled, from the nearest
/// of the earlier calls.
void fill_from_earlier(Filled& filled, const Tool& tool, const Reading& reading, std::size_t first, std::size_t last,
                       const std::vector<Earlier>& earlier);

/// "For the Spring campaign: design a poster, and write posts for TikTok.": the name that all is set under is that of the steps behind it.
void fill_from_frame(Filled& filled, const Tool& tool, const Reading& reading, std::size_t first);

}  // namespace convoke::model
