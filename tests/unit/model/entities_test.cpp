#include "model/entities.hpp"

#include <catch2/catch.hpp>

using namespace convoke::model;

namespace {

Reading read(const std::string& text) {
  return read_text(text, *parse_iso("2026-11-20"), [](std::string_view) { return false; });
}

std::vector<std::string> of(const std::string& text, Shape shape) {
  std::vector<std::string> values;
  for (const auto& entity : read(text).entities) {
    if (entity.shape == shape) values.push_back(entity.value);
  }
  return values;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("model entities: addresses, links, codes and versions") {
  CHECK(of("Write to ada@example.com, please.", Shape::email) == List{"ada@example.com"});
  CHECK(of("See https://example.com/a?b=1.", Shape::url) == List{"https://example.com/a?b=1"});
  CHECK(of("Approve INV-2044 and PO7731, ticket #55", Shape::code) == List{"INV-2044", "PO7731", "55"});
  CHECK(of("Update to version 4.2.1 or v2", Shape::version) == List{"4.2.1", "v2"});
  CHECK(of("Call +49 (30) 1234-567 or 555-123-4567", Shape::phone) == List{"+49 (30) 1234-567", "555-123-4567"});
}

TEST_CASE("model entities: money and percentages have their value") {
  const auto values = [](const std::string& text, Shape shape) {
    std::vector<double> list;
    for (const auto& entity : read(text).entities) {
      if (entity.shape == shape) list.push_back(entity.number);
    }
    return list;
  };
  CHECK(values("$1,250.75, 300 dollars, USD 40 and 2k euros", Shape::money) == std::vector<double>{1250.75, 300, 40, 2000});
  CHECK(values("12% off, 7.5 percent", Shape::percent) == std::vector<double>{12, 7.5});
  CHECK(values("order 12 cups and twenty plates", Shape::number) == std::vector<double>{12, 20});
}

TEST_CASE("model entities: quotations keep what is inside") {
  CHECK(of("Call it \"Spring Sale\" or 'Summer Fun', it's Anna's", Shape::quoted) == List{"Spring Sale", "Summer Fun"});
}

TEST_CASE("model entities: a name that is also an everyday word is a name before a surname") {
  const std::pair<std::string, std::string> cases[] = {
      {"Assign a mentor to Will Turner.", "Will Turner"},
      {"Assign a mentor to May Brown.", "May Brown"},
      {"Assign a mentor to Al Green.", "Al Green"},
      {"Assign a mentor to Art Price.", "Art Price"},
      {"Assign a mentor to Chance Field.", "Chance Field"},
      {"Assign a mentor to Jos\u00e9 \u00c1lvarez.", "Jos\u00e9 \u00c1lvarez"},
      {"Assign a mentor to \u0160\u00e1rka \u010cern\u00e1.", "\u0160\u00e1rka \u010cern\u00e1"},
      {"Grace Lee forgot the password, please reset it.", "Grace Lee"},
      {"Will Turner forgot the password, please reset it.", "Will Turner"},
      {"Mark Stone has lost his badge.", "Mark Stone"},
      {"Bo Li forgot the password.", "Bo Li"},
      {"Bill Gates worked 6.5 hours of overtime.", "Bill Gates"},
      {"Joy Park's laptop is broken.", "Joy Park"},
  };
  for (const auto& [text, name] : cases) {
    CAPTURE(text);
    const auto reading = read(text);
    const auto found = std::ranges::find(reading.entities, Shape::name, &Entity::shape);
    REQUIRE(found != reading.entities.end());
    CHECK(found->value == name);
    CHECK(found->person >= 0.5);
  }
}

TEST_CASE("model entities: names of people and things") {
  CHECK(of("Send Maria Lopez and ludwig van a card", Shape::name).front() == "Maria Lopez");
  CHECK(of("Install Photoshop for jessica smith", Shape::name) == List{"Photoshop", "Jessica Smith"});
  CHECK(of("Configure a Dell XPS 15 for Adam O'Neill", Shape::name) == List{"Dell XPS 15", "Adam O'Neill"});
  const auto reading = read("Ask Jessica Smith about Acme Corp");
  REQUIRE(reading.entities.size() == 2);
  CHECK(reading.entities[0].person > 0.9);
  CHECK(reading.entities[1].person < 0.2);
}

TEST_CASE("model entities: any bytes are read") {
  for (const std::string& text :
       {std::string(), std::string("\xff\xfe\x80"), std::string(4000, '"'), std::string(4000, '$'), std::string("1,2,3,,,..--$$%%@@##"),
        std::string(3000, '9'), std::string("\"\"''``"), std::string("' ' 'a")}) {
    CHECK(read(text).text == text);
  }
}

TEST_CASE("model entities: of a very long text the beginning and the end are read, in no time") {
  const auto reading = read("Welcome Ada Lovelace. " + std::string(60'000, 'a') + " Write to ada@example.com");
  CHECK(reading.text.size() < 5'000);
  CHECK(reading.text.starts_with("Welcome Ada Lovelace. "));
  CHECK(of("Hello " + std::string(60'000, 'a') + " Write to ada@example.com", Shape::email) == List{"ada@example.com"});
}

TEST_CASE("model entities: places at fairs, models that open a text, titles without quotation marks") {
  CHECK(of("We have booth 14B at the fair", Shape::code) == List{"14B"});
  CHECK(of("Galaxy S24 for Min-jun Park", Shape::code).empty());
  CHECK(of("Galaxy S24 for Min-jun Park", Shape::date).empty());
  CHECK(of("A picture, title: Five Ways to Save Data", Shape::quoted) == List{"Five Ways to Save Data"});
  CHECK(of("The strategy called Power to the People, please", Shape::quoted) == List{"Power to the People"});
  CHECK(of("How did it sell in the third quarter?", Shape::period) == List{"third quarter"});
  CHECK(of("Plan it for next summer", Shape::period) == List{"next summer"});
}

TEST_CASE("model entities: measures, origins and named days are no part of a name") {
  CHECK(of("Give Anders Nygaard 500 GB of space", Shape::name) == List{"Anders Nygaard"});
  CHECK(of("Sadly Bridget Maloney is leaving", Shape::name) == List{"Bridget Maloney"});
  CHECK(of("A Japanese maker called Kibou Toys", Shape::name) == List{"Kibou Toys"});
  CHECK(of("Start the Black Friday Deals campaign", Shape::date).empty());
  CHECK(of("Deliver it on Friday", Shape::date) == List{"2026-11-27"});
}
