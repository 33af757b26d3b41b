#include <time.h>

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "script/library.hpp"

using namespace mortise;
using namespace mortise::script;
using core::Json;

namespace {

struct Mappings {
  StatePool pool;
  ScriptShelf shelf{pool};

  Mappings() {
    const auto files = read_script_files(MORTISE_SOURCE_DIR "/scripts");
    REQUIRE(files.ok());
    REQUIRE(shelf.update(*files, 1).empty());
  }

  std::shared_ptr<const ports::Mapping> of(const std::string& connector) const {
    auto mapping = LuaMapper(shelf).mapping(connector);
    REQUIRE(mapping.ok());
    return *mapping;
  }
};

// A plan with modules x weeks x tasks, and two tasks in no week.
struct Example {
  core::Account account;
  core::Plan plan;
  std::vector<core::Task> tasks;
  core::JsonText settings = "{}";

  Example(int modules, int weeks, int per_week) {
    account.id = "acc";
    account.zone = "Europe/Madrid";
    plan.id = "pln_1";
    plan.title = "Swift";
    int week_number = 0;
    for (int m = 1; m <= modules; ++m) {
      core::Module module{"mod_" + std::to_string(m), "Module " + std::to_string(m), {}};
      for (int w = 1; w <= weeks; ++w) {
        ++week_number;
        const std::string id = "wek_" + std::to_string(week_number);
        module.weeks.push_back({id, week_number, "Milestone"});
        for (int t = 1; t <= per_week; ++t) add(id);
      }
      plan.modules.push_back(module);
    }
    add("");
    add("wek_unknown");
  }

  void add(const std::string& week) {
    core::Task task;
    task.id = "tsk_" + std::to_string(tasks.size() + 1);
    task.plan_id = plan.id;
    task.week_id = week;
    task.position = static_cast<std::int64_t>(tasks.size() + 1) * 1024;
    task.title = "Task " + std::to_string(tasks.size() + 1);
    task.duration_s = 5760;
    task.link = "https://example.org/" + task.id;
    task.due = "2026-11-23";
    task.schedule = {core::ScheduleKind::timed, core::ScheduleOrigin::computed,
                     "2026-11-23T18:00:00", "", ""};
    tasks.push_back(task);
  }

  ports::MappingInput input() const {
    return {&account, &plan, tasks, settings, "Europe/Madrid", "https://plans.example.org"};
  }
};

Json parsed(const core::JsonText& text) {
  return Json::parse(text);
}

// Parents come first, siblings in order, keys once.
void check_tree(const std::vector<ports::DesiredItem>& items) {
  std::map<std::string, std::string> last_child;
  std::map<std::string, int> seen;
  for (const ports::DesiredItem& item : items) {
    INFO(item.key);
    CHECK(++seen[item.key] == 1);
    if (!item.parent_key.empty()) CHECK(seen.count(item.parent_key) == 1);
    CHECK(item.after_key == last_child[item.parent_key]);
    last_child[item.parent_key] = item.key;
    CHECK(parsed(item.fields).is_object());
    CHECK_FALSE(item.title.empty());
  }
}

}  // namespace

TEST_CASE("notion: layout pages is a page per module, a section per week, a todo per task",
          "[script][mapping]") {
  const Mappings mappings;
  const Example example(2, 3, 4);
  const auto desired = mappings.of("notion")->desired(example.input());
  REQUIRE(desired.ok());
  CHECK(desired->parked.empty());
  check_tree(desired->items);
  std::map<std::string, int> kinds;
  for (const ports::DesiredItem& item : desired->items) ++kinds[item.kind];
  CHECK(kinds == std::map<std::string, int>{{"page", 3}, {"section", 6}, {"todo", 26}});
  CHECK(desired->items[0].key == "plan:pln_1");
  const Json page = parsed(desired->items[0].fields);
  CHECK(page["title"] == "Swift");
  CHECK(page["help"].size() == 3);
  const auto& last = desired->items.back();
  CHECK(last.key == "task:tsk_26");
  CHECK(last.parent_key == "plan:pln_1");
  CHECK(last.task_id == "tsk_26");
  const Json todo = parsed(last.fields);
  CHECK(todo == Json{{"text", "Task 26"},
                     {"checked", false},
                     {"link", "https://example.org/tsk_26"},
                     {"detail", "1 h 36 min \u00b7 due 2026-11-23"}});
}

