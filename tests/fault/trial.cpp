#include "fault/trial.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "fault/follower.hpp"
#include "fault/stored.hpp"

namespace convoke::test {
namespace {

using std::chrono::seconds;

constexpr auto patience = seconds(90);
constexpr std::chrono::milliseconds look_every{40};
constexpr const char* goal = "Sell a chair.";
constexpr int asker = 0;  // in histories
constexpr int onlooker = 1;

constexpr const char* team_text = R"(name: trial
description: A shop with two clerks.
version: "1"
models: {{default: offline, planner: offline, selector: offline, gate: offline, summary: offline}}
starting_tasks: [{{id: sell, name: Sell, prompt: Sell a chair., logo: phone}}]
agents:
  - name: Cashier
    description: Takes money.
    instructions: You take money.
    can_contact: [Expert]
    tools:
      - name: charge
        description: Charges an amount.
        kind: http
        url: {url}
        idempotent: false
        timeout_ms: 1000
        parameters: [{{name: amount, type: integer, description: How much.}}]
  - name: Echo
    description: Hears what is said.
    instructions: You hear.
    tools: []
  - name: Expert
    description: Knows prices and keeps the files.
    instructions: You know prices.
    tools:
      - name: look_up_price
        description: Looks a price up.
        parameters: [{{name: article, description: What.}}]
        response: The price of {{article}} is 12.
      - name: file_receipt
        description: Files a receipt.
        parameters: [{{name: title, description: What.}}]
        response: Filed {{title}}.
)";

constexpr const char* script_text = R"(answers:
  - agent: planner
    content:
      initial_goal: Sell a chair.
      steps:
        - {action: "Sell a chair. Function: charge", agent: Cashier, function: charge, depends_on: []}
        - {action: "File the receipt. Function: file_receipt", agent: Expert, function: file_receipt, depends_on: [0]}
      summary_plan_and_steps: A chair is sold, and its receipt filed.
      human_clarification_request: null
  - {agent: Cashier, turn: 1, tool_calls: [{name: chat_with_agent, arguments: {agent_name: Expert, question: "What does a chair cost?"}}]}
  - {agent: Cashier, turn: 2, tool_calls: [{name: charge, arguments: {amount: 12}}]}
  - {agent: Cashier, content: "The chair is sold for 12."}
  - {agent: Expert, turn: 1, tool_calls: [{name: look_up_price, arguments: {article: chair}}]}
  - {agent: Expert, turn: 2, content: "A chair costs 12."}
  - {agent: Expert, turn: 3, tool_calls: [{name: file_receipt, arguments: {title: chair}}]}
  - {agent: Expert, turn: 4, content: "The receipt is filed."}
  - {agent: Echo, content: "I hear you."}
otherwise: error
)";

std::string with_url(std::string text, const std::string& url) {
  const std::string mark = "{url}";
  text.replace(text.find(mark), mark.size(), url);
  for (const auto& [doubled, single] : {std::pair{"{{", "{"}, std::pair{"}}", "}"}})
    for (auto at = text.find(doubled); at != std::string::npos; at = text.find(doubled, at + 1)) text.replace(at, 2, single);
  return text;
}

// What differs from run to run: times, and an attempt more where a process died.
const std::set<std::string> volatile_fields = {"at_ms",     "ts",      "time",  "created_ms", "ended_ms",
                                               "opened_ms", "last_ms", "trace", "expires_ms", "attempt"};
// What counts on when a person was asked: what comes after has other numbers, and ids made of them.
const std::set<std::string> counted_fields = {"seq", "id", "message", "turn", "request", "call", "key", "version"};

std::string normal(const std::string& text, const std::string& session) {
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  auto result = std::regex_replace(text, uuid, "<id>");
  for (auto at = result.find(session); at != std::string::npos; at = result.find(session, at + 1))
    result.replace(at, session.size(), "<session>");
  return result;
}

Json normal(const Json& json, const std::string& session) {
  if (json.is_string()) return normal(json.get<std::string>(), session);
  if (json.is_array()) {
    auto list = Json::array();
    for (const auto& each : json) list.push_back(normal(each, session));
    return list;
  }
  if (!json.is_object()) return json;
  auto object = Json::object();
  for (const auto& [name, value] : json.items())
    if (!volatile_fields.contains(name)) object[name] = normal(value, session);
  return object;
}

