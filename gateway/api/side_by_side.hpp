// Many small calls of one request, several at a time: what a user has is spread over many owners, and one after the other would take as
// long as all of them together. Structured: whoever waits has them all behind it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>

namespace convoke::api {

/// Performs each(0) … each(count − 1), begun in that order, at most `at_once` at a time; returns when all that were begun have returned.
/// After one that returns false none is begun any more. `each` may refer to what the caller owns; what it throws is thrown here.
boost::asio::awaitable<void> side_by_side(std::size_t count, std::size_t at_once,
                                          std::function<boost::asio::awaitable<bool>(std::size_t)> each);

}  // namespace convoke::api
