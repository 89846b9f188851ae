#include "fault/stored.hpp"

#include <set>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "support/redis_server.hpp"
#include "wire/blob.hpp"
#include "wire/state_generated.h"

namespace convoke::test {
namespace {

using Json = nlohmann::json;

// A line for each key (`key <kind> <entries> <record of a command>`), each field of the scope's hash, each entry of a transcript, and the
// due index.
constexpr const char* script = R"(
local out = {}
local scope = 's:' .. ARGV[1]
for _, key in ipairs(redis.call('KEYS', '{p*}:' .. scope .. '*')) do
  local tag, rest = key:match('^({p%d+}):' .. 's:' .. '(.*)$')
  rest = rest:sub(#ARGV[1] + 1)
  if rest == '' then
    for _, field in ipairs(redis.call('HKEYS', key)) do out[#out + 1] = 'field ' .. (field:match('^(%a+)')) end
    if redis.call('ZSCORE', tag .. ':due', scope) then out[#out + 1] = 'due' end
  elseif rest:sub(1, 1) == ':' then
    local kind, name = rest:match('^:(%a+):?(.*)$')
    local entries = redis.call('TYPE', key).ok == 'stream' and kind ~= 'spans' and redis.call('XLEN', key) or 0
    out[#out + 1] = 'key ' .. kind .. ' ' .. entries .. ' ' .. (kind == 'key' and name or '')
    if kind == 'tr' then
      for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
        out[#out + 1] = 'entry ' .. name .. ' ' .. (entry[2][2]:gsub('.', function(c) return string.format('%02x', c:byte()) end))
      end
    end
  end
end
return table.concat(out, '\n'))";

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  return bytes;
}

// The model's own words about a call keep its id.
Json without_calls(Json json) {
  if (json.is_object()) {
    for (const auto* name : {"id", "call_id", "tool_call_id", "created"}) json.erase(name);
  }
  if (json.is_structured())
    for (auto& part : json) part = without_calls(part);
  return json;
}

Json text_or_json(const std::string& text) {
  auto json = Json::parse(text, nullptr, false);
  return json.is_structured() ? without_calls(std::move(json)) : Json(text);
}

Json entry_json(const std::string& bytes) {
  const auto entry = wire::unpack<state::TranscriptEntryT>(bytes);
  if (!entry) throw std::runtime_error("an entry of a transcript cannot be read: " + entry.error().message);
  Json json{{"kind", state::EnumNameEntryKind(entry->kind)}, {"conversation", entry->conversation}, {"text", entry->text}};
  if (const auto& input = entry->input) {
    json["input"] = {{"kind", wire::EnumNameInputKind(input->kind)},
                     {"author", input->author},
                     {"text", text_or_json(input->text)},
                     {"conversation", input->conversation},
                     {"run", input->run},
                     {"asker", input->asker},
                     {"plan", input->plan},
                     {"step", input->step},
                     {"depth", input->depth},
                     {"fault", input->fault},
                     {"is_answer", !input->call.empty()}};
  }
  if (const auto& item = entry->item) {
    json["item"] = {{"n", item->n},
                    {"kind", wire::EnumNameItemKind(item->kind)},
                    {"text", text_or_json(item->text)},
                    {"tool", item->tool},
                    {"arguments", item->arguments},
                    {"fault", item->fault},
                    {"act", item->act},
                    {"to", item->to}};
  }
  return json;
}

}  // namespace

Stored stored(const std::string& socket, const std::string& session) {
  Stored found{.transcripts = Json::object(), .census = Json::object()};
  const auto count = [&](const std::string& what, int more) { found.census[what] = found.census.value(what, 0) + more; };
  std::istringstream lines(redis_command(socket, {"EVAL", script, "0", session}));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string what;
    std::string name;
    std::string rest;
    std::string record;
    words >> what >> name >> rest >> record;
    if (what == "due")
      found.is_due = true;
    else if (what == "field")
      count("field " + name, 1);
    else if (what == "entry")
      found.transcripts[name].push_back(entry_json(bytes_of(rest)));
    else if (record.starts_with("~strike/")) {
      ++found.strikes;
    } else if (what == "key" && name != "spans") {
      count(name, 1);
      if (!record.empty()) found.census["records"].push_back(record);
      if (rest != "0") count(name + " entries", std::stoi(rest));
    } else if (what != "key") {
      throw std::runtime_error("Redis says of " + session + ": " + line);
    }
  }
  return found;
}

bool is_anything_due(const std::string& socket) { return !redis_command(socket, {"KEYS", "{p*}:due"}).empty(); }

nlohmann::json kinds_of_keys(const std::string& socket) {
  std::set<std::string> kinds;
  std::istringstream keys(redis_command(socket, {"EVAL", "return table.concat(redis.call('KEYS', '*'), '\\n')", "0"}));
  for (std::string key; std::getline(keys, key);) {
    if (key == "convoke:probe") continue;  // comes and goes within a second
    const auto tag = key.starts_with("{p") ? key.find("}:") : std::string::npos;
    if (tag == std::string::npos) {
      kinds.insert(key);
      continue;
    }
    std::vector<std::string> parts;
    std::istringstream words(key.substr(tag + 2));
    for (std::string part; std::getline(words, part, ':');) parts.push_back(part);
    if (parts.empty() || parts[0] == "s" || parts[0] == "due") continue;
    kinds.insert(parts.size() < 3 ? parts[0] : parts[0] + " " + parts[2]);
  }
  return kinds;
}

}  // namespace convoke::test
