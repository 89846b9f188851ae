// Two replicas over one store, with everything that can go wrong at every step: answers lost, commits unknown, refused or late,
// reconnects, thefts, crashes, releases, repeated commands. Whatever happens: versions rise by one, each accepted command was carried out
// once, no refused one was, answers leave after their commit, bounds hold.
#include <random>
#include <set>

#include "world.hpp"

namespace convoke::groupchat::test {
namespace {

class Chaos {
 public:
  explicit Chaos(std::uint32_t seed) : random_(seed) {
    for (auto& node : nodes_) restart(node);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    quiet_ = true;
    for (int i = 0; i < 3'000 && !at_rest(); ++i) step();
  }

  void check() {
    for (const auto& [key, command] : commands_) {
      INFO("command " << key);
      CHECK(command.answered);  // after the last fault everything is answered
    }
    for (const auto& scope : world_.memory.scopes()) {
      const auto texts = world_.texts(scope);
      std::multiset<std::string> found(texts.begin(), texts.end());
      for (const auto& text : found) CHECK(found.count(text) == 1);
      const auto page = world_.memory.read_log({.scope = scope, .log = "log:c", .max_entries = 100'000});
      CHECK(page->head == texts.size());
      accepted_in_state(scope, found);
    }
    for (auto& node : nodes_) {
      CHECK(node->core.sizes().waiting == 0);
      CHECK(node->core.sizes().commits == 0);
    }
  }
  std::size_t accepted() const { return accepted_; }
  std::size_t refused() const { return refused_; }

 private:
  struct Command {
    std::string scope;
    std::string text;
    int tries = 0;
    bool answered = false;
    bool accepted = false;
    std::uint64_t seq = 0;
    SteadyTime repeat_at{};
    int node = 0;
  };

  void restart(std::unique_ptr<Node>& node) {
    const bool first = &node == &nodes_[0];
    node.reset();
    node = std::make_unique<Node>(world_, Uuid{first ? 0xau : 0xbu, ++starts_}, options());
    node->generation = starts_ * 1000;
    node->connect();
    assign();
  }

  static own::Options options() {
    own::Options options;
    options.commits_in_flight = 3;
    options.batch = 4;
    options.queue_per_scope = 8;
    options.cached_scopes = 3;
    options.claim_again_first = Millis{100};
    options.claim_again_most = Millis{400};
    return options;
  }

  /// The intercom's part: who holds what, and who should.
  void assign() {
    const bool split = chance(2);
    for (auto& node : nodes_) {
      if (!node) continue;
      auto made = view(++views_, {}, {}, {});
      for (auto& other : nodes_) {
        if (!other) continue;
        made.replicas.emplace_back();
        made.replicas.back().replica = wire::to_wire(other->replica_);
        for (const auto& held : other->core.held()) made.owners[held.partition] = wire::to_wire(other->replica_);
      }
      for (std::size_t number = 0; number < 256; ++number) {
        auto& to = nodes_[split ? number % 2 : 0] ? nodes_[split ? number % 2 : 0] : node;
        made.assigned[number] = wire::to_wire(to->replica_);
      }
      node->see(std::move(made));
    }
  }

  void step() {
    world_.pass(Millis{5});
    if (!quiet_ && chance(60)) return assign();
    if (quiet_ && ++quiet_steps_ % 40 == 0) assign();
    auto& node = *nodes_[static_cast<std::size_t>(pick(2))];
    if (!quiet_ && chance(4)) return send_new();
    repeat_unanswered();
    if (chance(3)) node.event(own::Tick{});
    if (!quiet_ && chance(80)) return reconnect(node);
    if (!quiet_ && chance(150)) {
      return restart(nodes_[static_cast<std::size_t>(pick(2))]);
    }
    if (!quiet_ && chance(100)) {
      const auto scope = "s:" + std::to_string(pick(4));
      (void)world_.memory.claim({.partition = partition_of(scope), .replica = {0xff, 0xff}, .at_least = 0, .format = 1});
    }
    if (!quiet_ && chance(200)) world_.memory.set_outage(chance(2) ? store::Reason::disk_full : store::Reason::none);
    if (quiet_) world_.memory.set_outage(store::Reason::none);
    work(node);
    for (auto& one : nodes_) listen(*one);
  }

  /// Answers something that was asked. Commits and claims keep their order; all else comes in any order.
  void work(Node& node) {
    if (node.asked.empty()) return;
    auto at = static_cast<std::size_t>(pick(static_cast<int>(node.asked.size())));
    if (is_ordered(node.asked[at])) {
      at = static_cast<std::size_t>(std::ranges::find_if(node.asked, is_ordered) - node.asked.begin());
    }
    own::Action action = std::move(node.asked[at]);
    node.asked.erase(node.asked.begin() + static_cast<std::ptrdiff_t>(at));
    const auto* commit = std::get_if<own::CommitScope>(&action);
    if (commit == nullptr || quiet_ || !chance(12)) return node.event(watch(node.answer(action), commit));
    if (chance(2)) {
      (void)watch(node.answer(action), commit);  // it happened
    } else {
      late_.push_back(commit->commit);  // it is on its way, and may still happen
    }
    node.say(*commit, store::Outcome::unknown);
    while (!late_.empty() && chance(2)) {
      // Landing after the new claim it must be refused; before it, it counts.
      (void)world_.memory.commit(late_.back());
      late_.pop_back();
    }
  }

  own::Event watch(own::Event event, const own::CommitScope* commit) {
    const auto* done = std::get_if<own::CommitDone>(&event);
    if (done != nullptr && commit != nullptr && done->answer.ok()) CHECK(done->answer.version == commit->commit.version + 1);
    return event;
  }

  static bool is_ordered(const own::Action& action) {
    return std::holds_alternative<own::CommitScope>(action) || std::holds_alternative<own::Claim>(action);
  }

  void reconnect(Node& node) {
    node.disconnect();
    std::deque<own::Action> dead = std::move(node.asked);
    node.asked.clear();
    for (auto& action : dead) {
      const auto* commit = std::get_if<own::CommitScope>(&action);
      if (commit == nullptr) {
        node.event(away(action));
        continue;
      }
      if (chance(2)) (void)node.answer(action);
      node.say(*commit, store::Outcome::unknown);
    }
    node.connect();
  }

  static own::Event away(const own::Action& action) {
    const auto error = fail(Fault::unavailable, "the connection was lost");
    if (const auto* one = std::get_if<own::LoadScope>(&action)) return own::Loaded{one->ticket, error};
    if (const auto* one = std::get_if<own::Check>(&action)) return own::Checked{one->ticket, error};
    if (const auto* one = std::get_if<own::Claim>(&action)) return own::Claimed{one->ticket, error};
    return own::DueRead{std::get<own::ReadDue>(action).ticket, error};
  }

  void send_new() {
    Command command;
    command.scope = "s:" + std::to_string(pick(4));
    const auto number = commands_.size();
    command.text = chance(6) ? "refuse" : "t" + std::to_string(number);
    const std::string key = "k" + std::to_string(number);
    give(key, commands_.emplace(key, std::move(command)).first->second);
  }

  void repeat_unanswered() {
    for (auto& [key, command] : commands_) {
      if (!command.answered && world_.now.steady >= command.repeat_at) give(key, command);
    }
  }

  /// To whoever holds it, or to anybody: a router's view may be old.
  void give(const std::string& key, Command& command) {
    ++command.tries;
    command.repeat_at = world_.now.steady + Millis{200};
    std::size_t to = static_cast<std::size_t>(pick(2));
    for (std::size_t i = 0; i < 2; ++i) {
      const auto held = nodes_[i]->core.held();
      const auto found = std::ranges::find(held, partition_of(command.scope), &store::PartitionEpoch::partition);
      if (found != held.end() && !chance(10)) to = i;
    }
    Node& node = *nodes_[to];
    auto message = node.command(with_text<wire::PostT>(command.text), key, command.scope);
    asked_for_[wire::from_wire(message.header.id)] = key;
    message.header.ttl_ms = 150;
    node.give(std::move(message));
  }

  void listen(Node& node) {
    auto messages = std::exchange(node.sent, {});
    for (auto& message : messages) {
      if (message.header.forwards == 1) {
        for (auto& other : nodes_) {
          if (wire::from_wire(message.header.dest_replica) == other->replica_) {
            other->event(own::Received{std::move(message)});
            break;
          }
        }
        continue;
      }
      const auto* answer = message.as<wire::AnswerT>();
      const auto found = asked_for_.find(wire::from_wire(message.header.correlation));
      if (answer != nullptr && found != asked_for_.end()) hear(commands_.at(found->second), *answer);
    }
  }

  void hear(Command& command, const wire::AnswerT& answer) {
    if (const auto* accepted = answer.body.AsAccepted()) {
      // What is said to be done is there.
      const auto texts = world_.texts(command.scope);
      CHECK(std::ranges::find(texts, command.text) != texts.end());
      CHECK(texts.at(accepted->seq - 1) == command.text);
      if (command.answered) CHECK(command.accepted);
      accepted_ += command.answered ? 0 : 1;
      command.answered = command.accepted = true;
      return;
    }
    const auto code = static_cast<Fault>(answer.body.AsFault()->code);
    if (retryable(code)) return;
    CHECK(code == Fault::conflict);
    CHECK(command.text == "refuse");
    refused_ += command.answered ? 0 : 1;
    command.answered = true;
  }

  void accepted_in_state(const std::string& scope, const std::multiset<std::string>& texts) {
    CHECK(texts.count("refuse") == 0);
    for (const auto& [key, command] : commands_) {
      if (command.scope == scope && command.accepted) CHECK(texts.count(command.text) == 1);
    }
  }

  bool at_rest() const {
    return std::ranges::all_of(commands_, [](const auto& entry) { return entry.second.answered; }) &&
           std::ranges::all_of(nodes_, [](const auto& node) { return node->asked.empty() && node->core.sizes().waiting == 0; });
  }

  bool chance(int one_in) { return pick(one_in) == 0; }
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint32_t>(below)); }

  std::mt19937 random_;
  World world_;
  std::array<std::unique_ptr<Node>, 2> nodes_;
  std::map<std::string, Command> commands_;
  std::map<Uuid, std::string> asked_for_;
  std::vector<store::Commit> late_;
  std::uint64_t views_ = 0;
  std::uint64_t starts_ = 0;
  std::size_t accepted_ = 0;
  std::size_t refused_ = 0;
  bool quiet_ = false;
  int quiet_steps_ = 0;
};

}  // namespace

TEST_CASE("owner: nothing is lost, doubled or seen too early, whatever fails and when") {
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (std::uint32_t seed = 1; seed <= 25; ++seed) {
    INFO("seed " << seed);
    Chaos chaos(seed);
    chaos.run(1'500);
    chaos.check();
    accepted += chaos.accepted();
    refused += chaos.refused();
  }
  CHECK(accepted > 1'000);
  CHECK(refused > 100);
}

}  // namespace convoke::groupchat::test
