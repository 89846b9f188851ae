#include "cli/arguments.hpp"

#include <catch2/catch.hpp>

#include "cli/gateway_url.hpp"

using namespace convoke::cli;

namespace {

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "convoke");
  return parse_arguments(static_cast<int>(words.size()), words.data(), "/state");
}

Invocation good(std::vector<const char*> words) {
  auto parsed = parse(std::move(words));
  INFO(parsed.message);
  REQUIRE_FALSE(parsed.exit);
  return parsed.invocation;
}

}  // namespace

TEST_CASE("arguments: each command has its values, and the folder its default") {
  const auto task = good({"task", "Onboard Jessica", "--approve", "auto", "--no-watch"});
  CHECK(task.command == "task");
  CHECK(task.data == "/state/convoke");
  CHECK(task.text("description") == "Onboard Jessica");
  CHECK(task.text("approve") == "auto");
  CHECK(task.flag("no-watch"));
  const auto approve = good({"approve", "s~p1", "1", "s~p1s2", "--comment", "other", "--json"});
  CHECK(approve.command == "approve");
  CHECK(approve.list("steps") == std::vector<std::string>{"1", "s~p1s2"});
  CHECK(approve.text("comment") == "other");
  CHECK(approve.json);
  CHECK(good({"--data", "/x", "status"}).data == "/x");
  CHECK(good({"up", "--data", "/x", "--port", "0", "--demo"}).flag("demo"));
}

TEST_CASE("arguments: commands of commands have both names") {
  CHECK(good({"team", "apply", "f.yaml"}).command == "team apply");
  CHECK(good({"team", "check", "f.yaml"}).text("file") == "f.yaml");
  CHECK(good({"dead-letters"}).command == "dead-letters");
  const auto drop = good({"dead-letters", "drop", "s~l1"});
  CHECK(drop.command == "dead-letters drop");
  CHECK(drop.text("id") == "s~l1");
}

TEST_CASE("arguments: mistakes end with 2, help with 0") {
  CHECK(parse({}).exit == usage);
  CHECK(parse({"dance"}).exit == usage);
  CHECK(parse({"task"}).exit == usage);
  CHECK(parse({"task", "x", "--approve", "maybe"}).exit == usage);
  CHECK(parse({"watch", "c", "--from", "-1"}).exit == usage);
  CHECK(parse({"scale", "HrAgent"}).exit == usage);
  CHECK(parse({"team"}).exit == usage);
  CHECK(parse({"task", ""}).exit == usage);
  CHECK(parse({"chat", "HrAgent", " "}).exit == usage);
  CHECK(parse({"clarify", "s~p1", ""}).exit == usage);
  CHECK(parse({"approve", "s~p1", "1", "2", "--edit", "foo"}).exit == usage);
  CHECK(parse({"approve", "s~p1", "--edit", "foo"}).exit == usage);
  CHECK_FALSE(parse({"approve", "s~p1", "2", "--edit", "foo"}).exit);
  CHECK(parse({"approve", "s~p1", "2", "--edit", ""}).exit == usage);  // an empty variable of a script
  CHECK(parse({"watch", "c", "--patience", "0"}).exit == usage);
  const auto help = parse({"--help"});
  CHECK(help.exit == ok);
  CHECK(help.message.find("Exit codes") != std::string::npos);
  CHECK(parse({"up", "--help"}).exit == ok);
}

TEST_CASE("arguments: mistakes are told in words for people") {
  const auto said = [](std::vector<const char*> words) {
    const auto parsed = parse(std::move(words));
    CHECK(parsed.exit == usage);
    return parsed.message.substr(0, parsed.message.find('\n'));
  };
  CHECK(said({"bogus"}) == "there is no command `bogus`");
  CHECK(said({"bogus", "--json"}) == "there is no command `bogus`");
  CHECK(said({"team", "bogus"}) == "there is no command `team bogus`");
  CHECK(said({"scale", "HrAgent", "99999"}) == "count: expected a whole number from 0 to 99, found 99999");
  CHECK(said({"scale", "HrAgent", "1.5"}) == "count: expected a whole number from 0 to 99, found 1.5");
  CHECK(said({"up", "--port", "99999"}) == "--port: expected a whole number from 0 to 65535, found 99999");
  CHECK(said({"--url", "here", "plans"}) == "--url: expected http://host:port or https://host:port, found here");
  for (const auto* command : {"up", "down"})
    CHECK(said({"--url", "http://h:1", command}).find("needs the data folder") != std::string::npos);
  CHECK(said({"scale", "HrAgent", "2", "--url", "http://h:1"}).find("needs the data folder") != std::string::npos);
  CHECK(good({"scale", "HrAgent", "99"}).text("count") == "99");
  CHECK(good({"status", "--url", "http://h:1"}).self == "convoke --url http://h:1");
  CHECK(good({"status", "--data", "/a b"}).self == "convoke --data '/a b'");
  CHECK(good({"status"}).self == "convoke");
}

