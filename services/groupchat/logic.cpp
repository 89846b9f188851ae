#include "groupchat/logic.hpp"

#include <algorithm>

#include "core/mutation.hpp"
#include "wire/state_generated.h"

namespace convoke::groupchat {
namespace {

std::string pack_accepted(const wire::AcceptedT& accepted) {
  flatbuffers::FlatBufferBuilder builder(256);
  builder.Finish(wire::CreateAccepted(builder, &accepted));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace

void Draft::append(std::string log, std::uint64_t number, std::string bytes) {
  changed = true;
  auto found = std::ranges::find(appends, log, &store::Append::log);
  if (found == appends.end()) found = appends.insert(appends.end(), store::Append{std::move(log), number, {}});
  found->entries.push_back(std::move(bytes));
}

void Draft::put_piece(std::string name, std::string bytes) {
  changed = true;
  const auto found = std::ranges::find(pieces, name, &store::Piece::name);
  if (found != pieces.end())
    found->bytes = std::move(bytes);
  else
    pieces.push_back({std::move(name), std::move(bytes)});
}

Status ScopeLogic::load_piece(std::string_view name, std::string_view) {
  return fail(Fault::malformed, "a piece that this kind of scope does not have: " + std::string(name));
}

std::string record_key(const wire::CommandT& command) { return command.user + "/" + command.key; }

std::string hash_text(const wire::CommandT& command) { return {reinterpret_cast<const char*>(command.hash.data()), command.hash.size()}; }

void record(Draft& draft, const wire::CommandT& command, const wire::AcceptedT& accepted, Keep keep) {
  draft.changed = true;
  store::KeyRecord entry{record_key(command), hash_text(command), pack_accepted(accepted)};
  if (keep == Keep::as_long_as_scope) entry.ttl.reset();
  if (CONVOKE_MUTATED(accept_unrecorded)) return;
  draft.keys.push_back(std::move(entry));
}

void accept(Draft& draft, const wire::HeaderT& request, const wire::CommandT& command, wire::AcceptedT accepted, Keep keep) {
  record(draft, command, accepted, keep);
  draft.answers.push_back(wire::reply(request, std::move(accepted)));
}

void refuse(Draft& draft, const wire::HeaderT& request, const wire::CommandT& command, const Error& error) {
  draft.replies.push_back(Reply{wire::fault_reply(request, error), record_key(command), hash_text(command)});
}

void respond(Draft& draft, wire::Message message) { draft.replies.push_back(Reply{std::move(message), {}, {}}); }

}  // namespace convoke::groupchat
