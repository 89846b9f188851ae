#include "model/planning.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>

#include "model/acting.hpp"
#include "model/clauses.hpp"
#include "model/joints.hpp"
#include "model/phrases.hpp"
#include "model/reply.hpp"
#include "model/sharing.hpp"
#include "model/subjects.hpp"
#include "model/summary.hpp"
#include "model/thesaurus.hpp"
#include "model/wording.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr std::string_view generic_exception = " EXCEPTION: No suitable function found. A generic LLM model is being used for this step.";
constexpr std::string_view human_exception = " EXCEPTION: Human support required to do this step, no suitable function found.";

struct Draft {
  std::size_t tool = 0;  // meaningless for an exception
  bool exception = false;
  Filled filled;
  std::size_t first = 0;  // tokens of the goal that it is about
  std::size_t last = 0;
  bool shared = false;  // one of several for as many persons or things
  bool whole = false;   // one of several steps for one broad clause: its action is made from the tool's name
  std::set<std::size_t> after;
};

class Planner {
 public:
  Planner(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& clarifications,
          Day today)
      : c_(catalogue), index_(index), today_(today), r_(read(goal)) {
    plan_.goal = goal;
    for (const auto& text : clarifications) said_.push_back(read(text));
  }

  Plan run() {
    auto clauses = clauses_of(r_, index_, c_);
    // What is asked for in so many words comes first; what a broad goal takes along fills up what is left.
    std::vector<std::pair<std::size_t, std::vector<std::size_t>>> broad_ones;
    for (std::size_t i = 0; i < clauses.size(); ++i) {
      const bool may_be_broad = i == 0 || clauses[i].imperative;
      auto members = may_be_broad ? broad(clauses[i]) : std::vector<std::size_t>{};
      if (members.empty()) {
        add(clauses[i]);
      } else {
        broad_ones.emplace_back(i, std::move(members));
      }
    }
    for (const auto& [i, members] : broad_ones) choose(members, clauses[i]);
    in_order_of_text();
    put_first();
    gather_information();
    depend_on_earlier();
    drop_repeats();
    drop_what_nobody_does();
    for (std::size_t i = c_.max_plan_steps; i < drafts_.size(); ++i) leave_out(name_of(drafts_[i]));
    drafts_.resize(std::min(drafts_.size(), c_.max_plan_steps));
    for (const auto& draft : drafts_) write(draft);
    if (r_.tokens.empty()) plan_.clarification = "What is to be done?";
    plan_.summary = plan_.instead ? plan_.clarification : summary_of(plan_.steps, left_out_);
    return std::move(plan_);
  }

 private:
  Reading read(const std::string& text) const {
    return read_text(text, today_, [this](std::string_view stemmed) { return index_.knows(stemmed); });
  }

  Filled fill_all(const Tool& tool, std::size_t first, std::size_t last) const {
    auto filled = fill(tool, r_, first, last);
    for (const auto& text : said_) take_answer(filled, tool, text);
    if (first > 0 || last < r_.tokens.size()) fill_from(filled, tool, r_, {.phrases = false, .free_text = false, .elsewhere = true});
    fill_from_frame(filled, tool, r_, first);
    return filled;
  }

  void add(Clause& clause) {
    Draft draft{.exception = !clause.fits, .filled = {}, .first = clause.first, .last = clause.last, .after = {}};
    if (!clause.fits) {
      drafts_.push_back(std::move(draft));
      return;
    }
    draft.tool = best_of(clause, draft.filled);
    std::vector<Earlier> earlier;
    for (const auto& other : drafts_) {
      if (!other.exception && other.first < clause.first) earlier.push_back({&c_.tools[other.tool], &other.filled});
    }
    fill_from_earlier(draft.filled, c_.tools[draft.tool], r_, clause.first, clause.last, earlier);
    const auto shares = shares_of(c_.tools[draft.tool], r_, clause.first, clause.last, said_, draft.filled);
    draft.shared = draft.whole = shares.size() > 1;
    for (const auto& share : shares) {
      draft.filled = share;
      drafts_.push_back(draft);
    }
  }

