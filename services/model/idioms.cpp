#include "model/idioms.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "model/words.hpp"

namespace convoke::model {
namespace {

// One expression a line: its words, a colon, what it means. "…" stands for up to four words.
constexpr std::string_view idioms_text = R"(
call … back: recall
call in sick: sick leave
call … in: recall
bring … out: launch
roll … out: deploy
come out: launch
comes out: launch
go live: launch deploy
hit the shelves: launch
hit the market: launch
bring … back: return recover
get … back: recover return
send … back: return
give … back: return
hand … back: return
take … back: return
knock … off: discount
put … aside: allocate
to spend: budget
set … aside: allocate
put … down for: enrol
hand in notice: resign
hand in her notice: resign
hand in his notice: resign
give notice: resign
step down: resign
leave us: resign exit
last day: exit
run out: expire
break down: broken
play up: broken problem
act up: broken problem
not work: broken problem
doesn work: broken problem
won work: broken problem
dont work: broken problem
stop work: broken problem
out of order: broken
out of action: broken
fall out with: dispute
at odds: dispute
let … in: access
let … into: access
get into: access
let … know: inform
keep … posted: inform
spread the word: announce
get the word out: announce
make known: announce
in touch with: contact
get in touch: contact
reach out: contact
team up: collaborate
join forces: collaborate
work out: calculate
find out: research
look into: investigate
look up: find
look for: find
look after: manage
keep running: manage
try … out: test
put … together: compile
push … through: process
put … through: process
see to: handle
sort … out: resolve
iron … out: resolve
clear … up: resolve
straighten … out: resolve
get rid of: dispose
throw … away: dispose
throw … out: dispose
do away with: remove
shut … down: deactivate
take out of service: decommission
out of use: decommission
had its day: obsolete retire
seen better days: obsolete retire
past its best: obsolete
on its last legs: obsolete
move … over: transfer move
go over to: transfer
write … down: record
note … down: record
scale … up: increase
ramp … up: increase
step … up: increase
beef … up: increase
scale … down: reduce
cut … down: reduce
cut … back: reduce
bring … down: reduce
get … down: reduce
talk … down: negotiate reduce
beat … down: negotiate reduce
speed … up: optimise
spruce … up: improve
freshen … up: update
brush up: train
show … around: orientation
show the ropes: mentor
know the ropes: mentor
learn the ropes: mentor
under … wing: mentor
settle in: onboard
think up: invent idea
come up with: invent idea
dream up: invent idea
hold on to: retain
hang on to: retain
sell out: unavailable
out of stock: unavailable
keep an eye on: monitor
keep track of: monitor track
keep tabs on: monitor
on top of: extra
as a thank you: reward
out of date: outdated
up to date: update
days off: leave
day off: leave
time off: leave
off sick: sick leave
be away: leave
take on: hire
charge … twice: overcharge dispute
charge … two times: overcharge dispute
charge … double: overcharge dispute
is down: outage
was down: outage
been down: outage
go down: outage
went down: outage
take stock of: review evaluate
show … how: train
teach … how: train
learn how: train
what … we have: information
which … we have: information
what … we sell: information
what … we offer: information
do you have: information
do u have: information
bill … twice: overcharge dispute
pay back: reimburse
out of pocket: reimburse
good name: reputation
bad name: reputation
by mistake: accidental
by accident: accidental
go missing: lost
turn … down: reject
turn … on: activate
switch … on: activate
turn … off: deactivate
switch … off: deactivate
draw … up: draft
write … up: draft
get hold of: obtain
stock up: replenish
run low: replenish stock
run short: replenish stock
top … up: replenish
fill … up: replenish
in line with: comply
live up to: comply
measure up: comply
go wrong: risk
rely on: dependency
depend on: dependency
fed up: unhappy
let … down: disappointed
go through: review
go over: review
lend a hand: help
give … a hand: help
break into: intrusion
at a distance: remote
from afar: remote
over the phone: remote
sign … off: approve
wave … through: approve
say yes to: approve
give the nod: approve
give … the go ahead: approve
green light: approve
how much do we earn: margin
how much do we make: margin
how well: performance
where should we get: source
where should we buy: source
where we should get: source
where can we get: source
where can we buy: source
where to get: source
where to buy: source
how many … left: stock
how much … left: stock
how many … will: forecast
how much … will: forecast
how many did: sales
how did … sell: sales
how well did … sell: sales
how well does … sell: sales
how well is … sell: sales
how does … sell: sales
how is … sell: sales
hear from: feedback
we sell: product
enter … in … schedule: schedule
put … in … calendar: schedule
put … on … calendar: schedule
put … in … diary: schedule
)";

struct Idiom {
  std::vector<std::string> stems;  // "…" for a gap
  std::vector<std::string> means;
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(' ', at)) != std::string_view::npos;) {
    const auto end = std::min(text.find(' ', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

/// By the stem of their first word.
const std::unordered_map<std::string, std::vector<Idiom>>& idioms() {
  static const auto table = [] {
    std::unordered_map<std::string, std::vector<Idiom>> made;
    for (std::size_t at = 0; at < idioms_text.size();) {
      const auto end = std::min(idioms_text.find('\n', at), idioms_text.size());
      const auto line = idioms_text.substr(at, end - at);
      at = end + 1;
      const auto colon = line.find(": ");
      if (colon == std::string_view::npos) continue;
      Idiom idiom{split(line.substr(0, colon)), split(line.substr(colon + 2))};
      for (auto& word : idiom.stems) word = stem(word);
      const auto head = idiom.stems.front();
      made[head].push_back(std::move(idiom));
    }
    return made;
  }();
  return table;
}

constexpr std::size_t widest_gap = 4;

bool matches(const Reading& reading, const std::vector<std::string>& stems, std::size_t word, std::size_t at, std::size_t last) {
  if (word == stems.size()) return true;
  if (stems[word] == "…") {
    for (std::size_t gap = 0; gap <= widest_gap && at + gap < last; ++gap) {
      if (gap > 0 && reading.tokens[at + gap - 1].sentence_start) return false;
      if (matches(reading, stems, word + 1, at + gap, last)) return true;
    }
    return false;
  }
  return at < last && (word == 0 || !reading.tokens[at].sentence_start) && reading.tokens[at].stem == stems[word] &&
         matches(reading, stems, word + 1, at + 1, last);
}

}  // namespace

std::vector<Meaning> meanings_in(const Reading& reading, std::size_t first, std::size_t last) {
  std::vector<Meaning> found;
  for (std::size_t i = first; i < last; ++i) {
    const auto starting = idioms().find(reading.tokens[i].stem);
    if (starting == idioms().end() || reading.entity_of[i] != Reading::none) continue;
    for (const auto& idiom : starting->second) {
      if (!matches(reading, idiom.stems, 0, i, last)) continue;
      for (const auto& word : idiom.means) found.push_back({word, i});
    }
  }
  return found;
}

}  // namespace convoke::model
