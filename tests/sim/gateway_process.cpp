#include "gateway_process.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "world.hpp"

namespace convoke::sim {

void GatewayProcess::boot() {
  watches_.clear();
  asking_.clear();
  heads_at_ = Millis{0};
  boot_bus(false);
}

void GatewayProcess::die() {
  die_bus();
  watches_.clear();
}

void GatewayProcess::tick() {
  step_bus();
  if (!alive()) return;
  std::vector<Id> ids;
  ids.reserve(watches_.size());
  for (const auto& [id, watch] : watches_) ids.push_back(id);
  for (const auto& id : ids) {
    auto& watch = watches_.at(id);
    if (world_.has(clients_rude) && !watch.reader.paused() && world_.random.chance(2)) read_slowly(id);
    act(id, watch.reader.on_time(now().steady));
    if (!alive()) return;
  }
  if (world_.clock.now() < heads_at_) return;
  heads_at_ = world_.clock.now() + Millis{1'000};
  ask_heads();
}

// The client does not take what it is sent for a while.
void GatewayProcess::read_slowly(const Id& id) {
  watches_.at(id).reader.pause();
  post(world_.random.millis(50, 1'500), [this, id] {
    if (const auto found = watches_.find(id); found != watches_.end()) act(id, found->second.reader.resume());
  });
}

void GatewayProcess::look_up(std::string search) {
  wire::ReadDirectoryT read;
  read.search = std::move(search);
  wire::QueryT query;
  query.body.Set(std::move(read));
  auto message = wire::message(std::move(query));
  message.header.dest_kind = wire::DestKind::intercom;
  call(std::move(message), wire::Class::request, Millis{3'000}, [](const Result<wire::AnswerT>&) {});
}

void GatewayProcess::ask_service(std::string name) {
  wire::QueryT query;
  query.body.Set(wire::ReadDirectoryT{});
  auto message = wire::message(std::move(query));
  message.header.dest_kind = wire::DestKind::service;
  message.header.dest = std::move(name);
  call(std::move(message), wire::Class::request, Millis{1'000}, [](const Result<wire::AnswerT>&) {});
}

wire::Message GatewayProcess::to_session(wire::QueryT query) const {
  auto message = wire::message(std::move(query));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of(message.as<wire::QueryT>()->scope);
  return message;
}

void GatewayProcess::command(wire::CommandT command, Done done) {
  auto message = wire::message(std::move(command));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of(message.as<wire::CommandT>()->scope);
  message.header.trace = wire::Trace(1, world_.random.next(), 1, 1);
  call(std::move(message), wire::Class::command, Millis{8'000}, std::move(done));
}

void GatewayProcess::query(wire::QueryT query, Done done) {
  call(to_session(std::move(query)), wire::Class::request, Millis{3'000}, std::move(done));
}

void GatewayProcess::open(std::uint64_t connection, std::string user, std::string conversation, api::Position at, Deliver deliver) {
  const Id id{connection, conversation};
  if (watches_.contains(id)) return;
  auto& watch = watches_.emplace(id, Watch{std::move(user), api::Reader(at, world_.profile.reader), std::move(deliver)}).first->second;
  subscribe(conversation);
  act(id, watch.reader.start());
}

void GatewayProcess::close(std::uint64_t connection) {
  std::set<std::string> left;
  std::erase_if(watches_, [&](const auto& entry) {
    if (entry.first.first != connection) return false;
    left.insert(entry.first.second);
    return true;
  });
  for (const auto& [id, watch] : watches_) left.erase(id.second);
  for (const auto& conversation : left) unsubscribe(conversation);
}

// As a door does: the client may ask to read it again.
void GatewayProcess::end(const Id& id) {
  watches_.erase(id);
  if (std::ranges::none_of(watches_, [&](const auto& entry) { return entry.first.second == id.second; })) unsubscribe(id.second);
}

/// After everything that a reader was given.
void GatewayProcess::act(const Id& id, api::ReadActions actions) {
  if (const auto watch = watches_.find(id); watch != watches_.end()) world_.checks.reader(watch->second.reader);
  for (auto& action : actions) {
    const auto found = watches_.find(id);
    if (found == watches_.end() || !alive()) return;
    if (const auto* page = std::get_if<api::read::Page>(&action)) {
      read_page(id, page->at);
    } else if (std::holds_alternative<api::read::Heads>(action)) {
      heads_at_ = std::min(heads_at_, world_.clock.now() + Millis{50});
    } else {
      if (boundary("before an event is passed on")) return;
      const bool is_over = std::holds_alternative<api::read::Failed>(action);
      found->second.deliver(id.second, std::move(action));
      if (is_over) end(id);
      if (boundary("after an event was passed on")) return;
    }
  }
}

void GatewayProcess::read_page(const Id& id, const api::Position& at) {
  wire::ReadLogT read;
  read.conversation = id.second;
  read.from = at.from;
  read.after_id = wire::to_wire(at.after_id);
  read.max_bytes = 4'096;
  wire::QueryT query;
  query.scope = "s:" + std::string(session_of(id.second));
  query.user = watches_.at(id).user;
  query.body.Set(std::move(read));
  this->query(std::move(query), [this, id](Result<wire::AnswerT> answer) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) return;
    auto& reader = found->second.reader;
    const auto* page = answer ? answer->body.AsLogPage() : nullptr;
    if (page != nullptr) {
      world_.checks.page(*page);
      return act(id, reader.on_page(*page));
    }
    const Error error = answer ? Error(Fault::malformed, "no page") : answer.error();
    act(id, reader.on_page_failed(error, now().steady, world_.random.next()));
  });
}

// All that is read here, in one request per partition; what is asked for is not asked for again before it is answered.
void GatewayProcess::ask_heads() {
  std::map<std::uint8_t, std::vector<std::string>> wanted;
  for (const auto& [id, watch] : watches_) {
    auto& conversations = wanted[partition_of("s:" + std::string(session_of(id.second)))];
    if (std::ranges::find(conversations, id.second) == conversations.end()) conversations.push_back(id.second);
  }
  std::vector<std::uint8_t> order;
  order.reserve(wanted.size());
  for (const auto& [partition, conversations] : wanted) order.push_back(partition);
  // Not always the same ones come last, for whom no call is left.
  if (!order.empty()) std::ranges::rotate(order, order.begin() + static_cast<std::ptrdiff_t>(++polls_ % order.size()));
  for (const auto partition : order)
    if (asking_.insert(partition).second) ask_heads(partition, std::move(wanted.at(partition)));
}

void GatewayProcess::ask_heads(std::uint8_t partition, std::vector<std::string> conversations) {
  wire::QueryT query;
  query.scope = "s:" + std::string(session_of(conversations.front()));
  wire::ReadHeadsT heads;
  heads.conversations = conversations;
  query.body.Set(std::move(heads));
  this->query(std::move(query), [this, partition, asked = std::move(conversations)](Result<wire::AnswerT> answer) {
    asking_.erase(partition);
    if (const auto* told = answer ? answer->body.AsHeads() : nullptr) tell_heads(*told, asked);
  });
}

void GatewayProcess::tell_heads(const wire::HeadsT& heads, const std::vector<std::string>& asked) {
  for (const auto& conversation : asked) {
    // One that the answer leaves out is gone with its session, or could not be asked for.
    wire::HeadT head;
    head.missing = true;
    for (const auto& one : heads.heads)
      if (one.conversation == conversation) head = one;
    for (const auto& id : readers_of(conversation))
      if (const auto found = watches_.find(id); found != watches_.end()) act(id, found->second.reader.on_head(head));
  }
}

std::vector<GatewayProcess::Id> GatewayProcess::readers_of(const std::string& conversation) const {
  std::vector<Id> ids;
  for (const auto& [id, watch] : watches_)
    if (id.second == conversation) ids.push_back(id);
  return ids;
}

void GatewayProcess::on_message(wire::Message message) {
  const auto* push = message.as<wire::PushT>();
  if (push == nullptr) return;
  for (const auto& id : readers_of(message.header.dest)) {
    if (const auto* batch = push->body.AsEventBatch()) {
      for (const auto& event : batch->events)
        if (const auto found = watches_.find(id); found != watches_.end()) act(id, found->second.reader.on_pushed(event));
    } else if (const auto* delta = push->body.AsDelta()) {
      if (const auto found = watches_.find(id); found != watches_.end()) act(id, found->second.reader.on_delta(*delta));
    }
  }
}

}  // namespace convoke::sim
