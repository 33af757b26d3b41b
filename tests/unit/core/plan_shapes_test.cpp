#include "core/plan_shapes.hpp"

#include <map>
#include <numeric>

#include "core/bounds.hpp"
#include "core/plan_merge.hpp"
#include "unit/core/plan_fixtures.hpp"

using namespace mortise::core;

namespace {

constexpr const char* kRoadmap = R"({
  "topic": "Swift", "skill_level": "Beginner", "weekly_time": 7.5, "deadline": "2027-03-31",
  "learning_style": "Project-based", "timezone": "Europe/Madrid", "source": {"by": "planner"},
  "weeks": [
    {"week": 2, "milestone": "Views", "module": "Basics", "tasks": [
      {"day": 1, "task": "Lists", "duration": 2, "resource": "chapter 3 of the book"}]},
    {"week": 1, "milestone": "First steps", "module": "Basics", "tasks": [
      {"day": 2, "task": "Types", "duration": 0.1},
      {"day": 1, "task": "Install Xcode", "duration": 1.6, "resource": "https://example.org/1"},
      {"day": 2, "task": "Optionals", "duration": 1.15, "resource": null}]},
    {"week": 3, "tasks": [{"day": 5, "task": "Ship it", "duration": 3, "external_id": "app-9"}]},
    {"week": 4, "module": "Basics", "tasks": []}]})";

std::vector<Problem> complaints(std::string_view text) {
  const Read<ImportedPlan> read = read_plan_document(parse_json(text).value(), counting_ids());
  CHECK(read.ok() == read.problems.empty());
  return read.problems;
}

}  // namespace

