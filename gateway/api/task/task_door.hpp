// The task API: tasks in, plans and steps out, people's decisions. Paths, fields and answers are those of the application that this API is
// known from, so that its clients work unchanged; what they cannot say (revisions, several teams) is optional.
#pragma once

#include <optional>

#include "api/doorway.hpp"

namespace convoke::api {

class TaskDoor : Doorway {
 public:
  using Doorway::Doorway;
  void routes(Router& router);

 private:
  using Answer = Result<http::Response>;
  asio::awaitable<Answer> input_task(Call call);
  asio::awaitable<Answer> human_feedback(Call call);
  asio::awaitable<Answer> approve(Call call);
  asio::awaitable<Answer> clarification(Call call);
  asio::awaitable<Answer> plans(Call call);
  asio::awaitable<Answer> steps(Call call);
  asio::awaitable<Answer> agent_messages(Call call);
  asio::awaitable<Answer> messages(Call call);
  asio::awaitable<Answer> delete_messages(Call call);
  asio::awaitable<Answer> agent_tools(Call call);

  /// The decision or answer that a HumanFeedback body stands for, given at `route`.
  asio::awaitable<Result<wire::AcceptedT>> decide(const Call& call, Fields& fields, std::string route);
  /// Until the planner has proposed, asked or given up, at most plan_wait.
  asio::awaitable<void> wait_for_plan(std::string conversation, std::string user);
  asio::awaitable<Result<wire::PlanT>> plan(std::string id, Caller who);
  /// The session's plans whole, ended ones (as far as the session keeps them) first.
  asio::awaitable<Result<std::vector<wire::PlanT>>> all_plans(wire::SessionViewT session, Caller who);
  /// A list in an answer, and whether it lacks what was beyond `max_items`: then a header says so.
  struct List {
    Json items = Json::array();
    bool is_cut = false;
    void add(Json item, std::size_t most);
    void take(List other, std::size_t most);
  };
  /// A session on its way into the list of everything.
  struct Held {
    wire::SessionSummaryT summary;
    std::optional<wire::SessionViewT> view;  // nothing: it is gone
    List list;
    Status status;
    /// Bound of what it will add to the list.
    std::size_t most_items() const;
  };
  http::Response list_answer(const List& list) const;
  /// What people and agents said in the session's conversations that the user is in, by time.
  asio::awaitable<Result<List>> said(wire::SessionViewT session, Caller who);
  /// Adds what a session holds, in the order that clients know: itself, plans with their steps, what was said.
  asio::awaitable<Status> read_all(wire::SessionSummaryT summary, wire::SessionViewT session, Caller who, List& list);
  asio::awaitable<bool> look_up(Held& held, Caller who);
  asio::awaitable<bool> read_one(Held& held, Caller who);
  asio::awaitable<Status> read_some(std::vector<Held> some, Caller who, List& list);
  struct Deleted {
    std::size_t count = 0;
    Status status;  // the first error
  };
  /// False when one could not be deleted. One that was gone already is no mistake, and is not counted.
  asio::awaitable<bool> delete_one(const Call& call, std::string session, Deleted& deleted);
  /// Sessions of the user that are to be deleted, a part of them at a time; none: these were all.
  asio::awaitable<Result<wire::AcceptedT>> name_sessions(const Call& call, std::size_t part);
  asio::awaitable<Answer> latest_plans(Caller who, std::size_t count);
};

}  // namespace convoke::api
