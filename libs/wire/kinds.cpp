#include "wire/kinds.hpp"

namespace convoke::wire {

Class class_of(Body kind) noexcept {
  switch (kind) {  // no default: a new kind has to be given its class
    case Body::Register:
    case Body::Heartbeat:
    case Body::Credit:
    case Body::Subscribe:
    case Body::View:
    case Body::Leave: return Class::link;
    case Body::Command: return Class::command;
    case Body::Query:
    case Body::WorkQuery:
    case Body::Answer: return Class::request;
    case Body::Work:
    case Body::WorkState:
    case Body::Report:
    case Body::Control: return Class::work;
    case Body::Push:
    case Body::NONE: return Class::stream;
  }
  return Class::stream;
}

}  // namespace convoke::wire
