// What people do in Notion by hand, as the connector sees it, and what it does not write over.
#include <catch2/catch.hpp>

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

constexpr std::int64_t kNow = 1'795'000'000'000;
constexpr std::int64_t kMinute = 60'000;

/// A Notion with a clock that stands still, and a person in it.
class Room : public NotionWorld {
 public:
  Room() { control("PUT", "clock", {{"now_ms", kNow}}); }

  void pass(std::int64_t ms) {
    now_ms_ += ms;
    control("PUT", "clock", {{"now_ms", now_ms_}});
  }
  Json person(const std::string& action, const Json& body) {
    return control("POST", "notion/" + action, body);
  }
  Run get(std::vector<std::string> ids) {
    CallInput call;
    call.operation = Operation::get;
    call.ids = std::move(ids);
    return run(std::move(call));
  }
  Item one(const std::string& id) {
    const Run read = get({id});
    REQUIRE(read.items().size() == 1);
    return read.items().front();
  }
  Run table(const std::string& cursor = {}) {
    CallInput call;
    call.operation = Operation::list;
    call.now_ms = now_ms_;
    call.container_id = id_of("table:p");
    call.container_kind = "database";
    call.cursor = cursor;
    return run(std::move(call));
  }
  Run find(std::vector<std::string> keys) {
    CallInput call;
    call.operation = Operation::find;
    call.container_id = id_of("table:p");
    call.ids = std::move(keys);
    return run(std::move(call));
  }
  std::vector<Item> todos(const std::string& section) { return list(section, "section").items(); }

 private:
  std::int64_t now_ms_ = kNow;
};

Json fields(const Item& item) {
  return Json::parse(item.fields);
}

std::map<std::string, Item> by_id(const Run& run) {
  std::map<std::string, Item> items;
  for (const Item& item : run.items()) items[item.id] = item;
  return items;
}

Write guarded(Write write, const std::string& version) {
  write.if_version = version;
  return write;
}

std::map<std::string, std::string> memos(const Run& run, const std::vector<Write>& writes) {
  std::map<std::string, std::string> all;
  for (const Outcome& each : run.outcomes()) all[writes.at(each.write).key] = each.memo;
  return all;
}

}  // namespace

TEST_CASE("notion: to-dos that a person ticks, renames, moves, indents and trashes are seen so",
          "[notion][simulator]") {
  Room room;
  room.write(pages_plan({2}, 4));
  const std::string module = room.id_of("module:0");
  const auto sections = room.list(module, "page").items();
  REQUIRE(sections.size() == 2);
  const auto before = room.todos(sections[0].id);
  REQUIRE(before.size() == 4);
  const std::int64_t untouched_ms = room.one(module).edited_ms;
  room.pass(3 * kMinute);
  room.person("tick", {{"id", before[0].id}});
  room.person("rename", {{"id", before[1].id}, {"title", "By hand"}});
  room.person("move", {{"id", before[2].id}, {"parent", before[0].id}});
  room.person("move", {{"id", before[3].id}, {"parent", sections[1].id}});

  CHECK(room.one(module).edited_ms == untouched_ms + 3 * kMinute);
  const Run listed = room.list(sections[0].id, "section");
  CHECK(listed.completed() == std::vector<std::string>{sections[0].id});
  auto now = by_id(listed);
  REQUIRE(now.size() == 3);
  CHECK(fields(now[before[0].id]).at("checked") == true);
  CHECK(now[before[0].id].version != before[0].version);
  CHECK(fields(now[before[1].id]) == Json({{"checked", false}, {"text", "By hand"}}));
  CHECK(now[before[2].id].parent_id == before[0].id);
  CHECK(now[before[2].id].version == before[2].version);
  CHECK(now[before[2].id].edited_ms == untouched_ms + 3 * kMinute);
  CHECK(by_id(room.list(sections[1].id, "section")).count(before[3].id) == 1);
  CHECK(room.one(before[3].id).parent_id == sections[1].id);

  // With a to-do goes what stands in it; what was unshared looks gone.
  room.person("trash", {{"id", before[0].id}});
  for (const std::string& id : {before[0].id, before[2].id}) {
    CHECK(room.one(id).state == ItemState::deleted);
  }
  room.person("unshare", {{"id", module}});
  CHECK(room.one(module).state == ItemState::absent);
  CHECK(room.one(room.id_of("plan:p")).parent_id.empty());  // the target itself
  room.check_against_the_description();
}

