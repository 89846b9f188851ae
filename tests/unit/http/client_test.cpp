#include "http/client.hpp"

#include <catch2/catch.hpp>

using namespace convoke;
using namespace convoke::http;

namespace {
Response answer(int status, Headers headers = {}) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  return response;
}
}  // namespace

TEST_CASE("http client: an answer's status says what kind of refusal it is") {
  CHECK(refusal_of(answer(200)) == Refusal::none);
  CHECK(refusal_of(answer(304)) == Refusal::none);
  CHECK(refusal_of(answer(400)) == Refusal::invalid);
  CHECK(refusal_of(answer(401)) == Refusal::unauthorised);
  CHECK(refusal_of(answer(403)) == Refusal::unauthorised);
  CHECK(refusal_of(answer(429)) == Refusal::rate_limited);
  CHECK(refusal_of(answer(503)) == Refusal::overloaded);
  CHECK(refusal_of(answer(529)) == Refusal::overloaded);
  CHECK(refusal_of(answer(500)) == Refusal::unavailable);
}

TEST_CASE("http client: Retry-After in seconds, in milliseconds and as a date") {
  const auto now = from_unix_ms(784111777000);  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(retry_after(answer(429, {{"Retry-After", "7"}}), now) == Millis{7000});
  CHECK(retry_after(answer(429, {{"Retry-After", "7"}, {"retry-after-ms", "250"}}), now) == Millis{250});
  CHECK(retry_after(answer(503, {{"Retry-After", "Sun, 06 Nov 1994 08:50:00 GMT"}}), now) == Millis{23000});
  CHECK(retry_after(answer(503, {{"Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"}}), now) == Millis{0});
  CHECK(retry_after(answer(503, {{"Retry-After", "99999999999"}}), now) == Millis{3600000});
  CHECK_FALSE(retry_after(answer(503, {{"Retry-After", "soon"}}), now));
  CHECK_FALSE(retry_after(answer(503), now));
}
