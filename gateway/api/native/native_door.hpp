// Our own REST: the same verbs and questions that every door stands on, as clean JSON. The command line uses nothing else.
#pragma once

#include "api/doorway.hpp"

namespace convoke::api {

class NativeDoor : Doorway {
 public:
  using Doorway::Doorway;
  void routes(Router& router);

 private:
  using Answer = Result<http::Response>;
  /// A verb whose fields are the body, plus the path's id under `field`.
  Handler verb(std::string name, std::string field = {}, std::string parameter = "id");
  asio::awaitable<Answer> do_verb(Call call, std::string name, std::string field, std::string from);

  asio::awaitable<Answer> sessions(Call call);
  asio::awaitable<Answer> session(Call call);
  asio::awaitable<Answer> events(Call call);
  asio::awaitable<Answer> plan(Call call);
  asio::awaitable<Answer> dead_letters(Call call);
  asio::awaitable<Answer> dead_letter(Call call);
  asio::awaitable<Answer> settle(Call call);
  asio::awaitable<Answer> apply_team(Call call);
  asio::awaitable<Answer> team(Call call);
  asio::awaitable<Answer> directory(Call call);
  asio::awaitable<Answer> trace(Call call);

  struct Letters {
    std::vector<Json> letters;
    Status status;
  };
  asio::awaitable<bool> letters_of(std::string session, Caller who, Letters& found);
};

}  // namespace convoke::api