TEST_CASE("notion: layout database is one table with a row per task", "[script][mapping]") {
  const Mappings mappings;
  Example example(2, 3, 4);
  example.settings = R"({"layout":"database"})";
  const auto desired = mappings.of("notion")->desired(example.input());
  REQUIRE(desired.ok());
  check_tree(desired->items);
  REQUIRE(desired->items.size() == 28);
  CHECK(desired->items[1].kind == "database");
  CHECK(desired->items[1].key == "table:pln_1");
  std::vector<std::string> columns;
  const Json table = parsed(desired->items[1].fields);
  for (const Json& column : table["columns"]) columns.push_back(column["name"]);
  CHECK(columns == std::vector<std::string>{"Task", "Due Date", "Status", "Resource Link",
                                            "Duration", "Order"});
  CHECK(parsed(desired->items[2].fields) == Json{{"Task", "Task 1"},
                                                 {"Due Date", {{"start", "2026-11-23"}}},
                                                 {"Status", "Not started"},
                                                 {"Resource Link", "https://example.org/tsk_1"},
                                                 {"Duration", 96},
                                                 {"Order", 1024}});
}

TEST_CASE("google calendar: an event per task that has a time or a day", "[script][mapping]") {
  const Mappings mappings;
  Example example(1, 1, 3);
  example.tasks[1].schedule = {};
  example.tasks[1].due = "";
  example.tasks[2].status = core::TaskStatus::cancelled;
  const auto desired = mappings.of("google_calendar")->desired(example.input());
  REQUIRE(desired.ok());
  check_tree(desired->items);
  REQUIRE(desired->items.size() == 3);
  CHECK(parsed(desired->items[0].fields) ==
        Json{{"title", "Task 1"},
             {"description", "Link: https://example.org/tsk_1"},
             {"start", "2026-11-23T18:00:00"},
             {"timeZone", "Europe/Madrid"},
             {"duration", "PT1H36M"},
             {"alerts", {{{"method", "popup"}, {"minutes", 30}}}},
             {"links",
              {{{"href", "https://plans.example.org/?task=tsk_1"}, {"title", "Swift"}},
               {{"href", "https://example.org/tsk_1"}, {"title", "Resource"}}}}});
}

TEST_CASE("google calendar: the zone is the task's, then the plan's, the account's, the host's",
          "[script][mapping]") {
  const Mappings mappings;
  const auto mapping = mappings.of("google_calendar");
  Example example(0, 0, 0);
  const auto zone = [&] {
    const auto desired = mapping->desired(example.input());
    REQUIRE(desired.ok());
    return parsed(desired->items.at(0).fields)["timeZone"].get<std::string>();
  };
  example.account.zone = "";
  CHECK(zone() == "Europe/Madrid");
  example.account.zone = "Asia/Tokyo";
  CHECK(zone() == "Asia/Tokyo");
  example.plan.zone = "Europe/Paris";
  CHECK(zone() == "Europe/Paris");
  example.tasks[0].schedule.zone = "America/New_York";
  CHECK(zone() == "America/New_York");
}

TEST_CASE("mapping: the same input gives the same bytes, from every state", "[script][mapping]") {
  const Mappings mappings, others;
  const Example example(3, 2, 2);
  for (const char* connector : {"notion", "google_calendar"}) {
    const auto first = mappings.of(connector)->desired(example.input());
    const auto second = mappings.of(connector)->desired(example.input());
    const auto third = others.of(connector)->desired(example.input());
    REQUIRE((first.ok() && second.ok() && third.ok()));
    REQUIRE(first->items.size() == third->items.size());
    for (std::size_t i = 0; i < first->items.size(); ++i) {
      CHECK(first->items[i].key == third->items[i].key);
      CHECK(first->items[i].fields == second->items[i].fields);
      CHECK(first->items[i].fields == third->items[i].fields);
    }
  }
}