  /// Among tools that rank nearly the same, the one whose arguments are there.
  std::size_t best_of(const Clause& clause, Filled& filled) const {
    std::size_t chosen = clause.ranked.front().tool;
    filled = fill_all(c_.tools[chosen], clause.first, clause.last);
    for (std::size_t i = 1; i < clause.ranked.size() && !filled.missing.empty(); ++i) {
      const auto& other = clause.ranked[i];
      if (other.score < clause.ranked.front().score - 0.05 || !fits(other)) break;
      const auto opens = [&](const Ranked& one) { return index_.opens_with(one.tool, clause.topic.verb); };
      if (opens(clause.ranked.front()) && !opens(other)) continue;
      auto alternative = fill_all(c_.tools[other.tool], clause.first, clause.last);
      if (!alternative.loose.empty()) continue;
      // A tool that takes nothing always has all that it needs.
      if (alternative.missing.size() < filled.missing.size() && alternative.arguments.size() >= filled.arguments.size()) {
        filled = std::move(alternative);
        chosen = other.tool;
      }
    }
    return chosen;
  }

  /// A goal such as "onboard somebody": no tool is called that, but several say that they belong to it.
  std::vector<std::size_t> broad(const Clause& clause) const {
    if (const auto members = all_for_newcomer(index_, r_, clause.first, clause.last); members.size() >= 3) return members;
    if (clause.fits && clause.ranked.front().name_cover >= 0.6) return {};
    const auto topic = topic_of(r_, index_, clause.first, clause.last);
    if (const auto members = shared_subject(index_, topic); members.size() >= 3 && !topic.question) return members;
    const auto shared = std::ranges::count_if(
        clause.ranked, [&](const Ranked& entry) { return entry.phrase && entry.score > clause.ranked.front().score - 0.15; });
    if (clause.fits && clause.ranked.front().phrase && shared < 3) return {};
    if (topic.question || topic.terms.empty() || topic.terms.size() > 5) return {};
    std::vector<std::size_t> members;
    double telling = 0;
    for (const auto& term : topic.terms) {
      if (term.verb || is_imperative(term.lower)) continue;  // a deed, no subject
      auto tools = belonging(index_, term.stem);
      // Rare enough to mean something, common enough to be a subject of its own; and in no tool's name, which would be the tool meant.
      if (is_light_verb(term.stem) || tools.size() < 3 || tools.size() > 8 + c_.tools.size() / 12 || index_.idf(term.stem) <= telling ||
          is_named(c_, term.stem))
        continue;
      telling = index_.idf(term.stem);
      members = std::move(tools);
    }
    return level(members, clause) ? members : std::vector<std::size_t>{};
  }

  /// Three of them or more rank about as high as any tool does.
  static bool level(const std::vector<std::size_t>& members, const Clause& clause) {
    return std::ranges::count_if(clause.ranked, [&](const Ranked& entry) {
             return entry.score > clause.ranked.front().score - 0.12 && std::ranges::find(members, entry.tool) != members.end();
           }) >= 3;
  }

