// Where the clauses of a request may begin: at sentences, behind "and" and "then", behind commas before an article, a count or a verb; and
// what each beginning is: a request, a statement, something that points back.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "model/ranking.hpp"

namespace convoke::model {

struct Start {
  std::size_t token;
  bool imperative;
  bool sentence;
  bool refers = false;  // to what was said before: "reset it", "check their performance"
  bool echo = false;    // says nothing by itself but what is to be done with what was told
  bool wishes = false;  // somebody needs or wants something
  bool tells = false;   // a plain statement: asks for nothing by itself
  bool more = false;    // another deed with the same thing: "order a laptop and configure it"
  bool asks = false;    // a question of its own in the sentence of another: "what is it, how much does it cost"
  bool item = false;    // of a list, without an article: "an account, VPN access and a laptop"
  bool direct = false;  // asks somebody to do it: "please …", "could you …", not "we want to …"

  /// How plainly it asks: of several starts in one clause the plainest says what is to be done.
  int plainness() const { return direct ? 3 : imperative || wishes ? 2 : tells ? 0 : 1; }
};

/// The starts in tokens from `body` on, in order; the first one is there.
std::vector<Start> starts_of(const Reading& reading, const Index& index, std::size_t body);

/// "Hi team, …" gives the first token behind the greeting; 0 when there is none.
std::size_t after_greeting(const Reading& reading);

/// "Heading: Sentence." gives the first token of the sentence; 0 when there is no heading.
std::size_t after_label(const Reading& reading);

/// Where what begins at that start ends.
std::size_t end_of(const Reading& reading, const std::vector<Start>& starts, std::size_t start);
/// What stands between two starts asks to be told.
bool is_question_at(const Reading& reading, const Index& index, const std::vector<Start>& starts, std::size_t from, std::size_t to);
bool has_entities_at(const Reading& reading, const std::vector<Start>& starts, std::size_t start);

/// Work on a text that is given, as a stem: translate, summarise …
bool is_pure_text_work(std::string_view verb);

}  // namespace convoke::model