TEST_CASE("arguments: what cannot be an id is refused before anybody is asked") {
  const std::string too_long(257, 'x'), longest(256, 'x');
  for (const auto* command : {"watch", "trace", "plan", "approve", "cancel", "answer"})
    for (const auto* id : {"", " ", "s1~t1 ", "a b", "é", "a\nb", too_long.c_str()}) {
      INFO(command << " `" << id << "`");
      const auto parsed = parse({command, id});
      CHECK(parsed.exit == usage);
      CHECK(parsed.message.find("expected an id") != std::string::npos);
    }
  CHECK(good({"watch", longest.c_str()}).text("conversation") == longest);
  CHECK(good({"watch", "u-1:a.b_c~dm/company.HrAgent"}).command == "watch");
}

TEST_CASE("arguments: what no gateway can take is refused before anybody is asked") {
  const std::string longest(65'536, 'x'), too_long(65'537, 'x'), long_session(129, 's');
  const auto refused = [](std::vector<const char*> words) {
    const auto parsed = parse(std::move(words));
    CHECK(parsed.exit == usage);
    return parsed.message.substr(0, parsed.message.find('\n'));
  };
  CHECK(refused({"task", too_long.c_str()}) == "description: expected at most 65536 bytes, found 65537");
  CHECK(good({"task", longest.c_str()}).text("description") == longest);
  CHECK(refused({"chat", "", "hi"}) == "agent: expected an agent, as Name or team.Name, found nothing");
  CHECK(refused({"chat", "Hr Agent", "hi"}) == "agent: expected an agent, as Name or team.Name, found `Hr Agent`");
  CHECK(good({"chat", "company.HrAgent", "hi"}).text("agent") == "company.HrAgent");
  CHECK(refused({"chat", "HrAgent", too_long.c_str()}).starts_with("text: expected at most"));
  CHECK(refused({"cancel", "s~p1", "--reason", too_long.c_str()}).starts_with("--reason: expected at most"));
  CHECK(refused({"approve", "s~p1", ""}).starts_with("steps: expected an id"));
  for (const auto* session : {"", "a b", "a/b", "\xC3\xA9", long_session.c_str()})
    for (const auto& words : std::vector<std::vector<const char*>>{{"task", "hi"}, {"chat", "HrAgent", "hi"}, {"plans"}}) {
      INFO(words.front() << " `" << session << "`");
      auto typed = words;
      typed.insert(typed.end(), {"--session", session});
      CHECK(refused(typed).starts_with("--session: expected a session (1 to 128 letters"));
    }
  CHECK(good({"plans", "--session", "u-1:a.b_c"}).text("session") == "u-1:a.b_c");
  // An empty variable of a script is not the same as nothing said.
  for (const auto& words : std::vector<std::vector<const char*>>{{"task", "hi", "--team-name", ""},
                                                                 {"agents", "--team-name", ""},
                                                                 {"tools", "--team-name", ""},
                                                                 {"up", "--team", ""},
                                                                 {"doctor", "--team", ""},
                                                                 {"status", "--data", ""},
                                                                 {"status", "--url", ""},
                                                                 {"team", "check", ""},
                                                                 {"scale", "", "1"}}) {
    INFO(words.front() << " " << words[1]);
    CHECK_THAT(refused(words), Catch::Contains("expected"));
  }
  CHECK(refused({"answer", "s~r1"}) == "an answer is a text, --yes or --no: say one of them");
  CHECK(refused({"answer", "s~r1", " "}) == "an answer is a text, --yes or --no: say one of them");
  CHECK(good({"answer", "s~r1", "", "--yes"}).flag("yes"));
}

