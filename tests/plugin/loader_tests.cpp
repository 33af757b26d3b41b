#include <unistd.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/doubles.hpp"
#include "plugin/library.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using mortise::Code;
using mortise::Error;
using mortise::plugin::load_connector;
using mortise::plugin::LoadedConnectors;

Error refusal(const fs::path& folder) {
  auto loaded = load_connector(folder, {}, {});
  if (loaded) FAIL(folder << " was loaded");
  return std::move(loaded).error();
}

// Byte offsets in an ELF header (elf.h).
constexpr std::size_t kClass = 4;
constexpr std::size_t kType = 16;
constexpr std::size_t kMachine = 18;
constexpr std::size_t kSegments = 56;

}  // namespace

TEST_CASE("loader: a good plugin loads and logs through the host", "[plugin]") {
  std::vector<std::string> lines;
  auto loaded = load_connector(doubles::folder("good"), {},
                               [&](int, std::string_view id, std::string_view line) {
                                 lines.push_back(std::string(id) + ": " + std::string(line));
                               });
  REQUIRE(loaded.ok());
  REQUIRE((*loaded)->manifest().version == "1.2.3");
  REQUIRE(lines == std::vector<std::string>{"good: made"});
}

TEST_CASE("loader: plugins built against older and newer minors load", "[plugin]") {
  REQUIRE(load_connector(doubles::folder("older"), {}, {}).ok());
  std::vector<std::string> lines;
  const auto newer = load_connector(
      doubles::folder("newer"), {},
      [&](int, std::string_view, std::string_view line) { lines.emplace_back(line); });
  REQUIRE(newer.ok());
  CHECK((*newer)->manifest().operations.list);
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], Contains("/operations/foretell"));
  CHECK_THAT(lines[1], Contains("/moods"));
}

TEST_CASE("loader: each unusable library is refused with a sentence", "[plugin]") {
  struct Case {
    const char* id;
    Code code;
    const char* says;
  };
  const Case cases[] = {
      {"wrong_major", Code::unsupported, "is built for ABI 2, this host speaks 1"},
      {"no_entry", Code::invalid, "exports no symbol mortise_plugin_entry"},
      {"unresolved", Code::invalid, "nobody_has_this"},
      {"other_id", Code::invalid, "is 'somebody_else' 1.2.3, its manifest says 'other_id' 1.2.3"},
      {"other_version", Code::invalid, "is 'other_version' 9.9.9"},
      {"overstated", Code::invalid, "is built for ABI 1.0, its manifest says 1.3"},
      {"makes_nothing", Code::internal, "create() made no connector"},
      {"half_made", Code::internal, "missing functions"},
      {"throws_early", Code::internal, "create() threw"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.id);
    const Error error = refusal(doubles::folder(each.id));
    CHECK(error.code == each.code);
    CHECK_THAT(error.message, Contains(each.says));
  }
}

TEST_CASE("loader: what is no library for this machine is refused before it is opened",
          "[plugin]") {
  const doubles::Scratch scratch;
  const fs::path folder = scratch.copy_of("good");
  const fs::path library = folder / "good.so";
  const std::string good = doubles::read(library);
  const auto with = [&](std::size_t offset, char byte) {
    std::string bytes = good;
    bytes.at(offset) = byte;
    return bytes;
  };
  struct Case {
    std::string bytes;
    Code code;
    const char* says;
  };
  const Case cases[] = {
      {"", Code::invalid, "no ELF header"},
      {"#!/bin/sh\necho this is no library\n", Code::invalid, "no ELF header"},
      {good.substr(0, 20), Code::invalid, "cut off"},
      {good.substr(0, 100), Code::invalid, "is cut off"},
      {good.substr(0, good.size() / 3), Code::invalid, "is cut off"},
      {with(kSegments, '\0'), Code::invalid, "is cut off or damaged"},
      {with(kClass, 1), Code::unsupported, "64-bit"},
      {with(kMachine, '\xB7'), Code::unsupported, "is built for arm64"},
      {with(kMachine, 3), Code::unsupported, "is built for x86"},
      {with(kType, 2), Code::invalid, "no shared library"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.says);
    doubles::write(library, each.bytes);
    const Error error = refusal(folder);
    CHECK(error.code == each.code);
    CHECK_THAT(error.message, Contains(each.says) && Contains("good.so"));
  }
  fs::remove(library);
  CHECK(refusal(folder).code == Code::not_found);
}

TEST_CASE("loader: a file that may not be read is refused", "[plugin]") {
  if (geteuid() == 0) {
    WARN("skipped: root reads everything");
    return;
  }
  const doubles::Scratch scratch;
  const fs::path folder = scratch.copy_of("good");
  fs::permissions(folder / "good.so", fs::perms::none);
  CHECK(refusal(folder).code == Code::forbidden);
  fs::permissions(folder / "manifest.json", fs::perms::none);
  CHECK(refusal(folder).code == Code::forbidden);
}

TEST_CASE("loader: a bad manifest is refused before any code is opened", "[plugin]") {
  const doubles::Scratch scratch;
  const fs::path folder = scratch.copy_of("good");
  doubles::write(folder / "good.so", "not even a library");
  doubles::write(folder / "manifest.json", "{\"id\": \"good\",");
  CHECK_THAT(refusal(folder).message, Contains("manifest.json: "));
  fs::remove(folder / "manifest.json");
  CHECK(refusal(folder).code == Code::not_found);
  CHECK_THAT(refusal(folder).message, Contains("manifest.json"));
}

TEST_CASE("loader: the folder is named after the connector", "[plugin]") {
  const doubles::Scratch scratch;
  fs::rename(scratch.copy_of("good"), scratch.path() / "better");
  CHECK_THAT(refusal(scratch.path() / "better").message,
             Contains("not the folder's name 'better'"));
}

TEST_CASE("loader: the host runs on with the good and keeps the reasons for the bad", "[plugin]") {
  const doubles::Scratch scratch;
  for (const char* id : {"good", "older", "wrong_major", "no_entry"}) scratch.copy_of(id);
  fs::create_directory(scratch.path() / "CMakeFiles");  // nobody's plugin
  doubles::write(scratch.path() / "README", "not a folder");
  const doubles::Scratch second;
  second.copy_of("good");

  const auto loaded =
      LoadedConnectors::load({scratch.path(), second.path(), "/nowhere/at/all"}, {}, {});
  REQUIRE(loaded->list().size() == 2);
  REQUIRE(loaded->find("good") != nullptr);
  REQUIRE(loaded->find("older")->manifest().id == "older");
  REQUIRE(loaded->find("wrong_major") == nullptr);
  REQUIRE(loaded->refusals().size() == 3);
  CHECK(loaded->refusals()[0].folder.filename() == "no_entry");
  CHECK(loaded->refusals()[1].folder.filename() == "wrong_major");
  CHECK(loaded->refusals()[2].error.code == Code::conflict);
}

TEST_CASE("loader: a library stays mapped after its connector is gone", "[plugin]") {
  const doubles::Scratch scratch;
  const auto entry = mortise::plugin::open_library(scratch.copy_of("good") / "good.so");
  REQUIRE(entry.ok());
  CHECK(std::string((*entry)->id) == "good");  // would fault had the handle's end unmapped it
}
