// What a script admin is told about a script that is wrong: file, line, and the nearest valid word.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "script/api.hpp"
#include "script/library.hpp"

using namespace mortise;
using namespace mortise::script;

namespace {

std::string shipped(const std::string& name) {
  std::ifstream file(MORTISE_SOURCE_DIR "/scripts/" + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The line of the first place of `text`.
int line_of(const std::string& source, const std::string& text) {
  const std::size_t at = source.find(text);
  REQUIRE(at != std::string::npos);
  return 1 + static_cast<int>(std::count(source.begin(),
                                         source.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

struct Edit {
  const char* script;
  const char* from;
  const char* to;
  const char* want;  ///< part of the message
};

// Each takes a shipped script and makes one mistake in it.
const Edit kEdits[] = {
    {"mappings/notion.lua", "  fields = {", "  feilds = {",
     "a mapping has no 'feilds'; did you mean 'fields'?"},
    {"mappings/notion.lua", "    row = {", "    rwo = {",
     "fields of the mapping has no 'rwo'; did you mean 'row'?"},
    {"mappings/notion.lua", "{ task = \"link\",       item = \"Resource Link\" }",
     "{ tsak = \"link\",       item = \"Resource Link\" }",
     "line 4 of fields.row has no 'tsak'; did you mean 'task'?"},
    {"mappings/notion.lua", "via = checked", "via = chekced",
     "no global is called 'chekced'; did you mean 'checked'?"},
    {"mappings/notion.lua", "via = minutes", "via = \"minutes\"",
     "via of line 5 of fields.row is no transform"},
    {"mappings/notion.lua", "task = \"duration_s\"", "task = \"duration\"",
     "task field of line 5 of fields.row: 'duration' is not known; did you mean 'duration_s'?"},
    {"mappings/notion.lua", "to_item = \"position\"", "to_item = \"postion\"",
     "to_item of line 6 of fields.row: 'postion' is not known; did you mean 'position'?"},
    {"mappings/notion.lua", "to_item = \"position\"", "to_item = \"position\", lossy = true",
     "line 6 of fields.row is lossy, but has no way back"},
    {"mappings/notion.lua", "via = day, lossy = true", "via = day, lossy = \"yes\"",
     "lossy of line 2 of fields.row"},
    {"mappings/notion.lua", "item = \"detail\"", "item = \"details\"",
     "item field of line 4 of fields.todo: 'details' is not known; did you mean 'detail'?"},
    {"mappings/notion.lua", "item = \"Due Date\"", "item = \"Due date\"",
     "there is no column 'Due date'; did you mean 'Due Date'?"},
    {"mappings/notion.lua", "type = \"status\"", "type = \"statsu\"",
     "type of column 'Status': 'statsu' is not known; did you mean 'status'?"},
    {"mappings/notion.lua", "return section {", "return secton {",
     "no global is called 'secton'; did you mean 'section'?"},
    {"mappings/notion.lua", "title = week_title(week), todos", "titel = week_title(week), todos",
     "section has no 'titel'; did you mean 'title'?"},
    {"mappings/notion.lua", "todos = week.tasks", "todos = week.milestone", "takes tasks"},
    {"mappings/notion.lua", "key = module.key", "key = plan.key",
     "the key 'plan:p1' is there twice"},
    {"mappings/notion.lua", "rows = plan.tasks", "rows = nil", "example 9: wants"},
    {"mappings/notion.lua", "default = \"pages\"", "default = \"page\"",
     "cannot be 'page'; did you mean 'pages'?"},
    {"mappings/notion.lua", "choice { \"merge\", \"newest\"", "choice { \"merge\", \"newer\"",
     "setting 'conflicts' has no 'newer'; did you mean 'newest'?"},
    {"mappings/notion.lua", "done = \"Done\"", "done = \"Not started\"",
     "lookup has 'Not started' twice, so there is no way back"},
    {"mappings/notion.lua", "want = { status = \"done\" }", "want = { status = \"todo\" }",
     "example 4: wants status"},
    {"mappings/notion.lua", "{ task = { title = \"Read\" }, kind = \"todo\", want",
     "{ task = { titel = \"Read\" }, kind = \"todo\", want", "did you mean \"title\"?"},
    {"mappings/notion.lua", "connector = \"notion\",", "", "does not say its connector"},
    {"mappings/notion.lua", "return mapping {", "mapping {",
     "a mapping script returns mapping {...}"},
    {"mappings/notion.lua", "local function spoken(", "local funtion spoken(", "expected near"},
    {"policies/tiers.lua", "starter = { exports_per_month", "starter = { exprots_per_month",
     "did you mean"},
    {"policies/tiers.lua", "exports_per_month = 2,", "exports_per_month = 2.5,",
     "'exports_per_month' is a whole number from 0, or unlimited"},
    {"policies/tiers.lua", "default = \"free\"", "default = \"fre\"",
     "'fre' is not known; did you mean 'free'?"},
    {"policies/tiers.lua", "[\"export.start\"]", "[\"export.strat\"]",
     "a policy has no 'export.strat'; did you mean 'export.start'?"},
    {"policies/tiers.lua", "exports_per_month = 2,", "exports_per_month = 3,",
     "example 2: wants 'quota_exceeded', the policy says 'allow'"},
    {"policies/tiers.lua",
     "ask.trigger ~=", "ask.triger.x ~=", "ask has no 'triger'; did you mean 'trigger'?"},
    {"policies/tiers.lua", "return allow { cost = 1 }", "return true", "answers with a boolean"},
    {"policies/tiers.lua", "return allow { cost = 1 }", "return allow { csot = 1 }",
     "allow has no 'csot'; did you mean 'cost'?"},
    {"policies/tiers.lua", "return allow { cost = 1 }", "return allow { cost = 2 }",
     "cost is 1 (it counts as an export of the month) or 0"},
    {"policies/tiers.lua", "\"quota_exceeded\", \"The", "\"Quota exceeded\", \"The",
     "the reason is one word"},
    // A misspelt name of a record.
    {"policies/tiers.lua", "used.exports_this_month >=", "used.exports_this_moth >=",
     "used has no 'exports_this_moth'; did you mean 'exports_this_month'?"},
    {"policies/tiers.lua", "ask.tier, tier.", "ask.teir, tier.",
     "ask has no 'teir'; did you mean 'tier'?"},
    {"policies/tiers.lua", ">= tier.exports_per_month", ">= tier.exprots_per_month",
     "tier has no 'exprots_per_month'; did you mean 'exports_per_month'?"},
    {"mappings/google_calendar.lua", "if task.meeting_link then", "if task.meeting_lnk then",
     "task has no 'meeting_lnk'; did you mean 'meeting_link'?"},
    {"mappings/google_calendar.lua", "here.settings.done_mark or", "here.settings.done_mrak or",
     "settings has no 'done_mrak'; did you mean 'done_mark'?"},
    {"mappings/google_calendar.lua", "task.schedule.kind ==", "task.schedule.knid ==",
     "schedule has no 'knid'; did you mean 'kind'?"},
    {"mappings/google_calendar.lua", "if here.link_base then", "if here.link_bsae then",
     "here has no 'link_bsae'; did you mean 'link_base'?"},
    {"mappings/notion.lua", "key = module.key", "key = module.kye",
     "module has no 'kye'; did you mean 'key'?"},
    {"mappings/notion.lua", "if not week.milestone", "if not week.milestnoe",
     "week has no 'milestnoe'; did you mean 'milestone'?"},
    // A misspelt variable.
    {"mappings/google_calendar.lua", "return with(schedule, changes)",
     "return with(schedule, chnages)", "no global is called 'chnages'; did you mean 'changes'?"},
    {"mappings/google_calendar.lua", "duration_s or half_an_hour", "duration_s or hafl_an_hour",
     "no global is called 'hafl_an_hour'; did you mean 'half_an_hour'?"},
    {"mappings/google_calendar.lua",
     "want = { title = \"Met\", reminders = none }, dropped = { \"alerts\" }",
     "want = { title = \"Met\" }", "of the edit [\"alerts\"] is dropped"},
};

}  // namespace

TEST_CASE("check: one mistake in a shipped script is told with file, line and the nearest word",
          "[script][check]") {
  StatePool pool;
  for (const Edit& edit : kEdits) {
    std::string source = shipped(edit.script);
    const std::size_t at = source.find(edit.from);
    INFO(edit.script << ": " << edit.from << " -> " << edit.to);
    REQUIRE(at != std::string::npos);
    source.replace(at, std::string(edit.from).size(), edit.to);
    const Findings findings = check_script(edit.script, source, pool);
    REQUIRE_FALSE(findings.empty());
    std::string all;
    for (const ports::ScriptFinding& finding : findings) {
      CHECK(finding.file == edit.script);
      CHECK(finding.line > 0);
      all += std::to_string(finding.line) + ": " + finding.message + "\n";
    }
    INFO(all);
    CHECK(all.find(edit.want) != std::string::npos);
  }
}

TEST_CASE("check: the line is that of the misspelt word", "[script][check]") {
  StatePool pool;
  std::string source = shipped("mappings/notion.lua");
  source.replace(source.find("  fields = {"), 12, "  feilds = {");
  const Findings findings = check_script("mappings/notion.lua", source, pool);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].line == line_of(source, "feilds"));

  source = shipped("mappings/google_calendar.lua");
  source.replace(source.find("task = \"location\""), 17, "task = \"locatoin\"");
  const Findings second = check_script("mappings/google_calendar.lua", source, pool);
  REQUIRE(second.size() == 1);
  CHECK(second[0].line == line_of(source, "locatoin"));
}

TEST_CASE("check: the line is told of a script of any name", "[script][check]") {
  StatePool pool;
  const std::string name = "mappings/" + std::string(90, 'x') + ".lua";
  std::string source = shipped("mappings/notion.lua");
  source.replace(source.find("via = checked"), 13, "via = chekced");
  const Findings findings = check_script(name, source, pool);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].line == line_of(source, "chekced"));
  CHECK(findings[0].message == "no global is called 'chekced'; did you mean 'checked'?");
}

TEST_CASE("check: an example that fails is told with the line where it stands", "[script][check]") {
  StatePool pool;
  const auto line = [&](const std::string& source) {
    const Findings findings = check_script("mappings/x.lua", source, pool);
    REQUIRE(findings.size() == 1);
    INFO(findings[0].message);
    return findings[0].line;
  };
  const std::string head =
      "-- examples = { want, want }\nlocal want = 'examples = {'\nlocal more = [[\n want = "
      "{}\n]]\n";
  const std::string body =
      "return mapping { connector = 'x', plan = function(plan) return events(plan.tasks) end,\n"
      "fields = { event = { { task = 'title', item = 'title' } } },\n";
  const std::string good = "{ task = { title = 'a' }, kind = 'event', want = { title = 'a' } },\n";
  const std::string bad =
      "{ task = { title = 'a' },\n kind = 'event', -- }\n want = { title = 'b' } },\n";
  CHECK(line(head + body + "examples = {\n" + good + good + bad + good + "} }") == 11);
  CHECK(line(head + body + "examples = { " + bad + good + "} }") == 8);
  CHECK(line(head + "local all = {\n" + good + bad + "}\n" + body + "examples = all }") == 8);
  // What has no line of its own: a setting, a task, a broken law.
  CHECK(line(body + "examples = {\n" + good +
             "{ task = { title = 'a' }, settings = { x = 1 }, kind = 'event', want = {} } } }") ==
        5);
  CHECK(line(body + "examples = {\n" + good +
             "{ task = { title = 'a', status = 'dnoe' }, kind = 'event', want = {} } } }") == 5);
}

TEST_CASE("check: every example that fails is told", "[script][check]") {
  StatePool pool;
  std::string source = shipped("policies/tiers.lua");
  source.replace(source.find("exports_per_month = 2,"), 22, "exports_per_month = 0,");
  CHECK(check_script("policies/tiers.lua", source, pool).size() == 1);
  source.replace(source.find("exports_per_month = 10,"), 23, "exports_per_month = 99,");
  CHECK(check_script("policies/tiers.lua", source, pool).size() == 2);
}

TEST_CASE("check: a script without examples, of the wrong kind or in the wrong folder is refused",
          "[script][check]") {
  StatePool pool;
  const auto message = [&](const char* name, const char* source) {
    const Findings findings = check_script(name, source, pool);
    return findings.empty() ? std::string() : findings.front().message;
  };
  CHECK(message("policies/a.lua",
                "return policy { tiers = { a = {} }, default = 'a', examples = {} }") ==
        "a policy carries at least one example");
  CHECK(message("policies/a.lua", "return policy { tiers = { a = {} }, default = 'a' }") ==
        "examples of the policy: a table is expected, it is missing");
  CHECK(message("policies/a.lua", "return 1") == "a policy script returns policy {...}");
  CHECK(message("policies/a.lua", "") == "a policy script returns policy {...}");
  CHECK(message("mappings/a.lua", "return { connector = 'x' }") ==
        "a mapping script returns mapping {...}");
  CHECK(message("a.lua", "return 1") == "a script lies in policies/ or in mappings/");
  CHECK(message("policies/a.lua", "while true do end").find("in one call") != std::string::npos);
}

TEST_CASE("check: what a script returns is checked, whoever made it", "[script][check]") {
  StatePool pool;
  const auto message = [&](const std::string& name, const std::string& source) {
    const Findings findings = check_script(name, source, pool);
    return findings.empty() ? std::string() : findings.front().message;
  };
  const std::string policy =
      "local p = policy { tiers = { a = { outside_progress = true } }, default = 'a',\n"
      "['export.start'] = function() return allow {} end,\n"
      "examples = { { ask = { action = 'export.start' }, want = 'allow' } } }\n";
  CHECK(message("policies/a.lua", policy + "return p").empty());
  CHECK(message("policies/a.lua", "return { kind = 'policy', default = 'x', tiers = '" +
                                      std::string(80, 'A') + "' }") ==
        "tiers of the policy: a table is expected, it is a string");
  CHECK(message("policies/a.lua", policy + "p.tiers.a = 'AAAAAAAA' return p") ==
        "tier 'a': a table is expected, it is a string");
  CHECK(message("policies/a.lua", policy + "p.tiers[1] = { outside_progress = true } return p") ==
        "the name of a tier: a string is expected, it is a number");
  CHECK(message("policies/a.lua", policy + "p.default = 'nobody' return p") ==
        "default tier of the policy: 'nobody' is not known; known: a");
  CHECK(message("policies/a.lua", policy + "p.examples = 'AAAAAAAA' return p") ==
        "examples of the policy: a table is expected, it is a string");
  CHECK(message("policies/a.lua",
                policy + "p['export.start'] = function() return { kind = 'allow', cost = 9 } end "
                         "return p")
            .find("cost is 1 (it counts as an export of the month) or 0") != std::string::npos);
  CHECK(message("policies/a.lua",
                policy + "p['export.start'] = function() return { kind = 'deny', reason = '' } end "
                         "return p")
            .find("the reason is one word") != std::string::npos);

  const std::string mapping =
      "local m = mapping { connector = 'x', plan = function(plan) return rows(plan.tasks) end,\n"
      "fields = { row = { { task = 'title', item = 'Task' } } },\n"
      "examples = { { task = { title = 'a' }, kind = 'row', want = { Task = 'a' } } } }\n";
  CHECK(message("mappings/a.lua", mapping + "return m").empty());
  CHECK(message("mappings/a.lua", "return { kind = 'mapping', connector = 'notion' }") ==
        "plan of the mapping: a function is expected, it is missing");
  CHECK(message("mappings/a.lua", mapping + "m.fields = 'AAAAAAAA' return m") ==
        "fields of the mapping: a table is expected, it is a string");
  CHECK(message("mappings/a.lua", mapping + "m.fields.row = 'AAAAAAAA' return m") ==
        "fields.row: a table is expected, it is a string");
  CHECK(message("mappings/a.lua", mapping + "m.settings = 'AAAAAAAA' return m") ==
        "settings of the mapping: a table is expected, it is a string");
}

TEST_CASE("check: a tier that a function spoils denies, and harms nothing", "[script][check]") {
  StatePool pool;
  const Checked<PolicyScript> checked = PolicyScript::load(
      script_text("policies/a.lua",
                  "local p = nil p = policy { tiers = { a = { outside_progress = true } },\n"
                  "default = 'a', ['export.start'] = function(ask)\n"
                  "if ask.account == 'x' then p.tiers.a = 'AAAAAAAA' end return allow {} end,\n"
                  "examples = { { ask = { action = 'export.start' }, want = 'allow' } } }\n"
                  "return p"),
      pool);
  REQUIRE(checked.script);
  CHECK(checked.script->decide({"export.start", "x", "a", "user", ""}, {}).allow);
  const ports::Decision spoilt =
      checked.script->decide({"outside_progress", "x", "a", "user", ""}, {});
  CHECK_FALSE(spoilt.allow);
  CHECK(spoilt.reason == "policy_error");
  CHECK(spoilt.message.find("tier 'a': a table is expected") != std::string::npos);
}

TEST_CASE("check: examples and trees that only look for trouble are findings", "[script][check]") {
  StatePool pool;
  const auto message = [&](const std::string& plan, const std::string& examples) {
    const Findings findings =
        check_script("mappings/a.lua",
                     "return mapping { connector = 'x', plan = function(plan) " + plan + " end,\n" +
                         "fields = { row = { { task = 'title', item = 'Task' } } },\n" +
                         "examples = { " + examples + " } }",
                     pool);
    return findings.empty() ? std::string() : findings.front().message;
  };
  const std::string rows = "return rows(plan.tasks)";
  CHECK(
      message(rows, "{ task = { title = 'a' }, kind = 'row', want = { Task = { ['\\xff'] = 1 } } }")
          .find("a text that is not UTF-8") != std::string::npos);
  // 40 tables that share one long key.
  CHECK(message("local long, t = ('k'):rep(60000), {} for i = 1, 40 do t[i] = { [long] = i } end "
                "return page { key = plan.key, title = 'a', icon = t }",
                "{ plan = { title = 'a' }, want = {} }")
            .find("more than 1 MiB of text") != std::string::npos);
  // Lists of a hundred times the same list, twelve deep.
  CHECK(
      message("local l = {} for d = 1, 12 do local m = {} for i = 1, 100 do m[i] = l end l = m end "
              "return l",
              "{ plan = { title = 'a' }, want = {} }")
          .find("in one call") != std::string::npos);
}

TEST_CASE("check: a key that is cut inside a character is a finding", "[script][check]") {
  StatePool pool;
  const Findings findings =
      check_script("mappings/a.lua",
                   "return mapping { connector = 'x', plan = function(plan)\n"
                   "return page { key = 'x:' .. plan.title:sub(1, 4), title = plan.title } end,\n"
                   "fields = { row = { { task = 'title', item = 'Task' } } },\n"
                   "examples = { { plan = { title = 'caf\xc3\xa9' }, want = {} } } }",
                   pool);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].message.find("the key of a page is not UTF-8") != std::string::npos);
}

