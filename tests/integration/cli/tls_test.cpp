#include <catch2/catch.hpp>

#include "integration/cli/installation.hpp"
#include "support/tls_relay.hpp"

using namespace convoke::test;
using std::chrono::seconds;

namespace {

constexpr auto secret = "sesame-of-ann";

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }
std::string https(const std::string& host, std::uint16_t port) { return "https://" + host + ":" + std::to_string(port); }

// A key of an admin whose sha256 is known to the gateway.
void with_keys(Installation& installation, const TempDir& folder) {
  std::ofstream(folder.file("keys")) << "d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272 ann admin\n";
  installation.environment = {{"CONVOKE_GATEWAY_KEYS", folder.file("keys")}, {"CONVOKE_API_KEY", "sesame"}};
}

std::uint16_t gateway_port(Installation& installation) {
  const auto url = installation.status()["url"].get<std::string>();
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

}  // namespace

TEST_CASE("https: task, chat and watch go through TLS, with the key, to who can prove who it is") {
  TempDir folder;
  Installation installation;
  with_keys(installation, folder);
  installation.up();
  const auto certificate = make_certificate(folder.path().string(), "localhost");
  TlsRelay relay(certificate, gateway_port(installation));
  installation.environment["SSL_CERT_FILE"] = certificate.file;
  const auto url = https("localhost", relay.port());
  const auto task = installation.convoke({"--url", url, "--json", "task", "Onboard a new employee, Jessica Smith.", "--approve", "auto"});
  INFO(task.err);
  CHECK(task.code == 0);
  const auto accepted = Json::parse(task.out.substr(0, task.out.find('\n')));
  const auto watch = installation.convoke({"--url", url, "watch", accepted["conversation"].get<std::string>()});
  INFO(watch.err);
  CHECK(watch.code == 0);
  CHECK(says(watch.out, "completed"));
  const auto chat = installation.convoke({"--url", url, "chat", "HrAgent", "What does onboarding take?"});
  INFO(chat.err);
  CHECK(chat.code == 0);
  CHECK(installation.convoke({"--url", url, "plans"}).code == 0);
  CHECK(relay.accepted() >= 4);
  // Without the key, all the way through TLS.
  installation.environment["CONVOKE_API_KEY"] = "wrong";
  CHECK(installation.convoke({"--url", url, "task", "x", "--no-watch"}).code == 6);
}

TEST_CASE("https: who is not trusted, or is another one, is told nothing") {
  TempDir folder;
  Installation nobody;  // no installation is started: who answers is at the other end of the URL
  const auto ours = make_certificate(folder.path().string(), "localhost");
  const auto other = make_certificate(folder.path().string(), "gateway.example");
  nobody.environment = {{"CONVOKE_API_KEY", secret}};
  Listener behind;
  const auto refused = [&](const std::string& url) {
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"task", "x", "--no-watch"}, {"chat", "HrAgent", "x"}, {"watch", "s~t1"}}) {
      std::vector<std::string> all{"--url", url};
      all.insert(all.end(), words.begin(), words.end());
      const auto ran = nobody.convoke(all, seconds(10));  // not for as long as its patience lasts
      INFO(words.front() << ran.err);
      CHECK(ran.code == 6);
      CHECK(says(ran.err, "is not trusted"));
      CHECK_FALSE(says(ran.err, secret));
    }
  };
  SECTION("it signs itself") {
    TlsRelay relay(ours, behind.port());
    refused(https("localhost", relay.port()));
  }
  SECTION("its certificate is trusted, but is another host's") {
    TlsRelay relay(other, behind.port());
    nobody.environment["SSL_CERT_FILE"] = other.file;
    refused(https("localhost", relay.port()));
    CHECK(nobody.convoke({"--url", https("localhost", relay.port()), "plans"}, seconds(20)).code != 0);
  }
  CHECK(behind.heard().empty());
}

TEST_CASE("https: to who speaks no TLS nothing is said in clear text") {
  Installation nobody;
  nobody.environment = {{"CONVOKE_API_KEY", secret}};
  Listener listener;
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"task", "x", "--no-watch"}, {"chat", "HrAgent", "x"}, {"watch", "s~t1"}}) {
    std::vector<std::string> all{"--url", https("localhost", listener.port())};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--patience", "1"});
    const auto ran = nobody.convoke(all, seconds(20));
    INFO(words.front() << ran.err);
    CHECK(ran.code != 0);
    CHECK_FALSE(says(ran.err, secret));
  }
  const auto heard = listener.heard();
  REQUIRE_FALSE(heard.empty());
  CHECK(heard.front() == '\x16');  // a TLS handshake (RFC 8446, 5.1)
  CHECK_FALSE(says(heard, secret));
  CHECK_FALSE(says(heard, "GET "));
}
