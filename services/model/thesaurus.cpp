#include "model/thesaurus.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "model/words.hpp"

namespace convoke::model {
namespace {

// One group a line. A word may be in several; groups are not transitive.
constexpr std::string_view groups_text = R"(
buy purchase order procure acquire
get fetch obtain retrieve lookup pull
find search locate lookup discover
show display list view present
create make build produce generate develop design compose construct craft prepare
write draft compose author prepare produce generate
prepare ready arrange draft plan create
setup configure establish arrange initialise activate
install deploy load
activate enable switch turn
raise increase lift
lower decrease reduce cut
put set place
add enable activate include append insert attach extend
remove delete erase drop disable deactivate
begin start launch initiate open commence kickoff
end stop finish terminate close conclude cease
launch release introduction introduce debut rollout bringout premiere
change modify alter edit update amend revise adjust correct rewrite
update refresh upgrade renew patch
send mail dispatch deliver forward ship email
announce communicate broadcast inform notify publish declare tell circulate
announcement notice communication message memo broadcast
schedule book plan arrange organise fix
organise arrange coordinate host hold plan run schedule
run conduct perform execute carry do hold
meeting session appointment
session class workshop meeting
approve authorise accept confirm okay sanction signoff greenlight clear
reject decline refuse deny
check verify confirm validate inspect examine review look see
review evaluate assess appraise rate judge examine inspect
evaluation assessment review appraisal
audit inspect inspection examine review
analyse examine study investigate research analysis look
research study investigation analysis investigate
track monitor follow trace watch observe
manage handle administer oversee run maintain
handle process deal treat manage
process handle execute submit file
resolve fix solve repair troubleshoot mend debug diagnose
resolve settle mediate
issue problem trouble fault difficulty error bug glitch failure
bug defect error glitch
broken fail failing crash malfunction faulty defective
help assist support aid
support assistance help
allow permit grant give authorise
give provide supply hand issue grant offer send
provide give supply deliver offer
assign allocate appoint designate give allot
pair match assign
allocate assign budget reserve earmark
register enrol enroll signup enlist subscribe join
enrollment registration signup
train teach coach educate instruct
training course class lesson workshop education tutorial
hire recruit employ
employee staff worker colleague personnel hire joiner newcomer starter
onboard orient induct orientation induction welcome
orientation induction introduction onboarding
leave vacation holiday absence
pay remunerate compensate settle
payment remittance transfer settlement
salary wage pay payroll compensation paycheck
bonus reward incentive
expense cost spending reimbursement claim
reimburse expense refund repay
claim request
price cost fee charge rate pricing
money fund budget
budget spending funds
invoice bill
bill billing invoice
vendor supplier provider seller
contract agreement deal
negotiate bargain haggle
negotiation talks bargaining
discount rebate reduction markdown
customer client consumer buyer shopper
product item good merchandise article
product offering lineup portfolio range
inventory stock supply stockpile
ship shipment delivery parcel package consignment freight
shipment parcel consignment delivery cargo package
deliver delivery arrive arrival
return refund
recall withdraw withdrawal
broken damaged defective faulty
quality standard
policy rule guideline regulation
guideline rule standard
benefit perk insurance
mentor buddy coach advisor
identification id badge card pass
handbook manual guide booklet
department division unit
transfer move relocate reassign
attendance presence
record file entry profile
field detail entry
information info detail data fact
query question
report summary overview statement
directory list register contacts
survey questionnaire poll
survey interview ask
feedback opinion comment response review
feedback suggestion
suggestion idea proposal
complaint grievance
event function occasion gathering
activity outing exercise event
party celebration
marketing advertising promotion publicity
advert ad advertisement commercial spot
advertise promote market
promotion promotional offer special
campaign initiative
competitor rival competition
trend development pattern
audience target public
post update
video clip film movie
photo picture image photograph
photoshoot shoot
website site web webpage page
traffic visitor visit
content material
material collateral content
calendar schedule timetable
newsletter mailing
media press news journalist
press media news
release announcement statement
communicate communication
computer laptop notebook pc machine workstation
mobile phone smartphone cell cellphone handset telephone
plan tariff package
roaming abroad overseas
device gadget appliance
equipment hardware machinery device gear
hardware computer equipment device
software application app program tool
program initiative scheme programme
password passcode credential
reset restore
account profile
email mail
network internet connection connectivity
network wifi lan wireless
slow lag sluggish
server host
backup copy
recover recovery restore retrieve
security safety protection
secure protect safeguard
incident breach attack intrusion hack
cybersecurity cyber security
phishing malware virus ransomware attack
access permission privilege right entitlement
privilege right permission
license licence seat
conference call meeting
conferencing call conference
remote home distance telecommute
emergency urgent
resign quit depart departure exit
interview conversation
health wellness wellbeing medical
retirement pension
overtime extra
appraisal evaluation review
forecast predict project estimate anticipate
demand sales
calculate compute figure
margin profit
bundle package combo set
label tag
category class group
description text blurb copy
specification spec
feature function capability
warranty guarantee
maintenance service upkeep servicing repair
decommission retire scrap discard dispose
discontinue retire obsolete phaseout obsolescence
asset equipment property
lease rent rental
import customs
custom bespoke
risk hazard danger threat
green sustainable sustainability eco environmental
dispute conflict disagreement row quarrel argument
compliance conformity comply conform
certification credential accreditation certificate
sample specimen
quote quotation estimate
subscription membership
sourcing source
metric kpi measure indicator
influencer creator ambassador
collaborate cooperate partner work
collaboration partnership cooperation
coordinate align liaise
sponsor sponsorship
loyalty reward
retention retain keep
crisis emergency
conversion convert
optimise improve enhance tune boost
keyword term
persona profile
test experiment trial
documentation manual document
document documentation
rule policy
improve enhance optimise
adopt introduce implement
implement introduce enforce apply
restrict limit
level threshold
migrate migration move
ticket request
ask request
evaluate good
storage disk drive
printer print
firmware
satisfaction happiness
recommend suggest propose advise recommendation
background history
verify verification confirm
employment job
meet encounter
lead prospect
)";

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
)";

constexpr std::string_view text_work_text = R"(
translate summarise rewrite rephrase paraphrase proofread explain describe write draft compose convert brainstorm outline define compare edit
reformat format simplify shorten expand reword answer refactor code program spell correct calculate list suggest discuss critique comment
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

bool is_text_work(std::string_view stemmed) {
  static const auto verbs = stem_set(text_work_text);
  return verbs.contains(std::string(stemmed));
}

}  // namespace convoke::model