TEST_CASE("mapping: settings are checked when set, and filled in when used", "[script][mapping]") {
  const Mappings mappings;
  const auto notion = mappings.of("notion");
  CHECK(parsed(notion->settings("{}"))["layout"] == "pages");
  CHECK(parsed(notion->settings(R"({"layout":"database"})"))["layout"] == "database");
  CHECK(notion->check_settings(R"({"layout":"database"})"));
  CHECK(notion->check_settings(R"({"layuot":"pages"})").error().message ==
        "there is no setting 'layuot'; did you mean 'layout'?");
  CHECK(notion->check_settings(R"({"layout":"page"})").error().message ==
        "setting 'layout' cannot be 'page'; did you mean 'pages'?");
  CHECK(notion->check_settings(R"({"layout":7})").error().code == Code::invalid);
  CHECK(notion->check_settings("[]").error().code == Code::invalid);
  CHECK(notion->check_settings("{").error().code == Code::invalid);
  const auto google = mappings.of("google_calendar");
  CHECK(google->check_settings(R"({"reminder_minutes":40321})").error().message ==
        "setting 'reminder_minutes' takes a whole number from 0 to 40320");
  const Json schema = parsed(google->settings_schema());
  REQUIRE(schema.size() == 4);
  CHECK(schema[0]["name"] == "color");
  CHECK(schema[0]["choices"].size() == 12);
  CHECK(schema[1]["name"] == "conflicts");
  CHECK(schema[1]["default"] == "merge");
  CHECK(schema[3]["type"] == "integer");
  CHECK(schema[3]["most"] == 40320);
  CHECK(schema[3]["default"] == 30);
  // What was stored under an older revision and fits no more counts as not set.
  Example example(0, 0, 0);
  example.settings = R"({"gone":1,"layout":"cards"})";
  CHECK(parsed(notion->settings(example.settings)) == parsed(notion->settings("{}")));
  CHECK(notion->desired(example.input()).ok());
  CHECK(parsed(notion->desired(example.input())->items[0].fields)["title"] == "Swift");
}

TEST_CASE("mapping: the way back changes only what was edited", "[script][mapping]") {
  const Mappings mappings;
  const Example example(1, 1, 1);
  const auto input = example.input();
  const auto notion = mappings.of("notion");
  const auto back = [&](const char* kind, const char* changed) {
    const auto change = notion->task_change(kind, changed, example.tasks[0], input);
    INFO((change ? "" : change.error().message));
    REQUIRE(change.ok());
    CHECK(change->dropped.empty());
    return parsed(change->patch);
  };
  CHECK(back("todo", R"({"checked":true})") == Json{{"status", "done"}});
  CHECK(back("todo", R"({"checked":false})") == Json{{"status", "todo"}});
  CHECK(back("todo", R"({"text":"New","link":null})") == Json{{"title", "New"}, {"link", nullptr}});
  CHECK(back("todo", R"({"detail":"1 h"})") == Json::object());
  CHECK(back("todo", R"({"unknown":"x"})") == Json::object());
  CHECK(back("row", R"({"Order":7})") == Json::object());
  CHECK(back("row", R"({"Due Date":{"start":"2026-12-01"},"Duration":30,"Status":"Done"})") ==
        Json{{"due", "2026-12-01"}, {"duration_s", 1800}, {"status", "done"}});
  CHECK(back("row", R"({"Duration":null,"Due Date":null})") ==
        Json{{"duration_s", nullptr}, {"due", nullptr}});
}

TEST_CASE("mapping: a way back that loses something is refused", "[script][mapping]") {
  const Mappings mappings;
  const Example example(1, 1, 1);
  const auto notion = mappings.of("notion");
  StatePool pool;
  const auto strict = MappingScript::load(
      script_text("mappings/x.lua",
                  "return mapping { connector = 'x', plan = function(plan) return "
                  "rows(plan.tasks) end,\n"
                  "fields = { row = { { task = 'due', item = 'Due Date', via = day } } },\n"
                  "examples = { { task = { title = 'a' }, kind = 'row', want = {} } } }"),
      pool);
  REQUIRE(strict.script);
  const auto lossy = strict.script->task_change(
      "row", R"({"Due Date":{"start":"2026-12-01T09:00:00","time_zone":"Europe/Madrid"}})",
      example.tasks[0], example.input());
  REQUIRE_FALSE(lossy.ok());
  CHECK(lossy.error().code == Code::invalid);
  CHECK(lossy.error().reason == "lossy_mapping");
  const auto unknown =
      notion->task_change("row", R"({"Status":"Blocked"})", example.tasks[0], example.input());
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message.find("lookup has no value of the service 'Blocked'") !=
        std::string::npos);
  CHECK(notion->task_change("event", "{}", example.tasks[0], example.input())
            .error()
            .message.find("fields has no 'event'") != std::string::npos);
}

