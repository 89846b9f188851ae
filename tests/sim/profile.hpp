// What one seed's world is made of: how many processes, what people do, which faults there are and how many. Each kind of fault can be
// switched off, and faults can be made to stop early: that is how a failing seed is shrunk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agents/turns/book.hpp"
#include "api/reader.hpp"
#include "core/time.hpp"
#include "groupchat/owner/options.hpp"
#include "intercom/settings.hpp"
#include "store/limits.hpp"
#include "wire/message.hpp"

namespace convoke::sim {

enum Faults : std::uint32_t {
  crash_owner = 1u << 0,   // at the boundaries of commits, sends and answers
  crash_worker = 1u << 1,  // workers, planners, executors
  crash_gateway = 1u << 2,
  crash_intercom = 1u << 3,
  freeze = 1u << 4,        // stopped, and awake later as if nothing had happened
  cut_bus = 1u << 5,       // a process and the intercom do not hear each other
  break_bus = 1u << 6,     // a connection ends
  break_redis = 1u << 7,   // a replica's connection to Redis ends; what it had sent may land, late, or not at all
  redis_outage = 1u << 8,  // Redis refuses to write
  redis_dies = 1u << 9,    // Redis is away for a while
  slow_redis = 1u << 10,
  redis_loses = 1u << 11,  // fail-over to a replica that lags behind
  slow_bus = 1u << 12,
  drain = 1u << 13,          // an orderly end (SIGTERM), and a new process
  clocks = 1u << 14,         // offset against each other
  clients_rude = 1u << 15,   // duplicates, another body with the same key, reconnects
  tool_trouble = 1u << 16,   // tools and models fail or are slow
  crash_clients = 1u << 17,  // connections of clients end
  half_cut = 1u << 18,       // one direction only
  two_intercoms = 1u << 19,  // an intercom is replaced; for a while both are there, and each is believed by some
  scale = 1u << 20,          // all or some processes of a kind go away for long, down to none, and come back
  roll = 1u << 21,           // everything begins as an older version and is replaced, one process after the other
  tight = 1u << 22,          // every bound is so small that queues, caches and windows are full
  drawn_faults = (1u << 23) - 1,
  astray_bus = 1u << 23,  // single messages are lost, come twice, or are overtaken by later ones
  all_faults = (1u << 24) - 1,
};

inline constexpr const char* fault_names[] = {
    "crash-owner",  "crash-worker",  "crash-gateway", "crash-intercom", "freeze",   "cut-bus", "break-bus", "break-redis",
    "redis-outage", "redis-dies",    "redis-slow",    "redis-loses",    "slow-bus", "drain",   "clocks",    "rude-clients",
    "tool-trouble", "crash-clients", "half-cut",      "two-intercoms",  "scale",    "roll",    "tight",     "astray"};

enum class Size : std::uint8_t {
  small,  // one person with a chat or two, or one task; a kind or two of faults: for speed
  usual,
  full,  // up to three people, ten operations each, up to a dozen processes, faults for up to 12 s (40 s where things stay away)
};

struct Options {
  std::uint64_t seed = 1;
  std::uint32_t without = 0;                   // kinds of faults
  Millis faults_until{INT32_MAX};              // none after that
  std::uint32_t most_operations = UINT32_MAX;  // of people
  bool verbose = false;                        // print the history while it happens
  Size size = Size::usual;
};

struct Profile {
  std::uint32_t faults = 0;
  std::uint32_t owners = 1;
  std::uint32_t workers = 1;
  std::uint32_t planners = 1;
  std::uint32_t executors = 1;
  std::uint32_t gateways = 1;
  std::uint32_t clients = 1;
  std::uint32_t operations = 4;  // per client
  bool sharing = false;          // people join each other's sessions
  bool tasks = true;             // else people only chat
  bool slow_words = true;        // they may order what takes half a minute
  std::uint32_t terms = 0;       // of the team (team.hpp)
  bool whole_teams = false;      // workers register for all agents of the team
  Millis chaos{4'000};           // while faults happen and people begin things
  Millis fault_every{400};
  std::uint32_t crash_every = 300;  // boundaries, of processes of one kind
  std::uint32_t freeze_every = 40;  // commits of all owners
  unsigned astray = 0;              // messages of a thousand, while they go astray
  Millis silence{0};                // after everything healed: nobody asks for anything. Zero: people are there at once
  bool silent_to_the_end = false;   // for all of it, even when nothing is left but questions to people
  // What the older version does not know yet
  wire::CommandBody lacks = wire::CommandBody::NONE;
  bool lacks_reads = false;
  // Bounds
  groupchat::owner::Options owner;
  intercom::Settings intercom;
  agents::BookOptions book;
  api::ReaderLimits reader;
  store::Limits store;
  std::uint32_t max_calls = 100'000;  // of a process, unanswered
  std::uint32_t max_queued = 10'000;  // of a process, while it has no intercom
  bool store_refuses = false;         // commits, now and then: too large, or too many waiting
};

Profile profile_of(const Options& options);
std::string describe(const Profile& profile);

}  // namespace convoke::sim
