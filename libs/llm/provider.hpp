// A provider is two pure functions, encode a request and decode a stream event, and what goes with them: reading a whole (unstreamed)
// answer and telling what a refusal means. This one speaks OpenAI's chat completions, which vLLM, llama.cpp, Ollama, Azure and
// services/model speak too.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "llm/chat.hpp"

namespace convoke::llm {

/// What to POST. `path` goes behind the base URL (which ends in /v1 for most servers). Authorisation is not in here: it is added by the
/// transport and never passes through what may be logged.
struct HttpCall {
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Streamed, with usage. INVALID when a schema in the request is not JSON.
Result<HttpCall> encode_chat(const Request& request);
/// The same call to another model than the request's.
void name_model(HttpCall& call, std::string_view from, std::string_view to);

struct Delta {
  std::string text;
};
struct ToolCallDelta {
  std::size_t index = 0;
  std::string id;         // in the first piece of a call
  std::string name;       // in the first piece of a call
  std::string arguments;  // a piece of the JSON text
};
struct Finished {
  Finish reason = Finish::unknown;
};
struct UsageReport {
  Usage usage;
};
struct ModelName {
  std::string model;
};
struct Failed {
  Error error;
};
/// `[DONE]`: nothing follows.
struct Done {};

using StreamEvent = std::variant<Delta, ToolCallDelta, Finished, UsageReport, ModelName, Failed, Done>;

/// Decodes the `data:` lines of one stream. Keeps its parser's memory between events: about 0.2 µs per token.
class ChatDecoder {
 public:
  ChatDecoder();
  ~ChatDecoder();
  ChatDecoder(ChatDecoder&&) noexcept;
  ChatDecoder& operator=(ChatDecoder&&) noexcept;

  /// Appends what `data` says to `events`. MODEL_INVALID where it is not JSON, is nested too deeply, or is no chat chunk.
  Status decode(std::string_view data, std::vector<StreamEvent>& events);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Puts a response together from its stream.
class Assembly {
 public:
  /// `limit`: most bytes of content and arguments that are taken; beyond it MODEL_INVALID.
  explicit Assembly(std::size_t limit = std::size_t{8} << 20) : limit_(limit) {}

  Status apply(const StreamEvent& event);

  /// A finish reason was seen (some servers never send [DONE]).
  bool complete() const { return finished_; }
  /// MODEL_OVERLOADED (retryable) when the stream ended before the model had finished: it was cut.
  Result<Response> take();

 private:
  Status grow(std::size_t bytes);

  Response response_;
  std::size_t limit_;
  std::size_t size_ = 0;
  bool finished_ = false;
};

/// An answer that came in one piece, from a server that does not stream. MODEL_INVALID where it cannot be read.
Result<Response> decode_complete(std::string_view body);

/// What an HTTP status other than 200 means, with the provider's own words (shortened) in the message.
Error classify_status(int status, std::string_view body);

}  // namespace convoke::llm
