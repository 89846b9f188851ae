// What is for the intercom itself: statements about connections, and questions.
#include <fmt/format.h>

#include "core/hash.hpp"
#include "intercom/directory.hpp"
#include "intercom/intercom_core.hpp"

namespace convoke::intercom {
namespace {

constexpr std::size_t max_own_bytes = 4u << 20;  // of a message for the intercom itself

}  // namespace

void IntercomCore::on_own(Speaker& speaker, std::string_view body) {
  const BodyView view(body.size() <= max_own_bytes ? body : std::string_view{});
  const bool registered = speaker.connection.replica != nullptr;
  if (const auto* statement = view.as<wire::Register>()) {
    wire::RegisterT unpacked;
    statement->UnPackTo(&unpacked);
    on_register(speaker, unpacked);
    return;
  }
  if (!registered) {
    fault(speaker, Fault::unregistered, "this connection has not registered");
    return;
  }
  if (const auto* heartbeat = view.as<wire::Heartbeat>()) {
    wire::HeartbeatT unpacked;
    heartbeat->UnPackTo(&unpacked);
    on_heartbeat(speaker, unpacked);
  } else if (const auto* credit = view.as<wire::Credit>()) {
    wire::CreditT unpacked;
    credit->UnPackTo(&unpacked);
    on_credit(speaker, unpacked);
  } else if (const auto* streams = view.as<wire::Subscribe>()) {
    wire::SubscribeT unpacked;
    streams->UnPackTo(&unpacked);
    on_subscribe(speaker, unpacked);
  } else if (view.as<wire::Leave>() != nullptr) {
    on_leave(speaker);
  } else if (const auto* query = view.as<wire::Query>()) {
    on_directory(speaker, *query);
  } else if (const auto* turn = view.as<wire::WorkQuery>()) {
    wire::WorkQueryT unpacked;
    turn->UnPackTo(&unpacked);
    on_work_query(speaker, unpacked);
  } else if (view.empty()) {
    fault(speaker, Fault::malformed, fmt::format("a body frame of {} bytes does not verify", body.size()));
  } else {
    fault(speaker, Fault::unknown_kind, fmt::format("message kind {} is not for the intercom", header_->kind()));
  }
}

void IntercomCore::on_register(Speaker& speaker, const wire::RegisterT& statement) {
  const auto refuse = [&](Fault code, std::string text) { fault(speaker, code, std::move(text)); };
  if (!settings_.token.empty() && !equal_in_constant_time(settings_.token, statement.token))
    return refuse(Fault::unauthenticated, "the registration does not name the installation's token");
  if (const auto valid = Registry::check(statement); !valid) return refuse(valid.error().code, valid.error().message);
  const convoke::Uuid id = wire::from_wire(statement.replica);
  auto* known = registry_.find(id);
  if (speaker.connection.replica != nullptr && speaker.connection.replica != known)
    return refuse(Fault::forbidden, "this connection has registered as another replica");
  const bool first = speaker.connection.replica == nullptr;
  if (known != nullptr && statement.number <= known->register_number) {
    if (first) refuse(Fault::conflict, "a later registration of that replica is known");
    return;  // a late statement
  }
  if (known == nullptr && registry_.size() >= settings_.max_replicas) return refuse(Fault::limit, "too many replicas are registered");
  if (first && known != nullptr) end_connection_of(*known, "the destination has connected anew");
  Replica* replica = nullptr;
  if (registry_.apply(statement, replica)) view_due_ = true;
  auto& connection = *connections_.find(speaker.peer);
  connection.replica = replica;
  connection.source.clear();
  replica->connected = true;
  replica->peer = speaker.peer;
  replica->heard = now_.steady;
  if (partitions_.update(registry_, now_.steady)) view_due_ = true;
  if (first) queues_.holds(*replica, statement.held, statement.credit, now_.steady);
  send_view(speaker.peer, speaker.sender.id);
  queues_.dispatch(*replica, now_.steady);
}

void IntercomCore::on_heartbeat(Speaker& speaker, const wire::HeartbeatT& statement) {
  connections_.confirm(speaker.connection, statement.received);
  wire::HeartbeatT echo;
  echo.number = statement.number;
  answer(speaker, wire::message(echo));
}

void IntercomCore::on_credit(Speaker& speaker, const wire::CreditT& statement) {
  auto& replica = *speaker.connection.replica;
  if (statement.number <= replica.credit_number) return;
  replica.credit_number = statement.number;
  connections_.confirm(speaker.connection, statement.received);
  replica.credit.state(statement.free, statement.received);
  if (statement.busy) {
    const auto& turn = *statement.busy;
    queues_.busy(replica, {turn.agent, turn.session, turn.turn, turn.attempt}, now_.steady);
  }
  queues_.dispatch(replica, now_.steady);
}

void IntercomCore::on_subscribe(Speaker& speaker, const wire::SubscribeT& statement) {
  auto& replica = *speaker.connection.replica;
  if (statement.number <= replica.subscribe_number) return;
  replica.subscribe_number = statement.number;
  auto& names = speaker.connection.streams;
  const auto remove = [&](const std::string& name) {
    if (names.erase(name) > 0) streams_.remove(name, speaker.peer);
  };
  if (statement.full) {
    const auto before = names;
    for (const auto& name : before) remove(name);
  }
  for (const auto& name : statement.remove) remove(name);
  for (const auto& name : statement.add) {
    if (names.size() >= settings_.max_subscriptions) {
      fault(speaker, Fault::limit, fmt::format("at most {} streams may be subscribed to", settings_.max_subscriptions));
      return;
    }
    if (names.insert(name).second) streams_.add(name, speaker.peer);
  }
}

void IntercomCore::on_leave(Speaker& speaker) { remove(*speaker.connection.replica, "the destination has left"); }

void IntercomCore::on_directory(Speaker& speaker, const wire::Query& query) {
  const auto* read = query.body_as_ReadDirectory();
  if (read == nullptr) {
    fault(speaker, Fault::unknown_kind, "the intercom answers ReadDirectory alone");
    return;
  }
  wire::HeaderT request;
  request.id = wire::to_wire(speaker.sender.id);
  request.class_ = speaker.sender.class_;
  answer(speaker, wire::reply(request, make_directory(registry_, partitions_, queues_, text_of(read->search()), now_.steady)));
}

void IntercomCore::on_work_query(Speaker& speaker, const wire::WorkQueryT& query) {
  auto state = wire::message(queues_.state({query.agent, query.session, query.turn, query.attempt}));
  state.header.turn = query.turn;
  state.header.attempt = query.attempt;
  answer(speaker, std::move(state));
}

}  // namespace convoke::intercom
