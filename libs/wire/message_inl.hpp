// Templates of message.hpp.
#pragma once

#include <utility>

#include "wire/kinds.hpp"
#include "wire/message.hpp"

namespace convoke::wire {

template <class T> Message message(T body) {
  Message result;
  result.body.Set(std::move(body));
  result.header.kind = static_cast<std::uint8_t>(result.body.type);
  result.header.class_ = class_of(result.body.type);
  return result;
}

template <class T> Message answer_to(const HeaderT& request, T body) {
  Message result = message(std::move(body));
  result.header.class_ = request.class_;
  result.header.correlation = request.id;
  result.header.partition = request.partition;
  result.header.trace = request.trace;
  result.header.dest_kind = DestKind::replica;
  result.header.dest_replica = request.source_replica;
  result.header.ttl_ms = default_ttl_ms;
  return result;
}

template <class T> Message reply(const HeaderT& request, T member) {
  AnswerT answer;
  answer.body.Set(std::move(member));
  return answer_to(request, std::move(answer));
}

}  // namespace convoke::wire
