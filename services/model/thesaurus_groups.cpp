// The groups of the thesaurus: words of ordinary office English that are said for one another.
#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

// One group a line. A word may be in several; groups are not transitive.
constexpr std::string_view groups = R"(
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
cancel terminate end stop unsubscribe quit
revoke withdraw remove
extend prolong renew continue
renewal extension
expire lapse end
cheap inexpensive affordable
expensive costly pricey
reduce shrink trim slash cut drop
grow rise increase climb
staff workforce crew
boss manager supervisor
salary earnings income
journey trip travel
vacation trip holiday
car vehicle
talk conversation discussion chat dialogue
talk speak discuss converse
speech talk lecture presentation
presentation demo demonstration
explain clarify illustrate
learn study
factory plant
firm company business enterprise corporation organisation
shop store
warehouse storeroom depot stockroom
rubbish waste trash junk
angry upset furious annoyed unhappy dissatisfied irate
happy satisfied pleased
complain grumble moan object
praise compliment commend
profit earnings gain
revenue turnover sales income
expenditure spending outlay expense
overcharge overbill
transport haul carry ship
truck lorry van
logo emblem
font typeface
flyer leaflet brochure pamphlet handout
poster placard billboard
magazine newspaper journal
newspaper press
journalist reporter editor correspondent
scandal affair uproar outrage
article post
follower subscriber fan
newsletter bulletin
webinar seminar webcast
seminar workshop course
fair exhibition expo exhibit
booth stand
congress conference convention
venue location hall
invite invitation
guest visitor attendee participant
sponsor patron backer
influencer blogger youtuber streamer
quiz game contest
ask inquire
answer reply respond
opinion view attitude
habit behaviour pattern
persona profile portrait
churn defect
loyal faithful
affiliate partner reseller
ebook guide whitepaper
strategy approach concept
reputation image standing
testimonial reference endorsement
checkout cart basket
bill invoice statement
charge bill debit
unit piece item
dangerous unsafe hazardous harmful
overheat burn
size dimension measurement
camera photographer
packaging wrapping packing carton
wrap pack
obsolete outdated
engrave personalise customise custom bespoke
greet welcome hello
login logon signin
outage disconnect
screen monitor display
charger battery
noise noisy loud
hot heat overheat
freeze hang crash
error wrong incorrect mistake
ticket case
delete erase wipe
bandwidth speed throughput
projector beamer
microphone mic
sound audio
sign endorse
document paper
vanish disappear
duplicate copy
hurt injure
doctor physician medical
exam examination
gym fitness sport
yoga meditation mindfulness
spouse husband wife partner
kin relative family
lunch dinner meal breakfast
drink coffee beverage
chair desk furniture
toner cartridge ink
newcomer starter joiner beginner
leaver departing
guide mentor
entitle entitlement
rule regulation
authorise permit allow entitle
forbid ban prohibit
stop halt pause suspend
own possess
broken defect fault
stolen theft
advantage benefit
disadvantage drawback
strength advantage
weakness disadvantage
famous celebrity
audience crowd
attract draw
persuade convince
spread distribute circulate
gather collect compile
split divide distribute allot
compare comparison benchmark
judge rate grade rank score
rating score grade mark star
tender bid offer
offer proposal bid
owe debt
outstanding overdue unpaid
late delayed delay overdue
postpone delay defer reschedule
hurry rush
shortage scarcity short
plenty surplus excess
replenish refill restock reorder
run operate
operate use
crash accident
inhouse internal
worldwide international global
annual yearly
)";

}  // namespace

std::string_view thesaurus_groups() { return groups; }

}  // namespace convoke::model
