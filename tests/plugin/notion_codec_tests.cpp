// The codecs: both ways, and on JSON that nobody should send.
#include <catch2/catch.hpp>

#include <random>

#include "codec.hpp"
#include "common/json.hpp"
#include "dates.hpp"
#include "replies.hpp"
#include "rich_text.hpp"
#include "table.hpp"

namespace {

using namespace notion;
using mortise::Code;
using mortise::Reply;

TodoText round_trip(const TodoText& todo) {
  return read_todo_text(todo_runs(todo));
}

/// Notion's objects, to be damaged.
const char* const kObjects[] = {
    R"({"object":"list","results":[{"object":"block","id":"b","type":"to_do","last_edited_time":"2026-11-20T10:23:00.000Z","to_do":{"checked":true,"rich_text":[{"plain_text":"x","annotations":{"color":"gray"},"href":null}]}}],"has_more":true,"next_cursor":"c"})",
    R"({"object":"page","id":"p","parent":{"type":"data_source_id","data_source_id":"s","database_id":"d"},"properties":{"Task":{"id":"title","type":"title","title":[{"plain_text":"x"}]},"When":{"id":"a","type":"date","date":{"start":"2026-11-23","end":null}},"N":{"id":"n","type":"number","number":1.5}}})",
    R"({"object":"data_source","id":"s","properties":{"Status":{"id":"x","type":"status","status":{"options":[{"id":"1","name":"Done"}]}}}})",
    R"({"object":"error","status":503,"code":"service_unavailable","message":"m","additional_data":{"committed_resource_id":"r","committed_child_ids":["a","b"]}})"};

/// Every reader on one text: nothing may throw.
void read_all(const std::string& text) {
  (void)read_children(text, "p");
  (void)read_first_child(text);
  (void)read_block(text);
  (void)read_page(text);
  (void)read_database(text);
  (void)read_appended(text, "p");
  (void)read_search(text);
  (void)identity_of_token(text);
  (void)identity_of_me(text, text);
  (void)read_schema(text);
  (void)read_row(text, nullptr);
  (void)source_of_row(text);
  (void)read_table_cursor(text);
  (void)without_others_edits({}, text, text);
  (void)read_rows(text);
  (void)schema_of_memo(text);
  (void)schema_of_row(text, nullptr);
  (void)with_property(text, "title", {text});
  mortise::Write moved;
  moved.kind = "todo";
  moved.fields = R"({"detail":"d","text":"x"})";
  moved.changed = {"detail"};
  (void)changed_body(moved, text);
  (void)new_block("todo", text);
  (void)new_page(text);
  (void)new_database(text, "p", StatusAs::status);
  Reply reply;
  reply.status = 503;
  reply.body = text;
  (void)judge_write(reply, "x");
}

}  // namespace

TEST_CASE("notion codec: a to-do whose detail moves keeps what a person emphasised in its words",
          "[notion][codec]") {
  mortise::Write write;
  write.kind = "todo";
  write.fields = R"({"text":"Read chapter one","detail":"due 2026-12-24"})";
  write.changed = {"detail"};
  const std::string shown = R"({"object":"block","type":"to_do","to_do":{"rich_text":[
    {"type":"text","text":{"content":"Read ","link":null},"annotations":{"bold":false,"color":"default"},"plain_text":"Read "},
    {"type":"text","text":{"content":"chapter one","link":null},"annotations":{"bold":true,"color":"default"},"plain_text":"chapter one"},
    {"type":"text","text":{"content":" \u00b7 due 2026-11-23","link":null},"annotations":{"bold":false,"color":"gray"},"plain_text":" \u00b7 due 2026-11-23"}]}})";
  const Json runs = Json::parse(*changed_body(write, shown))["to_do"]["rich_text"];
  REQUIRE(runs.size() == 3);
  CHECK(runs[1]["annotations"]["bold"] == true);
  CHECK(runs[1]["text"]["content"] == "chapter one");
  CHECK(runs[2]["text"]["content"] == " \u00b7 due 2026-12-24");
  // A mention cannot be sent back as it is, and new words are written as they are.
  const std::string mention =
      R"({"to_do":{"rich_text":[{"type":"mention","mention":{"type":"user"},"plain_text":"Read chapter one"}]}})";
  CHECK(Json::parse(*changed_body(write, mention))["to_do"]["rich_text"].size() == 2);
  write.changed = {"text"};
  CHECK(Json::parse(*changed_body(write, shown))["to_do"]["rich_text"].size() == 2);
}

