#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "script/library.hpp"

using namespace mortise;
using namespace mortise::script;

namespace {

std::string tiers(int free_limit) {
  return "return policy { tiers = { free = { exports_per_month = " + std::to_string(free_limit) +
         " } }, default = 'free',\n"
         "['export.start'] = function(ask, tier, used)\n"
         "  if used.exports_this_month >= tier.exports_per_month then return "
         "deny('quota_exceeded', 'no') end\n"
         "  return allow { cost = 1 } end,\n"
         "examples = { { ask = { action = 'export.start', tier = 'free' }, want = 'allow' } } }";
}

std::string mapping(const std::string& connector) {
  return "return mapping { connector = '" + connector +
         "', plan = function(plan) return events(plan.tasks) end,\n"
         "fields = { event = { { task = 'title', item = 'title' } } },\n"
         "examples = { { task = { title = 'a' }, kind = 'event', want = { title = 'a' } } } }";
}

}  // namespace

TEST_CASE("reload: an edited file takes effect, an unchanged one keeps its revision",
          "[script][reload]") {
  StatePool pool;
  const std::vector<ScriptFile> first = {{"policies/tiers.lua", tiers(2)},
                                         {"mappings/a.lua", mapping("a")}};
  const ScriptSet one = reload({}, first, pool, 100);
  CHECK(one.at("policies/tiers.lua").policy->limits("free").limit == 2);
  const std::vector<ScriptFile> second = {{"policies/tiers.lua", tiers(5)},
                                          {"mappings/a.lua", mapping("a")}};
  const ScriptSet two = reload(one, second, pool, 200);
  CHECK(two.at("policies/tiers.lua").policy->limits("free").limit == 5);
  CHECK(two.at("policies/tiers.lua").loaded_ms == 200);
  CHECK(two.at("mappings/a.lua").mapping == one.at("mappings/a.lua").mapping);
  CHECK(two.at("mappings/a.lua").loaded_ms == 100);
  // Who holds the old revision goes on with it.
  CHECK(one.at("policies/tiers.lua")
            .policy->decide({"export.start", "", "free", "user", ""}, {2})
            .reason == "quota_exceeded");
  CHECK(two.at("policies/tiers.lua")
            .policy->decide({"export.start", "", "free", "user", ""}, {2})
            .allow);
}

TEST_CASE(
    "reload: a bad script never replaces a good one, and says what is wrong until it is mended",
    "[script][reload]") {
  StatePool pool;
  const ScriptSet good =
      reload({}, std::vector<ScriptFile>{{"policies/tiers.lua", tiers(2)}}, pool, 1);
  const std::vector<ScriptFile> bad_files = {
      {"policies/tiers.lua", "return policy { teirs = {} }"}};
  const ScriptSet bad = reload(good, bad_files, pool, 2);
  const ActiveScript& kept = bad.at("policies/tiers.lua");
  CHECK(kept.policy == good.at("policies/tiers.lua").policy);
  CHECK(kept.checksum == good.at("policies/tiers.lua").checksum);
  CHECK(kept.loaded_ms == 1);
  REQUIRE(kept.rejected.size() == 1);
  CHECK(kept.rejected[0].message == "a policy has no 'teirs'; did you mean 'tiers'?");
  CHECK(reload(bad, bad_files, pool, 3).at("policies/tiers.lua").rejected.size() == 1);
  const ScriptSet undone =
      reload(bad, std::vector<ScriptFile>{{"policies/tiers.lua", tiers(2)}}, pool, 4);
  CHECK(undone.at("policies/tiers.lua").rejected.empty());
  CHECK(undone.at("policies/tiers.lua").policy == kept.policy);
}

TEST_CASE("reload: a script that is bad from the start leaves nothing active", "[script][reload]") {
  StatePool pool;
  ScriptShelf shelf(pool);
  const Findings findings =
      shelf.update(std::vector<ScriptFile>{{"policies/tiers.lua", "return nonsense"}}, 1);
  REQUIRE(findings.size() == 1);
  LuaGate gate(shelf);
  CHECK(gate.decide({"export.start", "", "pro", "user", ""}, {}).reason == "policy_error");
  CHECK_FALSE(gate.limits("pro").allow);
  REQUIRE(LuaScripts(shelf).list().size() == 1);
  CHECK(LuaScripts(shelf).list()[0].checksum.empty());
}

