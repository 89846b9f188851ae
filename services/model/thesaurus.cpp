#include "model/thesaurus.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr std::string_view request_verbs_text = R"(
add adjust advise allocate alter amend analyse announce apply appoint appraise approve arrange ask assess assign assist attach audit authorise
bake begin bill book boost bring broadcast build bundle buy calculate call cancel change check circulate clean clear close coach collect communicate
compare compile compose compute conduct configure confirm connect construct contact convert cook coordinate correct craft create cut deactivate debug
decommission decrease delete deliver deploy describe design determine develop diagnose disable discard discontinue discuss dispatch display dispose
distribute download draft draw drop edit email employ enable encrypt enforce enlist enrol enroll ensure equip establish estimate evaluate examine
execute expand explain export extend facilitate fetch figure file fill find finalise fix follow forecast format forward fund gather generate get give
grant greenlight guide hand handle help hire hold host identify implement import improve include increase inform initiate insert inspect install
instruct introduce investigate invite invoice issue join kickoff launch lease let list locate lookup lower mail maintain make manage map mark measure
merge migrate modify monitor move name negotiate notify obtain offer onboard open optimise order organise outline oversee pay perform pick plan
post prepare present print process procure produce project promote propose provide publish pull purchase put raise rate read recall recommend record
recover recruit reduce refresh refund register reimburse reject release remind remove rename renew rent repair replace reply report request
research reschedule reserve reset resolve respond restart restore restrict retire retrieve return review revise revoke rewrite roll route run save
scan schedule search secure select sell send set setup sign sort put share ship show signup solve sort source specify start stop store submit subscribe suggest summarise
supply suspend switch sync take talk teach tell terminate test take tidy trace track train transfer translate troubleshoot turn undo unlock update upgrade upload
use validate verify visit walk warn wash watch welcome withdraw work write
accept accompany look see admit adopt award ban bargain block brief carry categorise charge classify combine compensate complain convince copy count
decline decorate dedicate deposit destroy dictate dismiss divide donate double drive dump duplicate earmark elect engrave enter escort
exchange feed forbid freeze greet haggle halt halve honour illustrate insure integrate interview invent invest lengthen lend lift link load
localise lock motivate mow nominate pack paint park pause permit personalise persuade photograph plant polish postpone praise rebook
rebrand recategorise recharge reclassify recycle relaunch relocate remit reorder replenish resend resume retrain reward ring sack sanction
scrap settle sharpen shorten shred simplify sketch spend split sponsor stock subtitle swap sweep tailor thank throw tow transcribe unblock
film shoot poll abolish erase unassign unenrol unenroll uninstall unload unregister unsubscribe vaccinate vet void vote water weigh widen wire wrap
)";

constexpr std::string_view text_work_text = R"(
translate summarise rewrite rephrase paraphrase proofread explain describe write draft compose convert brainstorm outline define compare edit
reformat format simplify shorten expand reword answer refactor code program spell correct calculate list suggest discuss critique comment
)";

/// Said in every kind of talk: having one of them in common says little.
constexpr std::string_view common_text = R"(
about actual afternoon ago already always almost anyway area around aside away bad basis best better big bit bring certain
 close come comes coming correct couple day days deep different double early easy eight end enough entire especially even evening exactly
 far fast feel few fine first five follow following four full further give gives giving given good great half happen happens happy hard hear
here high hope hour hours hundred idea immediately instead job keep keeps kind know large late later lately latest least left less lie
line little live long look looks lot lots low lying main man maybe mean meantime minute minutes moment month months morning move name near never nice night nine
normal nothing number often okay old online open original outside over part party past people perfect perhaps person place play point possible pretty
properly purpose push put quick quite rather ready real reason recent regular rest right round run same say says second see seem seems serious set seven
short side simple since single situation six slow small sort special specific spot start stay step stop straight strong stuff such
take takes taking talk tell ten than third thousand thousands three through time times together top total towards try turn twice two type typical
use used useful using usual usually various view wait walk way weeks week weekend well whole wide within without woman word words work works world worth
worst write wrong year years yesterday yet young
)";

struct Thesaurus {
  std::deque<std::string> words;  // stable addresses for the views
  std::vector<std::vector<std::string_view>> groups;
  std::unordered_map<std::string_view, std::vector<std::uint16_t>> memberships;

