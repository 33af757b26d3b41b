// Whole operations against the simulated Notion, over HTTP.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "plugin/notion_world.hpp"

namespace {

using namespace notion_tests;
using Json = nlohmann::json;
using mortise::CallInput;
using mortise::Code;
using mortise::Item;
using mortise::ItemState;
using mortise::Operation;
using mortise::Outcome;
using mortise::Write;
using mortise::WriteResult;
using mortise::testing::Run;

std::map<WriteResult, int> tally(const Run& run) {
  std::map<WriteResult, int> count;
  for (const Outcome& each : run.outcomes()) ++count[each.result];
  return count;
}

Outcome outcome(const Run& run, std::uint32_t write) {
  for (const Outcome& each : run.outcomes()) {
    if (each.write == write) return each;
  }
  FAIL("no outcome for write " << write);
  return {};
}

std::vector<std::string> texts(const Run& run, const char* field) {
  std::vector<std::string> all;
  for (const Item& item : run.items()) all.push_back(Json::parse(item.fields).value(field, ""));
  return all;
}

// The person who consents in NotionWorld.
const std::string kAna = "6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01";

Run estimate(NotionWorld& world, std::vector<Write> writes) {
  CallInput call;
  call.operation = Operation::estimate;
  call.writes = std::move(writes);
  return world.run(std::move(call));
}

}  // namespace

TEST_CASE("notion: a plan of 666 weeks becomes pages in 18 writes, each task once and in order",
          "[notion][simulator]") {
  NotionWorld world;
  const auto writes = pages_plan(ossu_weeks(), 5);
  world.traffic();
  const Run run = world.write(writes);
  const NotionWorld::Traffic traffic = world.traffic();
  CHECK(traffic.writes == 18);
  CHECK(traffic.reads == 0);
  const Run told = estimate(world, writes);
  CHECK(told.estimated_writes() == 18);
  CHECK(told.estimated_reads() == 0);
  auto count = tally(run);
  CHECK(count[WriteResult::done] == 16 + 130);  // pages, and what was appended to the largest
  CHECK(count[WriteResult::done] + count[WriteResult::created_id_unknown] ==
        static_cast<int>(writes.size()));

  // Read back as the host resolves ids: every page, every section, in order.
  const Run modules = world.list(world.id_of("plan:p"), "page");
  REQUIRE(modules.items().size() == 15);
  CHECK(modules.completed() == std::vector<std::string>{world.id_of("plan:p")});
  int task = 0;
  int week = 0;
  for (const Item& module : modules.items()) {
    const Run sections = world.list(module.id, "page");
    for (const Item& section : sections.items()) {
      CHECK(Json::parse(section.fields).at("title") ==
            "Week " + std::to_string(++week) + ": a milestone");
      if (week % 60 != 1) {  // the rest would be 666 listings
        task += 5;
        continue;
      }
      const Run todos = world.list(section.id, "section");
      REQUIRE(todos.items().size() == 5);
      for (const Item& todo : todos.items()) {
        const Write& wanted = *std::find_if(writes.begin(), writes.end(), [&](const Write& each) {
          return each.key == "task:" + std::to_string(task + 1);
        });
        CHECK(Json::parse(todo.fields) == Json::parse(wanted.fields));
        ++task;
      }
    }
  }
  CHECK(week == 666);
  CHECK(task == 3330);
  world.check_against_the_description();
}