TEST_CASE("reload: a file that is gone keeps its last revision, and is told", "[script][reload]") {
  StatePool pool;
  ScriptShelf shelf(pool);
  const std::vector<ScriptFile> files = {{"policies/tiers.lua", tiers(2)},
                                         {"mappings/bad.lua", "return nonsense"}};
  CHECK(shelf.update(files, 1).size() == 1);
  const Findings gone = shelf.update({}, 3);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].message.rfind("the file is gone", 0) == 0);
  CHECK(shelf.update({}, 4).size() == 1);
  const auto listed = LuaScripts(shelf).list();
  REQUIRE(listed.size() == 1);  // what never loaded is gone with its file
  CHECK(listed[0].rejected.size() == 1);
  CHECK(LuaGate(shelf).limits("free").limit == 2);
  CHECK(shelf.update(files, 5).size() == 1);  // the bad one
  CHECK(LuaScripts(shelf).list()[1].rejected.empty());
}

TEST_CASE("reload: an edit that names no connector leaves the last good version active",
          "[script][reload]") {
  StatePool pool;
  ScriptShelf shelf(pool);
  shelf.know({{"google_calendar", {{"event", {"target"}}}}, {"notion", {{"page", {"target"}}}}});
  const auto update = [&](const std::string& connector) {
    const std::vector<ScriptFile> files = {{"mappings/a.lua", mapping(connector)}};
    const Findings findings = shelf.update(files, 1);
    return findings.empty() ? std::string() : findings.front().message;
  };
  CHECK(update("googel_calendar") ==
        "no connector is called 'googel_calendar'; did you mean 'google_calendar'?");
  CHECK(update("google_calendar").empty());
  CHECK(update("googel_calendar") ==
        "no connector is called 'googel_calendar'; did you mean 'google_calendar'?");
  CHECK(LuaMapper(shelf).mapping("google_calendar").ok());
  CHECK(update("wobbly") == "no connector is called 'wobbly'; known: google_calendar, notion");
  CHECK(LuaMapper(shelf).mapping("google_calendar").ok());
  CHECK(update("google_calendar").empty());
  CHECK(LuaScripts(shelf).check("mappings/a.lua", mapping("wobbly")).findings.size() == 1);
  CHECK(LuaScripts(shelf).check("mappings/b.lua", mapping("wobbly")).mapping != nullptr);
  CHECK(LuaScripts(shelf).check("mappings/b.lua", mapping("google_calendar")).findings.size() ==
        1);  // it has one
  // What serves nobody here is kept for later, and says why nothing serves the other.
  CHECK(LuaMapper(shelf).mapping("notion").error().reason == "no_mapping");
}

TEST_CASE("reload: a mapping makes only what its connector can hold, where it can hold it",
          "[script][reload]") {
  StatePool pool;
  const KnownConnectors known = {{"acme", {{"list", {"target"}}, {"todo", {"target"}}}},
                                 {"shelf", {{"page", {"target"}}, {"todo", {"page"}}}}};
  const auto check = [&](const std::string& connector, const std::string& kind,
                         const std::string& plan) {
    const std::string item = kind == "todo" ? "text" : "title";
    const std::string source =
        "return mapping { connector = '" + connector + "', plan = function(plan) return " + plan +
        " end,\nfields = {\n " + kind + " = { { task = 'title', item = '" + item + "' } } },\n" +
        "examples = { { plan = { title = 'a' }, tasks = { { title = 'b' } }, want = {} } } }";
    const Findings findings = check_script("mappings/x.lua", source, pool, known);
    REQUIRE_FALSE(findings.empty());
    return std::to_string(findings[0].line) + " " + findings[0].message;
  };
  CHECK(check("acme", "event", "events(plan.tasks)") ==
        "3 fields.event: connector 'acme' has no kind 'event'; it has list, todo");
  CHECK(check("acme", "todo", "page { key = plan.key, todos = plan.tasks }") ==
        "1 example 1: the connector has no kind 'page'; it has list, todo");
  CHECK(check("acme", "todo", "todos(plan.tasks)") ==
        "4 example 1: wants [], the mapping says [\"todo task:t1\"]");
  CHECK(check("shelf", "todo", "todos(plan.tasks)") ==
        "1 example 1: todos cannot stand at the top");
  CHECK(check("shelf", "todo", "page { key = plan.key, children = { page { key = 'a:b' } } }") ==
        "1 example 1: pages cannot stand in a page");
}

