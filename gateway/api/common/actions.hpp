// What clients can do, from JSON to the bus's commands: one table of verbs for every door, so that REST, WebSocket and what comes later
// take the same fields and name the same mistakes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "api/common/fields.hpp"
#include "core/result.hpp"
#include "wire/body_generated.h"

namespace convoke::api {

/// A command on its way: everything but who, which key and which trace.
struct Action {
  std::string scope;    // `s:<session>` or `t:<team>`
  std::string session;  // empty for a team
  std::string about;    // the plan, request, conversation … that it names; empty: it makes its own
  wire::CommandBodyUnion body;
};

/// Attribute of a command's span: what its action is about. A decision is a trace of its own, which is found by it.
inline constexpr auto about_attribute = "convoke.about";

/// What a creation needs besides its fields.
struct ActionContext {
  std::string user;
  std::string key;   // the client's idempotency key, or one that the door made
  std::string team;  // when the client names none
};

/// Verbs and their fields (all ids `<session>~…`):
///   task      description, session_id?, team?, policy? (team|each_step|whole_plan|sensitive|none), shared?
///   chat      agent (`Name` or `<team>.Name`), text?, session_id?, team?, shared?
///   post      conversation, text
///   decide    plan, approved, steps? (none: all planned steps; then revision), revision?, comment?, updated_action? (one step, approved)
///   clarify   plan, text
///   answer    request, approved? (approvals and unknown outcomes need it), text?
///   cancel    plan or run, reason?
///   letter    letter, action (retry|drop)
///   delete    session_id, reason?
/// INVALID with every wrong field named; NOT_FOUND for an unknown verb.
Result<Action> parse_action(std::string_view verb, Fields& fields, const ActionContext& context);

/// Idempotency keys: 1 to 256 printable ASCII characters.
bool is_key(std::string_view text);
/// First 16 bytes of SHA-256 over verb and fields in a fixed order: the same request, however it is written, has the same hash.
std::vector<std::uint8_t> hash_of(std::string_view verb, const Json& fields);

}  // namespace convoke::api
