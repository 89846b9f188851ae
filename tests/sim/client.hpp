// A person with a program: starts tasks and chats, answers what is asked, changes their mind, loses the connection and comes back at the
// position they had; repeats a command with its key until it is answered, and sometimes does what they should not.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/reader.hpp"
#include "clock.hpp"
#include "random.hpp"
#include "wire/message.hpp"

namespace convoke::sim {

class World;
class GatewayProcess;

class Client {
 public:
  Client(World& world, std::string user);

  /// Something new, if there is something to do: one operation.
  void operate();
  void tick();
  void disconnect();
  /// Nothing waits for an answer, and everything there is to read was read. Else why not.
  std::string unfinished() const;
  bool has_finished() const;

  const std::string& user() const { return user_; }
  struct AcceptedCommand {
    wire::CommandT command;
    wire::AcceptedT answer;
  };
  const std::vector<AcceptedCommand>& accepted() const { return accepted_; }
  const std::set<std::string>& sessions() const { return sessions_; }
  bool has_removed(std::string_view session) const { return removed_.contains(session); }
  /// Of others, where they became a member.
  const std::set<std::string>& joined() const { return joined_; }

 private:
  struct Pending {
    wire::CommandT command;
    Millis next{0};
    bool under_way = false;
    std::uint64_t sending = 0;
    std::uint32_t tries = 0;
    bool was_recorded = false;  // when it was sent last
  };
  struct Watched {
    std::uint64_t next = 1;
    Uuid last;
    bool opened = false;  // on this connection
    bool over = false;
  };

  std::size_t pick(std::size_t size);
  void connect();
  bool share();
  void begin_task();
  void begin_chat();
  void post();
  void cancel();
  void decide_all();
  void look_around();
  void make_a_mistake();
  void say_the_wrong_thing();
  void order_the_wrong_thing();
  std::string new_key(std::string_view kind);
  template <class T> void say(const std::string& scope, T body);
  void ask_for_nothing(const std::string& session);
  void settle_letter(const std::string& session, const wire::DeadLetterT& letter);
  void look_soon(wire::EventKind kind);
  void remove();
  void command_to(const std::string& scope, wire::CommandBodyUnion body, std::string key = {});
  template <class T> void command(const std::string& session, T body, std::string key = {});
  void transmit(Pending& pending);
  void answered(const std::string& scope, const std::string& key, std::uint64_t sending, Result<wire::AnswerT> answer);
  void send_copy(const wire::CommandT& command, bool other_body);
  void entered(const wire::AcceptedT& accepted, const std::string& agent);
  void watch(const std::string& conversation);
  void open(const std::string& conversation, Watched& watched);
  void delivered(std::uint64_t connection, const std::string& conversation, api::ReadAction action);
  void look_at_session(const std::string& session);
  void answer_request(const std::string& session, const wire::HumanRequestT& request);

  World& world_;
  std::string user_;
  Random sharing_;  // what concerns sessions that are shared
  GatewayProcess* gateway_ = nullptr;
  std::uint64_t gateway_life_ = 0;
  std::uint64_t connection_ = 0;
  Millis last_delivery_{0};
  std::map<std::string, std::deque<Pending>> pending_;  // by scope: one in flight each
  std::map<std::string, Watched> watched_;
  std::set<std::string> sessions_;
  std::set<std::string, std::less<>> removed_;
  std::set<std::string> joined_;
  std::set<std::string> prying_;  // conversations that are not theirs to read
  std::vector<std::string> directs_;
  std::vector<std::string> plans_;
  std::vector<std::string> runs_;
  std::set<std::string> answering_;  // requests
  std::vector<AcceptedCommand> accepted_;
  std::uint64_t keys_ = 0;
  std::uint64_t sendings_ = 0;
  Millis look_at_{0};
};

}  // namespace convoke::sim