TEST_CASE("reload: a second policy, or a second mapping of a connector, is refused",
          "[script][reload]") {
  StatePool pool;
  ScriptShelf shelf(pool);
  const Findings findings = shelf.update(std::vector<ScriptFile>{{"mappings/a.lua", mapping("a")},
                                                                 {"mappings/b.lua", mapping("a")},
                                                                 {"policies/one.lua", tiers(1)},
                                                                 {"policies/two.lua", tiers(2)}},
                                         1);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].message == "connector 'a' has a mapping already: mappings/a.lua");
  CHECK(findings[1].message == "there is a policy already: policies/one.lua");
  LuaMapper mapper(shelf);
  CHECK(mapper.mapping("a").ok());
  REQUIRE_FALSE(mapper.mapping("z").ok());
  CHECK(mapper.mapping("z").error().code == Code::not_found);
}

TEST_CASE("reload: what was refused for another script is taken over when that one makes room",
          "[script][reload]") {
  StatePool pool;
  ScriptShelf shelf(pool);
  using Files = std::vector<ScriptFile>;
  REQUIRE(shelf.update(Files{{"mappings/a.lua", mapping("a")}, {"mappings/b.lua", mapping("b")}}, 1)
              .empty());
  SECTION("in the same look") {
    const Files moved = {{"mappings/a.lua", mapping("b")}, {"mappings/b.lua", mapping("c")}};
    CHECK(shelf.update(moved, 2).empty());
  }
  SECTION("later") {
    const Files half = {{"mappings/a.lua", mapping("b")}, {"mappings/b.lua", mapping("b")}};
    const Findings findings = shelf.update(half, 2);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].message == "connector 'b' has a mapping already: mappings/b.lua");
    CHECK(shelf.update(half, 3).size() == 1);
    const Files moved = {{"mappings/a.lua", mapping("b")}, {"mappings/b.lua", mapping("c")}};
    CHECK(shelf.update(moved, 4).empty());
  }
  LuaMapper mapper(shelf);
  CHECK_FALSE(mapper.mapping("a").ok());
  CHECK(mapper.mapping("b").ok());
  CHECK(mapper.mapping("c").ok());
}

TEST_CASE("reload: a renamed file takes the place of the old one", "[script][reload]") {
  StatePool pool;
  ScriptShelf shelf(pool);
  using Files = std::vector<ScriptFile>;
  const ScriptFile policy = {"policies/tiers.lua", tiers(2)};
  REQUIRE(shelf.update(Files{{"mappings/a.lua", mapping("a")}, policy}, 1).empty());
  SECTION("in one look, and edits of it are taken") {
    CHECK(shelf.update(Files{{"mappings/b.lua", mapping("a")}, policy}, 2).empty());
    CHECK(shelf.update(Files{{"mappings/b.lua", mapping("a") + " "}, policy}, 3).empty());
    const auto listed = LuaScripts(shelf).list();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].name == "mappings/b.lua");
    CHECK(listed[0].loaded_ms == 3);
    // The old name, back again, is the second one.
    const Files both = {{"mappings/a.lua", mapping("a")}, {"mappings/b.lua", mapping("a")}, policy};
    const Findings back = shelf.update(both, 4);
    REQUIRE(back.size() == 1);
    CHECK(back[0].file == "mappings/a.lua");
  }
  SECTION("copied first, and then removed; but not while an editor replaces the first") {
    const Files both = {{"mappings/a.lua", mapping("a")}, {"mappings/b.lua", mapping("a")}, policy};
    const Files second = {{"mappings/b.lua", mapping("a")}, policy};
    CHECK(shelf.update(both, 2).size() == 1);
    CHECK(shelf.update(second, 3).size() == 2);
    CHECK(shelf.update(both, 4).size() == 1);
    CHECK(LuaScripts(shelf).list()[0].loaded_ms == 1);
    CHECK(shelf.update(second, 5).size() == 2);
    CHECK(shelf.update(second, 6).empty());
    CHECK(LuaScripts(shelf).list()[0].name == "mappings/b.lua");
  }
  SECTION("not by a file that does not load, or is for another connector") {
    CHECK(shelf.update(Files{{"mappings/b.lua", "return nonsense"}, policy}, 2).size() == 2);
    CHECK(shelf.update(Files{{"mappings/b.lua", mapping("b")}, policy}, 3).size() == 1);
    CHECK(LuaMapper(shelf).mapping("a").ok());
  }
  SECTION("of the policy") {
    const Files renamed = {{"mappings/a.lua", mapping("a")}, {"policies/new.lua", tiers(9)}};
    CHECK(LuaScripts(shelf).check("policies/new.lua", tiers(9)).findings.size() == 1);
    CHECK(shelf.update(renamed, 2).empty());
    CHECK(LuaGate(shelf).limits("free").limit == 9);
  }
}

