// Operations against canned answers: what a simulator does not do.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "notion.hpp"
#include "plugin/doubles.hpp"
#include "plugin/notion_world.hpp"
#include "table.hpp"

namespace {

using namespace notion_tests;
using Json = nlohmann::json;
using mortise::CallInput;
using mortise::Code;
using mortise::ItemState;
using mortise::Operation;
using mortise::Reply;
using mortise::Write;
using mortise::WriteResult;
using mortise::testing::Exchange;
using mortise::testing::Run;
using mortise::testing::Script;

CallInput writing(std::vector<Write> writes) {
  CallInput call;
  call.operation = Operation::write;
  call.target_id = "home";
  call.writes = std::move(writes);
  return call;
}

Reply answer(int status, const std::string& body) {
  Reply reply;
  reply.status = status;
  reply.body = body;
  reply.headers.push_back({"x-notion-request-id", "r"});
  return reply;
}

const std::vector<std::string> kNoBreaches;

Write todo_in_section(const char* key, const char* text) {
  Write write = creation("todo", key, "", "", Json{{"text", text}}.dump());
  write.parent_id = "section";
  return write;
}

CallInput listing(const char* id, const char* kind) {
  CallInput call;
  call.operation = Operation::list;
  call.container_id = id;
  call.container_kind = kind;
  return call;
}

// All that some answers say of a page.
const char* const kPartialPage = R"({"object":"page","id":"r"})";

}  // namespace