Json without_numbers(Json json) {
  if (json.is_object())
    for (const auto& name : counted_fields) json.erase(name);
  if (json.is_structured())
    for (auto& part : json) part = without_numbers(std::move(part));
  return json;
}

std::vector<Json> events_of(const std::string& out) {
  std::vector<Json> seen;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    auto frame = Json::parse(line, nullptr, false);
    if (frame.is_object() && frame.value("type", "") == "event") seen.push_back(std::move(frame["event"]));
  }
  return seen;
}

std::string request_of(const Json& event) { return event.value("data", Json::object()).value("request", ""); }

// Requests about calls of which nobody knew what had become.
std::set<std::string> questions_in(const std::vector<Json>& log) {
  std::set<std::string> asked;
  for (const auto& event : log)
    if (event["kind"] == "request_opened" && event["data"].value("kind", "") == "unknown_outcome") asked.insert(request_of(event));
  return asked;
}

// Such a call was settled by a person, and so has no result of its own in the log; what the person said of it stands before the end of the
// question.
bool is_about_the_charge(const std::vector<Json>& log, std::size_t at, const std::set<std::string>& asked) {
  const auto& event = log[at];
  const auto kind = event.value("kind", "");
  const auto closes = [&](const Json& one) { return one["kind"] == "request_closed" && asked.contains(request_of(one)); };
  if (kind == "message") return at + 1 < log.size() && closes(log[at + 1]) && log[at + 1]["author"] == event["author"];
  if (kind == "request_opened") return asked.contains(request_of(event));
  if (kind == "tool_called" || kind == "tool_returned") return event["data"].value("tool", "") == "charge";
  return kind == "outcome_unknown" || closes(event);
}

// The session as it lies in Redis, when nothing is owed any more.
Stored stored_at_rest(const Installation& installation, const std::string& session) {
  const auto behind_the_wire = installation.run_folder() + "/redis.real";
  const auto socket = std::filesystem::exists(behind_the_wire) ? behind_the_wire : installation.run_folder() + "/redis";
  Stored found;
  eventually(seconds(20), [&] {
    found = stored(socket, session);
    found.census["kinds of other keys"] = kinds_of_keys(socket);
    return !found.is_due;
  });
  return found;
}

// The entry of the user's list, once it tells the session as it is.
Json listed_at_rest(Installation& installation, const Json& view, const Json& plan) {
  Json entry;
  eventually(seconds(20), [&] {
    const auto list = installation.surely_get("/api/sessions?limit=1000").body;
    for (const auto& each : list.value("sessions", Json::array()))
      if (each["id"] == view["id"]) entry = each;
    return !entry.is_null() && entry["last_ms"] == view["last_ms"] && entry["open_requests"] == 0 &&
           entry["plans"][0]["status"] == plan["overall_status"];
  });
  return entry;
}

// Somebody who reads the task's log all the while, to the end of the scope.
class Onlooker {
 public:
  Onlooker(const std::string& address, std::string log, History& history)
      : person_(address, onlooker, history), log_(std::move(log)), thread_([this] { look(); }) {}
  ~Onlooker() {
    ending_ = true;
    thread_.join();
  }
  Onlooker(const Onlooker&) = delete;
  Onlooker& operator=(const Onlooker&) = delete;

 private:
  void look() {
    for (; !ending_; std::this_thread::sleep_for(2 * look_every)) person_.read(log_);
  }
  Person person_;
  std::string log_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

// Who follows is told each event once, in order, however often they were cut off.
void compare_seen(const std::vector<Json>& log, const Process& watcher, Reader& reader, Outcome& outcome) {
  eventually(seconds(20), [&] { return events_of(watcher.out()).size() >= log.size(); });
  if (events_of(watcher.out()) != log) outcome.mistakes.push_back("who watched saw something else: " + watcher.out() + watcher.err());
  const auto& seen = reader.finish(log.size());
  if (seen != log) outcome.mistakes.push_back("who read over a WebSocket saw something else: " + Json(seen).dump());
  if (!reader.mistake().empty()) outcome.mistakes.push_back("who read over a WebSocket was told: " + reader.mistake());
  outcome.resumed = reader.resumed();
}

}  // namespace

Trial::Trial(std::filesystem::path history) : history_(std::move(history)), line_(Wire::to(till_.address())) {
  if (!history_.empty()) std::filesystem::remove(history_);
  std::ofstream(folder_.file("team.yaml")) << with_url(team_text, "http://" + line_->address() + Till::path);
  std::ofstream(folder_.file("script.yaml")) << script_text;
  std::filesystem::create_directory(failpoints());
}