TEST_CASE("notion: of a date with a time or of a range the day is taken, as it is written",
          "[script][mapping]") {
  const Mappings mappings;
  const Example example(1, 1, 1);
  const auto notion = mappings.of("notion");
  for (const char* written :
       {R"({"start":"2026-12-01T09:00:00","time_zone":"Europe/Madrid"})",
        R"({"start":"2026-12-01T00:30:00+01:00"})", R"({"start":"2026-12-01T23:30:00-08:00"})",
        R"({"start":"2026-12-01","end":"2026-12-04"})",
        R"({"start":"2026-12-01T09:00:00+01:00","end":"2026-12-02T10:00:00+01:00"})"}) {
    INFO(written);
    const auto change =
        notion->task_change("row", std::string(R"({"Duration":30,"Due Date":)") + written + "}",
                            example.tasks[0], example.input());
    REQUIRE(change.ok());
    CHECK(parsed(change->patch) == Json{{"due", "2026-12-01"}, {"duration_s", 1800}});
    CHECK(change->dropped.empty());
    // What is not taken whole is not to be written there.
    CHECK(change->taken == std::vector<std::string>{"Duration"});
  }
}

TEST_CASE("mapping: a lossy line keeps what it gave, or nothing is taken", "[script][mapping]") {
  StatePool pool;
  const Example example(1, 1, 1);
  const auto after = [&](const std::string& to_task, const std::string& more) {
    const auto checked = MappingScript::load(
        script_text("mappings/x.lua",
                    "return mapping { connector = 'x', plan = function(plan) return "
                    "rows(plan.tasks) end,\nfields = { row = {\n"
                    "{ task = 'title', item = 'Task', lossy = true, to_item = function(value) "
                    "return value end,\nto_task = function(value) return " +
                        to_task + " end }, " + more +
                        " } },\nexamples = { { task = { title = 'a' }, kind = 'row', want = { Task "
                        "= 'a' } } } }"),
        pool);
    REQUIRE(checked.script);
    const auto change = checked.script->task_change("row", R"({"Task":"A long word","Other":"b"})",
                                                    example.tasks[0], example.input());
    return change ? parsed(change->patch).value("title", "") : change.error().reason;
  };
  CHECK(after("value:sub(1, 6)", "") == "A long");
  CHECK(after("value .. '!'", "") == "lossy_mapping");
  CHECK(after("none", "") == "lossy_mapping");
  // A later line has another word for the same.
  CHECK(after("value:sub(1, 6)",
              "{ item = 'Other', to_item = function(task) return task.title end,\n"
              "to_task = function(value) return { title = value } end }") == "b");
}

TEST_CASE("google calendar: no word that is written into a description is lost unseen",
          "[script][mapping]") {
  const Mappings mappings;
  const auto google = mappings.of("google_calendar");
  Example example(1, 1, 1);
  core::Task& task = example.tasks[0];
  const auto after = [&](const std::string& notes, const std::string& text) {
    task.notes = notes;
    task.link = "https://example.org/gen";
    const core::JsonText changed = Json{{"description", text}}.dump();
    const auto change = google->task_change("event", changed, task, example.input());
    if (!change) return change.error().reason;
    CHECK(change->dropped.empty());
    return parsed(change->patch).at("notes").get<std::string>();
  };
  const std::string below = "Link: https://example.org/gen";
  CHECK(after("my notes", "my notes, longer\n\n" + below) == "my notes, longer");
  CHECK(after("my notes", "my notes\n\n" + below + "\n\nBring laptop") ==
        "my notes\n\n" + below + "\n\nBring laptop");
  CHECK(after("my notes", below + "\n\nmy notes") == below + "\n\nmy notes");
  CHECK(after("my notes", "my notes\n" + below) == "my notes\n" + below);
  CHECK(after("", below + "\n\nBring laptop") == below + "\n\nBring laptop");
  CHECK(after("a", "a\n\n" + below + "\n\nb\n\n" + below) == "a\n\n" + below + "\n\nb\n\n" + below);
  CHECK(after("my notes", "All new") == "lossy_mapping");
  CHECK(after("my notes", below + "eric") == "lossy_mapping");
}

