#include "support/redis_server.hpp"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace convoke::test {
namespace {

using std::chrono::seconds;

struct ContextDelete {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct ReplyDelete {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, ContextDelete>;

Context connect(const std::string& socket) {
  Context context(redisConnectUnixWithTimeout(socket.c_str(), timeval{.tv_sec = 5, .tv_usec = 0}));
  if (!context || context->err != 0) return nullptr;
  redisSetTimeout(context.get(), timeval{.tv_sec = 5, .tv_usec = 0});
  return context;
}

std::string print(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  if (reply.type == REDIS_REPLY_NIL) return "(nil)";
  if (reply.type != REDIS_REPLY_ARRAY) return {reply.str, static_cast<std::size_t>(reply.len)};
  std::string all;
  for (std::size_t i = 0; i < reply.elements; ++i) all += (i == 0 ? "" : " ") + print(*reply.element[i]);
  return all;
}

std::uint64_t bytes_in(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes = std::max(bytes, static_cast<std::uint64_t>(entry.file_size()));
  }
  return bytes;
}

}  // namespace

RedisServer::RedisServer(RedisServerOptions options) : options_(std::move(options)) {
  if (options_.tcp) port_ = free_port();
  start();
}

RedisServer::~RedisServer() {
  if (process_) process_->kill();
}

// A write beyond the size limit must fail like one on a full disk, and not end the process: hence the ignored signal.
void RedisServer::start() {
  Command command;
  command.arguments = {"sh", "-c", "trap '' XFSZ; exec redis-server \"$@\"", "redis-server"};
  const auto add = [&](std::initializer_list<std::string> texts) {
    command.arguments.insert(command.arguments.end(), texts.begin(), texts.end());
  };
  add({"--dir", folder_.path().string(), "--unixsocket", socket(), "--port", std::to_string(port_), "--bind", "127.0.0.1"});
  add({"--appendonly", "yes", "--appendfsync", options_.appendfsync, "--save", "", "--daemonize", "no"});
  command.arguments.insert(command.arguments.end(), options_.extra.begin(), options_.extra.end());
  process_ = std::make_unique<Process>(command);
  if (!eventually(seconds(10), [this] { return answers() || !running(); }) || !running()) {
    throw std::runtime_error("redis-server did not start: " + process_->out() + process_->err());
  }
}

bool RedisServer::answers() const {
  const Context context = connect(socket());
  if (!context) return false;
  const std::unique_ptr<redisReply, ReplyDelete> reply(static_cast<redisReply*>(redisCommand(context.get(), "PING")));
  return reply && reply->type == REDIS_REPLY_STATUS;
}

void RedisServer::kill() {
  process_->kill();
  process_->wait(seconds(5));
}

void RedisServer::shut_down() {
  process_->signal(SIGTERM);
  process_->wait(seconds(5));
}

void RedisServer::freeze() { process_->signal(SIGSTOP); }
void RedisServer::thaw() { process_->signal(SIGCONT); }

void RedisServer::limit_disk(std::optional<std::uint64_t> bytes) {
  const rlim_t most = bytes ? bytes_in(folder_.path()) + *bytes : RLIM_INFINITY;
  const rlimit limit{.rlim_cur = most, .rlim_max = RLIM_INFINITY};
  if (::prlimit(pid(), RLIMIT_FSIZE, &limit, nullptr) != 0) throw std::system_error(errno, std::generic_category(), "prlimit");
}

std::string redis_command(const std::string& socket, const std::vector<std::string>& arguments) {
  const Context context = connect(socket);
  if (!context) throw std::runtime_error("cannot connect to redis-server");
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const auto& argument : arguments) {
    texts.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  const std::unique_ptr<redisReply, ReplyDelete> reply(
      static_cast<redisReply*>(redisCommandArgv(context.get(), static_cast<int>(texts.size()), texts.data(), lengths.data())));
  if (!reply) throw std::runtime_error("redis-server did not answer " + arguments.at(0));
  return print(*reply);
}

}  // namespace convoke::test
