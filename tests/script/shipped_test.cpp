// The scripts that ship: they load, their examples hold, and their decisions are those of the
// requirements.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "script/library.hpp"

using namespace mortise;
using namespace mortise::script;

namespace {

struct Shipped {
  StatePool pool;
  ScriptShelf shelf{pool};

  Shipped() {
    const auto files = read_script_files(MORTISE_SOURCE_DIR "/scripts");
    REQUIRE(files.ok());
    REQUIRE(files->size() >= 3);
    for (const ports::ScriptFinding& finding : shelf.update(*files, 1)) {
      FAIL_CHECK(finding.file << ":" << finding.line << ": " << finding.message);
    }
  }
};

ports::Ask ask(const std::string& action, const std::string& tier, const std::string& trigger) {
  return {action, "acc", tier, trigger, "notion"};
}

}  // namespace

TEST_CASE("scripts: all that ship load and pass their examples", "[script][shipped]") {
  const Shipped shipped;
  for (const auto& [name, active] : *shipped.shelf.set()) {
    INFO(name);
    CHECK(active.rejected.empty());
    CHECK((active.policy || active.mapping));
    CHECK(active.checksum.size() == 64);
    CHECK(active.loaded_ms == 1);
  }
}

TEST_CASE("tiers: free gives 2 exports a month, starter 10, pro as many as wanted",
          "[script][shipped]") {
  const Shipped shipped;
  LuaGate gate(shipped.shelf);
  struct Row {
    const char* tier;
    std::int64_t used;
    bool allow;
  };
  for (const Row& row :
       {Row{"free", 0, true}, Row{"free", 1, true}, Row{"free", 2, false}, Row{"free", 3, false},
        Row{"starter", 9, true}, Row{"starter", 10, false}, Row{"pro", 1'000'000'000, true},
        Row{"", 1, true}, Row{"gold", 2, false}}) {
    INFO(row.tier << " " << row.used);
    const ports::Decision decision = gate.decide(ask("export.start", row.tier, "user"), {row.used});
    CHECK(decision.allow == row.allow);
    CHECK(decision.reason == (row.allow ? "" : "quota_exceeded"));
    CHECK(decision.cost == (row.allow ? 1 : 0));
    CHECK(decision.revision == shipped.shelf.set()->at("policies/tiers.lua").checksum);
  }
  CHECK(gate.decide(ask("export.start", "free", "user"), {2}).message ==
        "The free tier includes 2 exports a month.");
  CHECK(gate.decide(ask("export.start", "gold", "user"), {2}).message ==
        "The free tier includes 2 exports a month.");
}

TEST_CASE("tiers: what a person did not start costs nothing", "[script][shipped]") {
  const Shipped shipped;
  LuaGate gate(shipped.shelf);
  for (const char* trigger : {"change", "schedule", "reconnect"}) {
    const ports::Decision decision = gate.decide(ask("export.start", "free", trigger), {99});
    CHECK(decision.allow);
    CHECK(decision.cost == 0);
  }
}

TEST_CASE("tiers: limits are told for usage pages, and outside progress by tier",
          "[script][shipped]") {
  const Shipped shipped;
  LuaGate gate(shipped.shelf);
  CHECK(gate.limits("free").limit == 2);
  CHECK(gate.limits("starter").limit == 10);
  CHECK_FALSE(gate.limits("pro").limit.has_value());
  CHECK(gate.limits("unheard of").limit == 2);
  CHECK_FALSE(gate.decide(ask("outside_progress", "free", "schedule"), {}).allow);
  CHECK(gate.decide(ask("outside_progress", "free", "schedule"), {}).reason == "not_in_tier");
  CHECK(gate.decide(ask("outside_progress", "starter", "schedule"), {}).allow);
  CHECK(gate.decide(ask("outside_progress", "pro", "schedule"), {}).allow);
}

TEST_CASE("policies: an action that the policy does not know is denied", "[script][shipped]") {
  const Shipped shipped;
  LuaGate gate(shipped.shelf);
  const ports::Decision decision = gate.decide(ask("export.delete", "pro", "user"), {});
  CHECK_FALSE(decision.allow);
  CHECK(decision.reason == "policy_error");
  CHECK(decision.message.find("says nothing about 'export.delete'") != std::string::npos);
}

TEST_CASE("template: the SDK's mapping fits the SDK's connector", "[script][sdk]") {
  const auto text_of = [](const char* name) {
    std::ifstream file(std::string(MORTISE_SOURCE_DIR "/sdk/template/") + name);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  };
  const core::Json manifest = core::Json::parse(text_of("manifest.json"));
  KnownConnectors known;
  for (const auto& kind : manifest["kinds"].items()) {
    known[manifest["id"]][kind.key()] = kind.value()["parents"].get<std::vector<std::string>>();
  }
  StatePool pool;
  for (const ports::ScriptFinding& finding :
       check_script("mappings/acme.lua", text_of("acme.lua"), pool, known)) {
    FAIL(finding.line << ": " << finding.message);
  }
}
