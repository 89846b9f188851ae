// What Redis answers, if it is Redis: every decoder on every reply that hiredis's reader makes of the bytes.
#include <hiredis/hiredis.h>

#include "fuzz.hpp"
#include "store/codec.hpp"

using namespace convoke;

namespace {

void decode_all(const redisReply& reply) {
  const std::vector<std::string> keys{"ann/1", "ann/2"};
  (void)store::decode_commit(reply, 7, keys);
  (void)store::decode_claim(reply, 17);
  (void)store::decode_load(reply);
  (void)store::decode_keys(reply, keys);
  (void)store::decode_epochs(reply, {1, 2});
  (void)store::decode_due(reply);
  (void)store::decode_read_log(reply, 3);
  (void)store::decode_head(reply);
  (void)store::decode_read_part(reply);
  (void)store::decode_spans_read(reply);
  (void)store::decode_text(reply);
  (void)store::decode_time(reply);
  const auto history = store::decode_history(reply);
  fuzz::require(!history || history->id.find_first_of("\r\n") == std::string::npos, "an id is of one line");
  (void)store::reason_of(reply);
  (void)store::is_no_script(reply);
  if (reply.type == REDIS_REPLY_ERROR) (void)store::error_of(reply);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reader = store::make_reader();
  redisReaderFeed(reader.get(), reinterpret_cast<const char*>(data), size);
  for (void* raw = nullptr; redisReaderGetReply(reader.get(), &raw) == REDIS_OK && raw != nullptr; raw = nullptr) {
    decode_all(*static_cast<redisReply*>(raw));
    freeReplyObject(raw);
  }
  (void)store::parse_epoch(fuzz::text(data, size));
  return 0;
}