TEST_CASE("plan_shapes: a roadmap becomes modules, weeks and tasks in order",
          "[core][plan_shapes]") {
  const ImportedPlan imported = import_text(kRoadmap);
  const Plan& plan = imported.plan;
  CHECK(imported.shape == PlanShape::roadmap);
  CHECK(plan.title == "Swift");
  CHECK(plan.weekly_time_s == 27'000);
  CHECK(plan.zone == "Europe/Madrid");
  CHECK(plan.source == R"({"by":"planner"})");

  REQUIRE(plan.modules.size() == 3);
  CHECK(plan.modules[0].title == "Basics");
  REQUIRE(plan.modules[0].weeks.size() == 2);
  CHECK(plan.modules[0].weeks[0].milestone == "First steps");
  CHECK(plan.modules[0].weeks[1].number == 2);
  CHECK(plan.modules[1].title == "Swift");  // a week without a module
  CHECK(plan.modules[2].title == "Basics");

  std::vector<std::string> titles;
  std::vector<std::string> keys;
  std::vector<std::int64_t> seconds;
  for (const Task& task : imported.tasks) {
    titles.push_back(task.title);
    keys.push_back(task.external_id.substr(task.external_id.find(':') + 1));
    seconds.push_back(task.duration_s.value());
    CHECK(task.plan_id == plan.id);
    CHECK(valid_id(kTaskPrefix, task.id));
  }
  CHECK(titles ==
        std::vector<std::string>{"Install Xcode", "Types", "Optionals", "Lists", "Ship it"});
  CHECK(keys == std::vector<std::string>{"w1d1n1", "w1d2n1", "w1d2n2", "w2d1n1", "app-9"});
  CHECK(seconds == std::vector<std::int64_t>{5'760, 360, 4'140, 7'200, 10'800});
  CHECK(imported.tasks[0].link == "https://example.org/1");
  CHECK(imported.tasks[3].notes == "chapter 3 of the book");
  CHECK(imported.tasks[3].link.empty());
  CHECK(imported.tasks[0].week_id == plan.modules[0].weeks[0].id);
  CHECK(imported.tasks[1].position - imported.tasks[0].position == kPositionStep);
}

TEST_CASE("plan_shapes: hours become exact seconds", "[core][plan_shapes]") {
  for (int tenths = 1; tenths <= 10'000; ++tenths) {
    const std::string hours = std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
    const ImportedPlan imported = import_text(
        R"({"topic": "t", "weeks": [{"week": 1, "tasks": [{"day": 1, "task": "x", "duration": )" +
        hours + "}]}]}");
    REQUIRE(imported.tasks[0].duration_s == tenths * 360);
  }
}

TEST_CASE("plan_shapes: every problem of a roadmap points to its place", "[core][plan_shapes]") {
  CHECK(
      complaints(
          R"({"topik": "x", "weekly_time": "18", "deadline": "30/06/2033", "timezone": "Madrid", "weeks": [
      {"week": 1, "tasks": [{"day": 1, "task": "a", "duration": 1}, {"day": 0, "task": "", "duration": "2h"}]},
      {"week": 1, "milestone": 5, "tasks": [{"day": 1, "task": "b", "duration": -1, "resource": "ftp://x"}]},
      {"tasks": [{"day": 1.5, "titel": "c", "duration": 1001, "external_id": "e"}, {"day": 1, "task": "d", "duration": 1, "external_id": "e"}]},
      {"week": 9, "tasks": {}}, 7]})") ==
      std::vector<Problem>{
          {"/topic", "is required"},
          {"/weekly_time", "must be a number of hours, more than 0 and at most 168"},
          {"/deadline", "must be a date like 2026-11-23"},
          {"/timezone",
           "must be an IANA time zone like Europe/Madrid; did you mean \"Europe/Madrid\"?"},
          {"/weeks/0/tasks/1/day", "must be an integer from 1 to 366"},
          {"/weeks/0/tasks/1/task", "is required"},
          {"/weeks/0/tasks/1/duration", "must be a number of hours, more than 0 and at most 1000"},
          {"/weeks/1/week", "is the number of an earlier week"},
          {"/weeks/1/milestone", "must be a string"},
          {"/weeks/1/tasks/0/duration", "must be a number of hours, more than 0 and at most 1000"},
          {"/weeks/1/tasks/0/resource", "must be an http or https URL"},
          {"/weeks/2/week", "is required"},
          {"/weeks/2/tasks/0/day", "must be an integer from 1 to 366"},
          {"/weeks/2/tasks/0/task", "is required"},
          {"/weeks/2/tasks/0/duration", "must be a number of hours, more than 0 and at most 1000"},
          {"/weeks/2/tasks/0/titel", "unknown field"},
          {"/weeks/2/tasks/1/external_id", "is used twice in this document"},
          {"/weeks/3/tasks", "must be a list"},
          {"/weeks/4", "must be an object"},
          {"/topik", "unknown field; did you mean \"topic\"?"}});
}

TEST_CASE("plan_shapes: documents of the wrong form are refused", "[core][plan_shapes]") {
  CHECK(complaints("[]").front() == Problem{"", "must be an object"});
  CHECK(complaints("{}").front() == Problem{"/title", "is required"});
  CHECK(complaints(R"({"topic": "x", "weeks": null})").front() == Problem{"/weeks", "is required"});
  CHECK(complaints(R"({"topic": "S", "wekks": []})") ==
        std::vector<Problem>{{"/weeks", "is required"},
                             {"/wekks", "unknown field; did you mean \"weeks\"?"}});
  CHECK(complaints(R"({"title": "  ", "modules": []})").front() ==
        Problem{"/title", "is required"});
  CHECK(complaints(R"({"topic": "x", "weeks": "none"})").front() ==
        Problem{"/weeks", "must be a list"});
  CHECK(
      complaints(R"({"topic": "x", "start": "2027-02-01", "deadline": "2027-01-01", "weeks": []})")
          .front() == Problem{"/deadline", "must not be before start"});
  CHECK(
      complaints(
          R"({"title": "x", "modules": [{"title": "m", "weeks": [{"number": 1, "tasks": [{"title": "t", "id": "tsk_1"}]}]}]})")
          .front() == Problem{"/modules/0/weeks/0/tasks/0/id",
                              "must be an id of this host (tsk_...) or be left out"});
}