TEST_CASE("notion: a table takes one call per row, and rows are found by their keys",
          "[notion][simulator]") {
  NotionWorld world;
  const auto writes = table_plan(123);
  world.traffic();
  const Run run = world.write(writes);
  const NotionWorld::Traffic traffic = world.traffic();
  CHECK(traffic.writes == 125);
  CHECK(traffic.reads == 0);
  CHECK(estimate(world, writes).estimated_writes() == 125);
  CHECK(tally(run)[WriteResult::done] == 125);
  CHECK(Json::parse(outcome(run, 2).fields) == Json::parse(writes[2].fields));

  const Run rows = world.list(world.id_of("table:p"), "database");
  REQUIRE(rows.items().size() == 123);
  CHECK(rows.completed().size() == 1);
  std::set<std::string> keys;
  for (const Item& row : rows.items()) keys.insert(row.key);
  CHECK(keys.size() == 123);
  CHECK(rows.items()[0].parent_id == world.id_of("table:p"));

  CallInput find;
  find.operation = Operation::find;
  find.container_id = world.id_of("table:p");
  for (int i = 1; i <= 130; ++i) find.ids.push_back("task:" + std::to_string(i));
  CHECK(world.run(find).items().size() == 123);

  // One changed row: one call, with what the memo tells.
  Write retitled =
      update("row", world.id_of("task:5"), R"({"Task":"Renamed","Order":5})", {"Task"});
  retitled.memo = outcome(run, 6).memo;
  world.traffic();
  const Run renamed = world.write({retitled});
  const NotionWorld::Traffic one = world.traffic();
  CHECK(one.writes == 1);
  CHECK(one.reads == 0);
  CHECK(Json::parse(renamed.outcomes().at(0).fields).at("Task") == "Renamed");

  // One more row in a table of an earlier batch: its columns are read first.
  Write more =
      creation("row", "task:new", "table:p", "task:5", R"({"Task":"New","Status":"Done"})");
  const Run added = world.write({more});
  CHECK(tally(added)[WriteResult::done] == 1);
  const NotionWorld::Traffic other = world.traffic();
  CHECK(other.writes == 1);
  CHECK(other.reads == 2);
  CHECK(tally(world.write({removal("row", world.id_of("task:new"))}))[WriteResult::done] == 1);
  CHECK(tally(world.write({removal("row", world.id_of("task:new"))}))[WriteResult::done] == 1);
  world.check_against_the_description();
}

TEST_CASE("notion: a task is retitled, ticked, added and removed with one write each",
          "[notion][simulator]") {
  NotionWorld world;
  world.write(pages_plan({2}, 3));
  const Run sections = world.list(world.id_of("module:0"), "page");
  const std::string week = sections.items().at(0).id;
  const Run todos = world.list(week, "section");
  const std::string second = todos.items().at(1).id;
  const Json fields = Json::parse(todos.items().at(1).fields);
  world.traffic();

  Json retitled = fields;
  retitled["text"] = "Another title";
  const Run first = world.write({update("todo", second, retitled.dump(), {"text"})});
  CHECK(Json::parse(first.outcomes().at(0).fields) == retitled);
  Json ticked = retitled;
  ticked["checked"] = true;
  world.write({update("todo", second, ticked.dump(), {"checked"})});
  Write added = creation("todo", "task:mid", "", "", R"({"checked":false,"text":"In the middle"})");
  added.parent_id = week;
  added.after_id = second;
  world.write({added});
  world.write({removal("todo", todos.items().at(0).id)});
  const NotionWorld::Traffic traffic = world.traffic();
  CHECK(traffic.writes == 4);
  CHECK(traffic.reads == 0);
  CHECK(texts(world.list(week, "section"), "text") ==
        std::vector<std::string>{"Another title", "In the middle",
                                 "Task 3 of the curriculum, session"});

  // Before everything else in a section; and in a page below its help.
  Write ahead = creation("todo", "task:ahead", "", "", R"({"checked":false,"text":"Ahead"})");
  ahead.parent_id = week;
  Write on_page =
      creation("todo", "task:page", "", "", R"({"checked":false,"text":"On the page"})");
  on_page.parent_id = world.id_of("plan:p");
  const Run both = world.write({ahead, on_page});
  CHECK(tally(both)[WriteResult::done] == 2);
  CHECK(texts(world.list(week, "section"), "text").at(0) == "Ahead");
  const Json top = world.api("GET", "/v1/blocks/" + world.id_of("plan:p") + "/children", nullptr);
  CHECK(top["results"][0]["type"] == "callout");
  CHECK(top["results"][1]["type"] == "to_do");
  world.check_against_the_description();
}