TEST_CASE("arguments: what is not done is not edited") {
  const auto parsed = parse({"reject", "s~p1", "1", "--edit", "other"});
  CHECK(parsed.exit == usage);
  CHECK(parsed.message.find("approve it with --edit") != std::string::npos);
  CHECK(good({"approve", "s~p1", "1", "--edit", "other"}).text("edit") == "other");
}

TEST_CASE("arguments: nobody is asked where nobody watches") {
  CHECK(parse({"task", "x", "--no-watch", "--approve", "ask"}).message.find("--no-watch nobody does") != std::string::npos);
  CHECK(good({"task", "x", "--no-watch", "--approve", "auto"}).flag("no-watch"));
  CHECK(good({"task", "x", "--approve", "ask"}).text("approve") == "ask");
}

TEST_CASE("arguments: whatever changes something takes the key to repeat it with, and what only shows does not") {
  for (const auto& words : std::vector<std::vector<const char*>>{{"task", "x"},
                                                                 {"chat", "A", "x"},
                                                                 {"approve", "s~p1"},
                                                                 {"reject", "s~p1"},
                                                                 {"clarify", "s~p1", "x"},
                                                                 {"cancel", "s~p1"},
                                                                 {"answer", "s~h1", "x"},
                                                                 {"team", "apply", "f"},
                                                                 {"dead-letters", "retry", "s~l1"},
                                                                 {"dead-letters", "drop", "s~l1"}}) {
    auto with_key = words;
    with_key.insert(with_key.end(), {"--key", "k-1"});
    INFO(words.front());
    const auto parsed = parse(with_key);
    CHECK_FALSE(parsed.exit);
    CHECK(parsed.invocation.text("key") == "k-1");
  }
  CHECK(parse({"dead-letters", "show", "s~l1", "--key", "k"}).exit == usage);
}

TEST_CASE("arguments: yes and no exclude each other, and words that are not UTF-8 are refused") {
  CHECK(parse({"answer", "s~r1", "--yes", "--no"}).exit == usage);
  CHECK(good({"answer", "s~r1", "--no"}).flag("no"));
  const auto latin = parse({"--json", "task", "Gr\xfc\xdf dich"});
  CHECK(latin.exit == usage);
  CHECK(latin.message.find("argument 3 is not UTF-8 (byte 3") != std::string::npos);
  CHECK(latin.invocation.json);
  CHECK(parse({"task", "x", "--session", "\xff"}).exit == usage);
  CHECK(good({"task", "Grüß dich"}).text("description") == "Grüß dich");
}

TEST_CASE("arguments: a gateway's URL has a scheme, a host, perhaps a port and a path, and nothing else") {
  const auto read = [](const char* text) { return read_gateway_url(text).value(); };
  CHECK(read("http://h:8080").address == "h:8080");
  CHECK_FALSE(read("http://h:8080").tls);
  CHECK(read("https://h").address == "h:443");
  CHECK(read("https://h").tls);
  CHECK(read("http://h/").address == "h:80");
  CHECK(read("https://h:1/convoke/").path == "/convoke");
  CHECK(read("https://[::1]:8443/x").address == "[::1]:8443");
  CHECK(read("http://[::1]").address == "[::1]:80");
  for (const auto* bad :
       {"h:80", "ws://h", "http://", "https://:1", "http://h:", "http://h:0", "http://h:70000", "http://h:1x", "http://u:p@h", "http://h?x",
        "http://h#x", "http://[::1", "http://[]:1", "http://[::1]x", "https://h h", "http://h:1:2"}) {
    INFO(bad);
    CHECK_FALSE(read_gateway_url(bad));
    CHECK(parse({"--url", bad, "plans"}).exit == usage);
  }
}

TEST_CASE("arguments: an empty value does not swallow what follows") {
  const auto task = good({"task", "--key=", "Onboard Ada."});
  CHECK(task.text("key").empty());
  CHECK(task.text("description") == "Onboard Ada.");
}

TEST_CASE("arguments: who asks for JSON gets mistakes in one sentence") {
  for (const auto& words : std::vector<std::vector<const char*>>{{"scale", "HrAgent", "many", "--json"}, {"--json", "plan"}}) {
    const auto parsed = parse(words);
    REQUIRE(parsed.exit);
    CHECK(*parsed.exit == usage);
    CHECK(parsed.invocation.json);
    CHECK(parsed.message.find('\n') == std::string::npos);
  }
  CHECK(parse({"scale", "HrAgent", "many"}).message.find("--help") != std::string::npos);
}