TEST_CASE("check: one table named very often is paid for each time", "[script][check]") {
  StatePool pool;
  const auto message = [&](const std::string& name, const std::string& source) {
    const Findings findings = check_script(name, source, pool);
    REQUIRE_FALSE(findings.empty());
    return findings.front().message;
  };
  const std::string often = "for i = 1, 100000 do l[i] = t end\n";
  const std::string plan = "connector = 'x', plan = function() end, examples = { {} }";
  const std::string policy =
      "default = 'a', ['export.start'] = function() return allow {} end, examples = ";
  CHECK(message("mappings/a.lua", "local l, t = {}, { task = 'title', item = ('x'):rep(60000) } " +
                                      often + "return mapping { " + plan +
                                      ", fields = { row = l } }")
            .find("in one call") != std::string::npos);
  CHECK(message("mappings/a.lua", "local l, t = {}, ('x'):rep(60000) " + often +
                                      "l.default = 'a' return mapping { " + plan +
                                      ", settings = { s = choice(l) }, fields = {} }")
            .find("in one call") != std::string::npos);
  CHECK(message("policies/a.lua",
                "local l, t = {}, { ask = { action = 'export.start' }, want = 'allow' } " + often +
                    "return policy { tiers = { a = { x = 1 } }, " + policy + "l }")
            .find("more than 200 examples") != std::string::npos);
  CHECK(message("policies/a.lua",
                "local l, t = {}, { x = 1 } for i = 1, 1000 do t[i] = i end "
                "for i = 1, 2000 do l['t' .. i] = t end return policy { tiers = l, " +
                    policy + "{ {} } }")
            .find("in one call") != std::string::npos);
  CHECK(message("mappings/a.lua", "local l, t = {}, {} " + often + "return mapping { " + plan +
                                      ", fields = { row = { { task = 'title', item = 'a' } } }, "
                                      "examples = l }")
            .find("more than") != std::string::npos);
}