TEST_CASE("notion: an update of what only a creation sets sends nothing", "[notion][simulator]") {
  NotionWorld world;
  world.write(pages_plan({1}, 1));
  world.traffic();
  const Run run = world.write({update("page", world.id_of("plan:p"),
                                      R"({"help":["Other words"],"title":"Plan"})", {"help"})});
  CHECK(run.outcomes().at(0).result == WriteResult::done);
  CHECK(world.traffic().writes == 0);
}

TEST_CASE("notion: what a 503 says was made is taken as made", "[notion][simulator]") {
  NotionWorld world;
  const auto writes = pages_plan({120, 3}, 2);
  world.fault({{"kind", "503_after"},
               {"provider", "notion"},
               {"write", true},
               {"says_committed", true},
               {"every", 1}});
  const Run run = world.write(writes);
  auto count = tally(run);
  CHECK(count[WriteResult::done] + count[WriteResult::created_id_unknown] ==
        static_cast<int>(writes.size()));
  CHECK(world.list(world.id_of("module:0"), "page").items().size() == 120);
}

TEST_CASE("notion: a lost answer leaves in doubt what it carried and stops what stands behind it",
          "[notion][simulator]") {
  NotionWorld world;
  const auto writes = pages_plan({120, 3}, 2);
  world.fault({{"kind", "drop_after"}, {"provider", "notion"}, {"route", "/v1/pages"}, {"nth", 2}});
  const Run run = world.write(writes);
  CHECK(outcome(run, 0).result == WriteResult::done);
  CHECK(outcome(run, 1).result == WriteResult::uncertain);  // the first module
  CHECK(outcome(run, 2).result == WriteResult::uncertain);  // its first week came along
  CHECK(run.outcomes().back().result == WriteResult::not_attempted);
  auto count = tally(run);
  CHECK(count[WriteResult::uncertain] == 1 + 100 * 3);
  CHECK(count[WriteResult::not_attempted] == 20 * 3 + 1 + 3 * 3);
}

TEST_CASE("notion: a full Notion plan is told in a sentence, and nothing more is sent",
          "[notion][simulator]") {
  NotionWorld world;
  world.control("POST", "notion/plan", {{"user", kAna}, {"block_limit", 400}});
  world.traffic();
  const Run run = world.write(pages_plan({60, 60, 60}, 4));
  bool told = false;
  for (const Outcome& each : run.outcomes()) {
    if (each.result != WriteResult::failed) continue;
    CHECK(each.error.code == Code::forbidden);
    told = told || each.error.message.find("used up the blocks of its plan") != std::string::npos;
  }
  CHECK(told);
  CHECK(tally(run)[WriteResult::not_attempted] == 0);
  CHECK(world.traffic().writes <= 4);
}

TEST_CASE("notion: reading by id tells pages, rows, tables, blocks and what is gone",
          "[notion][simulator]") {
  NotionWorld world;
  world.write(table_plan(2));
  Write todo = creation("todo", "task:x", "plan:p", "table:p", R"({"checked":true,"text":"x"})");
  world.write({todo});
  CallInput get;
  get.operation = Operation::get;
  get.ids = {world.id_of("plan:p"), world.id_of("table:p"), world.id_of("task:1"),
             world.id_of("task:x"), "11111111-2222-4333-8444-555555555555"};
  const Run run = world.run(get);
  REQUIRE(run.items().size() == 5);
  std::map<std::string, Item> items;
  for (const Item& item : run.items()) items[item.id] = item;
  CHECK(items[get.ids[0]].kind == "page");
  CHECK(items[get.ids[1]].kind == "database");
  CHECK(items[get.ids[2]].kind == "row");
  CHECK(items[get.ids[2]].key == "task:1");
  CHECK(items[get.ids[2]].parent_id == world.id_of("table:p"));
  CHECK(items[get.ids[3]].kind == "todo");
  CHECK(items[get.ids[4]].state == ItemState::absent);
  world.write({removal("page", world.id_of("plan:p"))});
  const Run gone = world.run(get);
  REQUIRE(gone.items().size() == 5);
  for (const Item& item : gone.items()) {
    CHECK(item.state == (item.id == get.ids[4] ? ItemState::absent : ItemState::deleted));
  }
  world.check_against_the_description();
}

