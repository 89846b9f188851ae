// What people do wrong: all of it is refused, and changes nothing.
#include <fmt/format.h>

#include "client.hpp"
#include "core/hash.hpp"
#include "gateway_process.hpp"
#include "team.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

// A definition that is right, of a team that this is not.
std::string other_team() {
  std::string json = team_of(0).first;
  const std::string name = R"("name":"t")";
  if (const auto at = json.find(name); at != std::string::npos) json.replace(at, name.size(), R"("name":"u")");
  return json;
}

}  // namespace

// Questions about what is not there, or not for them.
void Client::ask_for_nothing(const std::string& session) {
  if (gateway_ == nullptr) return;
  const auto ask = [&](std::string scope, auto body) {
    wire::QueryT query;
    query.scope = std::move(scope);
    query.user = user_;
    query.body.Set(std::move(body));
    gateway_->post(Millis{1}, [gateway = gateway_, query] { gateway->query(query, [](const Result<wire::AnswerT>&) {}); });
  };
  ask("s:" + session, wire::ReadTranscriptT{});
  ask("s:" + session, wire::ReadItemsT{});
  ask("s:" + session, wire::ReadUserT{});
  ask("t:t", wire::ReadUserT{});
  ask("t:nobody", wire::ReadTeamT{});
  ask("x:" + session, wire::ReadUserT{});
  wire::ReadTeamT version;
  version.version = 99;
  ask("t:t", std::move(version));
  wire::ReadSessionT plan;
  plan.plan = session + "~p99";
  ask("s:" + session, std::move(plan));
}

void Client::make_a_mistake() { world_.random.chance(50) ? say_the_wrong_thing() : order_the_wrong_thing(); }

template <class T> void Client::say(const std::string& scope, T body) {
  wire::CommandBodyUnion any;
  any.Set(std::move(body));
  command_to(scope, std::move(any));
}

// To nobody, to what is not there, in bytes or lengths that are not taken.
void Client::say_the_wrong_thing() {
  const std::string session = sessions_.empty() ? "nowhere" : *sessions_.begin();
  const std::string direct = directs_.empty() ? session : directs_.front();
  const auto post = [&](std::string conversation, std::string text) {
    wire::PostT body;
    body.conversation = std::move(conversation);
    body.text = std::move(text);
    say("s:" + session, std::move(body));
  };
  const auto chat = [&](std::string team, std::string agent, std::string where, std::string text = "hello") {
    wire::OpenChatT body;
    body.team = std::move(team);
    body.agent = std::move(agent);
    body.text = std::move(text);
    say("s:" + where, std::move(body));
  };
  const auto answer = [&](std::string text) {
    wire::AnswerRequestT body;
    body.request = session + "~h99";
    body.text = std::move(text);
    say("s:" + session, std::move(body));
  };
  switch (world_.random.below(14)) {
    case 0: return post(session + "~d99", "hello");
    case 1: return post(direct, "");
    case 2: return post(direct, "\xff");
    case 3: return post(direct, std::string(300'000, 'x'));
    case 4: return post(watched_.empty() ? session : watched_.rbegin()->first, "hello");
    case 5: return chat("t", "t.Z", session);
    case 6: return chat("t", "t.P", session);
    case 7: return chat("other", "other.A", session);
    case 8: return chat("other", "other.A", to_string(session_for_key(user_, new_key("no"))));
    case 9: return chat("t", "t.A", session, "\xff");
    case 10: return answer("yes");
    case 11: return answer("\xff");
    case 12: {
      wire::CreateTaskT body;
      body.team = world_.random.chance(50) ? "other" : "t";
      body.description = body.team == "t" ? "" : "A idem";
      return say("s:" + to_string(session_for_key(user_, new_key("no"))), std::move(body));
    }
    default: return ask_for_nothing(session);
  }
}

// Where it may not be ordered, or not in that way.
void Client::order_the_wrong_thing() {
  const std::string session = sessions_.empty() ? "nowhere" : *sessions_.begin();
  const std::string plan = plans_.empty() ? session + "~p99" : plans_.front();
  const auto decide = [&](std::string of, std::vector<std::string> steps, std::string action) {
    wire::DecideT body;
    body.plan = std::move(of);
    body.steps = std::move(steps);
    body.approved = true;
    body.updated_action = std::move(action);
    const std::string where(session_of(body.plan));
    say("s:" + where, std::move(body));
  };
  const auto apply = [&](std::string definition) {
    wire::ApplyTeamT body;
    body.definition = std::move(definition);
    say("t:t", std::move(body));
  };
  const auto clarify = [&](std::string text) {
    wire::ClarifyT body;
    body.plan = plan;
    body.text = std::move(text);
    say("s:" + std::string(session_of(plan)), std::move(body));
  };
  switch (world_.random.below(13)) {
    case 0: return decide(session + "~p99", {}, {});
    case 1: return decide(plan, {"no such step"}, {});
    case 2: return decide(plan, {}, "idem");
    case 3: return decide(plan, {"one step", "another"}, "idem");
    case 4: return clarify("like this");
    case 5: return clarify("");
    case 6: return say("u:" + user_, wire::NotifyT{});  // only sessions may
    case 7: return world_.random.chance(50) ? say("u:" + user_, wire::DeleteSessionT{}) : say("u:" + user_, wire::NameSessionsT{});
    case 8: return say("t:t", wire::DeleteSessionT{});
    case 9: return say("x:" + session, wire::DeleteSessionT{});
    case 10: return apply("{");
    case 11: return apply(other_team());
    default: {
      wire::SettleLetterT body;
      body.id = session + "~x99";
      return say("s:" + session, std::move(body));
    }
  }
}

}  // namespace convoke::sim