TEST_CASE("notion: to-dos in a person's own blocks are found, copies of blocks are not read",
          "[notion][simulator]") {
  Room room;
  room.write(pages_plan({1}, 2));
  const std::string module = room.id_of("module:0");
  const std::string section = room.list(module, "page").items().at(0).id;
  const std::string task = room.todos(section).at(0).id;
  const Json text = Json::array({{{"text", {{"content", "Mine"}}}}});
  const Json inner = Json::array({{{"quote", {{"rich_text", text}}}}});
  room.person("append",
              {{"id", module},
               {"children", Json::array({{{"toggle", {{"rich_text", text}, {"children", inner}}}},
                                         {{"paragraph", {{"rich_text", text}}}}})}});
  const Json shown = room.api("GET", "/v1/blocks/" + module + "/children", nullptr)["results"];
  const std::string toggle = shown.at(1).at("id");
  const std::string quote =
      room.api("GET", "/v1/blocks/" + toggle + "/children", nullptr)["results"][0]["id"];
  room.person("move", {{"id", task}, {"parent", quote}});
  const Run page = room.list(module, "page");
  CHECK(page.completed().size() == 1);
  auto items = by_id(page);
  REQUIRE(items.size() == 4);
  CHECK(items[section].kind == "section");
  CHECK(items[task].parent_id == quote);  // two levels down
  CHECK(items[toggle].kind == "block");   // nothing that is written
  CHECK(items.count(quote) == 0);         // goes with it
  CHECK(room.one(toggle).state == ItemState::out_of_scope);
}

TEST_CASE("notion: what a person put on a page is told, whatever it is", "[notion][simulator]") {
  Room room;
  std::vector<Write> plan = pages_plan({1}, 1);
  for (Write& write : plan) {
    if (write.key == "module:0") write.fields = R"({"title":"M","help":["Tick what you did"]})";
  }
  room.write(plan);
  const std::string module = room.id_of("module:0");
  const std::string section = room.list(module, "page").items().at(0).id;
  CHECK(room.list(module, "page").items().size() == 1);  // our help is no person's
  const Json text = Json::array({{{"text", {{"content", "Mine"}}}}});
  const Json empty = {{"paragraph", {{"rich_text", Json::array()}}}};
  const auto kinds = [&](const std::string& id, const char* kind) {
    const Run listed = room.list(id, kind);
    std::map<std::string, int> count;
    for (const Item& item : listed.items()) ++count[item.kind];
    return count;
  };
  room.person("append", {{"id", module}, {"children", Json::array({empty})}});
  CHECK(kinds(module, "page") == std::map<std::string, int>{{"section", 1}});
  const auto append = [&](const std::string& to, const Json& block) {
    room.person("append", {{"id", to}, {"children", Json::array({block})}});
  };
  append(module, {{"callout", {{"rich_text", text}}}});
  append(module, {{"divider", Json::object()}});
  append(module, {{"heading_2", {{"rich_text", text}}}});
  append(section, {{"bulleted_list_item", {{"rich_text", text}}}});
  append(room.todos(section).at(0).id, {{"paragraph", {{"rich_text", text}}}});
  CHECK(kinds(module, "page") == std::map<std::string, int>{{"section", 1}, {"block", 3}});
  CHECK(kinds(section, "section") == std::map<std::string, int>{{"todo", 1}, {"block", 1}});
}