TEST_CASE("plan_shapes: a plan has at most 20,000 tasks", "[core][plan_shapes]") {
  Json week = {{"week", 1}, {"tasks", Json::array()}};
  for (std::size_t i = 0; i < kMaxTasks / 2; ++i)
    week["tasks"].push_back({{"day", 1}, {"task", "x"}, {"duration", 1}});
  Json second = week;
  second["week"] = 2;
  Json document = {{"topic", "x"}, {"weeks", {week, second}}};
  CHECK(read_plan_document(document, counting_ids()).ok());
  document["weeks"][1]["tasks"].push_back({{"day", 1}, {"task", "one more"}, {"duration", 1}});
  CHECK(read_plan_document(document, counting_ids()).problems ==
        std::vector<Problem>{{"/weeks/1/tasks/10000", "a plan has at most 20000 tasks"}});
}

TEST_CASE("plan_shapes: the canonical document reads back as the same plan",
          "[core][plan_shapes]") {
  const ImportedPlan imported = import_text(kRoadmap);
  std::vector<Task> tasks = imported.tasks;
  tasks[1].schedule = {ScheduleKind::timed, ScheduleOrigin::computed, "2026-11-23T18:00:00", "",
                       ""};
  tasks[1].due = "2026-11-23";
  Task loose;
  loose.id = counting_ids(900)(kTaskPrefix);
  loose.plan_id = imported.plan.id;
  loose.title = "outside the weeks";
  loose.position = tasks.back().position + kPositionStep;
  tasks.push_back(loose);

  const Json document = plan_document(imported.plan, tasks);
  CHECK(document["modules"][0]["weeks"][0]["tasks"][0]["title"] == "Install Xcode");
  CHECK(document["modules"][2]["weeks"][0]["tasks"].empty());
  const Read<ImportedPlan> read = read_plan_document(document, counting_ids(5'000));
  REQUIRE(read.problems.empty());
  const MergedPlan merged = merge_import(imported.plan, tasks, *read.value);
  CHECK_FALSE(merged.plan_changed);
  CHECK(merged.tasks == tasks);
  CHECK(merged.added.empty());
  CHECK(merged.changed.empty());
  CHECK(merged.removed.empty());
}

TEST_CASE("plan_shapes: an empty plan may be made and filled later", "[core][plan_shapes]") {
  const ImportedPlan imported = import_text(R"({"title": "Later", "external_id": "p-1"})");
  CHECK(imported.plan.external_id == "p-1");
  CHECK(imported.tasks.empty());
}

TEST_CASE("plan_shapes: positions leave room and say when there is none", "[core][plan_shapes]") {
  CHECK(position_between(std::nullopt, std::nullopt) == 1'024);
  CHECK(position_between(2'048, std::nullopt) == 3'072);
  CHECK(position_between(std::nullopt, 1'024) == 0);
  CHECK(position_between(1'024, 2'048) == 1'536);
  CHECK(position_between(5, 7) == 6);
  CHECK_FALSE(position_between(5, 6).has_value());
}

TEST_CASE("plan_shapes: the OSSU roadmap is read whole", "[core][plan_shapes][shared]") {
  const std::optional<std::string> text = shared_file("data/plans/ossu-computer-science.json");
  if (!text) {
    WARN("skipped: no shared data (MORTISE_SHARED)");
    return;
  }
  const ImportedPlan imported = import_text(*text);
  CHECK(imported.plan.modules.size() == 15);
  CHECK(imported.tasks.size() == 3'330);
  std::int64_t total_s = 0;
  std::size_t weeks = 0;
  for (const Task& task : imported.tasks) total_s += task.duration_s.value();
  for (const Module& module : imported.plan.modules) weeks += module.weeks.size();
  CHECK(total_s == 4'163 * 3'600);
  CHECK(weeks == 666);
  CHECK(imported.plan.weekly_time_s == 18 * 3'600);
}