  /// The members that can be called with what is known first, best ranked first, each agent at least once; then in the catalogue's order.
  void choose(const std::vector<std::size_t>& members, const Clause& clause) {
    const auto ranked = index_.rank(topic_of(r_, index_, clause.first, clause.last));
    std::vector<std::pair<std::size_t, Filled>> able;
    std::vector<std::size_t> lacking;  // a value that nobody said
    for (const auto& entry : ranked) {
      if (std::ranges::find(members, entry.tool) == members.end()) continue;
      auto filled = fill(c_.tools[entry.tool], r_, 0, r_.tokens.size(), {.phrases = false, .free_text = false});
      for (const auto& text : said_) fill_from(filled, c_.tools[entry.tool], text);
      const bool vague_need = std::ranges::any_of(c_.tools[entry.tool].parameters, [](const Parameter& parameter) {
        return parameter.required && (parameter.want == Want::query || parameter.want == Want::text);
      });
      if (filled.missing.empty() && !vague_need) {
        able.emplace_back(entry.tool, std::move(filled));
      } else {
        lacking.push_back(entry.tool);
      }
    }
    if (able.empty()) {
      for (const auto tool : members) able.emplace_back(tool, fill_all(c_.tools[tool], clause.first, clause.last));
    }
    std::set<std::size_t> agents;
    std::vector<std::pair<std::size_t, Filled>> chosen;
    const auto room = [&] { return chosen.size() + drafts_.size() < c_.max_plan_steps; };
    std::erase_if(able, [&](const auto& pick) {
      return std::ranges::any_of(drafts_, [&](const Draft& draft) {
        return !draft.exception && draft.tool == pick.first && draft.filled.arguments == pick.second.arguments;
      });
    });
    for (const bool first_round : {true, false}) {
      for (auto& [tool, filled] : able) {
        const bool fresh = agents.insert(c_.tools[tool].agent).second;
        if (!room() || (first_round && !fresh)) continue;
        if (std::ranges::any_of(chosen, [&](const auto& pick) { return pick.first == tool; })) continue;
        chosen.emplace_back(tool, std::move(filled));
      }
    }
    for (const auto& [tool, filled] : able) {
      if (std::ranges::none_of(chosen, [&](const auto& pick) { return pick.first == tool; })) leave_out(spoken(c_.tools[tool].name));
    }
    for (const auto tool : lacking) {
      const auto it = [&](const auto& pick) { return pick.first == tool; };
      if (std::ranges::none_of(chosen, it) && std::ranges::none_of(drafts_, [&](const Draft& draft) { return draft.tool == tool; }))
        leave_out(spoken(c_.tools[tool].name));
    }
    std::ranges::sort(chosen, {}, [](const auto& pick) { return pick.first; });
    for (auto& [tool, filled] : chosen) {
      drafts_.push_back(
          {.tool = tool, .filled = std::move(filled), .first = clause.first, .last = clause.last, .whole = true, .after = {}});
    }
  }

  void in_order_of_text() {
    for (auto draft = drafts_.begin(); draft != drafts_.end(); ++draft)
      std::rotate(std::upper_bound(drafts_.begin(), draft, *draft, [](const Draft& a, const Draft& b) { return a.first < b.first; }), draft,
                  draft + 1);
  }

  /// What is left out with the draft: of one for each of several, whom or what it is for.
  std::string name_of(const Draft& draft) const {
    if (draft.exception) return words_of(draft);
    const auto& tool = c_.tools[draft.tool];
    const auto what = draft.shared ? subject_of(tool, draft.filled) : std::string{};
    if (what.empty()) return spoken(tool.name);
    const bool alone = std::ranges::all_of(drafts_, [&](const Draft& other) { return !other.exception && other.tool == draft.tool; });
    return alone ? what : fmt::format("{} ({})", what, to_lower(spoken(tool.name)));
  }

  void leave_out(std::string what) {
    if (std::ranges::find(left_out_, what) == left_out_.end()) left_out_.push_back(std::move(what));
  }