InstallationOptions Trial::options() const {
  return {.environment = {{"CONVOKE_FAILPOINTS", "@" + failpoints()},
                          {"CONVOKE_OFFLINE_SCRIPT", folder_.file("script.yaml")},
                          {"CONVOKE_INTERCOM_SETTLE", "200ms"},
                          {"CONVOKE_INTERCOM_HOLD_BACK", "300ms"},
                          {"CONVOKE_BUS_REPEAT", "400ms"},
                          {"CONVOKE_HANDOUT_SILENCE", "800ms"},
                          {"CONVOKE_HANDOUT_LOST", "1800ms"},
                          {"CONVOKE_TURNS_START_WITHIN", "500ms"},
                          {"CONVOKE_TURNS_REPEAT", "250ms"}},
          .arguments = {"--team", folder_.file("team.yaml")}};
}

void Trial::order(const std::string& orders) const {
  for (const auto& entry : std::filesystem::directory_iterator(failpoints()))
    if (entry.path().filename().string().starts_with("obeyed.")) std::filesystem::remove(entry.path());
  std::ofstream(failpoints() + "/next") << orders;
  std::filesystem::rename(failpoints() + "/next", failpoints() + "/orders");
}

bool Trial::obeyed(const std::string& name) const { return std::filesystem::exists(failpoints() + "/obeyed." + name); }

std::map<std::string, int> Trial::passed() const {
  std::map<std::string, int> most;
  for (const auto& entry : std::filesystem::directory_iterator(failpoints())) {
    if (!entry.path().filename().string().starts_with("passed.")) continue;
    std::map<std::string, int> counts;
    std::istringstream lines(text_of(entry.path()));
    for (std::string line; std::getline(lines, line);) ++counts[line];
    for (const auto& [name, count] : counts) most[name] = std::max(most[name], count);
    std::filesystem::remove(entry.path());
  }
  return most;
}

std::string Outcome::unlike(const Outcome& faultless) const {
  const auto patch = asked ? Json::diff(faultless.without_call, without_call) : Json::diff(faultless.state, state);
  return patch.empty() ? std::string() : patch.dump(1);
}

Outcome Trial::run(Installation& installation, const std::string& session, const std::function<void()>& meanwhile, const Doors& doors) {
  const auto door = [&](const std::string& own) { return own.empty() ? installation.address() : own; };
  Outcome outcome;
  const int before = till_.charges();
  const int pinned = team_version;
  const auto effects_before = installation.effects().size();
  const auto log = session + "~t1";
  History history;
  {
    Person person(door(doors.asker), asker, history);
    const auto accepted = task(person, session);
    const auto watcher = installation.cli_process({"--url", "http://" + door(doors.watcher), "watch", log, "--stay"});
    Reader reader(door(doors.reader), log);
    {
      const Onlooker somebody(door(doors.onlooker), log, history);
      see_through(installation, session, person, before, meanwhile, outcome);
    }
    judge(installation, session, accepted, outcome);
    if (outcome.state["plan"]["team_version"] != pinned)
      outcome.mistakes.push_back("the plan is of version " + outcome.state["plan"]["team_version"].dump() + " of the team");
    outcome.state["plan"].erase("team_version");
    outcome.without_call["plan"].erase("team_version");
    compare_seen(installation.events(log), watcher, reader, outcome);
    eventually(seconds(20), [&] { return person.read(log); });
  }
  for (auto& mistake : history.mistakes()) outcome.mistakes.push_back(std::move(mistake));
  if (!history_.empty()) history.write(history_);
  if (till_.charges() != before + 1) outcome.mistakes.push_back("charged " + std::to_string(till_.charges() - before) + " times");
  auto effects = Json::array();
  const auto all = installation.effects();
  for (auto at = effects_before; at < all.size(); ++at) effects.push_back(normal(all[at], session));
  outcome.without_call["effects"] = effects;
  outcome.without_call = without_numbers(std::move(outcome.without_call));
  outcome.state["effects"] = std::move(effects);
  return outcome;
}

Json Trial::task(Person& person, const std::string& session) const {
  const Json fields{{"session_id", session}, {"description", goal}, {"policy", "whole_plan"}};
  RestAnswer accepted;
  eventually(patience, [&] {
    accepted = person.say(session + "~t1", "/api/tasks", fields, "task-" + session, goal);
    return accepted.status != 0;
  });
  if (accepted.status != 200) throw std::runtime_error("a task was not accepted: " + accepted.body.dump());
  return accepted.body;
}

