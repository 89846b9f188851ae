// Schemas only grow. flatc's own conformance check misses removed and renamed fields, so names, types and order are compared here with
// the schemas as last released (schemas/baseline).
#include <flatbuffers/idl.h>
#include <flatbuffers/util.h>

#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <filesystem>
#include <memory>

namespace {

namespace fs = std::filesystem;
using Breaches = std::vector<std::string>;

std::unique_ptr<flatbuffers::Parser> parse(const fs::path& folder, const std::string& file) {
  auto parser = std::make_unique<flatbuffers::Parser>();
  std::string text;
  REQUIRE(flatbuffers::LoadFile((folder / file).c_str(), false, &text));
  const auto folder_text = folder.string();
  const char* includes[] = {folder_text.c_str(), nullptr};
  INFO(parser->error_);
  REQUIRE(parser->Parse(text.c_str(), includes, (folder / file).c_str()));
  return parser;
}

std::string type_name(const flatbuffers::Type& type) {
  const int base = type.base_type;
  std::string name = fmt::format("{}", base);
  if (type.struct_def) name += ":" + type.struct_def->name;
  if (type.enum_def) name += ":" + type.enum_def->name;
  if (type.base_type == flatbuffers::BASE_TYPE_VECTOR) name += fmt::format("[{}]", static_cast<int>(type.element));
  return name;
}

void compare_fields(const flatbuffers::StructDef& old_table, const flatbuffers::StructDef& new_table, Breaches& breaches) {
  for (const auto* old_field : old_table.fields.vec) {
    const auto* field = new_table.fields.Lookup(old_field->name);
    if (!field)
      breaches.push_back(fmt::format("{}.{} is gone or renamed", old_table.name, old_field->name));
    else if (field->value.offset != old_field->value.offset)
      breaches.push_back(fmt::format("{}.{} has moved", old_table.name, old_field->name));
    else if (type_name(field->value.type) != type_name(old_field->value.type))
      breaches.push_back(fmt::format("{}.{} has another type", old_table.name, old_field->name));
  }
}

void compare_members(const flatbuffers::EnumDef& old_enum, const flatbuffers::EnumDef& new_enum, Breaches& breaches) {
  for (const auto* old_value : old_enum.Vals()) {
    const auto* value = new_enum.Lookup(old_value->name);
    if (!value || value->GetAsInt64() != old_value->GetAsInt64())
      breaches.push_back(fmt::format("{}.{} is gone or renumbered", old_enum.name, old_value->name));
  }
}

Breaches compare(const flatbuffers::Parser& old_schema, const flatbuffers::Parser& new_schema) {
  Breaches breaches;
  for (const auto& [name, old_table] : old_schema.structs_.dict) {
    const auto* table = new_schema.structs_.Lookup(name);
    if (table)
      compare_fields(*old_table, *table, breaches);
    else
      breaches.push_back(name + " is gone");
  }
  for (const auto& [name, old_enum] : old_schema.enums_.dict) {
    const auto* found = new_schema.enums_.Lookup(name);
    if (found)
      compare_members(*old_enum, *found, breaches);
    else
      breaches.push_back(name + " is gone");
  }
  return breaches;
}

Breaches compare_text(const std::string& old_text, const std::string& new_text) {
  flatbuffers::Parser old_schema, new_schema;
  REQUIRE(old_schema.Parse(old_text.c_str()));
  REQUIRE(new_schema.Parse(new_text.c_str()));
  return compare(old_schema, new_schema);
}

}  // namespace

TEST_CASE("schemas: nothing of the last release is removed, renamed, moved or retyped") {
  const fs::path schemas = SCHEMAS_DIR;
  for (const auto* file : {"body.fbs", "state.fbs"}) {
    const auto old_schema = parse(schemas / "baseline", file);
    const auto new_schema = parse(schemas, file);
    CHECK(compare(*old_schema, *new_schema) == Breaches{});
  }
}

TEST_CASE("schemas: the comparison sees every kind of breach") {
  const std::string old_text = "table A { x: int; y: string; } enum E : ubyte { a, b } table B { z: int; }";
  CHECK(compare_text(old_text, old_text).empty());
  CHECK(compare_text(old_text, "table A { x: int; y: string; n: int; } enum E : ubyte { a, b, c } table B { z: int; }").empty());
  CHECK(compare_text(old_text, "table A { x: int; } enum E : ubyte { a, b } table B { z: int; }").size() == 1);
  CHECK(compare_text(old_text, "table A { x: int; why: string; } enum E : ubyte { a, b } table B { z: int; }").size() == 1);
  CHECK(compare_text(old_text, "table A { y: string; x: int; } enum E : ubyte { a, b } table B { z: int; }").size() == 2);
  CHECK(compare_text(old_text, "table A { x: long; y: string; } enum E : ubyte { a, b } table B { z: int; }").size() == 1);
  CHECK(compare_text(old_text, "table A { x: int; y: string; } enum E : ubyte { b } table B { z: int; }").size() == 2);
  CHECK(compare_text(old_text, "table A { x: int; y: string; } enum E : ubyte { a, b }").size() == 1);
}
