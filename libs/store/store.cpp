#include "store/store.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace convoke::store {

Task<CommitAnswer> Store::commit(Commit commit) {
  auto initiate = [](auto handler, Store* store, Commit value) {
    store->commit(std::move(value), [held = std::move(handler)](CommitAnswer answer) mutable { held(std::move(answer)); });
  };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(CommitAnswer)>(initiate, boost::asio::use_awaitable, this,
                                                                                               std::move(commit));
}

}  // namespace convoke::store