TEST_CASE("mapping: what a way back takes nothing of is named, and the rest is taken",
          "[script][mapping]") {
  const Mappings mappings;
  const Example example(1, 1, 1);
  const auto google = mappings.of("google_calendar");
  const auto change = google->task_change("event", R"({"title":"New","alerts":[]})",
                                          example.tasks[0], example.input());
  REQUIRE(change.ok());
  CHECK(parsed(change->patch) == Json{{"title", "New"}});
  CHECK(change->dropped == std::vector<std::string>{"alerts"});
  // Of two fields one breaks the law: the description without the line that the app writes below.
  Example linked(1, 1, 1);
  linked.tasks[0].link = "https://example.org/1";
  const auto cleared = google->task_change("event", R"({"title":"New","description":null})",
                                           linked.tasks[0], linked.input());
  REQUIRE(cleared.ok());
  CHECK(parsed(cleared->patch) == Json{{"title", "New"}});
  CHECK(cleared->dropped == std::vector<std::string>{"description"});
  // From timed to all day: the zone's line says nothing, and is right.
  const auto day = google->task_change(
      "event", R"({"start":"2026-12-01","showWithoutTime":true,"duration":"P1D","timeZone":null})",
      example.tasks[0], example.input());
  REQUIRE(day.ok());
  CHECK(std::find(day->dropped.begin(), day->dropped.end(), "timeZone") == day->dropped.end());
}

TEST_CASE("google calendar: random edits either come back whole or are refused",
          "[script][mapping][random]") {
  const Mappings mappings;
  const auto google = mappings.of("google_calendar");
  Example example(1, 1, 1);
  unsigned seed = 20'261'120;
  INFO("seed " << seed);
  const auto pick = [&](std::initializer_list<const char*> choices) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    return std::string(*(choices.begin() + (seed >> 8) % choices.size()));
  };
  int taken = 0;
  for (int round = 0; round < 300; ++round) {
    core::Task& task = example.tasks[0];
    task.status = pick({"a", "b"}) == "a" ? core::TaskStatus::done : core::TaskStatus::doing;
    task.notes = pick({"", "Notes.", "Two\nlines"});
    task.link = pick({"", "https://example.org/1"});
    const std::string edit =
        "{" + pick({R"("title":"X")", R"("title":"✓ X")", R"("title":"")", R"("color":"red")"}) +
        "," +
        pick({R"("start":"2026-12-01T07:15:00")",
              R"("start":"2026-12-01","showWithoutTime":true,"duration":"P1D","timeZone":null)",
              R"("duration":"PT10M")", R"("duration":"P1D")", R"("location":"Here")"}) +
        "," +
        pick({R"("description":"Other")", R"("description":"Other\n\nLink: https://example.org/1")",
              R"("description":null)", R"("alerts":[{"method":"popup","minutes":5}])",
              R"("alerts":[])"}) +
        "}";
    INFO(edit);
    const auto change = google->task_change("event", edit, task, example.input());
    if (!change) {
      CHECK((change.error().reason == "lossy_mapping" || change.error().reason == "script_error"));
      continue;
    }
    ++taken;
    const Json fields = parsed(change->patch);
    for (const auto& field : fields.items()) {
      CHECK(std::string("title status notes schedule duration_s location color reminders")
                .find(field.key()) != std::string::npos);
    }
  }
  CHECK(taken > 50);
}

