// What a gateway knows of agents.
#pragma once

#include "cli/commands/context.hpp"

namespace convoke::cli {

/// Its directory, in which agents without a worker stand too: those of the teams that it names, and of all that run here.
asio::awaitable<Result<Json>> read_directory(Context& context, ApiClient& api);
/// The same of one team. NOT_FOUND when there is none of that name.
asio::awaitable<Result<Json>> read_directory_of(ApiClient& api, std::string team);

}  // namespace convoke::cli
