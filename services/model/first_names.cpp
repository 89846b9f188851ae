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
    "daniel daniela danielle danny dave david deborah denise dennis diana diego dieter dmitri dominic don donald donna dora doris dorothy "
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
    "yuki yuri yusuf yvonne zachary zahra zara zhang zoe zoltan "
    "abebe abigael adaeze adebayo adele adriana agata agnes agnieszka aiden aiko aino akiko akira alain alana alba albin aldo alec "
    "alena alessandra alessandro alessia alexandre alexei alfonso alicja aline alma althea alva alvin amal amara amaya ambrose "
    "amelie amit amos anais ananya anders andreea andrei andrej andrzej angelica angelo angus anika anil anneke annika ansel "
    "antoine anton antonella antonia anuj aoife aram archana ariana ariel armando arne arnold arturo arun arvid asako ashok asif "
    "atsuko audrey august augusto aurelia avery axel aylin ayumi azra bailey balazs baptiste bartosz basil bastian bea beata "
    "belinda benedict benedikt benny berit bernadette bernd bertha bilal birgit birgitta bjorn blanca bogdan boyan brad brady "
    "branka brendan brett bridget brigitte britta brooke bryce burak camille candice carina carlo carly carolina carsten casey "
    "caspar cassandra catarina cathy cedric celeste celia celine cesar chandra chantelle charlene chiara chidi chinedu chiyo "
    "christa christelle ciara cillian clarissa claude claudio clemens clement clodagh cody colette colin constance cora cordelia "
    "corey corinne cormac cornelia cristian cristina curtis cyril dagmar dalia damian damien danila danilo daphne daria dario "
    "darius darko darren dawid deepa deepak deirdre delia demi denis denisa derek desmond devi devika diane dilan dimitri dinesh "
    "dirk divya dolores domenico dominik dominique doreen dorothea doug dragan duncan dusan eamon ebony ed eddie edgar edith "
    "edmund edna edoardo eduard edwin eero efe egon eileen eirik elaine elda eleni elia eliana elina elio eliza elke ellie elliot "
    "elodie eloise elvira emanuel emanuele emilie emilio emir emmanuel emre enrico enrique enzo erin ernesto erwin esme esteban "
    "estelle etienne eugene eugenia eunice evan evelina evelyne ewa ewan eyal fabian fabio fabrice fadi farah farid faruk fatih "
    "fatma fay federica federico felicia felicity ferdinand ferenc fergus filip filippo finley finn flora florence floris fran "
    "franco francois franz freddie frederic frederik freya fritz fumiko gabor gail galina ganesh gavin gemma genevieve geoff "
    "geoffrey georg georges georgina geraldine gerard gerda gerhard giacomo gianni gilbert gilles ginevra giorgia giorgio gitta "
    "giuseppe goran graham grainne graziella gudrun guido guilherme gunnar gunther gus gwen haakon hakan hamza hana hanne harald "
    "hari haruki haruto harvey hasan hayden heike heinrich heinz helga helmut hendrik henri henriette herbert herman hermann "
    "hilary hilda hilde hiroko hisako horst howard huda hugh humphrey husain hussein iain ida idris ignacio ilaria ildiko ilona "
    "ilse ilya iman imani imogen imran inga inge inger ingo inigo ioana iolanda ion irena iris irma isabelle ishaan isidora ismael "
    "ismail isra istvan itzel ivana ivar ivo izabela jacek jackson jacques jakob jakub jamila jana janine janos jaroslav jaspal "
    "jasper javed jaya jayden jeanette jeanne jelena jens jerome jerzy jiri joachim joakim joao joaquin jocelyn jochen johanna "
    "johannes jolanta jonah jordi joris josef josefina josephine joyce juana juha jules julien juliet julio julius junko jurgen "
    "justine justyna jutta kaarina kai kaito kalle kamil kamila kana karan karel kari karina karla karolina karsten kasia kaspar "
    "katarina katarzyna katerina katharina kathy katja katrin kay kaya keira kelvin kendra kerry khadija khaled kiara kieran kira "
    "kiran kirsten kirsty klara konrad konstantin kris krish krishna kristian kristina kristof krzysztof kumiko kurt kylie kyoko "
    "lamar lana lars latoya laurence lavinia layla leandro leanne leif leilani lene lennart leona leonora leopold leroy leslie lev "
    "levi lewis lia lidia lien lilian liliana lillian lina lindsay linnea linus lionel lisbeth livia liza ljubica lola lorena "
    "lorenz loretta lorna lorraine lotte lou louisa luc lucian luciana lucie lucille ludovic ludwig luigi luka luna lutz lynn "
    "maarten maciej madeleine madison mads magda magdalena maia maja makoto malcolm malin malte manfred manish manon manuela mara "
    "marc marcel marcela marcelo marcia marcin marek margarita margot marian mariana marianne marija marika marilyn marisa marisol "
    "marissa marit marius marko markus marlene marlon martyn maryam masako mateusz mathieu matias matilda matteo matthias matthieu "
    "maud maura maureen mauricio mauro maxim maxime maximilian mehmet michaela michal michel michele michiko mihai mika mikhail "
    "mikko milan milena milica millie milo milos minh mira miranda mireille miroslav misaki mitsuko miyuki mohammad mohan moira "
    "molly mona monica monika monique morgan morten moses murat muriel mustafa nadine nadja naima nanami naoko naoto nathalie "
    "nathaniel navid neha nell nelson niamh niccolo nigel nika nikola nikolai nikolaus nikos nils nisha nitin noel noemi nolan "
    "norah norbert noriko norma nour nuno nuria odette ola olaf ole olivier orla orlando oskar osman ozan paige palash paola paolo "
    "parisa pascal patricio patrik patrizia paulina paulo pavel pawel per perry petr philippa philippe phyllis pia pierrette pilar "
    "pooja prakash pranav preeti priscilla przemyslaw quentin quinn rachid radek rafaela raffaele raghav rahul raja ralf ramesh "
    "ramiro ramona rana randall randy raoul raphael raquel rasa rasmus reggie regina reiko reinhard reka rekha remi remy rena "
    "renata rene renee rhea rhiannon rhys riccardo rick rico rikke rina ritu roberta rocio rod roderick rodney rohan rohit rolf "
    "romana romeo ron ronja ronnie rory rosalie rosalind rosanna rosario rosemary ross rowan roxana ruben rudi rui rupert russell "
    "ryo saad sabina sachiko sadie saeed safia said sakura salma salome salvatore samira sandeep sander sandrine sandy sanna "
    "santiago sanya sascha saskia satoshi saul savannah seamus sebastien selim selin selma serge seth severin shane shaun shauna "
    "sheila shelby sherry shinji shivani shreya siegfried sienna sigrid silas silke silvia silvio simona sinead siobhan siri sofie "
    "sonja soren spencer stacey stan stanislav stefania stefano steffen stephan stewart stig sumit sunil sunita susana susanna "
    "suzuki svein svenja svetlana swati sybil sydney sylvie tadashi tadeusz takeshi talia tamas tamika tanja tatiana tatjana "
    "taylor ted teodor terence teresita terry tess tessa thea thelma theodora therese thiago thierry thorsten tiago tilda timo "
    "toby tomasz tommaso tomoko torben torsten tova trine tristan trudy tuan tyrone udo uli ulla ulrika ulrike umar umberto usha "
    "uwe vadim valentin valeria vasco vasil vaughn verena veronika veronique vicente vicky vidar viggo viktor viktoria vilma vimal "
    "vince vincenzo violet violeta vitor vittoria vivek viviana vivien volker waldemar walid warren wesley wilfred willem wilma "
    "winston wolfgang wouter xenia ximena yael yamina yana yann yannick yasmina yasmine yasuko yelena yen yi ying yoko yoshiko "
    "youssef yuko yuto yves yvette zain zainab zdenek zeynep zofia zora zsofia zuzana ";

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
