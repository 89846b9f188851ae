// The HTTP side of the offline model: OpenAI's endpoints, health, and the fault switches.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "http/server.hpp"
#include "model/brain.hpp"
#include "model/faults.hpp"
#include "model/script.hpp"
#include "runtime/runtime.hpp"

namespace convoke::model {

namespace asio = boost::asio;

/// Section `offline`: `model` is what those who ask models read, often from the same environment.
struct ModelOptions {
  std::string listen = "127.0.0.1:8089";
  std::string name = "offline";
  std::string script;
  std::string instant;
  std::string date;
  std::string faults;
  std::size_t max_body_bytes = std::size_t{16} << 20;

  template <class Fields> void describe(Fields& field) {
    field("listen", listen, "where to serve /v1: host:port (port 0: the system chooses) or unix:/path");
    field("name", name, "the model name that /v1/models shows; requests may name any");
    field("script", script, "YAML or JSON file of answers that go before the rules");
    field("instant", instant, "answer every request with this text at once, unread: for benchmarks");
    field("date", date, "today, as YYYY-MM-DD, for requests that do not say it; empty: the clock's");
    field("faults", faults, "fault switches as JSON, as for POST /control");
    field("max_body_bytes", max_body_bytes, "size of a request");
  }
};

class Service {
 public:
  /// Reads the script. Throws std::invalid_argument when an option cannot be used.
  Service(runtime::Runtime& runtime, ModelOptions options);

  /// Listens, says so on standard output, and serves until the runtime drains.
  Status start();
  std::string address() const { return server_.address(); }

 private:
  asio::awaitable<http::Response> handle(http::Request request);
  asio::awaitable<http::Response> chat(http::Request request);
  http::Response control(const http::Request& request);
  http::Response models() const;
  http::Response instant(const std::string& body) const;
  asio::awaitable<Result<Scripted>> think(const ChatRequest& request);
  http::Response streamed(const ChatRequest& request, Scripted answer, Harm harm);
  Envelope envelope();
  Day today() const;
  asio::awaitable<void> pause(Millis time);

  runtime::Runtime& runtime_;
  ModelOptions options_;
  Script script_;
  FaultPlan faults_;
  Brain brain_;
  std::uint64_t answered_ = 0;
  std::string instant_plain_;
  std::string instant_streamed_;
  http::Server server_;
  asio::thread_pool thinking_{1};  // the brain is used in there alone; ends before what it uses
};

/// Finishes what the configuration system leaves: `--script FILE` for `--offline.script=FILE`, and so on for every key of the section.
std::vector<std::string> with_sections(int argc, const char* const* argv);

}  // namespace convoke::model