TEST_CASE("check: a kind that a function makes up is nothing but itself", "[script][check]") {
  StatePool pool;
  const Checked<MappingScript> checked = MappingScript::load(
      script_text(
          "mappings/a.lua",
          "local m = nil m = mapping { connector = 'x', plan = function(plan)\n"
          "if plan.title == 'odd' then m.fields.todo = m.fields.row end\n"
          "return rows(plan.tasks) end,\n"
          "fields = { row = { { task = 'title', item = 'Task',\n"
          "to_task = function(value) return value .. '!' end } } },\n"
          "examples = { { task = { title = 'a' }, kind = 'row', want = { Task = 'a' } } } }\n"
          "return m"),
      pool);
  REQUIRE(checked.script);
  core::Account account;
  core::Plan plan;
  plan.title = "odd";
  const std::vector<core::Task> tasks(1);
  const ports::MappingInput input{&account, &plan, tasks, "{}", "UTC", ""};
  (void)checked.script->desired(input);
  const auto change = checked.script->task_change("todo", R"({"Task":"b"})", tasks[0], input);
  REQUIRE_FALSE(change.ok());
}

TEST_CASE("check: a script that remembers something from call to call is refused",
          "[script][check]") {
  StatePool pool;
  const auto message = [&](const std::string& before, const std::string& inside) {
    const std::string source =
        before +
        "\nreturn policy { tiers = { a = { outside_progress = true } }, default = 'a',\n"
        "['export.start'] = function(ask, tier, used) " +
        inside +
        " return allow {} end,\n"
        "examples = { { ask = { action = 'export.start' }, want = 'allow' } } }";
    const Findings findings = check_script("policies/a.lua", source, pool);
    return findings.empty() ? std::string() : findings.front().message;
  };
  CHECK(message("local count = 0", "count = count + 1") ==
        "'count' is kept from one call to the next; a script answers from what it is given");
  CHECK(message("local seen = {}", "seen[ask.tier] = true").rfind("'seen.a' is kept", 0) == 0);
  CHECK(message("local list = { 1 }", "table.remove(list)").rfind("'list.1' is taken away", 0) ==
        0);
  CHECK(message("local tiers = { a = { outside_progress = true } }",
                "tiers.a.outside_progress = false")
            .rfind("'tiers.a.outside_progress' is kept", 0) == 0);
  CHECK(message("local function f() local n = 0 return function() n = n + 1 return n end end local "
                "g = f()",
                "g()")
            .rfind("'n' is kept", 0) == 0);
  CHECK(message("local words = { 'a' }", "local n = 0 for _ in ipairs(words) do n = n + 1 end")
            .empty());
}

namespace {

std::vector<std::string> api_names;

// Keeps what the script API adds to the environment of a script.
void note_names(lua_State* L) {
  install_api(L);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    api_names.emplace_back(lua_tostring(L, -2));
    lua_pop(L, 1);
  }
}

std::string text_of_file(const std::string& name) {
  std::ifstream file(MORTISE_SOURCE_DIR "/" + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("docs: every name of the script API is in the guide and in the editor's stubs",
          "[script][docs]") {
  api_names.clear();
  REQUIRE(Sandbox::open({}, &note_names).ok());
  CHECK(api_names.size() > 30);
  const std::string guide = text_of_file("docs/scripting.md"),
                    stubs = text_of_file("sdk/lua/mortise.lua");
  for (const std::string& name : api_names) {
    INFO(name);
    CHECK(guide.find(name) != std::string::npos);
    const bool is_lua =
        line_with(
            "assert error ipairs next pairs select tonumber tostring type math utf8 "
            "string table",
            name) > 0;
    if (!is_lua) CHECK(line_with(stubs, name) > 0);
  }
}