TEST_CASE("mapping: a task that errs is parked, the others go on", "[script][mapping]") {
  StatePool pool;
  const char* source =
      "return mapping { connector = 'x', plan = function(plan) return events(plan.tasks) end,\n"
      "fields = { event = { { item = 'title', to_item = function(task)\n"
      "  if task.title == 'Task 2' then error('no') end\n"
      "  if task.title == 'Task 3' then while true do end end\n"
      "  if task.title == 'Task 4' then return 1.5 end\n"
      "  if task.title == 'Task 5' then return task.title:sub(1, 1) .. '\\xff' end\n"
      "  return task.title end } } },\n"
      "examples = { { task = { title = 'a' }, kind = 'event', want = { title = 'a' } } } }";
  const auto checked = MappingScript::load(script_text("mappings/x.lua", source), pool);
  REQUIRE(checked.script);
  const Example example(1, 1, 5);
  const auto desired = checked.script->desired(example.input());
  REQUIRE(desired.ok());
  CHECK(desired->items.size() == 3);
  REQUIRE(desired->parked.size() == 4);
  CHECK(desired->parked[0].key == "task:tsk_2");
  CHECK(desired->parked[0].error.message == "mappings/x.lua:3: no");
  CHECK(desired->parked[1].error.reason == "script_budget");
  CHECK(desired->parked[2].error.message.find("mappings/x.lua:2: 1.5") == 0);
  CHECK(desired->parked[3].error.message ==
        "mappings/x.lua:2: a text that is not UTF-8 (cut inside a character?)");
}

TEST_CASE("mapping: tasks that keep running into a wall end the run", "[script][mapping]") {
  StatePool pool;
  const char* source =
      "return mapping { connector = 'x', plan = function(plan) return events(plan.tasks) end,\n"
      "fields = { event = { { item = 'title', to_item = function(task)\n"
      "  if task.title ~= 'a' then while true do end end return task.title end } } },\n"
      "examples = { { task = { title = 'a' }, kind = 'event', want = { title = 'a' } } } }";
  const auto checked = MappingScript::load(script_text("mappings/x.lua", source), pool);
  REQUIRE(checked.script);
  const Example example(1, 1, 50);
  const auto desired = checked.script->desired(example.input());
  REQUIRE_FALSE(desired.ok());
  CHECK(desired.error().reason == "script_budget");
}