void Trial::see_through(Installation& installation, const std::string& session, Person& person, int charges_before,
                        const std::function<void()>& meanwhile, Outcome& outcome) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!settle(installation, session, person, charges_before, outcome)) {
    meanwhile();
    if (std::chrono::steady_clock::now() > end) {
      const auto view = installation.get("/api/sessions/" + session);
      throw std::runtime_error("the task does not end: " + view.body.dump(1) + "\n" + installation.status().dump(1));
    }
    std::this_thread::sleep_for(look_every);
  }
}

// Answers what people are asked; true when nothing is left to be done.
bool Trial::settle(Installation& installation, const std::string& session, Person& person, int charges_before, Outcome& outcome) {
  const auto view = installation.get("/api/sessions/" + session);
  if (view.status != 200) return false;
  for (const auto& request : view.body["requests"]) {
    const std::string id = request["id"];
    Json answer{{"approved", true}};
    if (request["kind"] == "unknown_outcome") {
      // The person looks into the till, once no call can come to it any more: it is done again if it was not done.
      if (!line_->is_quiet()) continue;
      const bool charged = till_.looked_into() > charges_before;
      answer["approved"] = charged;
      if (charged) answer["text"] = Till::receipt();
      ++outcome.unknown;
    }
    person.say(request["conversation"], "/api/requests/" + id, answer, "answer-" + id, "settled " + id);
  }
  for (const auto& plan : view.body["plans"])
    if (plan["overall_status"] == "in_progress") return false;
  return view.body["requests"].empty() && view.body["turns"].empty();
}

void Trial::judge(Installation& installation, const std::string& session, const Json& task, Outcome& outcome) {
  const std::string conversation = task["conversation"];
  auto view = installation.surely_get("/api/sessions/" + session).body;
  auto plan = installation.surely_get("/api/plans/" + task["plan"].get<std::string>()).body;
  const auto listed = listed_at_rest(installation, view, plan);
  const auto kept = stored_at_rest(installation, session);
  if (listed.is_null() || listed["last_ms"] != view["last_ms"]) outcome.mistakes.push_back("the user's list says: " + listed.dump());
  outcome.strikes = kept.strikes;
  if (kept.is_due) outcome.mistakes.emplace_back("something is still owed");
  outcome.state = {{"plan", normal(plan, session)},
                   {"listed", normal(listed, session)},
                   {"transcripts", normal(kept.transcripts, session)},
                   {"census", normal(kept.census, session)},
                   {"conversations", Json::array()}};
  for (const auto* part : {"title", "user", "team", "shared", "ended", "requests", "turns"})
    outcome.state[part] = normal(view[part], session);
  outcome.without_call = outcome.state;
  // Who was to make the call learnt of it otherwise, and one more command was given.
  outcome.without_call["transcripts"].erase("trial.Cashier");
  outcome.without_call["census"] = Json::object();
  if (!view["dead_letters"].empty()) outcome.mistakes.push_back("dead letters: " + view["dead_letters"].dump());
  for (const auto& each : view["conversations"]) {
    const std::string id = each["id"];
    const auto log = installation.events(id);
    const auto asked = questions_in(log);
    auto events = Json::array();
    auto others = Json::array();
    std::set<std::string> ids;
    int ends = 0;
    for (std::size_t at = 0; at < log.size(); ++at) {
      const auto& event = log[at];
      if (event["seq"] != at + 1) outcome.mistakes.push_back("a gap in " + id);
      if (!ids.insert(event["id"].get<std::string>()).second) outcome.mistakes.push_back("an event twice in " + id);
      if (event["kind"] == "run_ended") ++ends;
      events.push_back(normal(event, session));
      if (is_about_the_charge(log, at, asked)) continue;
      others.push_back(events.back());
      if (event["kind"] == "run_ended") others.back()["data"].erase("usage");  // that call was not counted where a person answered for it
    }
    outcome.asked = outcome.asked || !asked.empty();
    if (id == conversation && ends != 1) outcome.mistakes.push_back(std::to_string(ends) + " ends of the run");
    Json told{{"kind", each["kind"]}, {"members", each["members"]}, {"events", std::move(events)}};
    outcome.state["conversations"].push_back(told);
    told["events"] = std::move(others);
    outcome.without_call["conversations"].push_back(std::move(told));
  }
}

}  // namespace convoke::test