  std::string_view keep(std::string_view word) {
    words.push_back(stem(word));
    return words.back();
  }
};

template <class Use> void each_word(std::string_view line, Use&& use) {
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \n", at)) != std::string_view::npos) {
    const auto end = std::min(line.find_first_of(" \n", at), line.size());
    use(line.substr(at, end - at));
    at = end;
  }
}

const Thesaurus& thesaurus() {
  static const Thesaurus instance = [] {
    Thesaurus made;
    const auto groups_text = thesaurus_groups();
    std::size_t at = 0;
    while (at < groups_text.size()) {
      const auto end = std::min(groups_text.find('\n', at), groups_text.size());
      std::vector<std::string_view> group;
      each_word(groups_text.substr(at, end - at), [&](std::string_view word) {
        const auto stemmed = made.keep(word);
        if (std::ranges::find(group, stemmed) == group.end()) group.push_back(stemmed);
      });
      if (group.size() > 1) {
        for (const auto member : group) made.memberships[member].push_back(static_cast<std::uint16_t>(made.groups.size()));
        made.groups.push_back(std::move(group));
      }
      at = end + 1;
    }
    return made;
  }();
  return instance;
}

std::unordered_set<std::string> stem_set(std::string_view text) {
  std::unordered_set<std::string> set;
  each_word(text, [&](std::string_view word) { set.insert(stem(word)); });
  return set;
}

}  // namespace

std::span<const std::uint16_t> groups_of(std::string_view stemmed) {
  const auto& all = thesaurus().memberships;
  const auto found = all.find(stemmed);
  return found == all.end() ? std::span<const std::uint16_t>{} : std::span(found->second);
}

std::span<const std::string_view> members_of(std::uint16_t group) { return thesaurus().groups.at(group); }

bool related(std::string_view left_stem, std::string_view right_stem) {
  if (left_stem == right_stem) return true;
  return std::ranges::any_of(groups_of(left_stem), [&](std::uint16_t group) {
    return std::ranges::find(groups_of(right_stem), group) != groups_of(right_stem).end();
  });
}

std::span<const std::string_view> request_verbs() {
  static const auto verbs = [] {
    std::vector<std::string_view> words;
    each_word(request_verbs_text, [&](std::string_view word) { words.push_back(word); });
    return words;
  }();
  return verbs;
}

bool is_request_verb(std::string_view stemmed) {
  static const auto verbs = stem_set(request_verbs_text);
  return verbs.contains(std::string(stemmed));
}

bool is_imperative(std::string_view lower) {
  static const auto verbs = [] {
    std::unordered_set<std::string> set;
    each_word(request_verbs_text, [&](std::string_view word) {
      set.emplace(word);
      if (word.ends_with("ise")) set.insert(std::string(word.substr(0, word.size() - 3)) + "ize");
      if (word.ends_with("yse")) set.insert(std::string(word.substr(0, word.size() - 3)) + "yze");
    });
    return set;
  }();
  return verbs.contains(std::string(lower));
}

bool is_light_verb(std::string_view stemmed) {
  static const auto verbs = stem_set(
      "handle manage process do make take get give put run perform conduct carry start initiate need want have deal work use let "
      "facilitate arrange organise set");
  return verbs.contains(std::string(stemmed));
}

bool is_common(std::string_view stemmed) {
  static const auto words = stem_set(common_text);
  return words.contains(std::string(stemmed));
}

bool is_text_work(std::string_view stemmed) {
  static const auto verbs = stem_set(text_work_text);
  return verbs.contains(std::string(stemmed));
}

bool is_thinking(std::string_view stemmed) {
  static const auto verbs = stem_set("tell solve sort teach plan invent imagine recite estimate compute recommend");
  return verbs.contains(std::string(stemmed));
}

bool is_undoing(std::string_view stemmed) {
  static const auto verbs = stem_set(
      "revoke withdraw remove disable cancel uninstall delete erase undo abolish deactivate suspend terminate unassign unenrol unenroll "
      "deny refuse unsubscribe dismiss discontinue stop unregister");
  return verbs.contains(std::string(stemmed));
}

}  // namespace convoke::model
