// The tree that plan() answers: what has no place in it is an error, before anything is written.
#include <catch2/catch.hpp>

#include "script/library.hpp"

using namespace mortise;
using namespace mortise::script;

namespace {

// A mapping whose plan() runs `body`; its example is one that holds for none of the plans below.
std::string source_with(const std::string& body, const std::string& fields) {
  return "return mapping { connector = 'x', plan = function(plan) if plan.title == 'example' then\n"
         "return page { key = plan.key } end " +
         body + " end,\nfields = { " + fields +
         " },\nexamples = { { plan = { title = 'example' }, want = { 'page plan:p1' } } } }";
}

const std::string kTodos = "todo = { { task = 'title', item = 'text' } }";

// What a plan of one module, one week and three tasks becomes; two of them are in the week.
Result<ports::Desired> mapped(const std::string& body, const std::string& fields = kTodos) {
  StatePool pool;
  const auto checked =
      MappingScript::load(script_text("mappings/x.lua", source_with(body, fields)), pool);
  INFO(body << ": " << (checked.script ? "" : checked.findings.front().message));
  REQUIRE(checked.script);
  const core::Account account;
  core::Plan plan;
  plan.id = "p";
  plan.modules = {{"m", "Module", {{"w", 1, "Milestone"}}}};
  std::vector<core::Task> tasks(3);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].id = "t" + std::to_string(i + 1);
    tasks[i].title = "Task " + std::to_string(i + 1);
    if (i > 0) tasks[i].week_id = "w";
  }
  return checked.script->desired({&account, &plan, tasks, "{}", "UTC", ""});
}

std::string refused(const std::string& body, const std::string& fields = kTodos) {
  const auto desired = mapped(body, fields);
  INFO(body);
  REQUIRE_FALSE(desired.ok());
  return desired.error().message;
}

const std::string kWeeks =
    "each(plan.modules[1].weeks, function(week) return section { key = week.key, todos = "
    "week.tasks } end)";

}  // namespace

TEST_CASE("plan: a task that stands in two places ends the run, with both of them named",
          "[script][plan]") {
  CHECK(refused("return page { key = plan.key, todos = plan.tasks, children = " + kWeeks + " }") ==
        "mappings/x.lua:1: 'task:t2' stands in the plan twice, in week:w and in plan:p");
  CHECK(refused("return { todos(plan.tasks), todos(plan.tasks) }") ==
        "mappings/x.lua:1: 'task:t1' stands in the plan twice, at the top and at the top");
  CHECK(refused("return page { key = 'task:t1', todos = plan.tasks }") ==
        "mappings/x.lua:1: 'task:t1' stands in the plan twice, at the top and in task:t1");
  const auto once =
      mapped("return page { key = plan.key, todos = plan.other_tasks, children = " + kWeeks + " }");
  REQUIRE(once.ok());
  CHECK(once->items.size() == 5);
  // Two groups of the same tasks, of which each task becomes an item in one.
  const std::string by_kind =
      "todo = { when = function(task) return task.title == 'Task 1' end, { task = 'title', item = "
      "'text' } }, row = { when = function(task) return task.title ~= 'Task 1' end, { task = "
      "'title', item = 'Task' } }";
  const auto apart = mapped(
      "return page { key = plan.key, todos = plan.tasks, children = { database { key = "
      "'a:b', columns = { { name = 'Task', type = 'title' } }, rows = plan.tasks } } }",
      by_kind);
  REQUIRE(apart.ok());
  CHECK(apart->items.size() == 5);
}

