// What an edit of a script would change, asked on the command line: a store, a connector and the
// sandbox as in a host that serves.
#include <catch2/catch.hpp>
#include <filesystem>

#include "app/console.hpp"
#include "app/system.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "store/key.hpp"
#include "store/sql_store.hpp"

namespace mortise::tests {
namespace {

using Catch::Contains;

constexpr const char* kMapping = R"(
return mapping {
  connector = "memory",
  settings = { loud = flag { default = false } },
  plan = function(plan) return page { key = plan.key, title = plan.title, todos = plan.tasks } end,
  fields = { todo = {
    { item = "text", to_item = function(task, here) return task.title end },
    { item = "detail", to_item = function(task) return task.notes end },
  } },
  examples = { { task = { title = "Read" }, kind = "todo", want = { text = "Read" } } },
})";

std::string with(std::string source, const std::string& from, const std::string& to) {
  const std::size_t at = source.find(from);
  REQUIRE(at != std::string::npos);
  return source.replace(at, from.size(), to);
}

/// An installation whose plan of two tasks stands at "memory" as the active mapping wants it.
struct Installation {
  Console console;
  app::SystemClock clock;
  app::SystemRandom random;

  Installation() {
    install(console);
    namespace fs = std::filesystem;
    fs::create_directories(console.file("plugins"));
    fs::copy(MORTISE_BINARY_DIR "/plugins/memory", console.file("plugins/memory"),
             fs::copy_options::recursive);
    fs::create_directories(console.file("scripts/policies"));
    fs::copy(MORTISE_SOURCE_DIR "/scripts/policies/tiers.lua",
             console.file("scripts/policies/tiers.lua"));
    console.write("scripts/mappings/memory.lua", kMapping);
    ports::Changes changes;
    for (const char* id : {"ann", "bob"}) {
      core::Account account;
      account.id = id;
      account.tier = "free";
      core::Plan plan;
      plan.id = std::string("pln_") + id;
      plan.account_id = id;
      plan.title = "Swift";
      core::Connection connection;
      connection.id = std::string("cnn_") + id;
      connection.account_id = id;
      connection.connector = "memory";
      connection.target.id = "shelf";
      changes.insert(changes.end(),
                     {ports::put(account), ports::put(plan), ports::put(connection)});
    }
    changes.push_back(ports::put(pair("plan:pln_ann", "page", "", R"({"title":"Swift"})")));
    for (const char* title : {"Read", "Build"}) {
      core::Task task;
      task.id = std::string("tsk_") + title;
      task.plan_id = "pln_ann";
      task.account_id = "ann";
      task.title = title;
      changes.push_back(ports::put(task));
      changes.push_back(ports::put(pair("task:" + task.id, "todo", "plan:pln_ann",
                                        std::string(R"({"text":")") + title + R"("})")));
    }
    auto store = open();
    REQUIRE(store->commit(std::move(changes), ports::Durability::full).ok());
  }

  core::Pair pair(const std::string& key, const std::string& kind, const std::string& parent,
                  const core::JsonText& fields) const {
    core::Pair made;
    made.connection_id = "cnn_ann";
    made.plan_id = "pln_ann";
    made.key = key;
    made.kind = kind;
    made.parent_key = parent;
    made.remote_id = "there " + key;
    made.fields = fields;
    made.sent_hash = made.seen_hash = core::content_hash(fields);
    return made;
  }

  std::unique_ptr<ports::Store> open() {
    store::KeySources sources;
    sources.environment = [](const std::string&) { return std::nullopt; };
    sources.file = console.file("master.key");
    auto key = store::find_master_key(sources);
    REQUIRE(key.ok());
    auto store = store::open_store({.path = console.file("data/mortise.db"),
                                    .key = *key,
                                    .random = random,
                                    .clock = clock,
                                    .version = "test"});
    REQUIRE(store.ok());
    return std::move(*store);
  }

  Said preview(const std::string& file, const std::string& source,
               std::vector<std::string> options = {"--connection", "cnn_ann"}) {
    std::vector<std::string> words = {"script", "preview", console.write("edited/" + file, source)};
    words.insert(words.end(), options.begin(), options.end());
    return console.run(words);
  }
};

}  // namespace

TEST_CASE("script preview: an edit of a mapping shows what it would write, and writes nothing",
          "[app][scripts]") {
  Installation at;
  const std::string loud = with(kMapping, "return task.title end", "return task.title .. '!' end");
  const std::string edited =
      with(loud, R"(want = { text = "Read" })", R"(want = { text = "Read!" })");
  const Said same = at.preview("mappings/memory.lua", kMapping);
  CHECK(same.err == "");
  CHECK(same.exit == app::kOk);
  CHECK_THAT(same.out, Contains("edited: 0 create, 0 update") && !Contains("todo"));

  const Said said = at.preview("mappings/memory.lua", edited);
  CHECK(said.err == "");
  CHECK(said.exit == app::kOk);
  CHECK_THAT(said.out, Contains("pln_ann \"Swift\"") && Contains("now:    0 create, 0 update") &&
                           Contains("edited: 0 create, 2 update") &&
                           Contains("update  todo      Read\n          {\"text\":\"Read\"} -> "
                                    "{\"text\":\"Read!\"}"));
  CHECK(at.preview("mappings/memory.lua", edited).out == said.out);
  auto store = at.open();
  CHECK(store->pairs().of_plan("cnn_ann", "pln_ann")->size() == 3);
  CHECK(store->pairs().of_key("task:tsk_Read")->at(0).fields == R"({"text":"Read"})");
}

TEST_CASE("script preview: what an edit cannot map, and an edit that ends every run, are told",
          "[app][scripts]") {
  Installation at;
  const Said parked =
      at.preview("mappings/memory.lua",
                 with(kMapping, "return task.notes",
                      "if task.title == 'Build' then error('no') end return task.notes"));
  CHECK_THAT(parked.out, Contains("parked  Build: mappings/memory.lua:8: no"));
  CHECK(parked.exit == app::kOk);
  const Said ends =
      at.preview("mappings/memory.lua", with(kMapping, "function(plan) return page",
                                             "function(plan) assert(plan.id == 'p1') return page"));
  CHECK(ends.exit == app::kFound);
  CHECK_THAT(ends.out, Contains("edited: fails: mappings/memory.lua:"));
  const Said endless = at.preview(
      "mappings/memory.lua",
      with(kMapping, "return task.notes", "while task.title ~= 'Read' do end return task.notes"));
  CHECK_THAT(endless.out, Contains("steps in one call"));
}

TEST_CASE("script preview: a script that is wrong is told like in a check", "[app][scripts]") {
  Installation at;
  const Said said = at.preview("mappings/memory.lua", with(kMapping, "fields =", "feilds ="));
  CHECK(said.exit == app::kFound);
  CHECK_THAT(said.out, Contains(":6: a mapping has no 'feilds'; did you mean 'fields'?"));
}

TEST_CASE("script preview: unknown and foreign connections and plans are refused",
          "[app][scripts]") {
  Installation at;
  const auto refused = [&](std::vector<std::string> options) {
    const Said said = at.preview("mappings/memory.lua", kMapping, std::move(options));
    CHECK(said.out == "");
    CHECK_FALSE(said.err.empty());
    return said.exit;
  };
  CHECK(refused({}) == app::kUsage);
  CHECK(refused({"--connection", "cnn_nobody"}) == app::kFound);
  CHECK(refused({"--connection", "cnn_ann", "--plan", "pln_nobody"}) == app::kFound);
  CHECK(refused({"--connection", "cnn_ann", "--plan", "pln_bob"}) == app::kFound);
  const Said other = at.preview("mappings/other.lua", with(kMapping, "\"memory\"", "\"wobbly\""));
  CHECK(other.exit == app::kUsage);
  CHECK_THAT(other.err, Contains("is a connection of memory, the script is for wobbly"));
}

TEST_CASE("script preview: an edit of the policy shows limits and what accounts are answered",
          "[app][scripts]") {
  Installation at;
  std::string source = at.console.read("scripts/policies/tiers.lua");
  const Said same = at.preview("policies/tiers.lua", source, {});
  CHECK(same.exit == app::kOk);
  CHECK_THAT(same.out, Contains("2 accounts asked, 0 answered otherwise") && !Contains("->"));
  source = with(source, "exports_per_month = 2,         outside_progress = false",
                "exports_per_month = 0,         outside_progress = true");
  source = with(source, "used = { exports_this_month = 1 }, want = \"allow\", cost = 1",
                "used = { exports_this_month = 1 }, want = \"quota_exceeded\"");
  source = with(source, "tier = \"free\" }, want = \"not_in_tier\"",
                "tier = \"free\" }, want = \"allow\"");
  const Said said = at.preview("policies/tiers.lua", source, {});
  CHECK(said.err == "");
  CHECK_THAT(said.out, Contains("allowed at 1, limit 2 -> denied (quota_exceeded), limit 0") &&
                           Contains("denied (not_in_tier), limit 2 -> allowed at 0, limit 0") &&
                           Contains("account ann") &&
                           Contains("2 accounts asked, 2 answered otherwise"));
  CHECK(at.preview("policies/tiers.lua", source, {"--connection", "cnn_ann"}).exit == app::kUsage);
}

}  // namespace mortise::tests
