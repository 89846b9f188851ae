// What the intercom answers when it is asked who is there.
#pragma once

#include <string_view>

#include "intercom/partitions.hpp"
#include "intercom/registry.hpp"
#include "intercom/work_queues.hpp"

namespace convoke::intercom {

wire::ReplicaInfoT describe(const Replica& replica);
wire::ViewT make_view(const Registry& registry, const Partitions& partitions, std::uint64_t number, const convoke::Uuid& intercom);

/// How well a name answers a search: the number of words of the search that begin a word of the name (`HrAgent` has the words hr and
/// agent). 0: not at all; an empty search matches everything.
int match(std::string_view name, std::string_view search);

/// Replicas, queues and held partitions; with a search, only the queues that match, the best first.
wire::DirectoryT make_directory(const Registry& registry, const Partitions& partitions, const WorkQueues& queues, std::string_view search,
                                SteadyTime now);

}  // namespace convoke::intercom