TEST_CASE("notion: the manifest is one the host accepts", "[notion]") {
  auto loaded = mortise::plugin::load_connector(
      std::filesystem::path(MORTISE_BINARY_DIR) / "plugins/notion", {}, {});
  if (!loaded) FAIL(loaded.error().message);
  const auto& manifest = (*loaded)->manifest();
  CHECK(manifest.auth.pkce == mortise::ports::Pkce::none);
  CHECK(manifest.auth.rotates);
  const std::vector<std::pair<std::string, std::string>> version = {
      {"Notion-Version", "2026-03-11"}};
  CHECK((manifest.auth.headers == version));
  CHECK(manifest.kind("row")->find);
  CHECK(manifest.properties.largest_batch == 10'000);
  CHECK(manifest.limit_rules.size() == 4);
  CHECK(manifest.kind("page")->tells_edits);
  CHECK(manifest.kind("database")->delta);
  CHECK(manifest.kind("todo")->versions);
  CHECK(manifest.notifications.signature_prefix == "sha256=");
}

TEST_CASE("notion: requests name the writes that they carry out, and only safe ones are repeatable",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  Run run = script.start(
      writing({creation("page", "p", "", "", R"({"title":"T"})"),
               creation("section", "s", "p", "", R"({"title":"S"})"),
               creation("todo", "t", "s", "", R"({"text":"x"})"),
               update("todo", "u", R"({"text":"x"})", {"text"}), removal("section", "r")}));
  REQUIRE(run.requests().size() == 3);
  for (const auto& request : run.requests()) {
    CHECK(request.repeatable == (request.method != "POST"));
    CHECK(request.headers.front().value == "2026-03-11");
    if (request.method == "POST") CHECK(request.writes == std::vector<std::uint32_t>{0, 1, 2});
  }
  CHECK(run.breaches() == kNoBreaches);
}

TEST_CASE("notion: a status column that cannot be made becomes a select", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  const Json fields = {{"title", "T"},
                       {"columns", {{{"name", "S"}, {"type", "status"}, {"options", {"a,b"}}}}}};
  const Run run = script.replay(
      writing({creation("database", "d", "", "", fields.dump())}),
      {{"POST /v1/databases", answer(400, R"({"code":"validation_error","message":"no"})"),
        R"("status":{)"},
       {"POST /v1/databases", answer(200, R"({"id":"db","data_sources":[{"id":"ds"}]})"),
        R"("select":{"options":[{"name":"a;b"}]})"}});
  CHECK(run.breaches() == kNoBreaches);
  CHECK(run.outcomes().at(0).id == "db");
  CHECK(run.outcomes().at(0).memo == R"({"source":"ds"})");
}

TEST_CASE("notion: a refused row is tried once more with the columns as they are now", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  Write write = update("row", "row", R"({"Order":7})", {"Order"});
  write.memo = R"({"columns":{"Order":["a","number"]},"source":"s"})";
  const Run run = script.replay(
      writing({write}),
      {{"PATCH /v1/pages/row", answer(400, R"({"code":"validation_error","message":"no"})")},
       {"GET /v1/pages/row", answer(200, R"({"id":"row","parent":{"data_source_id":"s"},
                       "properties":{"Order":{"id":"b","type":"checkbox","checkbox":false}}})")}});
  CHECK(run.breaches() == kNoBreaches);
  CHECK(run.outcomes().at(0).result == WriteResult::done);  // a box holds no number: left alone
}

TEST_CASE("notion: a refused row whose column a person renamed stays refused", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  Write write = update("row", "row", R"({"Status":"Done"})", {"Status"});
  write.memo = R"({"columns":{"Status":["a","status"]},"source":"s"})";
  const Reply refusal = answer(400, R"({"code":"validation_error","message":"no such option"})");
  const Run run = script.replay(
      writing({write}),
      {{"PATCH /v1/pages/row", refusal, R"("a")"},
       {"GET /v1/pages/row", answer(200, R"({"id":"row","parent":{"data_source_id":"s"},
            "properties":{"State":{"id":"a","type":"status","status":{"name":"Open"}}}})")},
       {"PATCH /v1/pages/row", refusal, R"("a")"}});
  CHECK(run.breaches() == kNoBreaches);
  CHECK(run.outcomes().at(0).result == WriteResult::failed);
  CHECK(run.outcomes().at(0).error.code == Code::invalid);
}

TEST_CASE("notion: a row whose columns cannot be read is not read as cleared", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  CallInput call;
  call.operation = Operation::get;
  call.ids = {"row"};
  const Run run = script.replay(
      call, {{"GET /v1/blocks/row", answer(200, R"({"object":"block","id":"row","type":"child_page",
            "child_page":{"title":"T"},"parent":{"type":"data_source_id","data_source_id":"s"}})")},
             {"GET /v1/pages/row", answer(200, R"({"object":"page","id":"row",
            "parent":{"type":"data_source_id","data_source_id":"s"},
            "properties":{"When":{"id":"d","type":"date","date":{"start":"2026-11-23"}}}})")},
             {"GET /v1/data_sources/s", answer(503, "{}")}});
  CHECK(run.breaches() == kNoBreaches);
  CHECK(run.error().code == Code::unavailable);
  CHECK(run.items().empty());
}

TEST_CASE("notion: an answer that is cut off leaves creations in doubt and updates done",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  Write todo = creation("todo", "t", "", "", R"({"text":"x"})");
  todo.parent_id = "section";
  todo.after_id = "sibling";
  const Run run = script.replay(writing({creation("page", "p", "", "", "{}"), todo,
                                         update("todo", "u", R"({"checked":true})", {"checked"})}),
                                {{"POST /v1/pages", answer(200, R"({"id":"p)")},
                                 {"PATCH /v1/blocks/section/children", answer(200, "{\"resul")},
                                 {"PATCH /v1/blocks/u", answer(200, "{\"id")}});
  CHECK(run.breaches() == kNoBreaches);
  for (const auto& each : run.outcomes()) {
    CHECK(each.result == (each.write == 2 ? WriteResult::done : WriteResult::uncertain));
  }
}

TEST_CASE("notion: one block that Notion refuses keeps no other out", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  auto writes = pages_plan({30}, 3);
  for (Write& each : writes) {
    if (each.key == "task:50") each.fields = R"({"text":"BAD","checked":false})";
  }
  Run run = script.start(writing(writes));
  int id = 0;
  while (run.sending()) {
    std::vector<Reply> replies;
    for (const auto& request : run.requests()) {
      if (request.body.find("BAD") != std::string::npos) {
        replies.push_back(answer(400, R"({"code":"validation_error","message":"body.children"})"));
      } else if (request.method == "POST") {
        replies.push_back(answer(200, Json{{"id", "page" + std::to_string(++id)}}.dump()));
      } else {
        Json made = {{"results", Json::array()}};
        const Json body = Json::parse(request.body);
        for (std::size_t i = 0; i < body.at("children").size(); ++i) {
          made["results"].push_back({{"id", "block" + std::to_string(++id)}});
        }
        replies.push_back(answer(200, made.dump()));
      }
    }
    run.reply(std::move(replies));
  }
  CHECK(run.breaches() == kNoBreaches);
  REQUIRE(run.outcomes().size() == writes.size());
  for (const auto& each : run.outcomes()) {
    const bool bad = writes[each.write].key == "task:50";
    CHECK((each.result == WriteResult::failed) == bad);
    if (bad) CHECK(each.error.code == Code::invalid);
  }
  CHECK(run.sent().size() < 25);
}

TEST_CASE("notion: a dead grant ends the batch, and what was not sent says so", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  std::vector<Write> writes;
  for (int i = 0; i < 25; ++i) writes.push_back(removal("todo", "t" + std::to_string(i)));
  Run run = script.start(writing(writes));
  REQUIRE(run.requests().size() == 10);
  run.reply(std::vector<Reply>(10, answer(401, R"({"code":"unauthorized"})")));
  CHECK(run.done());
  CHECK(run.breaches() == kNoBreaches);
  int untried = 0;
  for (const auto& each : run.outcomes()) untried += each.result == WriteResult::not_attempted;
  CHECK(untried == 15);
}

TEST_CASE("notion: a table over the ceiling of a query is not said to be complete", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  CallInput call;
  call.operation = Operation::list;
  call.container_id = "db";
  call.container_kind = "database";
  const std::vector<Exchange> answers = {
      {"GET /v1/databases/db", answer(200, R"({"data_sources":[{"id":"ds"}]})")},
      {"GET /v1/data_sources/ds", answer(200, R"({"id":"ds","properties":{}})")},
      {"POST /v1/data_sources/ds/query", answer(503, "{}"), R"("page_size":100)"},
      {"POST /v1/data_sources/ds/query",
       answer(200, R"({"results":[{"object":"page","id":"r","properties":{}}],"has_more":false,
                      "request_status":{"type":"incomplete"}})"),
       R"("page_size":25)"}};
  const Run run = script.replay(call, answers);
  CHECK(run.breaches() == kNoBreaches);
  CHECK(run.items().size() == 1);
  CHECK(run.completed().empty());
  CHECK(script.abandon_at_every_step(call, answers) == 4);
}

TEST_CASE("notion: a listing in which something was taken away meanwhile is not complete",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  CallInput call;
  call.operation = Operation::list;
  call.container_id = "page";
  call.container_kind = "page";
  const std::string todo =
      R"({"object":"block","id":"a","type":"to_do","has_children":true,"to_do":{}})";
  const std::string copy =
      R"({"object":"block","id":"s","type":"synced_block","has_children":true,)"
      R"("synced_block":{"synced_from":{"block_id":"o"}}})";
  const Run run = script.replay(
      call, {{"GET /v1/blocks/page/children*",
              answer(200, R"({"results":[)" + todo + "," + copy + R"(],"has_more":false})")},
             {"GET /v1/blocks/a/children*", answer(404, R"({"code":"object_not_found"})")}});
  CHECK(run.breaches() == kNoBreaches);
  REQUIRE(run.items().size() == 2);
  CHECK(run.items()[0].kind == "todo");
  CHECK(run.items()[1].kind == "block");
  CHECK(run.completed().empty());
}

TEST_CASE("notion: a cursor of another table, or of nobody, asks for everything", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  CallInput call;
  call.operation = Operation::list;
  call.container_id = "db";
  call.container_kind = "database";
  call.cursor = R"({"source":"old","columns":{"Task":["title","title"]},"edited":0,"read":0})";
  const Run replaced =
      script.replay(call, {{"POST /v1/data_sources/old/query", answer(404, "{}")}});
  CHECK(replaced.error().code == Code::stale);
  call.cursor = "abc";
  CHECK(script.replay(call, {}).error().code == Code::stale);
}

TEST_CASE("notion: an edit between the look and the write is not taken for agreed", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  const auto block = [](bool checked, const std::string& text) {
    const Json run = {{"type", "text"}, {"plain_text", text}};
    return Json{{"object", "block"},
                {"id", "t"},
                {"type", "to_do"},
                {"to_do", {{"checked", checked}, {"rich_text", Json::array({run})}}}}
        .dump();
  };
  CallInput reading;
  reading.operation = Operation::get;
  reading.ids = {"t"};
  const Run before =
      script.replay(reading, {{"GET /v1/blocks/t", answer(200, block(false, "old"))}});
  Write write = update("todo", "t", R"({"checked":false,"text":"new"})", {"text"});
  write.if_version = before.items().at(0).version;
  const Run run =
      script.replay(writing({write}), {{"GET /v1/blocks/t", answer(200, block(false, "old"))},
                                       {"PATCH /v1/blocks/t", answer(200, block(true, "new"))}});
  CHECK(run.breaches() == kNoBreaches);
  const auto& outcome = run.outcomes().at(0);
  CHECK(outcome.result == WriteResult::done);
  CHECK(outcome.fields == R"({"checked":false,"text":"new"})");
  CHECK(outcome.version == write.if_version);  // so that the next guarded write looks again
}

TEST_CASE("notion: what was to follow a thing that was moved or deleted is made at the end",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  Write todo = todo_in_section("t", "x");
  todo.after_id = "sibling";
  Write page = creation("page", "p", "", "", "{}");
  page.after_id = page.parent_id = "home";
  const std::string append = "PATCH /v1/blocks/section/children";
  const Reply moved =
      answer(400, R"({"code":"validation_error","message":)"
                  R"("Block ID (a) to append children after is not parented by b."})");
  const Reply gone =
      answer(404, R"({"code":"object_not_found","message":"Could not find block."})");
  const Reply block = answer(200, R"({"results":[{"object":"block","id":"new"}]})");
  const Reply made = answer(200, R"({"object":"page","id":"new"})");
  for (const Reply& refusal : {moved, gone}) {
    const Run todos =
        script.replay(writing({todo}), {{append, refusal, "after_block"}, {append, block}});
    const Run pages = script.replay(
        writing({page}), {{"POST /v1/pages", refusal, "after_block"}, {"POST /v1/pages", made}});
    for (const Run* run : {&todos, &pages}) {
      CHECK(run->breaches() == kNoBreaches);
      REQUIRE(run->outcomes().size() == 1);
      CHECK(run->outcomes()[0].id == "new");
      CHECK(run->sent().back().body.find("position") == std::string::npos);
    }
  }
  // It is the section that is gone.
  const Run lost = script.replay(writing({todo}), {{append, gone}, {append, gone}});
  CHECK(lost.breaches() == kNoBreaches);
  CHECK(lost.outcomes().at(0).error.code == Code::not_found);
}

TEST_CASE("notion: a place that was not why a request was refused is kept", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  Write good = todo_in_section("good", "x");
  good.after_id = "sibling";
  Write bad = todo_in_section("bad", "BAD");
  bad.after_key = "good";
  const std::string append = "PATCH /v1/blocks/section/children";
  const Reply no = answer(400, R"({"code":"validation_error","message":"body.children"})");
  const Reply made = answer(200, R"({"results":[{"object":"block","id":"new"}]})");
  const Run run = script.replay(writing({good, bad}), {{append, no, R"("sibling")"},
                                                       {append, no, "BAD"},
                                                       {append, made, R"("sibling")"},
                                                       {append, no, R"("new")"},
                                                       {append, no, "BAD"}});
  CHECK(run.breaches() == kNoBreaches);
  REQUIRE(run.sent().size() == 5);
  CHECK(run.sent()[1].body.find("position") == std::string::npos);
  REQUIRE(run.outcomes().size() == 2);
  CHECK(run.outcomes()[0].id == "new");
  CHECK(run.outcomes()[1].error.code == Code::invalid);
}

TEST_CASE("notion: a row of which Notion shows the id only is neither wiped nor gone", "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  const std::string partial = std::string(R"({"results":[)") + kPartialPage;
  const Exchange database = {"GET /v1/databases/db",
                             answer(200, R"({"id":"db","data_sources":[{"id":"ds"}]})")};
  const Exchange columns = {
      "GET /v1/data_sources/ds",
      answer(200, R"({"id":"ds","properties":{"Mortise key":{"id":"k","type":"rich_text"}}})")};
  const std::string query = "POST /v1/data_sources/ds/query";
  const Run all = script.replay(
      listing("db", "database"),
      {database,
       columns,
       {query, answer(200, partial + R"(,{"object":"page","id":"s","properties":{}}]})")}});
  CHECK(all.breaches() == kNoBreaches);
  REQUIRE(all.items().size() == 2);
  CHECK(all.items()[0].state == ItemState::out_of_scope);
  CHECK(all.items()[0].id == "r");
  CHECK(all.items()[0].fields == "{}");
  CHECK(all.items()[0].version.empty());
  CHECK(all.items()[1].state == ItemState::present);
  CHECK(all.completed().empty());
  // What it was edited to is asked for again.
  CallInput since = listing("db", "database");
  since.cursor = R"({"source":"ds","columns":{"Task":["title","title"]},"edited":0,"read":0})";
  const Run news = script.replay(since, {{query, answer(200, partial + "]}")}});
  CHECK(news.breaches() == kNoBreaches);
  CHECK(news.cursor().empty());
  // Whose key it carries is not known: none of them may count as never made.
  CallInput find = listing("db", "database");
  find.operation = Operation::find;
  find.ids = {"task:1"};
  const Run found = script.replay(find, {database, columns, {query, answer(200, partial + "]}")}});
  CHECK(found.error().code == Code::unavailable);
  CHECK(found.items().empty());
}

TEST_CASE("notion: things of which Notion shows the id only are there, and nothing more is said",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  CallInput get;
  get.operation = Operation::get;
  get.ids = {"r", "b", "d"};
  const Run read = script.replay(
      get,
      {{"GET /v1/blocks/r", answer(200, R"({"object":"block","id":"r","type":"child_page",)"
                                        R"("parent":{"type":"database_id","database_id":"db"}})")},
       {"GET /v1/blocks/b", answer(200, R"({"object":"block","id":"b"})")},
       {"GET /v1/blocks/d", answer(200, R"({"object":"block","id":"d","type":"child_database"})")},
       {"GET /v1/pages/r", answer(200, kPartialPage)},
       {"GET /v1/databases/d", answer(200, R"({"object":"database","id":"d"})")}});
  CHECK(read.breaches() == kNoBreaches);
  REQUIRE(read.items().size() == 3);
  for (const auto& item : read.items()) {
    CAPTURE(item.id);
    CHECK(item.state == ItemState::out_of_scope);
    CHECK(item.fields == "{}");
    CHECK(item.version.empty());
  }
  const Run blocks = script.replay(
      listing("page", "page"),
      {{"GET /v1/blocks/page/children*",
        answer(200, R"({"results":[{"object":"block","id":"b"}],"has_more":false})")}});
  CHECK(blocks.breaches() == kNoBreaches);
  CHECK(blocks.completed().empty());
  CallInput targets;
  targets.operation = Operation::targets;
  const Run offered = script.replay(
      targets,
      {{"POST /v1/search", answer(200, std::string(R"({"results":[)") + kPartialPage + "]}")}});
  CHECK(offered.breaches() == kNoBreaches);
  CHECK(offered.targets().empty());
}

TEST_CASE("notion: a long text, or a list, that is not told to its end is no shorter one",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  const std::string broken =
      GENERATE(as<std::string>{}, "{}", R"({"object":"list","results":[],"has_more":true})",
               R"({"object":"list","results":[],"has_more":true,"next_cursor":""})");
  CAPTURE(broken);
  CHECK(notion::next_of_property(broken).error().code == Code::unavailable);
  CHECK(notion::read_rows(broken).error().code == Code::unavailable);
  const Run blocks = script.replay(listing("page", "page"),
                                   {{"GET /v1/blocks/page/children*", answer(200, broken)}});
  CHECK(blocks.error().code == Code::unavailable);
  CHECK(blocks.completed().empty());
}

TEST_CASE("notion: an answer to a write that shows the id only says nothing of the rest",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  Write row = update("row", "r", R"({"Order":7})", {"Order"});
  row.memo = R"({"columns":{"Order":["a","number"]},"source":"s"})";
  const Write page = update("page", "p", R"({"title":"T"})", {"title"});
  const Write made = creation("page", "made", "", "", R"({"title":"T"})");
  const Run run =
      script.replay(writing({made, row, page}), {{"POST /v1/pages", answer(200, kPartialPage)},
                                                 {"PATCH /v1/pages/r", answer(200, kPartialPage)},
                                                 {"PATCH /v1/pages/p", answer(200, kPartialPage)}});
  CHECK(run.breaches() == kNoBreaches);
  REQUIRE(run.outcomes().size() == 3);
  for (const auto& each : run.outcomes()) {
    CHECK(each.result == WriteResult::done);
    CHECK(each.version.empty());
    CHECK(each.fields.empty());
  }
  // Nothing is written over what cannot be seen, and it is not gone either.
  Write guarded = row;
  guarded.if_version = "v";
  Write unknown = row;
  unknown.memo.clear();
  for (const Write& write : {guarded, unknown}) {
    const Run refused =
        script.replay(writing({write}), {{"GET /v1/pages/r", answer(200, kPartialPage)}});
    CHECK(refused.breaches() == kNoBreaches);
    CHECK(refused.outcomes().at(0).error.code == Code::conflict);
  }
}

TEST_CASE("notion: a conflict while saving is for later; it keeps back siblings, and no other row",
          "[notion]") {
  const Script script(mortise::make_connector<notion::Notion>);
  const Reply busy = answer(409, R"({"code":"conflict_error","message":"Please try again."})");
  std::vector<Write> rows;
  for (int i = 0; i < 12; ++i) {
    rows.push_back(creation("row", "task:" + std::to_string(i), "", "", "{}"));
    rows.back().parent_id = "db";
  }
  Run run = script.start(writing(rows));
  while (run.sending()) {
    std::vector<Reply> replies;
    for (const auto& request : run.requests()) {
      const bool third = request.body.find("task:3") != std::string::npos;
      if (request.target == "/v1/databases/db") {
        replies.push_back(answer(200, R"({"id":"db","data_sources":[{"id":"ds"}]})"));
      } else if (request.method == "GET") {
        replies.push_back(answer(200, R"({"id":"ds","properties":)"
                                      R"({"Mortise key":{"id":"k","type":"rich_text"}}})"));
      } else {
        replies.push_back(third ? busy : answer(200, kPartialPage));
      }
    }
    run.reply(std::move(replies));
  }
  CHECK(run.breaches() == kNoBreaches);
  REQUIRE(run.outcomes().size() == 12);
  for (const auto& each : run.outcomes()) {
    CHECK(each.result == (each.write == 3 ? WriteResult::failed : WriteResult::done));
    if (each.write == 3) CHECK(each.error.code == Code::unavailable);
  }

  Write first = todo_in_section("first", "x");
  first.after_id = "a";
  Write second = todo_in_section("second", "y");
  second.after_id = "b";
  const Run todos =
      script.replay(writing({first, second}), {{"PATCH /v1/blocks/section/children", busy}});
  CHECK(todos.breaches() == kNoBreaches);
  CHECK(todos.outcomes().at(0).error.code == Code::unavailable);
  CHECK(todos.outcomes().at(1).result == WriteResult::not_attempted);
}