TEST_CASE("mapping: trees that make no sense are refused", "[script][mapping][hostile]") {
  Limits limits;
  limits.cpu_us =
      10'000'000;  // what is refused here is refused for what it is, however slow the build
  StatePool pool(0, limits);
  const auto refused = [&](const std::string& body) {
    const std::string source =
        "return mapping { connector = 'x', plan = function(plan, settings) " + body +
        " end, fields = { event = { { task = 'title', item = 'title' } } },\n"
        "examples = { { plan = {}, tasks = { { title = 'a' } }, want = {} } } }";
    const Findings findings = check_script("mappings/x.lua", source, pool);
    INFO(body);
    REQUIRE_FALSE(findings.empty());
    INFO(findings.front().message);
    return findings.front().message;
  };
  const auto has = [](const std::string& text, const char* part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(refused("return 1"), "plan() answers with");
  has(refused("return nil"), "plan() answers with");
  has(refused("return plan"), "a list in the tree has no ");
  has(refused("return plan.tasks"), "a 'tasks' has no place");
  has(refused("return page { title = 'x' }"), "a page needs a key");
  has(refused("return page { key = 'x', title = 'x' }"), "looks like 'plan:<id>'");
  has(refused("return page { key = plan.key, children = { todos(plan.tasks), rows(plan.tasks) } }"),
      "rows cannot stand in a page");
  has(refused("return rows(plan.tasks)"), "rows cannot stand at the top");
  has(refused("return page { key = plan.key, children = events(plan.tasks) }"),
      "events cannot stand in a page");
  has(refused("return todos({})"), "takes tasks");
  has(refused("return each(plan.tasks, function() end)"), "tasks are mapped one at a time");
  has(refused("local p = page { key = plan.key } p.children = p return p"), "is there twice");
  has(refused("local t = {} t[1] = t return t"), "the tree is deeper than");
  has(refused("local t = {} for i = 1, 20000 do t[i] = page { key = 'a:' .. i } end return t"),
      "more than 10000 containers");
  has(refused("local s = ('x'):rep(60000) local t = {} for i = 1, 100 do t[i] = page { key = 'a:' "
              ".. i, title = s } "
              "end return t"),
      "2 MiB");
  has(refused("local d = {'x'} for i = 1, 60 do d = {d, d} end return page { key = plan.key, help "
              "= d }"),
      "nested deeper");
  has(refused("local d = {'x'} for i = 1, 25 do d = {d, d} end return page { key = plan.key, help "
              "= d }"),
      "values");
  has(refused("local d = {} d[1] = d return page { key = plan.key, help = d }"),
      "inside themselves");
  has(refused("return page { key = plan.key, help = { function() end } }"),
      "a function, where a value is expected");
  has(refused("return page { key = plan.key, help = { 1, a = 2 } }"), "both a list and has 'a'");
  has(refused("return database { key = plan.key, columns = {} }"),
      "exactly one column of type title");
  has(refused("times.add('2026-11-23T18:00:00', 1 << 60)"), "too far away");
  has(refused("times.add('yesterday', 1)"), "yesterday");
  has(refused("times.add('2026-11-23T18:00:00', 1, 'Europe/Madird')"), "Europe/Madrid");
  has(refused("checked.to_item = nil"), "no new part of a transform");
  has(refused("join('')"), "a separator is needed");
  has(refused("while true do with({}, {}) end"), "in one call");
}

TEST_CASE("times: hours are real hours when clocks change", "[script][times]") {
  StatePool pool;
  const std::string source =
      "local function is(got, want) if got ~= want then error(tostring(got)) end end\n"
      "is(times.add('2026-10-25T01:30:00', 7200, 'Europe/Madrid'), '2026-10-25T02:30:00')\n"
      "is(times.add('2026-03-29T01:30:00', 3600, 'Europe/Madrid'), '2026-03-29T03:30:00')\n"
      "is(times.add('2026-11-23T23:30:00', 3600), '2026-11-24T00:30:00')\n"
      "is(times.between('2026-03-29T01:30:00', '2026-03-29T03:30:00', 'Europe/Madrid'), 3600)\n"
      "is(times.between('2026-03-29T01:30:00', '2026-03-29T03:30:00'), 7200)\n"
      "is(times.add_days('2026-02-28', 1), '2026-03-01')\n"
      "is(times.days('2026-02-28', '2026-03-02'), 2)\n"
      "is(times.duration(5760), 'PT1H36M')\n"
      "is(times.day_duration(2), 'P2D')\n"
      "is(times.seconds('PT1H36M'), 5760)\n"
      "is(times.in_zone('2026-11-23T18:00:00+01:00', 'America/New_York'), '2026-11-23T12:00:00')\n"
      "is(times.in_zone('2026-11-23T18:00:00', 'America/New_York'), '2026-11-23T18:00:00')\n"
      "return policy { tiers = { a = { outside_progress = true } }, default = 'a',\n"
      "examples = { { ask = { action = 'outside_progress' }, want = 'allow' } } }";
  for (const ports::ScriptFinding& finding : check_script("policies/t.lua", source, pool)) {
    FAIL_CHECK(finding.line << ": " << finding.message);
  }
}

TEST_CASE("mapping: memory in the sandbox does not grow with the tasks of a plan",
          "[script][mapping]") {
  const Mappings mappings;
  const auto idle_after = [&](const Example& example) {
    for (int i = 0; i < 3; ++i) REQUIRE(mappings.of("notion")->desired(example.input()).ok());
    return static_cast<std::int64_t>(mappings.pool.idle_bytes());
  };
  const std::int64_t few = idle_after(Example(2, 10, 2));
  const std::int64_t many = idle_after(Example(2, 10, 60));
  CHECK(many - few < 100 * 1024);
}

namespace {

double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

}  // namespace

TEST_CASE("bench: 3,330 tasks mapped, and decisions", "[.bench]") {
  const Mappings mappings;
  Example example(15, 44, 5);
  const auto measure = [&](const char* connector, const char* settings) {
    example.settings = settings;
    const double started = cpu_us();
    const auto desired = mappings.of(connector)->desired(example.input());
    const double took = cpu_us() - started;
    REQUIRE(desired.ok());
    const auto tasks = static_cast<double>(example.tasks.size());
    WARN(connector << " " << settings << ": " << took / 1e3 << " ms of CPU, " << took / tasks
                   << " microseconds a task");
  };
  measure("notion", R"({"layout":"pages"})");
  measure("notion", R"({"layout":"database"})");
  measure("google_calendar", "{}");
  LuaGate gate(mappings.shelf);
  const double started = cpu_us();
  for (int i = 0; i < 100'000; ++i) {
    if (!gate.decide({"export.start", "acc", "free", "user", "notion"}, {1}).allow) FAIL();
  }
  WARN("a decision takes " << (cpu_us() - started) / 100'000 << " microseconds of CPU");
}
