// Common first names of many countries, to tell people from products and companies. Names that are everyday words (Will, Mark, Grace) are
// left out: they are recognised by their capital and their surname.
#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "model/entities.hpp"

namespace convoke::model {
namespace {

constexpr std::string_view names_text =
    "aaron abby abdul abigail adam adrian ahmed aisha alan albert alejandro alex alexander alexandra alexis alfred ali alice alicia alina "
    "alison allison amanda amelia "
    "amina amir amy ana anastasia andre andrea andreas andrew andy angela anita anja ann anna anne annie anthony antonio anya arjun arthur "
    "asha ashley astrid aurora ava ayesha "
    "barbara beatrice ben benjamin bernard beth betty bianca bob bobby boris brandon brenda brian bruno bryan caleb camila carl carla "
    "carlos carmen carol caroline "
    "catherine cecilia chantal charles charlie charlotte chen chloe chris christian christina christine christopher cindy claire clara "
    "claudia connor cynthia daisuke dan "
    "daniel daniela danielle danny dave david deborah denise dennis diana diego dieter dmitri dominic donald donna dora doris dorothy "
    "douglas dylan eduardo edward elena eleanor eli "
    "elias elif elijah elisa elizabeth ella ellen elsa emil emilia emily emma eric erica erik erika ernest esther ethan eva evelyn fatima "
    "felix fernando fiona florian francesca "
    "francis francisco frederick frieda gabriel gabriela gareth gary george georgia gerald gina giovanni giulia gloria gordon greg gregory "
    "greta guillermo gustavo hannah hans harold "
    "harriet harry hassan heather hector heidi helen helena henrik henry hiroshi holly hugo ian ibrahim igor ines ingrid irene irina isaac "
    "isabel isabella isla ivan jacob "
    "jacqueline jake jamal james jamie jan jane janet janice jared jasmine jason javier jean jeff jeffrey jennifer jenny jeremy jerry "
    "jesse jessica jill jim jimmy joan joanna joe joel "
    "johan john johnny jonas jonathan jordan jorge jose joseph josh joshua juan judith judy julia julian juliana julie jun justin kamal "
    "karen karim karin karl kate katherine kathleen "
    "kathryn katie kavita keiko keith kelly ken kenji kenneth kevin khalid kim kimberly klaus kofi kristen kristin kumar kyle lara larry "
    "laura lauren laurent lea leah lee leila lena leo "
    "leon leonard leonardo leonie leticia li liam lila lily linda lisa liu liz logan lorenzo louis louise luca lucas lucia lucy luis luisa "
    "lukas luke lydia magnus mahmoud malik mandy "
    "manuel marco marcus margaret maria mariam marie marina mario marion marta martha martin martina mary mateo mathilde matt matthew "
    "maurice max maya megan mei melanie melissa mercedes mia "
    "michael michelle miguel mikael mike mila mina ming miriam mohamed mohammed moritz muhammad nadia nancy naomi natalia natalie natasha "
    "nathan neil nia nicholas nick nicola nicolas nicole niels nikhil "
    "nikita nina noah noor nora norman oleg olga oliver olivia omar oscar otto owen pablo pamela patricia patrick paul paula pauline pedro "
    "peggy penelope peter petra philip philipp phoebe pierre "
    "piotr priya rachel rafael raj rajesh ralph ramon rania rashid raul ravi raymond rebecca reza ricardo richard rita rob robert roberto "
    "robin rodrigo roger roland roman ronald rosa rosie "
    "roxanne roy rudolf ruth ryan sabine sabrina sally sam samantha samir samuel sandra sanjay sara sarah sasha scott sean sebastian "
    "selena serena sergei sergio shannon sharon shirley "
    "simon simone sofia sonia sophia sophie stefan stefanie stella stephanie stephen steve steven stuart susan susanne suzanne sven sylvia "
    "takashi tamara tania tanya tara tariq teresa "
    "theo theodore theresa thomas tiffany tim timothy tina tobias todd tom tomas tommy tony tracy trevor tyler ulrich uma ursula valentina "
    "valerie vanessa vera veronica victor victoria "
    "vijay vikram vincent viola virginia vivian vladimir walter wanda wang wei wendy werner wilhelm william xavier yan yara yasmin yolanda "
    "yuki yuri yusuf yvonne zachary zahra zara zhang zoe zoltan";

}  // namespace

bool is_first_name(std::string_view lower) {
  static const auto names = [] {
    std::unordered_set<std::string_view> set;
    std::size_t at = 0;
    while (at < names_text.size()) {
      const auto end = std::min(names_text.find(' ', at), names_text.size());
      set.insert(names_text.substr(at, end - at));
      at = end + 1;
    }
    return set;
  }();
  return names.contains(lower);
}

}  // namespace convoke::model
