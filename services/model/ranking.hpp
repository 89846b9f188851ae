// Ranks tools against a request: BM25 with field weights over stems, spread over the thesaurus and tolerant of spelling; how much of a
// tool's name (or one of its synonyms) the request covers; and whether what the request contains fits the tool's parameters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/catalogue.hpp"
#include "model/entities.hpp"

namespace convoke::model {

/// What a request is about: stems in order, without what is an entity, each with a weight of 0 to 1.
struct Term {
  std::string stem;
  std::string lower;
  double weight = 1;
  std::size_t token = 0;
  bool verb = false;  // opens the request: stands for what is done, not for a thing
};
struct Topic {
  std::vector<Term> terms;
  std::vector<std::string> pairs;  // neighbouring words, stop words among them: "call back", "how many"
  bool question = false;           // asks to be told, not for something to be done
  bool told = false;               // "find out which …": a question in the form of a request
  std::string verb;                // the stem of the verb that opens it, if that says anything
  // What the request contains, for the fit of parameters.
  bool person = false, email = false, phone = false, date = false, money = false, percent = false, number = false, code = false,
       name = false, thing = false;  // a name with an article: of no firm
  std::size_t people = 0;            // how many persons are named
  bool everybody = false;            // "for everyone": for nobody in particular
};

struct Ranked {
  std::size_t tool = 0;
  double score = 0;       // 0 to about 1.2
  double explained = 0;   // share of the request's terms that the tool has, by weight
  double name_cover = 0;  // share of the tool's name that the request has
  double cover = 0;       // share of the tool's name, or of its best synonym, that the request has
  double things = 0;      // how many of the request's words, its verb left out, the tool has; a related or misspelt one counts less
  bool deed = false;      // the tool has the request's verb, or a word for the same deed
  bool named = false;     // the tool's name has the request's verb, or more than a verb speaks for the tool
  bool phrase = false;    // a synonym of two words or more is in the request, whole
  bool undone = false;    // the request wants something undone, and it undoes nothing
};

class Index {
 public:
  explicit Index(const Catalogue& catalogue);

  /// The best tools first; those of generic and human agents are left out.
  std::vector<Ranked> rank(const Topic& topic) const;

  bool knows(std::string_view stem) const { return vocabulary_.contains(std::string(stem)); }
  /// How telling a stem is: higher for rarer ones. 0 for one that no tool has.
  double idf(std::string_view stem) const;
  /// The word that tools have for an abbreviation: itself, or the one that most tools have of those that begin with it. Empty for none.
  std::string completed(std::string_view letters) const;
  double highest_idf() const { return highest_idf_; }
  bool has(std::size_t tool, std::string_view stem) const;
  const Catalogue& catalogue() const { return catalogue_; }
  /// Whether the tool's name or a synonym opens with this very verb, or with a word for the same deed.
  bool opens_with(std::size_t tool, std::string_view stem) const;
  bool related_deed(std::size_t tool, const Token& verb) const;
  /// Whether the tool's name, synonyms or description speak of it, as of a thing and not as the tool's own deed.
  bool is_about(std::size_t tool, const Term& term) const;
  /// Synonyms of two words or more, as stems, that three tools or more have: what they belong to.
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::size_t>>>& shared_synonyms() const { return shared_; }
  /// Tools that have this very stem, or a related one, in a synonym or the description.
  std::vector<std::size_t> tools_about(std::string_view stem) const;

 private:
  struct Posting {
    std::size_t tool;
    double frequency;  // weighted over the fields, normalised by their length
  };
  struct Phrase {
    std::vector<std::size_t> terms;
    std::vector<double> shares;  // how much each term matters
    bool is_name = false;
  };
  struct Entry {
    std::vector<Phrase> phrases;       // the name first, then the synonyms
    std::vector<std::size_t> actions;  // terms that stand for what it does: a phrase opens with them
    bool listed = true;
  };
  struct Match {
    std::size_t term;
    double weight;
  };

  std::size_t intern(std::string_view stem);
  void count_fields(const Catalogue& catalogue);
  void add_phrases(const Catalogue& catalogue);
  void add_pairs(const Catalogue& catalogue);
  bool undoes(std::size_t tool, std::string_view verb) const;
  void mark_undone(std::vector<Ranked>& ranked, const Topic& topic) const;
  void score_pairs(std::vector<Ranked>& ranked, const Topic& topic) const;
  std::vector<Match> expand(const Term& term) const;
  std::vector<Match> misspelt(std::string_view stem) const;
  double idf_of(std::size_t documents) const;
  void score_verbs(std::vector<Ranked>& ranked, const Topic& topic) const;
  void score_questions(std::vector<Ranked>& ranked, double share) const;
  double fit(const Topic& topic, const Tool& tool) const;
  double cover(const Phrase& phrase, const std::vector<double>& matched, std::size_t verb) const;
  void score_names(std::vector<Ranked>& ranked, const std::vector<double>& matched, std::size_t verb) const;

  const Catalogue& catalogue_;
  std::unordered_map<std::string, std::size_t> vocabulary_;
  std::vector<std::string> stems_;
  std::vector<std::vector<Posting>> postings_;
  std::vector<std::vector<std::size_t>> topical_;  // per stem: tools that have it in a synonym or the description
  std::vector<Entry> entries_;
  std::vector<std::pair<std::vector<std::string>, std::vector<std::size_t>>> shared_;
  std::unordered_map<std::string, std::vector<std::size_t>> pairs_;  // neighbouring words → tools that have them so
  std::vector<std::unordered_map<std::string, double>> agents_;      // per agent: stem → weight, from its name and description
  double highest_idf_ = 0;
};

/// Stems of a tool's name. In a name "it" is the department: names have no pronouns.
std::vector<std::string> name_stems(const Tool& tool);

/// Neighbouring words of tokens [first, last) as "left right", without articles; at least one of them says something.
std::vector<std::string> pairs_of(const std::vector<Token>& tokens, std::size_t first, std::size_t last);

/// The topic of a reading, or of the tokens [first, last) of it.
Topic topic_of(const Reading& reading, const Index& index, std::size_t first = 0, std::size_t last = static_cast<std::size_t>(-1));

}  // namespace convoke::model
