// Places where a process may be told to die, to see whether the others go on. CONVOKE_FAILPOINT(where, what, when) is nothing at all in a
// release; in builds for tests it asks whether somebody wants this process to end here. Names are
// `<process>.<where>.<what>.<when>`, such as `groupchat.commit.s.before` or `worker.send.Report.Item.response.after`; `what` may be empty.
//
// Who wants it says so in the environment: CONVOKE_FAILPOINTS is a list of orders `name:n=die` (at the n-th pass of this process; `:n` may
// be left out), or `@FOLDER`, where FOLDER/orders holds that list and may change at any time (passes are counted anew then). With a folder
// each order is obeyed once, by whoever is there first (FOLDER/obeyed.<order> appears), and the order `record` has every process write the
// names it passes to FOLDER/passed.<pid>, one line each.
#pragma once

#ifdef CONVOKE_FAILPOINTS

#include <string_view>

namespace convoke::failpoint {

/// Whether the environment asks for anything; everything else is skipped otherwise.
bool wanted();
/// Does not return when the process is to die here: SIGKILL, so that nothing is cleaned up. `after` a send it waits a moment first, until
/// the bytes have left.
void pass(std::string_view where, std::string_view what, std::string_view when);

}  // namespace convoke::failpoint

#define CONVOKE_FAILPOINT(where, what, when) (::convoke::failpoint::wanted() ? ::convoke::failpoint::pass(where, what, when) : void())

#else

#define CONVOKE_FAILPOINT(where, what, when) static_cast<void>(0)

#endif
