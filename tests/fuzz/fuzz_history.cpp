// A transcript out of the owner's log, in any order, as a worker puts it together for a model: a line each, a letter for what it is, a
// digit for its turn, and its text. The last line is this turn's input. Whatever was
// recorded, every call is followed by its result, which is what providers insist on.
#include <algorithm>
#include <memory>

#include "fuzz.hpp"
#include "worker/history.hpp"

using namespace convoke;

namespace {

wire::InputT input_of(char kind, std::string_view text) {
  wire::InputT input;
  input.text = text;
  input.author = kind == 'm' ? "user/ann" : "agent/office.HrAgent";
  if (kind == 'q') input.kind = wire::InputKind::question;
  if (kind == 'q') input.asker = text.starts_with('!') ? "system.executor" : "office.HrAgent";
  if (kind != 'a') return input;
  input.kind = wire::InputKind::answer;
  input.call = text.substr(0, text.find(' '));
  input.fault = text.ends_with('!') ? static_cast<std::uint16_t>(Fault::tool_failed) : text.ends_with('?') ? 1 : 0;
  return input;
}

// Words that begin with a letter in upper case are calls.
std::string response_of(std::string_view text) {
  if (text.starts_with('{')) return std::string(text);
  llm::Response response;
  response.content = text;
  for (std::size_t at = 0; at < text.size(); at = std::min(text.find(' ', at), text.size() - 1) + 1) {
    const auto word = text.substr(at, text.find(' ', at) - at);
    if (!word.empty() && word[0] >= 'A' && word[0] <= 'Z')
      response.tool_calls.push_back({std::string(word), word[0] == 'Q' ? "ask_human" : "tool", "{}"});
  }
  return llm::to_json(response);
}

agents::Entry entry_of(char kind, std::uint64_t turn, std::string_view text) {
  agents::Entry entry;
  entry.turn = turn;
  if (kind == 'w') {
    entry.kind = state::EntryKind::answer;
    entry.text = text;
  } else if (kind == 'r' || kind == 't' || kind == 'c') {
    entry.kind = state::EntryKind::item;
    entry.item = std::make_unique<wire::ItemT>();
    entry.item->kind = kind == 'r' ? wire::ItemKind::response : kind == 't' ? wire::ItemKind::result : wire::ItemKind::act;
    entry.item->text = kind == 'r' ? response_of(text) : std::string(text);
    entry.item->call = text.substr(0, text.find(' '));
    entry.item->fault = text.ends_with('!') ? 1 : 0;
  } else if (kind != 'n') {  // an entry of a kind without its member
    entry.input = std::make_unique<wire::InputT>(input_of(kind, text));
  }
  return entry;
}

void check(const worker::History& history) {
  fuzz::require(!history.messages.empty() && history.messages.front().role == llm::Role::system, "a conversation without its opening");
  for (std::size_t i = 0; i < history.messages.size(); ++i) {
    const auto& message = history.messages[i];
    fuzz::require(message.role != llm::Role::tool, "a result of no call");
    for (const auto& call : message.tool_calls) {
      fuzz::require(++i < history.messages.size() && history.messages[i].role == llm::Role::tool, "a call without its result");
      fuzz::require(history.messages[i].tool_call_id == call.id, "a call with the result of another");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::text(data, size);
  wire::WorkT work;
  agents::Entries entries;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.size() < 2) continue;
    const auto turn = static_cast<std::uint64_t>(static_cast<unsigned char>(line[1]) % 10);
    const auto text = line.substr(2);
    if (line[0] == 'p') work.pending.emplace_back(text);
    if (line[0] == 'u') work.people.emplace_back(text);
    if (line[0] == 'p' || line[0] == 'u') continue;
    work.turn = turn;
    if (rest.empty())
      work.input.push_back(input_of(line[0], text));
    else
      entries.push_back(std::make_shared<const agents::Entry>(entry_of(line[0], turn, text)));
  }
  for (const std::size_t bytes : {0, 20, 1'000'000}) {
    llm::Message opening;
    opening.role = llm::Role::system;
    check(worker::history_of(entries, work, bytes, std::move(opening)));
  }
  return 0;
}
