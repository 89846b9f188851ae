#include "store/scripts.hpp"

namespace convoke::store {
namespace {

// KEYS  epoch, scope, due; then one per key record, append, part and delete, in this order.
// ARGV  epoch, version, new version, due ('' = none), scope's text, prefix of its keys, '1' to remove, tombstone's ms, state flag ('1'),
//       state, format, number of key records, of appends, of parts, of deletes, of pieces; then
//       per key record: field, record, time to live in ms ('' = as long as the scope)
//       per append: field, first - 1, number of entries, the entries
//       per part: field, bytes      per delete: field      per piece: field, bytes ('' = it goes)
// Answer: 1, or {what, …}. The scope's hash holds v(ersion), s(tate), f(ormat), gone, and is the index of all that belongs to it:
// `h:<log>` = number of its last entry, `p:<part>` = 1, `k:<key>` = the record of a key that lives as long as the scope, `s:<piece>` = a
// piece of the state; `n` = 1 where there may be pieces.
// The first write is one that Redis refuses when it may not write (out of memory, disk full, read-only); if it passes, all pass.
constexpr std::string_view kCommit = R"lua(
local epoch = redis.call('GET', KEYS[1]) or ''
if epoch ~= ARGV[1] then return {'epoch', epoch} end
local nk, na, np, nd, ns = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
local fields = {'v', 'gone'}
local at = 17
for i = 1, nk do fields[2 + i] = ARGV[at]; at = at + 3 end
for i = 1, na do fields[2 + nk + i] = ARGV[at]; at = at + 3 + tonumber(ARGV[at + 2]) end
local have = redis.call('HMGET', KEYS[2], unpack(fields))
if nk > 0 then
  local timed = redis.call('MGET', unpack(KEYS, 4, 3 + nk))
  local repeated = nil
  for i = 1, nk do
    local record = timed[i] or have[2 + i]
    if record then
      repeated = repeated or {'repeated'}
      repeated[#repeated + 1] = i
      repeated[#repeated + 1] = record
    end
  end
  if repeated then return repeated end
end
local version = have[1] or '0'
if have[2] then return {'gone', version} end
if version ~= ARGV[2] then return {'version', version} end
at = 17 + 3 * nk
for i = 1, na do
  local head = have[2 + nk + i] or '0'
  if head ~= ARGV[at + 1] then return {'log', ARGV[at], head, ARGV[at + 1]} end
  at = at + 3 + tonumber(ARGV[at + 2])
end

local put = {'v', ARGV[3]}
if ARGV[7] == '1' then put[3] = 'gone'; put[4] = '1' end
if ARGV[9] == '1' then
  put[3] = 's'; put[4] = ARGV[10]; put[5] = 'f'; put[6] = ARGV[11]
end
at = 17
for i = 1, nk do
  if ARGV[at + 2] == '' then put[#put + 1] = ARGV[at]; put[#put + 1] = ARGV[at + 1] end
  at = at + 3
end
for i = 1, na do
  local count = tonumber(ARGV[at + 2])
  put[#put + 1] = ARGV[at]
  put[#put + 1] = string.format('%.0f', tonumber(ARGV[at + 1]) + count)
  at = at + 3 + count
end
for i = 1, np do put[#put + 1] = ARGV[at]; put[#put + 1] = '1'; at = at + 2 end
local no_more = {}
at = at + nd
if ns > 0 then put[#put + 1] = 'n'; put[#put + 1] = '1' end
for i = 1, ns do
  if ARGV[at + 1] == '' then
    no_more[#no_more + 1] = ARGV[at]
  else
    put[#put + 1] = ARGV[at]; put[#put + 1] = ARGV[at + 1]
  end
  at = at + 2
end
redis.call('HSET', KEYS[2], unpack(put))
if #no_more > 0 then redis.call('HDEL', KEYS[2], unpack(no_more)) end

at = 17
for i = 1, nk do
  if ARGV[at + 2] ~= '' then redis.call('SET', KEYS[3 + i], ARGV[at + 1], 'PX', ARGV[at + 2]) end
  at = at + 3
end
for i = 1, na do
  local first, count = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  for n = 1, count do
    redis.call('XADD', KEYS[3 + nk + i], string.format('%.0f-0', first + n), 'e', ARGV[at + 2 + n])
  end
  at = at + 3 + count
end
for i = 1, np do
  redis.call('SET', KEYS[3 + nk + na + i], ARGV[at + 1])
  at = at + 2
end
for i = 1, nd do
  redis.call('HDEL', KEYS[2], ARGV[at])
  redis.call('UNLINK', KEYS[3 + nk + na + np + i])
  at = at + 1
end
if ARGV[7] == '1' then
  for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
    local kind, name = string.sub(field, 1, 2), string.sub(field, 3)
    if kind == 'h:' then redis.call('UNLINK', ARGV[6] .. ':' .. name) end
    if kind == 'p:' then redis.call('UNLINK', ARGV[6] .. ':part:' .. name) end
    if kind ~= 'k:' and field ~= 'v' and field ~= 'gone' then redis.call('HDEL', KEYS[2], field) end
  end
  redis.call('UNLINK', ARGV[6] .. ':spans')
  redis.call('PEXPIRE', KEYS[2], ARGV[8])
end
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[3], ARGV[5])
else
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[5])
end
return 1
)lua";

// KEYS epoch, format   ARGV at least, replica, format   Answer: {'1' when held, epoch, format}
constexpr std::string_view kClaim = R"lua(
local epoch = redis.call('GET', KEYS[1]) or ''
local format = redis.call('GET', KEYS[2]) or '0'
if tonumber(format) > tonumber(ARGV[3]) then return {'0', epoch, format} end
local number = math.max(tonumber(string.match(epoch, '^%d+') or '0'), tonumber(ARGV[1])) + 1
epoch = string.format('%.0f', number) .. ' ' .. ARGV[2]
redis.call('SET', KEYS[1], epoch)
if format ~= ARGV[3] then redis.call('SET', KEYS[2], ARGV[3]) end
return {'1', epoch, ARGV[3]}
)lua";

// KEYS epoch, scope   Answer: {epoch, version, state, format, gone, piece, bytes, piece, bytes …}, absent ones as ''
constexpr std::string_view kLoad = R"lua(
local have = redis.call('HMGET', KEYS[2], 'v', 's', 'f', 'gone', 'n')
local answer = {redis.call('GET', KEYS[1]) or '', have[1] or '', have[2] or '', have[3] or '', have[4] or ''}
if have[5] then
  local all = redis.call('HGETALL', KEYS[2])
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 's:' then
      answer[#answer + 1] = string.sub(all[i], 3)
      answer[#answer + 1] = all[i + 1]
    end
  end
end
return answer
)lua";

// KEYS scope, then the keys' own   ARGV their fields   Answer: per key its record, or ''
constexpr std::string_view kKeys = R"lua(
local kept = redis.call('HMGET', KEYS[1], unpack(ARGV))
local timed = redis.call('MGET', unpack(KEYS, 2))
local answer = {}
for i = 1, #ARGV do answer[i] = timed[i] or kept[i] or '' end
return answer
)lua";

// KEYS scope, log   ARGV field, from, most bytes, most entries   Answer: {head, entry, entry …}
// Reads in growing pieces, because a page is bounded in bytes and Redis bounds a range only in entries.
constexpr std::string_view kReadLog = R"lua(
local head = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
local last, from = tonumber(head), tonumber(ARGV[2])
local bytes_left, entries_left = tonumber(ARGV[3]), tonumber(ARGV[4])
local page, piece = {head}, 8
while from <= last and entries_left > 0 do
  local to = from + math.min(piece, entries_left) - 1
  local got = redis.call('XRANGE', KEYS[2], string.format('%.0f-0', from), string.format('%.0f-0', to))
  for _, item in ipairs(got) do
    if item[1] ~= string.format('%.0f-0', from) then return redis.error_reply('GAP in ' .. KEYS[2] .. ' before ' .. item[1]) end
    local bytes = item[2][2]
    bytes_left = bytes_left - #bytes
    if bytes_left < 0 and #page > 1 then return page end
    page[#page + 1] = bytes
    from = from + 1
  end
  if #got == 0 then return redis.error_reply('GAP in ' .. KEYS[2]) end
  entries_left = entries_left - #got
  piece = piece * 2
end
return page
)lua";

// KEYS scope, spans   ARGV most spans, time to live in ms, the spans   Answer: how many were kept
// An entry holds up to 500 of them, because appending costs by the entry, and its number is how many there have been.
constexpr std::string_view kSpans = R"lua(
local have = redis.call('HMGET', KEYS[1], 'v', 'gone')
if not have[1] or have[2] then return 0 end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local total = last and tonumber(string.match(last[1], '^%d+')) or 0
for from = 3, #ARGV, 500 do
  local entry = {}
  for i = from, math.min(from + 499, #ARGV) do
    entry[#entry + 1] = 'e'
    entry[#entry + 1] = ARGV[i]
  end
  total = total + #entry / 2
  redis.call('XADD', KEYS[2], 'MINID', string.format('%.0f', math.max(0, total - ARGV[1] + 1)), string.format('%.0f-0', total), unpack(entry))
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return #ARGV - 2
)lua";

}  // namespace

std::string_view text_of(Script script) {
  switch (script) {
    case Script::commit: return kCommit;
    case Script::claim: return kClaim;
    case Script::load: return kLoad;
    case Script::keys: return kKeys;
    case Script::read_log: return kReadLog;
    case Script::spans: return kSpans;
  }
  return {};
}

}  // namespace convoke::store
