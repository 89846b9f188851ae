// Workers, planners and executors: the real TurnBook, and in place of a model a script that the input's text spells out. The order of
// things is that of services/worker: a response is an item before its calls begin, each call's result is an item, recorded calls that
// cannot be repeated become a question to a person.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agents/turns/book.hpp"
#include "bus_process.hpp"

namespace convoke::sim {

struct Call {
  std::string id;
  std::string tool;
  std::string text;
  bool done = false;
  bool running = false;
  bool unknown = false;  // an earlier attempt may have begun it, and it must not be made twice
};

class TurnProcess final : public BusProcess {
 public:
  using BusProcess::BusProcess;

  void drain() override;
  const agents::TurnBook* book() const { return book_.get(); }

 protected:
  void boot() override;
  void die() override;
  void tick() override;
  const char* service() const override;
  void on_message(wire::Message message) override;
  void on_link(bool up) override;
  wire::RegisterT registration() override;

 private:
  /// One attempt at one turn as it is carried out here.
  struct Job {
    agents::TurnKey key;
    std::uint32_t attempt = 0;
    std::shared_ptr<const wire::WorkT> work;
    std::vector<wire::ItemT> items;
    std::vector<std::string> script;
    std::vector<Call> calls;     // of the latest response
    std::uint64_t response = 0;  // its item
    std::uint64_t rounds = 0;
    bool recorded = false;  // by an earlier attempt
    bool reading = false;
    bool thinking = false;
    bool thought = false;
    bool cancelled = false;
    bool asked_unknown = false;
    SteadyTime settled_at{};  // from then on nobody can still be at the unknown ones
    std::uint64_t text_offset = 0;
  };
  using JobPtr = std::shared_ptr<Job>;

  void perform();
  void begin(agents::BeginTurn begun);
  void read_items(const JobPtr& job);
  void read_transcript(const Job& job);
  template <class Read> void ask_owner(const Job& job, Read read, bus::Calls::Done done);
  void take_over(Job& job);
  bool current(const JobPtr& job) const;
  void advance(const JobPtr& job);
  bool carry_out_calls(const JobPtr& job);
  void note_unknown(const JobPtr& job);
  void run_tool(const JobPtr& job, std::size_t index);
  void report(const JobPtr& job, std::size_t index, Fault fault, std::string text);
  void think(const JobPtr& job);
  void respond(const JobPtr& job);
  void conclude(const JobPtr& job, wire::TurnResultT result);
  void tell_span(const Job& job);
  void delta(const JobPtr& job, std::string text);
  wire::TurnResultT plan(const Job& job);
  wire::TurnResultT decide(const Job& job);
  std::vector<std::string> script_of(const wire::WorkT& work) const;
  std::uint64_t add_item(const JobPtr& job, wire::ItemT item);

  std::unique_ptr<agents::TurnBook> book_;
  std::unique_ptr<IdMaker> report_ids_;
  std::map<agents::TurnKey, JobPtr> jobs_;
  bool draining_ = false;
  bool performing_ = false;
};

}  // namespace convoke::sim