TEST_CASE("notion codec: what stays of a to-do's words reads as it did", "[notion][codec]") {
  const auto run = [](const char* content, const char* color) {
    return Json{{"type", "text"},
                {"text", {{"content", content}}},
                {"annotations", {{"bold", true}, {"color", color}}}};
  };
  // A person's grey words would be the detail once ours is gone.
  const Json gray = {run("Read ", "default"), run(" · twice ", "gray"), run("today", "default"),
                     run(" · due", "gray")};
  REQUIRE(read_todo_text(gray).text == "Read  · twice today");
  CHECK(with_detail(gray, {"", "", ""}).is_discarded());
  const Json other = with_detail(gray, {"", "", "later"});
  REQUIRE(other.size() == 4);
  CHECK(read_todo_text(other).text == read_todo_text(gray).text);
  CHECK(read_todo_text(other).detail == "later");
  CHECK(other[1]["annotations"] == gray[1]["annotations"]);
  // Words behind the detail come before the new one.
  const Json behind = {run("Read", "default"), run(" · due", "gray"), run(" now", "red")};
  CHECK(plain_text(with_detail(behind, {"", "", "later"})) == "Read now · later");
  CHECK(plain_text(with_detail(behind, {"", "", ""})) == "Read now");
  // More runs than a request takes, and what is no list of runs.
  Json many = Json::array();
  for (int i = 0; i < 100; ++i) many.push_back(run("x", i % 2 == 0 ? "red" : "blue"));
  CHECK(with_detail(many, {"", "", ""}).size() == 100);
  CHECK(with_detail(many, {"", "", "d"}).is_discarded());
  for (const char* hostile : {"null", "{}", "[7]", R"([{"type":"text"}])", R"([[]])"}) {
    const Json runs = with_detail(Json::parse(hostile), {"t", "", "d"});
    CHECK((runs.is_discarded() || read_todo_text(runs).detail == "d"));
  }
}

