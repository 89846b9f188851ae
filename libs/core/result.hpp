// Expected failures as values. An Error carries a code from the one table (core/fault.hpp), a sentence for people (what happened, to
// what, what to do next; never a secret) and where in the code it arose.
#pragma once

#include <expected>
#include <source_location>
#include <string>
#include <utility>

#include "core/fault.hpp"

namespace convoke {

struct Error {
  Fault code = Fault::internal;
  std::string message;
  std::source_location where = std::source_location::current();

  Error(Fault fault, std::string text, std::source_location at = std::source_location::current())
      : code(fault), message(std::move(text)), where(at) {}
};

template <class T> using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Fault code, std::string message,
                                                 std::source_location at = std::source_location::current()) {
  return std::unexpected<Error>(Error(code, std::move(message), at));
}

}  // namespace convoke