TEST_CASE("reload: files are read from the folders of a directory, whatever their size",
          "[script][reload]") {
  namespace fs = std::filesystem;
  const fs::path directory = fs::path(MORTISE_BINARY_DIR) / "script_reload_test";
  fs::remove_all(directory);
  CHECK(read_script_files(directory).error().code == Code::not_found);
  fs::create_directories(directory / "policies");
  std::ofstream(directory / "policies/tiers.lua") << tiers(2);
  std::ofstream(directory / "policies/notes.txt") << "not a script";
  std::ofstream(directory / "policies/huge.lua") << std::string(3 << 20, ' ');
  const auto files = read_script_files(directory);
  REQUIRE(files.ok());
  REQUIRE(files->size() == 2);
  CHECK((*files)[1].source == tiers(2));
  StatePool pool;
  const ScriptSet set = reload({}, *files, pool, 1);
  REQUIRE(set.at("policies/huge.lua").rejected.size() == 1);
  CHECK(set.at("policies/huge.lua").rejected[0].message == "longer than 64 KiB");
  fs::remove_all(directory);
}

TEST_CASE("reload: a link leads to a file of the same folder, or is not read", "[script][reload]") {
  namespace fs = std::filesystem;
  const fs::path directory = fs::path(MORTISE_BINARY_DIR) / "script_links_test";
  fs::remove_all(directory);
  fs::create_directories(directory / "mappings/..2026");
  std::ofstream(directory / "secret.key") << "7f00-and-more";
  fs::create_symlink("../secret.key", directory / "mappings/key.lua");
  // As a cluster mounts files that it is to exchange at once.
  std::ofstream(directory / "mappings/..2026/a.lua") << mapping("a");
  fs::create_symlink("..2026", directory / "mappings/..data");
  fs::create_symlink("..data/a.lua", directory / "mappings/a.lua");
  const auto files = read_script_files(directory);
  REQUIRE(files.ok());
  StatePool pool;
  const ScriptSet set = reload({}, *files, pool, 1);
  CHECK(set.at("mappings/a.lua").mapping);
  REQUIRE(set.at("mappings/key.lua").rejected.size() == 1);
  CHECK(set.at("mappings/key.lua").rejected[0].message ==
        "the file cannot be read: it is a link that leads out of its folder");
  fs::remove_all(directory);
}

