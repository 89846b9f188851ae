#include "model/words.hpp"

#include <catch2/catch.hpp>

#include "model/idioms.hpp"
#include "model/spelling.hpp"
#include "model/thesaurus.hpp"

using namespace convoke::model;

TEST_CASE("model words: stems as Porter's paper gives them") {
  for (const auto& [word, expected] : {std::pair{"caresses", "caress"},
                                       {"ponies", "poni"},
                                       {"cats", "cat"},
                                       {"feed", "feed"},
                                       {"agreed", "agre"},
                                       {"plastered", "plaster"},
                                       {"motoring", "motor"},
                                       {"hopping", "hop"},
                                       {"filing", "file"},
                                       {"happy", "happi"},
                                       {"relational", "relat"},
                                       {"vietnamization", "vietnam"},
                                       {"electrical", "electr"},
                                       {"adjustment", "adjust"},
                                       {"adoption", "adopt"},
                                       {"controlling", "control"},
                                       {"rate", "rate"}}) {
    CHECK(stem(word) == expected);
  }
  CHECK(stem("organise") == stem("organize"));
  CHECK(stem("colours") == stem("color"));
  CHECK(stem("café") == "café");
}

TEST_CASE("model words: irregular forms and nouns of deeds have the stem of their verb") {
  for (const auto& [word, verb] : {std::pair{"bought", "buy"},
                                   {"frozen", "freeze"},
                                   {"analysis", "analyse"},
                                   {"registration", "register"},
                                   {"renewal", "renew"},
                                   {"complaints", "complain"},
                                   {"maintenance", "maintain"}}) {
    INFO(word);
    CHECK(stem(word) == stem(verb));
  }
  CHECK(stem("left") != stem("leave"));  // a word of its own
}

TEST_CASE("model words: expressions of several words mean one") {
  const auto meant = [](std::string_view text) {
    const auto reading = read_text(text, Day{}, [](std::string_view) { return true; });
    std::vector<std::string> words;
    for (const auto& meaning : meanings_in(reading, 0, reading.tokens.size())) words.push_back(meaning.word);
    return words;
  };
  CHECK(meant("we must call all of them back") == std::vector<std::string>{"recall"});
  CHECK(meant("kept an eye on it") == std::vector<std::string>{"monitor"});
  CHECK(meant("keeping an eye on it") == std::vector<std::string>{"monitor"});
  CHECK(meant("call me. I am back").empty());
}

TEST_CASE("model words: tokens know their place, capital and possessive") {
  const auto tokens = tokenize("Please fix Anna's PC. O'Brien can\xE2\x80\x99t \xE2\x80\x94 really");
  std::vector<std::string> lower;
  for (const auto& token : tokens) lower.push_back(token.lower);
  CHECK(lower[2] == "anna");
  CHECK(tokens[2].possessive);
  CHECK(tokens[3].all_caps);
  CHECK(tokens[4].lower == "o'brien");
  CHECK(tokens[4].sentence_start);
  CHECK(lower.back() == "really");
}

TEST_CASE("model words: content of a request is its telling words") {
  CHECK(content_stems("Could you please set up the payroll?") == std::vector<std::string>{"setup", "payrol"});
  CHECK(content_stems("Set Anna up with e-mail") == std::vector<std::string>{"setup", "anna", "email"});
  CHECK(identifier_words("set_up_payroll") == std::vector<std::string>{"set", "up", "payroll"});
  CHECK(identifier_words("getHTTPStatus") == std::vector<std::string>{"get", "http", "status"});
}

TEST_CASE("model words: the thesaurus relates what is said for one another") {
  CHECK(related(stem("buy"), stem("purchase")));
  CHECK(related(stem("laptops"), stem("notebook")));
  CHECK_FALSE(related(stem("buy"), stem("translate")));
  CHECK(is_imperative("order"));
  CHECK(is_imperative("organize"));
  CHECK_FALSE(is_imperative("security"));
}

TEST_CASE("model words: spelling mistakes are near, other words are not") {
  CHECK(resemblance("benifit", "benefit") > 0);
  CHECK(resemblance("orientaton", "orientation") > 0);
  CHECK(resemblance("photo", "photoshoot") > 0);
  CHECK(resemblance("table", "cable") == 0);
  CHECK(resemblance("order", "ordeal") == 0);
}