TEST_CASE("notion: asking pages whether they were edited takes one read each",
          "[notion][simulator]") {
  Room room;
  room.write(pages_plan({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 1));
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(room.id_of("module:" + std::to_string(i)));
  room.traffic();
  const Run read = room.get(ids);
  CHECK(room.traffic().reads == 12);
  REQUIRE(read.items().size() == 12);
  for (const Item& item : read.items()) {
    CHECK(item.kind == "page");
    CHECK(item.edited_ms / kMinute == kNow / kMinute);
    CHECK(item.parent_id == room.id_of("plan:p"));
    CHECK_FALSE(item.version.empty());
  }
}

TEST_CASE("notion: a guarded write passes while nobody else edits, also within one minute",
          "[notion][simulator]") {
  Room room;
  const auto plan = table_plan(2);
  const Run made = room.write(plan);
  auto memo = memos(made, plan);
  Write todo = creation("todo", "task:x", "plan:p", "table:p",
                        R"({"checked":false,"detail":"1 h","text":"x"})");
  const Run added = room.write({todo});
  const std::string todo_id = room.id_of("task:x");
  std::string version = added.outcomes().at(0).version;
  CHECK(version == room.one(todo_id).version);
  room.traffic();
  for (const char* each : {R"({"checked":true,"detail":"1 h","text":"x"})",
                           R"({"checked":true,"detail":"2 h","text":"y"})"}) {
    const Run run = room.write(
        {guarded(update("todo", todo_id, each, {"checked", "detail", "text"}), version)});
    REQUIRE(run.outcomes().at(0).result == WriteResult::done);
    CHECK(run.outcomes().at(0).version != version);
    version = run.outcomes().at(0).version;
    CHECK(version == room.one(todo_id).version);
  }
  const NotionWorld::Traffic traffic = room.traffic();
  CHECK(traffic.writes == 2);
  CHECK(traffic.reads == 2 + 2);  // before the writes, and ours above

  // Rows and containers alike; a listing, a reading by id and an answer tell the same version.
  const std::string row = room.id_of("task:1");
  std::map<std::string, Item> listed = by_id(room.table());
  CHECK(listed[row].version == made.outcomes().at(2).version);
  CHECK(room.one(row).version == listed[row].version);
  Write ranked = update("row", row, R"({"Order":9})", {"Order"});
  ranked.memo = memo["task:1"];
  const Run ranked_run = room.write({guarded(ranked, listed[row].version)});
  CHECK(ranked_run.outcomes().at(0).result == WriteResult::done);
  CHECK(ranked_run.outcomes().at(0).version == room.one(row).version);
  for (const auto& [kind, key] :
       std::map<std::string, std::string>{{"page", "plan:p"}, {"database", "table:p"}}) {
    const std::string id = room.id_of(key);
    const Run run = room.write(
        {guarded(update(kind, id, R"({"title":"Renamed"})", {"title"}), room.one(id).version)});
    INFO(kind << ": " << run.outcomes().at(0).error.message);
    CHECK(run.outcomes().at(0).result == WriteResult::done);
    CHECK(run.outcomes().at(0).version == room.one(id).version);
  }
  // Nothing to send: nothing to read, and the version stays.
  room.traffic();
  const Run nothing = room.write({guarded(
      update("page", room.id_of("plan:p"), R"({"help":["x"],"title":"Renamed"})", {"help"}), "v")});
  CHECK(nothing.outcomes().at(0).version == "v");
  CHECK(room.traffic().reads == 0);
  room.check_against_the_description();
}

TEST_CASE("notion: what a person emphasised in a to-do stays when its small print changes",
          "[notion][simulator]") {
  Room room;
  room.write(pages_plan({1}, 1));
  const std::string section = room.list(room.id_of("module:0"), "page").items().at(0).id;
  Write todo = creation("todo", "task:x", "", "",
                        R"({"checked":false,"detail":"1 h","text":"Read chapter one"})");
  todo.parent_id = section;
  room.write({todo});
  const std::string id = room.id_of("task:x");
  const std::string version = room.one(id).version;
  const auto words = [](const char* text, Json annotations) {
    return Json{
        {"type", "text"}, {"text", {{"content", text}}}, {"annotations", std::move(annotations)}};
  };
  room.api("PATCH", "/v1/blocks/" + id,
           {{"to_do",
             {{"rich_text",
               {words("Read ", Json::object()), words("chapter one", {{"bold", true}}),
                words(" · 1 h", {{"color", "gray"}})}}}}});
  CHECK(room.one(id).version == version);  // emphasis is no content
  const auto write = [&](const char* wanted, std::vector<std::string> changed) {
    const Run run =
        room.write({guarded(update("todo", id, wanted, std::move(changed)), room.one(id).version)});
    REQUIRE(run.outcomes().at(0).result == WriteResult::done);
    CHECK(run.outcomes().at(0).version == room.one(id).version);
    return room.api("GET", "/v1/blocks/" + id, nullptr)["to_do"]["rich_text"];
  };
  const Json later =
      write(R"({"checked":true,"detail":"2 h","text":"Read chapter one"})", {"checked", "detail"});
  REQUIRE(later.size() == 3);
  CHECK(later[1]["annotations"]["bold"] == true);
  CHECK(later[2]["plain_text"] == " · 2 h");
  CHECK(fields(room.one(id)) ==
        Json({{"checked", true}, {"detail", "2 h"}, {"text", "Read chapter one"}}));
  const Json other = write(R"({"checked":true,"detail":"2 h","text":"Read two"})", {"text"});
  REQUIRE(other.size() == 2);
  CHECK(other[0]["annotations"]["bold"] == false);
  room.check_against_the_description();
}

TEST_CASE("notion: what a person edited meanwhile is not written over", "[notion][simulator]") {
  Room room;
  const auto plan = table_plan(2);
  const Run made = room.write(plan);
  auto memo = memos(made, plan);
  std::vector<Write> todos;
  for (int i = 0; i < 12; ++i) {
    todos.push_back(creation("todo", "todo:" + std::to_string(i), "plan:p", "table:p",
                             R"({"checked":false,"text":"x"})"));
  }
  std::map<std::uint32_t, std::string> versions;
  const Run added = room.write(todos);
  for (const Outcome& each : added.outcomes()) versions[each.write] = each.version;
  room.person("rename", {{"id", room.id_of("todo:0")}, {"title", "By hand"}});
  room.person("tick", {{"id", room.id_of("todo:1")}});
  room.person("trash", {{"id", room.id_of("todo:2")}});
  room.person("trash", {{"id", room.id_of("todo:3")}});
  room.person("set", {{"id", room.id_of("task:1")}, {"property", "Task"}, {"value", "By hand"}});

  std::vector<Write> writes;
  for (std::uint32_t i = 0; i < 12; ++i) {
    const std::string id = room.id_of("todo:" + std::to_string(i));
    const bool removes = i == 1 || i == 3;
    writes.push_back(removes ? removal("todo", id)
                             : update("todo", id, R"({"checked":false,"text":"ours"})", {"text"}));
    writes.back().if_version = versions[i];
  }
  writes.push_back(update("row", room.id_of("task:1"), R"({"Order":5})", {"Order"}));
  writes.back().memo = memo["task:1"];
  writes.back().if_version = made.outcomes().at(2).version;
  CallInput asking;
  asking.operation = Operation::estimate;
  asking.writes = writes;
  const Run told = room.run(asking);
  CHECK(told.estimated_reads() == 13);
  CHECK(told.estimated_writes() == 13);

  room.traffic();
  const Run run = room.write(writes);
  std::map<std::uint32_t, Outcome> outcomes;
  for (const Outcome& each : run.outcomes()) outcomes[each.write] = each;
  const NotionWorld::Traffic traffic = room.traffic();
  CHECK(traffic.reads == 13);
  CHECK(traffic.writes == 8);
  for (const std::uint32_t i : {0U, 1U, 12U}) {
    CHECK(outcomes[i].result == WriteResult::failed);
    CHECK(outcomes[i].error.code == Code::conflict);
  }
  CHECK(outcomes[2].error.code == Code::not_found);
  CHECK(outcomes[3].result == WriteResult::done);  // gone is what was wanted
  for (std::uint32_t i = 4; i < 12; ++i) CHECK(outcomes[i].result == WriteResult::done);
  CHECK(fields(room.one(room.id_of("todo:0"))).at("text") == "By hand");
  CHECK(room.one(room.id_of("todo:1")).state == ItemState::present);
  CHECK(fields(room.one(room.id_of("task:1"))).at("Task") == "By hand");
  room.check_against_the_description();
}

TEST_CASE("notion: a table is read from where it was read to, an unchanged one with one query",
          "[notion][simulator]") {
  Room room;
  room.write(table_plan(5));
  const Run all = room.table();
  CHECK(all.items().size() == 5);
  CHECK(all.completed() == std::vector<std::string>{room.id_of("table:p")});
  // The same minute once more: what is edited in it is not missed.
  room.person("set", {{"id", room.id_of("task:3")}, {"property", "Task"}, {"value", "Early"}});
  const Run again = room.table(all.cursor());
  CHECK(again.completed().empty());
  CHECK(fields(by_id(again)[room.id_of("task:3")]).at("Task") == "Early");
  CHECK(by_id(again)[room.id_of("task:1")].version == by_id(all)[room.id_of("task:1")].version);

  room.pass(15 * kMinute);
  const Run quiet = room.table(again.cursor());
  room.traffic();
  const Run silent = room.table(quiet.cursor());
  CHECK(silent.items().empty());
  CHECK(room.traffic().reads == 1);
  room.pass(kMinute);
  room.person("set", {{"id", room.id_of("task:2")}, {"property", "Order"}, {"value", 70}});
  room.person("add_row", {{"id", room.id_of("table:p")}, {"title", "A row by hand"}});
  room.person("trash", {{"id", room.id_of("task:4")}});
  room.pass(30 * kMinute);
  room.traffic();
  const Run news = room.table(silent.cursor());
  CHECK(room.traffic().reads == 1);
  REQUIRE(news.items().size() == 2);
  CHECK(news.items()[0].key == "task:2");
  CHECK(fields(news.items()[0]).at("Order") == 70);
  CHECK(news.items()[1].key.empty());
  CHECK(news.items()[1].parent_id == room.id_of("table:p"));
  CHECK(room.one(room.id_of("task:4")).state == ItemState::deleted);
  CHECK(room.table().items().size() == 5);
  room.check_against_the_description();
}

TEST_CASE("notion: past the ceiling of a query rows are read by when they were made",
          "[notion][simulator]") {
  Room room;
  const auto writes = table_plan(24);
  room.write({writes.begin(), writes.begin() + 10});
  for (std::size_t i = 10; i < writes.size(); i += 8) {
    room.pass(kMinute);
    room.write({writes.begin() + static_cast<std::ptrdiff_t>(i),
                writes.begin() + static_cast<std::ptrdiff_t>(std::min(i + 8, writes.size()))});
  }
  room.control("PUT", "limits", {{"notion_query_rows", 9}});
  const Run windows = room.table();
  std::set<std::string> keys;
  for (const Item& item : windows.items()) CHECK(keys.insert(item.key).second);
  CHECK(keys.size() == 24);
  CHECK(windows.completed().size() == 1);
  // More rows of one minute than a query shows: then it is not all, and not said to be.
  room.control("PUT", "limits", {{"notion_query_rows", 7}});
  const Run cut = room.table();
  CHECK(cut.items().size() < 24);
  CHECK(cut.completed().empty());
  room.check_against_the_description();
}

TEST_CASE("notion: columns that a person renamed are still ours wherever rows are read",
          "[notion][simulator]") {
  Room room;
  room.write(table_plan(2));
  const std::string table = room.id_of("table:p");
  const Run before = room.table();
  for (const auto& [old, given] : std::map<std::string, std::string>{
           {"Due Date", "When"}, {"Task", "What"}, {"Mortise key", "Do not touch"}}) {
    room.person("rename_property", {{"id", table}, {"property", old}, {"name", given}});
  }
  // Somebody else's column gets a name that was ours.
  room.person("schema",
              {{"id", table}, {"properties", {{"Due Date", {{"rich_text", Json::object()}}}}}});
  room.person("set", {{"id", room.id_of("task:2")}, {"property", "When"}, {"value", "2027-01-02"}});
  room.person("set", {{"id", room.id_of("task:2")}, {"property", "Due Date"}, {"value", "soon"}});
  const Json wanted = {{"start", "2027-01-02"}};
  for (const Run& run : {room.table(before.cursor()), room.table(),
                         room.get({room.id_of("task:2")}), room.find({"task:2"})}) {
    const Item row = by_id(run)[room.id_of("task:2")];
    CHECK(row.state == ItemState::present);
    CHECK(row.key == "task:2");
    CHECK(fields(row).at("Due Date") == wanted);
    CHECK(fields(row).at("Task") == "Task 2");
  }
  const Run added = room.write(
      {creation("row", "task:new", "table:p", "task:2", R"({"Due Date":{"start":"2027-03-04"}})")});
  CHECK(added.outcomes().at(0).result == WriteResult::done);
  const Run found = room.find({"task:new"});
  REQUIRE(found.items().size() == 1);
  CHECK(fields(found.items()[0]).at("Due Date").at("start") == "2027-03-04");
  room.check_against_the_description();
}

TEST_CASE("notion: a column that a person removed clears nothing, and keys are kept again",
          "[notion][simulator]") {
  Room room;
  const auto plan = table_plan(2);
  room.write(plan);
  const std::string table = room.id_of("table:p");
  const std::string row = room.id_of("task:1");
  const Run before = room.table();
  room.person("remove_property", {{"id", table}, {"property", "Duration"}});
  room.person("set", {{"id", row}, {"property", "Task"}, {"value", "By hand"}});
  for (const Run& run : {room.table(before.cursor()), room.table()}) {
    CHECK(run.error().code == Code::invalid);
    CHECK(run.error().message.find("\"Duration\"") != std::string::npos);
  }
  const Run read = room.get({row});
  CHECK(by_id(read)[row].state == ItemState::out_of_scope);
  CHECK(by_id(read)[row].fields.find("By hand") == std::string::npos);
  // A row that is looked for by its key is there all the same.
  CHECK(room.find({"task:1"}).items().at(0).state == ItemState::present);

  // Without the key column no row can be found; the next row that is made brings it back.
  room.person("remove_property", {{"id", table}, {"property", "Mortise key"}});
  CHECK(room.find({"task:1"}).items().empty());
  const Run added = room.write({creation("row", "task:new", "table:p", "task:2", "{}")});
  CHECK(added.outcomes().at(0).result == WriteResult::done);
  CHECK(room.find({"task:new", "task:1"}).items().size() == 1);
  room.check_against_the_description();
}

TEST_CASE("notion: what is to stand behind a thing that a person moved is made all the same",
          "[notion][simulator]") {
  Room room;
  room.write(pages_plan({2}, 2));
  const auto sections = room.list(room.id_of("module:0"), "page").items();
  REQUIRE(sections.size() == 2);
  const auto todos = room.todos(sections[0].id);
  REQUIRE(todos.size() == 2);
  room.person("move", {{"id", todos[1].id}, {"parent", sections[1].id}});
  Write todo = creation("todo", "task:x", "", "", R"({"checked":false,"text":"x"})");
  todo.parent_id = sections[0].id;
  Write page = creation("page", "module:x", "", "", R"({"title":"X"})");
  page.parent_id = room.id_of("plan:p");
  for (Write* each : {&todo, &page}) {
    each->after_id = todos[1].id;
    const Run run = room.write({*each});
    INFO(run.outcomes().at(0).error.message);
    REQUIRE(run.outcomes().at(0).result == WriteResult::done);
  }
  CHECK(room.todos(sections[0].id).back().id == room.id_of("task:x"));
  CHECK(room.one(room.id_of("module:x")).parent_id == page.parent_id);
  room.check_against_the_description();
}

TEST_CASE("notion: the small print of a to-do changes, however much a person wrote there",
          "[notion][simulator]") {
  Room room;
  room.write(pages_plan({1}, 1));
  const std::string section = room.list(room.id_of("module:0"), "page").items().at(0).id;
  const std::string id = room.todos(section).at(0).id;
  const std::string words(2'500, 'y');
  room.person("rename", {{"id", id}, {"title", words}});
  const Json wanted = {{"checked", false}, {"detail", "2 h"}, {"text", words}};
  const Run run =
      room.write({guarded(update("todo", id, wanted.dump(), {"detail"}), room.one(id).version)});
  INFO(run.outcomes().at(0).error.message);
  REQUIRE(run.outcomes().at(0).result == WriteResult::done);
  CHECK(fields(room.one(id)) == wanted);
  room.check_against_the_description();
}