TEST_CASE("reload: a file that cannot be read is told, and the others are read",
          "[script][reload]") {
  namespace fs = std::filesystem;
  const fs::path directory = fs::path(MORTISE_BINARY_DIR) / "script_unreadable_test";
  fs::remove_all(directory);
  fs::create_directories(directory / "mappings");
  fs::create_directories(directory / "policies" / "tiers.lua");  // a folder is no script
  REQUIRE(::mkfifo((directory / "mappings/pipe.lua").c_str(), 0600) == 0);
  fs::create_symlink(directory / "mappings/pipe.lua", directory / "mappings/pipe2.lua");
  std::ofstream(directory / "mappings/a.lua") << mapping("a");
  const auto files = read_script_files(directory);
  REQUIRE(files.ok());
  StatePool pool;
  const ScriptSet kept =
      reload({}, std::vector<ScriptFile>{{"policies/tiers.lua", tiers(2)}}, pool, 1);
  const ScriptSet set = reload(kept, *files, pool, 2);
  CHECK(set.at("mappings/a.lua").mapping);
  for (const char* pipe : {"mappings/pipe.lua", "mappings/pipe2.lua"}) {
    REQUIRE(set.at(pipe).rejected.size() == 1);
    CHECK(set.at(pipe).rejected[0].message == "the file cannot be read: it is no regular file");
  }
  CHECK(set.at("policies/tiers.lua").policy);  // the last good one
  REQUIRE(set.at("policies/tiers.lua").rejected.size() == 1);
  CHECK(set.at("policies/tiers.lua").rejected[0].message ==
        "the file cannot be read: it is no regular file");
  CHECK(reload(set,
               std::vector<ScriptFile>{{"policies/tiers.lua", tiers(2)},
                                       {"mappings/a.lua", mapping("a")}},
               pool, 3)
            .at("policies/tiers.lua")
            .rejected.empty());
  fs::remove_all(directory);
  fs::create_directories(directory);
  std::ofstream(directory / "mappings") << "not a folder";
  CHECK(read_script_files(directory).error().message.find("cannot list") == 0);
  fs::remove_all(directory);
}

TEST_CASE("pool: idle states share one budget, and the least recently used goes",
          "[script][pool]") {
  const ScriptText a = script_text("policies/a.lua", tiers(1)),
                   b = script_text("policies/b.lua", tiers(2));
  std::size_t one = 0;
  {
    StatePool pool;
    { CHECK(pool.take(a).ok()); }
    one = pool.idle_bytes();
    CHECK(pool.idle_states() == 1);
    {
      const auto first = pool.take(a), second = pool.take(a);  // two threads at once
      CHECK(pool.idle_states() == 0);
    }
    CHECK(pool.idle_states() == 2);
  }
  StatePool tight(one + one / 2);
  { CHECK(tight.take(a).ok()); }
  { CHECK(tight.take(b).ok()); }
  CHECK(tight.idle_states() == 1);
  CHECK(tight.idle_bytes() <= one + one / 2);
  StatePool none(0);
  { CHECK(none.take(a).ok()); }
  CHECK(none.idle_states() == 0);
}

TEST_CASE("pool: a state that ran into a wall is not used again", "[script][pool]") {
  StatePool pool;
  const ScriptText text = script_text("policies/a.lua", "return function() while true do end end");
  {
    auto lease = pool.take(text);
    REQUIRE(lease.ok());
    REQUIRE((*lease)->run([](auto*) {}).ok());
  }
  CHECK(pool.idle_states() == 1);
  const ScriptText endless = script_text("policies/b.lua", "while true do end");
  CHECK_FALSE(pool.take(endless).ok());
  CHECK(pool.idle_states() == 1);
}

TEST_CASE("policies: decisions on other threads go on while a hostile script is being checked",
          "[script][hostile]") {
  StatePool pool;
  ScriptShelf shelf(pool);
  REQUIRE(shelf.update(std::vector<ScriptFile>{{"policies/tiers.lua", tiers(2)}}, 1).empty());
  LuaGate gate(shelf);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, right{0};
  std::vector<std::thread> deciders;
  for (int i = 0; i < 3; ++i) {
    deciders.emplace_back([&] {
      while (!stop) {
        const bool under = gate.decide({"export.start", "", "free", "user", ""}, {1}).allow;
        const bool over = gate.decide({"export.start", "", "free", "user", ""}, {2}).allow;
        (under && !over ? right : wrong)++;
      }
    });
  }
  for (const char* hostile :
       {"while true do end", "local t = {} for i = 1, 1 << 40 do t[i] = {i} end",
        "return (('a'):rep(1000)):find('.-.-.-b')", "error({})",
        "local s = 'x' while true do s = s .. s end"}) {
    CHECK(check_script("policies/x.lua", hostile, pool).size() == 1);
    shelf.update(std::vector<ScriptFile>{{"policies/tiers.lua", hostile}}, 2);
  }
  stop = true;
  for (std::thread& decider : deciders) decider.join();
  CHECK(wrong == 0);
  CHECK(right > 0);
}