  /// "Write it up; look at the figures first.": what is said to come first does.
  void put_first() {
    for (std::size_t i = 1; i < drafts_.size(); ++i) {
      const auto& end = r_.tokens[drafts_[i].last - 1].lower;
      if ((end != "first" && end != "beforehand") || drafts_[i].last != r_.tokens.size()) continue;
      std::rotate(drafts_.begin(), drafts_.begin() + static_cast<std::ptrdiff_t>(i), drafts_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      for (std::size_t k = 1; k <= i; ++k) drafts_[k].after.insert(0);
    }
  }

  /// A step that writes about something the request only refers to ("our products") needs a step that looks it up, if there is such a tool.
  void gather_information() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].exception) continue;
      const auto& tool = c_.tools[drafts_[i].tool];
      if (is_source(tool)) continue;
      for (const auto& parameter : tool.parameters) {
        if (!wants_information(parameter)) continue;
        const auto value = drafts_[i].filled.arguments.find(parameter.name);
        const bool given = value != drafts_[i].filled.arguments.end() && value->is_string();
        const auto about = given ? content_stems(value->get_ref<const std::string&>()) : stems_of(drafts_[i]);
        if (!given && i > 0 && points_back(r_, drafts_[i].first, drafts_[i].last)) {
          // "… and write about it": the earlier step's result is what it is about.
          drafts_[i].after.insert(i - 1);
          std::erase(drafts_[i].filled.missing, &parameter);
          continue;
        }
        if (about.empty() || about.size() > 8) continue;
        const auto source = find_source(about, drafts_[i]);
        if (source == Reading::none) continue;
        const auto at = drafts_.size() + 1 > c_.max_plan_steps ? Reading::none : place_source(source, i);
        if (at == Reading::none) continue;
        if (at <= i && drafts_.size() > i + 1 && &tool != &c_.tools[drafts_[i].tool]) ++i;
        drafts_[i].after.insert(at);
        std::erase(drafts_[i].filled.missing, &parameter);
      }
    }
  }

  std::vector<std::string> stems_of(const Draft& draft) const {
    std::vector<std::string> stems;
    for (const auto& term : topic_of(r_, index_, draft.first, draft.last).terms) stems.push_back(term.stem);
    return stems;
  }

  /// A tool that only looks up: its name opens with a verb of getting, and it needs nothing.
  static bool is_source(const Tool& tool) {
    const auto words = identifier_words(tool.name);
    static constexpr std::array<std::string_view, 8> verbs{"get", "fetch", "list", "lookup", "show", "retrieve", "read", "find"};
    return words.size() > 1 && std::ranges::find(verbs, words.front()) != verbs.end() &&
           std::ranges::none_of(tool.parameters, [](const Parameter& parameter) { return parameter.required && !parameter.has_default; });
  }

  std::size_t find_source(const std::vector<std::string>& about, const Draft& draft) const {
    std::size_t best = Reading::none;
    double most = 0;
    for (std::size_t t = 0; t < c_.tools.size(); ++t) {
      const auto& tool = c_.tools[t];
      if (!is_source(tool) || c_.agents[tool.agent].kind != AgentKind::specialist) continue;
      double score = 0;
      for (const auto& word : identifier_words(tool.name)) {
        const auto stemmed = stem(word);
        if (is_stop_word(word) || is_request_verb(stemmed) || related(stemmed, "inform")) continue;
        if (std::ranges::find(about, stemmed) != about.end()) score += 1 + 0.1 * index_.idf(stemmed);
      }
      const bool planned =
          std::ranges::any_of(drafts_, [&](const Draft& other) { return &other != &draft && !other.exception && other.tool == t; });
      if (score > 0 && planned) score += 1;
      if (score > most) {
        most = score;
        best = t;
      }
    }
    return best;
  }

  /// Where the source's step stands; it is put before step `i` when there is none yet.
  std::size_t place_source(std::size_t source, std::size_t i) {
    for (std::size_t k = 0; k < drafts_.size(); ++k) {
      if (!drafts_[k].exception && drafts_[k].tool == source) return k < i ? k : Reading::none;
    }
    Draft draft{.tool = source,
                .filled = fill_all(c_.tools[source], drafts_[i].first, drafts_[i].last),
                .first = drafts_[i].first,
                .last = drafts_[i].last,
                .whole = true,
                .after = {}};
    drafts_.insert(drafts_.begin() + static_cast<std::ptrdiff_t>(i), std::move(draft));
    for (auto& other : drafts_) {
      std::set<std::size_t> moved;
      for (const auto k : other.after) moved.insert(k >= i ? k + 1 : k);
      other.after = std::move(moved);
    }
    return i;
  }

  void depend_on_earlier() {
    for (std::size_t i = 1; i < drafts_.size(); ++i) {
      if (drafts_[i].first == drafts_[i - 1].first) continue;
      if (points_back(r_, drafts_[i].first, drafts_[i].last) || follows(r_, drafts_[i].first, drafts_[i].last))
        drafts_[i].after.insert(i - 1);
    }
  }

  void drop_repeats() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      for (std::size_t k = drafts_.size(); k-- > i + 1;) {
        const bool same = !drafts_[i].exception && !drafts_[k].exception && drafts_[i].tool == drafts_[k].tool &&
                          drafts_[i].filled.arguments == drafts_[k].filled.arguments;
        if (same) drop(k, i);
      }
    }
    for (std::size_t i = 0; i < drafts_.size(); ++i) std::erase_if(drafts_[i].after, [&](std::size_t at) { return at >= i; });
  }

  /// What waited for the draft waits for `instead`, if anything.
  void drop(std::size_t k, std::optional<std::size_t> instead) {
    drafts_.erase(drafts_.begin() + static_cast<std::ptrdiff_t>(k));
    for (auto& other : drafts_) {
      std::set<std::size_t> moved;
      for (const auto at : other.after) {
        if (at != k) moved.insert(at > k ? at - 1 : at);
        if (at == k && instead) moved.insert(*instead);
      }
      other.after = std::move(moved);
    }
  }

  /// A team may have neither an agent that answers by itself nor a person: what no tool of it does is then done by nobody.
  void drop_what_nobody_does() {
    if (std::ranges::any_of(c_.agents, [](const Agent& agent) { return agent.kind != AgentKind::specialist; })) return;
    std::string undone;
    for (std::size_t i = drafts_.size(); i-- > 0;) {
      if (!drafts_[i].exception) continue;
      undone = words_of(drafts_[i]);
      leave_out(undone + " (nobody here does that)");
      drop(i, {});
    }
    if (!drafts_.empty() || undone.empty()) return;
    plan_.clarification = fmt::format("Nobody in this team can do that: {}. What is to be done instead?", undone);
    plan_.instead = true;
  }

  /// The clause's own words, without what is polite and without the joint to the next clause.
  std::string words_of(const Draft& draft) const {
    auto first = opening_verb(r_, draft.first, draft.last);
    if (first == draft.last) first = draft.first;
    auto last = draft.last;
    while (last > first + 1 && (r_.tokens[last - 1].lower == "and" || r_.tokens[last - 1].lower == "then" ||
                                r_.tokens[last - 1].lower == "also" || r_.tokens[last - 1].lower == "please"))
      --last;
    const auto begin = r_.tokens[first].begin;
    auto end = r_.tokens[last - 1].end;
    for (const auto& entity : r_.entities) {
      if (entity.last == last) end = std::max(end, entity.end);
    }
    while (end < r_.text.size() && (r_.text[end] == '"' || r_.text[end] == '%' || r_.text[end] == ')')) ++end;
    auto start = begin;
    for (const auto& entity : r_.entities) {
      if (entity.first == first) start = std::min(start, entity.begin);
    }
    std::string text = r_.text.substr(start, end - start);
    std::ranges::replace(text, '\n', ' ');
    return capitalised(std::move(text));
  }

  /// Arguments that the sentence does not say itself: from elsewhere in the goal, or relative to today.
  std::string unsaid(const Filled& filled, const std::string& sentence, bool one) const {
    const auto lower = to_lower(sentence);
    std::string text;
    for (const auto& [name, value] : filled.arguments.items()) {
      const auto said = argument_text(value);
      // What was left over is shown to be one value, where it is not the whole sentence.
      const bool loose = std::ranges::any_of(filled.loose, [&](const Parameter* parameter) { return parameter->name == name; });
      const bool inside = lower.find(to_lower(said)) != std::string::npos;
      if (said.size() > 120 || (inside && !(loose && said.size() * 2 < sentence.size()))) continue;
      if (!value.is_string() && !(value.is_number() && text_only_in_goal(sentence, value, one))) continue;
      text += fmt::format("{}{}: {}", text.empty() ? " (" : ", ", name, said);
    }
    return text.empty() ? text : text + ")";
  }

  /// A number that stands in none of the sentence's own numbers.
  bool text_only_in_goal(const std::string& sentence, const nlohmann::ordered_json& value, bool one) const {
    const auto reading = read(sentence);
    return std::ranges::none_of(reading.entities, [&](const Entity& entity) { return entity.number == value.get<double>(); }) &&
           (one || value.get<double>() != 1);
  }

  void write(const Draft& draft) {
    Step step;
    step.depends_on.assign(draft.after.begin(), draft.after.end());
    if (draft.exception) {
      const auto text = words_of(draft);
      const bool generic = text_work(draft);
      step.agent = agent_of(generic ? AgentKind::generic : AgentKind::human);
      step.action = text + "." + std::string(generic ? generic_exception : human_exception);
    } else {
      const auto& tool = c_.tools[draft.tool];
      const bool own_words = !draft.whole && opening_verb(r_, draft.first, draft.last) < draft.last &&
                             r_.tokens[draft.last - 1].end - r_.tokens[draft.first].begin < 200;
      auto sentence = own_words ? words_of(draft) : spoken(tool.name) + beneficiary(tool, draft.filled);
      // Its agent holds the action against the function: what is said in a roundabout way is said plainly, too.
      if (const auto said = read(sentence); own_words && (calls_off(said) || !asks_for(said, index_, draft.tool)))
        sentence = spoken(tool.name) + ": " + sentence;
      step.agent = c_.agents[tool.agent].name;
      step.function = tool.name;
      step.arguments = draft.filled.arguments;
      step.action = fmt::format("{}{}. Function: {}", sentence, unsaid(draft.filled, sentence, draft.whole), tool.name);
      ask(tool, draft);
    }
    plan_.steps.push_back(std::move(step));
  }

  void ask(const Tool& tool, const Draft& draft) {
    std::vector<const Parameter*> vague;
    for (const auto* parameter : draft.filled.vague) {
      if (parameter->required && !parameter->has_default) vague.push_back(parameter);
    }
    if (draft.filled.missing.empty() && vague.empty()) return;
    const auto question = question_for(tool, draft.filled.missing, vague);
    if (plan_.clarification.contains(question)) return;  // one for each of several
    for (const auto* parameter : draft.filled.missing) plan_.asked.push_back({&tool, parameter});
    for (const auto* parameter : vague) plan_.asked.push_back({&tool, parameter});
    plan_.clarification += (plan_.clarification.empty() ? "" : " ") + question;
  }

  bool text_work(const Draft& draft) const {
    if (gives_text(r_)) return true;
    const auto verb = opening_verb(r_, draft.first, draft.last);
    if (verb < draft.last) return is_text_work(r_.tokens[verb].stem) || is_thinking(r_.tokens[verb].stem);
    const auto& head = r_.tokens[draft.first].lower;
    if (head == "what" || head == "why" || head == "how" || head == "who" || head == "when" || head == "which" || head == "whats")
      return true;
    return draft.last - draft.first < 3;  // a greeting
  }

  std::string agent_of(AgentKind wanted) const {
    for (const auto kind : {wanted, wanted == AgentKind::generic ? AgentKind::human : AgentKind::generic}) {
      const auto found = std::ranges::find(c_.agents, kind, &Agent::kind);
      if (found != c_.agents.end()) return found->name;
    }
    return {};  // there is one: what nobody does is left out
  }

  const Catalogue& c_;
  const Index& index_;
  Day today_;
  Reading r_;
  std::vector<Reading> said_;
  std::vector<Draft> drafts_;
  std::vector<std::string> left_out_;  // for want of room, or of somebody who does it
  Plan plan_;
};

}  // namespace

Plan plan_once(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& answers,
               Day today) {
  return Planner(catalogue, index, goal, answers, today).run();
}

}  // namespace convoke::model