TEST_CASE("plan: a list with a hole is an error, and not cut there", "[script][plan]") {
  const auto has_hole = [](const std::string& message) {
    INFO(message);
    CHECK(message.find("nothing at 2, and something behind it") != std::string::npos);
  };
  const std::string page = "page { key = 'a:' .. i }";
  has_hole(refused("local list = {} for i = 1, 5 do if i ~= 2 then list[i] = " + page +
                   " end end return list"));
  has_hole(refused("local i = 1 return { " + page + ", nil, page { key = 'b:b' } }"));
  has_hole(refused("local i = 1 return page { key = plan.key, children = { " + page +
                   ", nil, page { key = 'b:b' } } }"));
  has_hole(refused("return page { key = plan.key, help = { 'one', nil, 'three' } }"));
  has_hole(
      refused("return page { key = plan.key, children = database { key = 'a:b', columns = "
              "{ { name = 'Task', type = 'title' }, nil, { name = 'x', type = 'url' } } } }"));
  const auto whole = mapped("return { page { key = 'a:1' }, page { key = 'a:2' }, nil }");
  REQUIRE(whole.ok());
  CHECK(whole->items.size() == 2);
}

TEST_CASE("plan: what a script writes down has no holes, either", "[script][plan]") {
  StatePool pool;
  const auto has_hole = [&](const char* name, const std::string& source) {
    const Findings findings = check_script(name, source, pool);
    REQUIRE_FALSE(findings.empty());
    INFO(findings.front().message);
    CHECK(findings.front().message.find("nothing at 2, and something behind it") !=
          std::string::npos);
  };
  const std::string line = "{ task = 'title', item = 'text' }";
  has_hole("mappings/x.lua", source_with("", "todo = { " + line + ", nil, " + line + " }"));
  has_hole("mappings/x.lua",
           source_with("", "todo = { " + line + ", alike = { 'text', nil, 'text' } }"));
  has_hole("mappings/x.lua", source_with("", kTodos + " }, settings = { s = choice { 'a', nil, "
                                                      "'c', default = 'a' }"));
  has_hole("policies/x.lua",
           "local example = { ask = { action = 'outside_progress' }, want = 'allow' }\n"
           "return policy { tiers = { a = { outside_progress = true } }, default = 'a',\n"
           "examples = { example, nil, example } }");
}

TEST_CASE("fields: an item's field has no null inside, and no hole", "[script][plan]") {
  const auto parked = [](const std::string& value) {
    const auto desired =
        mapped("return todos(plan.tasks)",
               "todo = { { item = 'text', to_item = function() return " + value + " end } }");
    REQUIRE(desired.ok());
    return desired->parked.empty() ? std::string() : desired->parked.front().error.message;
  };
  CHECK(parked("{ { a = 1 }, nil, { a = 3 } }").find("a list has nothing at 2") !=
        std::string::npos);
  CHECK(parked("{ a = 1, b = none }").find("none inside a table") != std::string::npos);
  CHECK(parked("{ none }").find("none inside a table") != std::string::npos);
  CHECK(parked("{ a = 1, b = nil }").empty());
  CHECK(parked("none").empty());
}

TEST_CASE("records: a misspelt name of a reminder, an attendee or a plan's tasks is an error",
          "[script][plan]") {
  StatePool pool;
  const auto message = [&](const std::string& to_item) {
    const std::string example =
        "{ task = { title = 'a', reminders = { { method = 'popup', minutes_before = 5 } }, "
        "attendees = { { email = 'ann@example.org' } } }, kind = 'todo', want = { text = 'x' } }";
    const Findings findings = check_script(
        "mappings/x.lua",
        "return mapping { connector = 'x', plan = function() return {} end, fields = { todo = { { "
        "item = 'text', to_item = function(task) " +
            to_item + " return 'x' end } } }, examples = { " + example + " } }",
        pool);
    return findings.empty() ? std::string() : findings.front().message;
  };
  CHECK(message("local x = task.reminders[1].minuets_before") ==
        "example 1: reminder has no 'minuets_before'; did you mean 'minutes_before'?");
  CHECK(message("local x = task.attendees[1].emial") ==
        "example 1: attendee has no 'emial'; did you mean 'email'?");
  CHECK(message("assert(task.attendees[1].name == nil and task.reminders[2] == nil)").empty());
  CHECK(refused("local x = plan.tasks.cuont").find("tasks has no 'cuont'; did you mean 'count'?") !=
        std::string::npos);
  CHECK(refused("local x = plan.modules[1].weeks[1].tasks.cuont").find("did you mean 'count'?") !=
        std::string::npos);
}
