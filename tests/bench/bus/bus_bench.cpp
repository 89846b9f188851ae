// What the intercom costs against other brokers: ZeroMQ's own with the same stock peers and the same frames, and NATS with the leanest
// client it can have. The sides alternate. Usage: bench_bus [rounds] [latency|throughput|fanout|nats]. Exits 1 when a budget is missed.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "bus/measure.hpp"
#include "common/row.hpp"

using namespace convoke::bench;

namespace {

template <class Measure> auto separate(Measure measure) {
  return [measure] { return apart(measure); };
}

double round_trip() { return relay(Broker::intercom, true); }

bool against_nats(int rounds) {
  const Row row{"agent, intercom, agent: p50, 256 B, one core", "us", "NATS", Better::lower, 2.8};
  if (apart(nats_relay) > 0) return compare(row, rounds, separate(round_trip), separate(nats_relay));
  print_skipped(row.what, "nats-server is not installed");
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 5;
  const std::string only = count > 2 ? arguments[2] : "";
  const auto wanted = [&](const char* name) { return only.empty() || only == name; };
  bool met = true;
  if (wanted("latency"))
    met &= compare({"agent, intercom, agent: p50, 256 B, one core", "us", "zmq_proxy", Better::lower, 1.1}, rounds, separate(round_trip),
                   separate([] { return relay(Broker::proxy, true); }));
  if (wanted("throughput"))
    met &= compare({"agent, intercom, agent: round trips, 64 outstanding", "/s", "zmq_proxy", Better::higher, 0.95}, rounds,
                   separate([] { return relay(Broker::intercom, false); }), separate([] { return relay(Broker::proxy, false); }));
  if (wanted("fanout"))
    met &= compare({"one message to 16 members", "/s", "XPUB", Better::higher, 0.85}, rounds,
                   separate([] { return fan_out(Broker::intercom); }), separate([] { return fan_out(Broker::xpub); }));
  if (wanted("nats")) met &= against_nats(rounds);
  return met ? 0 : 1;
}
