// A peer at Redis's address that is not Redis: whatever it says, every call is answered and the link says that it is down.
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "redis_harness.hpp"

namespace convoke::test {
namespace {

using Local = boost::asio::local::stream_protocol;

/// Says `text` to everybody who connects, then reads on for as long as they stay; or hangs up.
class Stranger {
 public:
  Stranger(boost::asio::io_context& io, const std::string& path, std::string text, bool hangs_up)
      : acceptor_(io, Local::endpoint(path)), text_(std::move(text)), hangs_up_(hangs_up) {
    accept();
  }
  int guests = 0;

 private:
  struct Guest {
    explicit Guest(Local::socket connected) : socket(std::move(connected)) {}
    Local::socket socket;
    std::string in = std::string(4096, '\0');
  };
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, Local::socket socket) {
      if (error) return;
      ++guests;
      auto guest = std::make_shared<Guest>(std::move(socket));
      if (!hangs_up_) boost::asio::async_write(guest->socket, boost::asio::buffer(text_), [this, guest](auto, auto) { read(guest); });
      accept();
    });
  }
  void read(std::shared_ptr<Guest> guest) {
    guest->socket.async_read_some(boost::asio::buffer(guest->in), [this, guest](boost::system::error_code failed, std::size_t) {
      if (!failed) read(guest);
    });
  }

  Local::acceptor acceptor_;
  std::string text_;
  bool hangs_up_;
};

class StrangerHarness final : public Harness {
 public:
  explicit StrangerHarness(std::string text, bool hangs_up = false) : stranger(io, folder.file("socket"), std::move(text), hangs_up) {
    store::RedisOptions options;
    options.endpoint = "unix:" + folder.file("socket");
    options.call_deadline = Millis(100);
    store = store::make_redis_store(io.get_executor(), options).value();
    boost::asio::co_spawn(io, store->run(), [this](std::exception_ptr) { ended = true; });
  }
  void pass(Millis) override {}
  TempDir folder;
  Stranger stranger;
};

void is_turned_away(StrangerHarness& h) {
  CHECK(h.until([&] { return h.stranger.guests >= 3; }));  // it is tried again
  CHECK_FALSE(h.store->link().up);
  CHECK(h.store->link().text != "not connected yet");
  const auto loaded = h.run(h.store->load("u:ann"));
  CHECK(loaded.error().code == Fault::unavailable);
  h.stop();
}

}  // namespace

TEST_CASE("redis: rubbish instead of replies is not believed") {
  StrangerHarness h(std::string("\xff\xfe\0rubbish\r\n\r\n", 14));
  is_turned_away(h);
}

TEST_CASE("redis: a reply to nothing is not believed") {
  StrangerHarness h("+OK\r\n");
  is_turned_away(h);
}

TEST_CASE("redis: replies of other kinds than asked for are not believed") {
  StrangerHarness h(":1\r\n*2\r\n$1\r\na\r\n:2\r\n$-1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n");
  is_turned_away(h);
}

TEST_CASE("redis: a reply that never ends is a missed deadline") {
  StrangerHarness h("$1000000\r\nabc");
  is_turned_away(h);
}

TEST_CASE("redis: a peer that hangs up is tried again") {
  StrangerHarness h("", true);
  is_turned_away(h);
}

}  // namespace convoke::test