TEST_CASE("notion: texts, links and values over every size are split, never refused",
          "[notion][simulator]") {
  NotionWorld world;
  const std::string long_text(9'000, 'x');
  std::string emoji;
  for (int i = 0; i < 1'500; ++i) emoji += "😀";
  const std::string long_link = "https://example.org/" + std::string(3'000, 'a');
  auto writes = table_plan(0);
  const Json row = {{"Task", long_text}, {"Resource Link", long_link}, {"Status", "Done"}};
  writes.push_back(creation("row", "task:long", "table:p", "", row.dump()));
  const Json huge = {{"Task", std::string(60'000, 'y')}};
  writes.push_back(creation("row", "task:huge", "table:p", "", huge.dump()));
  const Json todo = {{"text", emoji}, {"link", long_link}, {"checked", false}, {"detail", "d"}};
  writes.push_back(creation("todo", "task:todo", "plan:p", "", todo.dump()));
  const Json endless = {{"text", std::string(400'000, 'z')}, {"checked", false}};
  writes.push_back(creation("todo", "task:endless", "plan:p", "task:todo", endless.dump()));
  const Run run = world.write(writes);
  for (const Outcome& each : run.outcomes()) {
    INFO(each.error.message);
    CHECK(each.result == WriteResult::done);
  }
  const Run rows = world.list(world.id_of("table:p"), "database");
  std::map<std::string, Json> by_key;
  for (const Item& item : rows.items()) by_key[item.key] = Json::parse(item.fields);
  CHECK(by_key["task:long"]["Task"] == long_text);
  CHECK(by_key["task:huge"]["Task"] == std::string(60'000, 'y'));  // more than a page object shows
  CHECK_FALSE(by_key["task:long"].contains("Resource Link"));
  const Json body =
      world.api("GET", "/v1/blocks/" + world.id_of("task:long") + "/children", nullptr);
  CHECK(body["results"][0]["type"] == "paragraph");
  const Run page = world.list(world.id_of("plan:p"), "page");
  for (const Item& item : page.items()) {
    const Json fields = Json::parse(item.fields);
    if (item.id == world.id_of("task:todo")) {
      CHECK(fields.at("text") == emoji);
      CHECK_FALSE(fields.contains("link"));
      CHECK(fields.at("detail") == "d · " + long_link);
    }
    if (item.id == world.id_of("task:endless"))
      CHECK(fields.at("text").get<std::string>().size() == 200'000);
  }
  world.check_against_the_description();
}

TEST_CASE("notion: a section with more todos than a list may hold is completed by appends",
          "[notion][simulator]") {
  NotionWorld world;
  world.traffic();
  const Run run = world.write(pages_plan({3}, 250));
  auto count = tally(run);
  CHECK(count[WriteResult::done] + count[WriteResult::created_id_unknown] == 2 + 3 + 750);
  const NotionWorld::Traffic traffic = world.traffic();
  CHECK(traffic.reads == 0);
  CHECK(traffic.writes <= 2 + 3 * 3);
  const Run sections = world.list(world.id_of("module:0"), "page");
  REQUIRE(sections.items().size() == 3);
  const auto shown = texts(world.list(sections.items()[1].id, "section"), "text");
  REQUIRE(shown.size() == 250);
  CHECK(shown.front() == "Task 251 of the curriculum, session");
  CHECK(shown.back() == "Task 500 of the curriculum, session");
  world.check_against_the_description();
}

TEST_CASE("notion: a table follows its columns, and a column renamed at Notion is still known",
          "[notion][simulator]") {
  NotionWorld world;
  const auto writes = table_plan(1);
  const Run run = world.write(writes);
  Json fields = Json::parse(writes[1].fields);
  fields["columns"].push_back({{"name", "Room"}, {"type", "text"}});
  fields["columns"][0]["name"] = "What";
  fields["columns"][2]["options"].push_back("Cancelled");
  fields["title"] = "All tasks";
  Write altered = update("database", world.id_of("table:p"), fields.dump(), {"columns", "title"});
  altered.memo = outcome(run, 1).memo;
  world.traffic();
  CHECK(tally(world.write({altered}))[WriteResult::done] == 1);
  CHECK(world.traffic().writes == 2);
  const Json memo = Json::parse(altered.memo);
  const std::string source = memo.at("source");
  Json schema = world.api("GET", "/v1/data_sources/" + source, nullptr)["properties"];
  CHECK(schema.contains("What"));
  CHECK(schema.contains("Room"));
  CHECK(schema["Status"]["status"]["options"].size() == 4);
  CHECK(schema.contains("Mortise key"));
  // A second time nothing is left to do.
  world.traffic();
  Write again = altered;
  again.changed = {"columns"};
  CHECK(tally(world.write({again}))[WriteResult::done] == 1);
  CHECK(world.traffic().writes == 0);

  const std::string due = schema["Due Date"]["id"];
  world.api("PATCH", "/v1/data_sources/" + source,
            {{"properties", {{"Due Date", {{"name", "When"}}}}}});
  Write moved =
      update("row", world.id_of("task:1"), R"({"Due Date":{"start":"2027-01-02"}})", {"Due Date"});
  moved.memo = outcome(run, 2).memo;
  const Run sent = world.write({moved});
  CHECK(sent.outcomes().at(0).result == WriteResult::done);
  CHECK(Json::parse(sent.outcomes().at(0).fields).at("Due Date").at("start") == "2027-01-02");
  world.check_against_the_description();
}

TEST_CASE("notion: who the grant is of, where to work, and a page of our own made once",
          "[notion][simulator]") {
  NotionWorld world;
  CallInput who;
  who.operation = Operation::identity;
  who.token_reply = world.token_reply();
  world.traffic();
  const Json told = Json::parse(world.run(who).identity());
  CHECK(world.traffic().reads == 0);
  who.token_reply = "{}";
  const Json asked = Json::parse(world.run(who).identity());
  CHECK(told == asked);
  CHECK(told.at("email").get<std::string>().find('@') != std::string::npos);

  CallInput targets;
  targets.operation = Operation::targets;
  const Run offered = world.run(targets);
  CHECK_FALSE(offered.targets().empty());
  for (const auto& each : offered.targets()) CHECK_FALSE(each.is_default);
  CallInput making;
  making.operation = Operation::make_target;
  making.title = "Mortise";
  const Run made = world.run(making);
  const Run found = world.run(making);
  REQUIRE(made.targets().size() == 1);
  REQUIRE(found.targets().size() == 1);
  CHECK(made.targets()[0].id == found.targets()[0].id);
  world.check_against_the_description();
}

TEST_CASE("notion: what a conflict while saving kept out is made by the next try, once",
          "[notion][simulator]") {
  NotionWorld world;
  world.write(pages_plan({1}, 1));
  const Write todo =
      creation("todo", "task:x", "plan:p", "module:0", R"({"checked":false,"text":"x"})");
  world.fault({{"kind", "409"}, {"provider", "notion"}, {"write", true}, {"nth", 1}});
  const Run refused = world.write({todo});
  CHECK(refused.outcomes().at(0).result == WriteResult::failed);
  CHECK(refused.outcomes().at(0).error.code == Code::unavailable);
  CHECK(world.write({todo}).outcomes().at(0).result == WriteResult::done);
  const auto shown = texts(world.list(world.id_of("plan:p"), "page"), "text");
  CHECK(std::count(shown.begin(), shown.end(), "x") == 1);
  world.check_against_the_description();
}