TEST_CASE("notion codec: words that Notion shows and does not take back are sent as it takes them",
          "[notion][codec]") {
  const auto run = [](const std::string& content, const std::string& link) {
    return Json{{"type", "text"},
                {"text", {{"content", content}, {"link", {{"url", link}}}}},
                {"annotations", {{"bold", true}, {"color", "red"}}},
                {"plain_text", content},
                {"href", link}};
  };
  // One run of more than 2,000 units.
  const std::string words(4'500, 'x');
  const Json parted = with_detail(Json::array({run(words, "https://e.org/1")}), {"", "", "later"});
  REQUIRE(parted.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(utf16_length(parted[i]["text"]["content"].get<std::string>()) <= 2000);
    CHECK(parted[i]["annotations"] == run("", "")["annotations"]);
    CHECK(parted[i]["text"]["link"]["url"] == "https://e.org/1");
  }
  CHECK(read_todo_text(parted).text == words);
  CHECK(read_todo_text(parted).detail == "later");
  const Json endless = Json::array({run(std::string(250'000, 'x'), "https://e.org/1")});
  CHECK(with_detail(endless, {"", "", ""}).is_discarded());
  // A link to one of Notion's pages is a path there.
  const std::string id = "0123456789abcdef0123456789abcdef";
  const Json paths = Json::array({run("Read", "/" + id)});
  CHECK(read_todo_text(paths).link == "https://www.notion.so/" + id);
  const Json linked = with_detail(paths, {"Read", "https://www.notion.so/" + id, "later"});
  REQUIRE(linked.size() == 2);
  CHECK(linked[0]["text"]["link"]["url"] == "https://www.notion.so/" + id);
  CHECK(read_todo_text(linked).detail == "later");
  CHECK(with_detail(Json::array({run("Write", "mailto:a@e.org")}), {"", "", "d"}).is_discarded());
}

TEST_CASE("notion codec: a to-do comes back as it was written", "[notion][codec]") {
  for (const TodoText& todo :
       {TodoText{"text", "", ""}, TodoText{"text", "https://e.org/1", "d"},
        TodoText{"", "", "only small print"},
        TodoText{std::string(5000, 'a'), "https://e.org", std::string(5000, 'd')},
        TodoText{"a · b", "", "c · d"}}) {
    const TodoText back = round_trip(todo);
    CHECK(back.text == todo.text);
    CHECK(back.link == todo.link);
    CHECK(back.detail == todo.detail);
  }
}

TEST_CASE("notion codec: what was written reads the same, whatever a person painted on it",
          "[notion][codec]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](int most) {
    return static_cast<int>(random() % static_cast<unsigned>(most));
  };
  static const char* const kPieces[] = {"a", " · ", "é", "😀", "\n", "\"", "  ", "1 h", "日本"};
  const auto words = [&](int most) {
    std::string text;
    for (int i = below(most); i > 0; --i) text += kPieces[below(9)];
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    Json fields = {{"checked", below(2) == 0}};
    const auto set = [&](const char* name, const std::string& value) {
      if (!value.empty()) fields[name] = value;
    };
    set("text", words(round % 50 == 0 ? 9'000 : 40));
    if (fields.contains("text") && below(2) == 0)
      set("link", "https://e.org/" + std::to_string(round));
    set("detail", words(round % 70 == 0 ? 3'000 : 20));
    CAPTURE(fields.dump());
    const auto block = new_block("todo", fields.dump());
    REQUIRE(block);
    Json shown = Json::parse(*block);
    shown["id"] = "b";
    Json& runs = shown["to_do"]["rich_text"];
    for (Json& run : runs) {
      run["plain_text"] = run["text"]["content"];
      run["href"] = run["text"].contains("link") ? run["text"]["link"]["url"] : Json();
      Json& annotations = run["annotations"];
      const bool gray = annotations.is_object();
      annotations["bold"] = below(2) == 0;
      if (!gray) annotations["color"] = below(2) == 0 ? "red" : "default";
    }
    const auto read = read_block(shown.dump());
    REQUIRE(read);
    CHECK(Json::parse(read->item.fields) == fields);
    // Paint is no content.
    const auto plain = read_block(Json::parse(*block).dump());
    CHECK(plain->item.version == read->item.version);
  }
  const Json mention = {{"type", "mention"}, {"plain_text", "@Ana"}, {"href", "https://n.so/ana"}};
  const Json small = {{"plain_text", " · 1 h"}, {"annotations", {{"color", "gray"}}}};
  const Json more = {{"plain_text", " and more"}};
  const TodoText todo = read_todo_text(Json::array({mention, small, more}));
  CHECK(todo.text == "@Ana and more");
  CHECK(todo.link.empty());
  CHECK(todo.detail == "1 h");
}

TEST_CASE("notion codec: names of columns survive in what the columns say of themselves",
          "[notion][codec]") {
  const Json fields = {{"columns",
                        {{{"name", "T"}, {"type", "title"}},
                         {{"name", "a | b"}, {"type", "date"}},
                         {{"name", std::string(275, 'n')}, {"type", "url"}},
                         {{"name", "D"}, {"type", "date"}}}}};
  Json properties = Json::parse(*new_database(fields.dump(), "p", StatusAs::status))
                        .at("initial_data_source")
                        .at("properties");
  for (auto& [name, property] : properties.items()) {
    property["id"] = "id " + name.substr(0, 3);
    CHECK(utf16_length(property.value("description", "")) <= 280);
  }
  const auto read = [&] {
    return *read_schema(Json{{"id", "s"}, {"properties", properties}}.dump());
  };
  CHECK(read().removed_columns().empty());
  properties["Renamed"] = properties["D"];
  properties.erase("D");
  properties["D"] = {{"id", "other"}, {"type", "rich_text"}};
  CHECK(read().named("D")->id == "id D");
  CHECK(read().removed_columns().empty());
  properties.erase("Renamed");
  CHECK(read().named("D")->id == "other");  // made again by hand under the same name
  properties.erase("D");
  CHECK(read().removed_columns().size() == 1);
}

TEST_CASE("notion codec: a cursor goes back two minutes, and no more once these are over",
          "[notion][codec]") {
  TableCursor cursor{{"s", {{"i", "Task", "title"}}, {"Task"}}, 600'000, 660'000};
  const auto back = read_table_cursor(cursor_of(cursor));
  REQUIRE(back);
  CHECK(back->from_ms() == 480'000);
  CHECK(back->schema.named("Task")->id == "i");
  CHECK(back->schema.kept == std::vector<std::string>{"Task"});
  cursor.read_ms = 1'200'000;
  CHECK(cursor.from_ms() == 660'000);
  CHECK(TableCursor{}.from_ms() == 0);
  for (int i = 0; i < 2'000; ++i)
    cursor.schema.columns.push_back({"id", "c" + std::to_string(i) + std::string(40, 'x'), "url"});
  const auto wide = read_table_cursor(cursor_of(cursor));
  REQUIRE(wide);
  CHECK(wide->schema.columns.empty());
  CHECK(wide->schema.source_id == "s");
  CHECK(read_time("0001-01-01T00:00:00.000Z") == 0);
  CHECK(read_time("2026-11-20T10:23:00.000Z") % 86'400'000 == (10 * 60 + 23) * 60'000);
  for (std::int64_t ms :
       {std::int64_t{0}, std::int64_t{951'782'399'000}, std::int64_t{1'795'000'000'000}}) {
    CHECK(read_time(write_time(ms)) == ms);
  }
}

TEST_CASE("notion codec: runs hold 2,000 UTF-16 units and never half a character",
          "[notion][codec]") {
  std::string text = "x";
  for (int i = 0; i < 3000; ++i) text += "😀";
  const Json runs = runs_of(text);
  CHECK(runs.size() == 4);
  for (const Json& run : runs) {
    CHECK(utf16_length(run["text"]["content"].get<std::string>()) <= 2000);
  }
  CHECK(plain_text(runs) == text);
  CHECK(runs_of(std::string(1'000'000, 'x')).size() == 100);
  // A hundred runs of characters that take six bytes each in JSON still fit in a request.
  CHECK(common::dump(runs_of(std::string(200'000, '\x01'))).size() < 310'000);
  CHECK(is_link("https://example.org/a"));
  CHECK_FALSE(is_link("example.org"));
  CHECK_FALSE(is_link("https://example.org/a b"));
  CHECK_FALSE(is_link("https://e.org/" + std::string(2000, 'x')));
}

TEST_CASE("notion codec: ranges of days end after their last day with us, on it at Notion",
          "[notion][codec]") {
  CHECK(to_notion_date({{"start", "2026-02-27"}, {"end", "2026-03-02"}}) ==
        Json({{"start", "2026-02-27"}, {"end", "2026-03-01"}}));
  CHECK(to_notion_date({{"start", "2026-02-27"}, {"end", "2026-02-28"}}) ==
        Json({{"start", "2026-02-27"}}));
  CHECK(from_notion_date({{"start", "2026-12-30"}, {"end", "2026-12-31"}}) ==
        Json({{"start", "2026-12-30"}, {"end", "2027-01-01"}}));
  for (int shift = -2000; shift < 2000; shift += 37) {
    const std::string day = add_days("2026-11-23", shift);
    CHECK(add_days(day, -shift) == "2026-11-23");
  }
  const Json timed = {{"start", "2026-11-23T18:00:00"}, {"time_zone", "Europe/Madrid"}};
  CHECK(to_notion_date(timed) == timed);
  const Json answer = {{"start", "2026-11-23T18:00:00.000+01:00"}, {"end", nullptr}};
  CHECK(from_notion_date(answer) == Json({{"start", "2026-11-23T18:00:00+01:00"}}));
  CHECK(from_notion_date(timed) == timed);
  CHECK(from_notion_date({{"start", "2026-11-23T09:00:00.000Z"}}) ==
        Json({{"start", "2026-11-23T09:00:00+00:00"}}));
}

TEST_CASE("notion codec: only what changed is in an update", "[notion][codec]") {
  mortise::Write write;
  write.kind = "todo";
  write.fields = R"({"text":"t","checked":true})";
  write.changed = {"checked"};
  CHECK(*changed_body(write) == R"({"to_do":{"checked":true}})");
  write.changed = {"unknown"};
  CHECK(changed_body(write)->empty());
  write.kind = "page";
  write.fields = R"({"title":"t"})";
  write.changed = {"icon"};
  CHECK(*changed_body(write) == R"({"icon":null})");
  write.kind = "row";
  Schema schema{"s", {{"%3Aa", "Due", "date"}, {"title", "Task", "title"}}};
  write.fields = R"({"Task":"t"})";
  write.changed = {"Due", "Nowhere"};
  CHECK(*changed_row(write, schema) == R"({"properties":{"%3Aa":{"date":null}}})");
}

TEST_CASE("notion codec: the memo of a row gives its columns back", "[notion][codec]") {
  const Schema schema{"src", {{"%3Aa", "Due", "date"}, {"title", "Task", "title"}}};
  const Schema back = schema_of_memo(memo_of(schema));
  CHECK(back.source_id == "src");
  REQUIRE(back.named("Due") != nullptr);
  CHECK(back.named("Due")->id == "%3Aa");
  Schema wide{"src", {}};
  for (int i = 0; i < 500; ++i)
    wide.columns.push_back({"id", "column " + std::to_string(i), "url"});
  CHECK(memo_of(wide).empty());
}

TEST_CASE("notion codec: damaged JSON is an error or empty, never an exception",
          "[notion][codec]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const std::string text :
       {"", "null", "[]", "{}", "3", "\"x\"", "{\"results\":3}", "{\"results\":[null,3,[],{}]}",
        "{\"properties\":[1,2]}", "{\"properties\":{\"a\":null,\"b\":{\"type\":3}}}", "\xff\xfe"}) {
    CHECK_NOTHROW(read_all(text));
  }
  CHECK_NOTHROW(read_all(std::string(100'000, '[')));
  const char* const kSwaps[] = {"null", "3", "[]", "{}", "\"\"", "true", "-1e308"};
  for (const char* object : kObjects) {
    for (int i = 0; i < 300; ++i) {
      std::string text = object;
      const std::size_t at = random() % text.size();
      if (i % 3 == 0) text.resize(at);
      if (i % 3 == 1) text[at] = static_cast<char>(random());
      if (i % 3 == 2) {
        // A value replaced by one of another type.
        Json json = Json::parse(text).flatten();
        auto member = json.begin();
        std::advance(member, static_cast<std::ptrdiff_t>(random() % json.size()));
        *member = Json::parse(kSwaps[random() % 7]);
        text = json.dump();
        const Json whole = Json::parse(text);
        text = whole.is_object() ? [&] {
          try {
            return whole.unflatten().dump();
          } catch (const Json::exception&) {
            return text;
          }
        }() : text;
      }
      CAPTURE(text);
      REQUIRE_NOTHROW(read_all(text));
    }
  }
}

TEST_CASE("notion codec: each error of Notion has its meaning", "[notion][codec]") {
  const auto judged = [](int status, const std::string& body, bool with_id = true) {
    Reply reply;
    reply.status = status;
    reply.body = body;
    if (with_id) reply.headers.push_back({"x-notion-request-id", "r"});
    return judge_write(reply, "making it");
  };
  CHECK(judged(404, R"({"code":"object_not_found","message":"no"})").error.code == Code::not_found);
  const Verdict busy = judged(409, R"({"code":"conflict_error"})");
  CHECK(busy.kind == Verdict::Kind::refused);
  CHECK(busy.busy);
  CHECK(busy.error.code == Code::unavailable);
  CHECK(judged(409, R"({"code":"another"})").error.code == Code::conflict);
  CHECK(judged(409, R"({"code":"row_limit_exceeded"})").no_more_rows);
  const Verdict invalid =
      judged(400, R"({"code":"validation_error","message":"body.children[3] is wrong"})");
  CHECK(invalid.error.code == Code::invalid);
  CHECK(invalid.error.message.find("body.children[3]") != std::string::npos);
  CHECK(judged(400, R"({"message":"Can't edit block that is archived."})").error.code ==
        Code::not_found);
  CHECK(judged(403, R"({"additional_data":{"block_limit":"block_creation"}})").no_more_blocks);
  CHECK(judged(403, "<html>blocked</html>", false).error.code == Code::unavailable);
  CHECK(judged(400, R"({"error":"invalid_grant","error_description":"dead"})").error.message ==
        "making it: Notion answered 400 invalid_grant: dead");
  CHECK(judged(500, "{}").kind == Verdict::Kind::uncertain);
  CHECK(judged(529, "{}").kind == Verdict::Kind::refused);
  const Verdict committed = judged(503, kObjects[3]);
  CHECK(committed.kind == Verdict::Kind::committed);
  CHECK(committed.id == "r");
  CHECK(committed.child_ids.size() == 2);
}
