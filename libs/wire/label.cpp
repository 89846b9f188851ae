#include "wire/label.hpp"

#include "wire/kinds.hpp"
#include "wire/message.hpp"

namespace convoke::wire {
namespace {

std::string member(const Message& message) {
  if (const auto* report = message.as<ReportT>()) {
    std::string name = EnumNameReportBody(report->body.type);
    if (const auto* item = report->body.AsItem()) return name + "." + EnumNameItemKind(item->kind);
    if (const auto* result = report->body.AsTurnResult()) return name + "." + EnumNameOutcome(result->outcome);
    return name;
  }
  if (const auto* work = message.as<WorkT>()) return EnumNameTurnKind(work->kind);
  if (const auto* state = message.as<WorkStateT>()) return EnumNameWorkStatus(state->status);
  if (const auto* command = message.as<CommandT>()) return EnumNameCommandBody(command->body.type);
  if (const auto* query = message.as<QueryT>()) return EnumNameQueryBody(query->body.type);
  if (const auto* answer = message.as<AnswerT>()) return EnumNameAnswerBody(answer->body.type);
  if (const auto* push = message.as<PushT>()) return EnumNamePushBody(push->body.type);
  if (const auto* control = message.as<ControlT>()) return EnumNameControlKind(control->kind);
  return {};
}

}  // namespace

std::string label_of(std::uint8_t kind, std::string_view body) {
  if (!is_known(kind)) return "unknown";
  std::string name(name_of(static_cast<Body>(kind)));
  HeaderT header;
  header.kind = kind;
  header.protocol = protocol_version;
  const auto message = decode(encode_header(header), body, body.size() + 4096);
  const auto more = message ? member(*message) : std::string();
  return more.empty() ? name : name + "." + more;
}

std::string label_of(std::string_view header, std::string_view body) {
  const auto known = decode_header(header);
  return known ? label_of(known->kind, body) : std::string("unknown");
}

}  // namespace convoke::wire
