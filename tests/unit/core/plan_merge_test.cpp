#include "core/plan_merge.hpp"

#include <random>
#include <set>

#include "fakes/test_seed.hpp"
#include "unit/core/plan_fixtures.hpp"

using namespace mortise::core;

namespace {

Json roadmap() {
  return parse_json(R"({"topic": "Swift", "weeks": [
      {"week": 1, "module": "A", "milestone": "one", "tasks": [
        {"day": 1, "task": "a", "duration": 1}, {"day": 2, "task": "b", "duration": 1}]},
      {"week": 2, "module": "B", "milestone": "two", "tasks": [
        {"day": 1, "task": "c", "duration": 1}, {"day": 3, "task": "d", "duration": 1}]}]})")
      .value();
}

// A stored plan, as import made it.
struct Stored {
  Plan plan;
  std::vector<Task> tasks;
};

Stored stored(const Json& document) {
  ImportedPlan imported = *read_plan_document(document, counting_ids()).value;
  imported.plan.account_id = "ana";
  imported.plan.rev = 3;
  for (Task& task : imported.tasks) {
    task.account_id = "ana";
    task.rev = 1;
  }
  return {imported.plan, imported.tasks};
}

MergedPlan merge(const Stored& before, const Json& document) {
  Read<ImportedPlan> read = read_plan_document(document, counting_ids(70'000));
  REQUIRE(read.ok());
  return merge_import(before.plan, before.tasks, std::move(*read.value));
}

std::string titles(const std::vector<Task>& tasks) {
  std::string text;
  for (const Task& task : tasks) text += task.title + " ";
  return text;
}

bool ascending(const std::vector<Task>& tasks) {
  return std::is_sorted(tasks.begin(), tasks.end(),
                        [](const Task& a, const Task& b) { return a.position <= b.position; });
}

}  // namespace

TEST_CASE("plan_merge: the same document again changes nothing", "[core][plan_merge]") {
  const Stored before = stored(roadmap());
  const MergedPlan merged = merge(before, roadmap());
  CHECK_FALSE(merged.plan_changed);
  CHECK(merged.plan == before.plan);
  CHECK(merged.tasks == before.tasks);
  CHECK((merged.added.empty() && merged.changed.empty() && merged.moved.empty() &&
         merged.removed.empty()));
}

TEST_CASE("plan_merge: progress and times outlive a new version", "[core][plan_merge]") {
  Stored before = stored(roadmap());
  before.tasks[0].status = TaskStatus::done;
  before.tasks[0].reminders = {{"popup", 10}};
  before.tasks[1].schedule = {ScheduleKind::timed, ScheduleOrigin::person, "2026-12-01T09:00:00",
                              "", ""};
  before.tasks[1].due = "2026-12-01";
  before.tasks[2].schedule = {ScheduleKind::timed, ScheduleOrigin::computed, "2026-11-24T18:00:00",
                              "", ""};
  before.tasks[2].due = "2026-11-24";
  Json document = roadmap();
  for (Json& week : document["weeks"]) {
    for (Json& task : week["tasks"]) task["task"] = task["task"].get<std::string>() + "!";
  }
  const MergedPlan merged = merge(before, document);
  CHECK(titles(merged.tasks) == "a! b! c! d! ");
  CHECK(merged.changed.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    Task expected = before.tasks[i];
    expected.title += "!";
    CHECK(merged.tasks[i] == expected);
  }
}

TEST_CASE("plan_merge: tasks come, go and stay with their ids", "[core][plan_merge]") {
  const Stored before = stored(roadmap());
  Json document = roadmap();
  document["weeks"][0]["tasks"].push_back({{"day", 1}, {"task", "new"}, {"duration", 2}});
  document["weeks"][1]["tasks"].erase(0);
  const MergedPlan merged = merge(before, document);
  CHECK(titles(merged.tasks) == "a new b d ");
  CHECK(merged.added == std::vector<std::size_t>{1});
  CHECK(titles(merged.removed) == "c ");
  CHECK(merged.changed.empty());
  CHECK(merged.moved.empty());
  CHECK(merged.tasks[0].id == before.tasks[0].id);
  CHECK(merged.tasks[1].plan_id == before.plan.id);
  CHECK(merged.tasks[1].account_id == "ana");
  CHECK(merged.tasks[1].external_id == before.plan.id + ":w1d1n2");
  CHECK(merged.tasks[1].week_id == before.plan.modules[0].weeks[0].id);
  CHECK(ascending(merged.tasks));
}

TEST_CASE("plan_merge: a task put in front takes nothing from those behind it",
          "[core][plan_merge]") {
  Json document = roadmap();
  document["weeks"][0]["tasks"].push_back({{"day", 1}, {"task", "a2"}, {"duration", 1}});
  Stored before = stored(document);
  before.tasks[1].status = TaskStatus::done;  // "a2", the second of its day
  Json next = document;
  Json& tasks = next["weeks"][0]["tasks"];
  tasks.insert(tasks.begin(), Json{{"day", 1}, {"task", "new"}, {"duration", 1}});
  const MergedPlan merged = merge(before, next);
  CHECK(titles(merged.tasks) == "new a a2 b c d ");
  CHECK(merged.added == std::vector<std::size_t>{0});
  CHECK(merged.changed.empty());
  CHECK(merged.removed.empty());
  CHECK(merged.tasks[2] == before.tasks[1]);
  SECTION("and the version after that finds all of them again") {
    const MergedPlan again = merge({merged.plan, merged.tasks}, next);
    CHECK(again.tasks == merged.tasks);
    CHECK((again.added.empty() && again.changed.empty() && again.removed.empty()));
  }
}

TEST_CASE("plan_merge: modules and weeks keep their ids when they move", "[core][plan_merge]") {
  const Stored before = stored(roadmap());
  Json document = roadmap();
  document["weeks"][1]["module"] = "A";
  document["weeks"].push_back({{"week", 3}, {"module", "B"}, {"tasks", Json::array()}});
  const MergedPlan merged = merge(before, document);
  CHECK(merged.plan_changed);
  REQUIRE(merged.plan.modules.size() == 2);
  CHECK(merged.plan.modules[0].id == before.plan.modules[0].id);
  CHECK(merged.plan.modules[1].id == before.plan.modules[1].id);
  CHECK(merged.plan.modules[0].weeks[1].id == before.plan.modules[1].weeks[0].id);
  CHECK(merged.tasks == before.tasks);
}

TEST_CASE("plan_merge: a task added by itself stays behind its neighbour", "[core][plan_merge]") {
  Stored before = stored(roadmap());
  Task own = before.tasks[2];
  own.id = counting_ids(500)(kTaskPrefix);
  own.external_id.clear();
  own.title = "own";
  own.position += 1;
  before.tasks.insert(before.tasks.begin() + 3, own);
  CHECK(titles(merge(before, roadmap()).tasks) == "a b c own d ");
  Json document = roadmap();
  document["weeks"].erase(1);
  const MergedPlan merged = merge(before, document);
  CHECK(titles(merged.tasks) == "a b own ");
  CHECK(titles(merged.removed) == "c d ");
  CHECK(merged.tasks[2].week_id.empty());
  CHECK(merged.moved == std::vector<std::size_t>{2});
}

TEST_CASE("plan_merge: a new order renumbers positions, not ids", "[core][plan_merge]") {
  const Stored before = stored(roadmap());
  Json document = plan_document(before.plan, before.tasks);
  Json& tasks = document["modules"][0]["weeks"][0]["tasks"];
  std::swap(tasks[0], tasks[1]);
  const MergedPlan merged = merge(before, document);
  CHECK(titles(merged.tasks) == "b a c d ");
  CHECK(ascending(merged.tasks));
  CHECK(merged.changed.empty());
  CHECK(merged.tasks[1].id == before.tasks[0].id);
  CHECK_FALSE(merged.moved.empty());
}

TEST_CASE("plan_merge: foreign ids in a document count for nothing", "[core][plan_merge]") {
  const Stored before = stored(roadmap());
  ImportedPlan other = *read_plan_document(roadmap(), counting_ids(9'000)).value;
  Json document = plan_document(other.plan, other.tasks);
  for (Json& module : document["modules"]) {
    for (Json& week : module["weeks"]) {
      for (Json& task : week["tasks"]) task.erase("external_id");
    }
  }
  const MergedPlan merged = merge(before, document);
  std::set<std::string> ids;
  for (const Task& task : merged.tasks) ids.insert(task.id);
  for (const Task& task : other.tasks) CHECK_FALSE(ids.contains(task.id));
  CHECK(merged.plan.id == before.plan.id);
}

TEST_CASE("plan_merge: the canonical document brings times unless a person set one",
          "[core][plan_merge]") {
  Stored before = stored(roadmap());
  before.tasks[0].schedule = {ScheduleKind::timed, ScheduleOrigin::person, "2026-12-01T09:00:00",
                              "", ""};
  before.tasks[1].schedule = {ScheduleKind::timed, ScheduleOrigin::computed, "2026-11-24T18:00:00",
                              "", ""};
  Json document = plan_document(before.plan, before.tasks);
  Json& tasks = document["modules"][0]["weeks"][0]["tasks"];
  tasks[0]["schedule"]["start"] = "2027-01-01T09:00:00";
  tasks[1]["schedule"]["start"] = "2027-01-02T09:00:00";
  const MergedPlan merged = merge(before, document);
  CHECK(merged.tasks[0].schedule.start == "2026-12-01T09:00:00");
  CHECK(merged.tasks[1].schedule.start == "2027-01-02T09:00:00");
}

TEST_CASE("plan_merge: a merge is complete, in order, without doubles, and settles",
          "[core][plan_merge][property]") {
  const std::uint64_t seed = mortise::fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const auto random_roadmap = [&] {
    Json weeks = Json::array();
    for (int week = 1; week <= 4; ++week) {
      Json tasks = Json::array();
      for (auto left = random() % 5; left > 0; --left) {
        Json task = {{"day", 1 + random() % 3},
                     {"task", "t" + std::to_string(random() % 9)},
                     {"duration", 1}};
        if (random() % 3 == 0) task["external_id"] = "e" + std::to_string(random());
        tasks.push_back(std::move(task));
      }
      weeks.push_back(
          {{"week", week}, {"module", random() % 2 == 0 ? "A" : "B"}, {"tasks", std::move(tasks)}});
    }
    return Json{{"topic", "x"}, {"weeks", std::move(weeks)}};
  };
  for (int round = 0; round < 300; ++round) {
    Stored before = stored(random_roadmap());
    for (Task& task : before.tasks) {
      if (random() % 5 == 0) task.external_id.clear();
    }
    const Json document = random_roadmap();
    const MergedPlan merged = merge(before, document);
    std::set<std::string> ids;
    std::set<std::string> external_ids;
    for (const Task& task : merged.tasks) {
      REQUIRE(ids.insert(task.id).second);
      if (!task.external_id.empty()) REQUIRE(external_ids.insert(task.external_id).second);
    }
    REQUIRE(ascending(merged.tasks));
    for (const Task& task : merged.removed) REQUIRE_FALSE(ids.contains(task.id));
    REQUIRE(merged.tasks.size() + merged.removed.size() ==
            before.tasks.size() + merged.added.size());
    const MergedPlan again = merge({merged.plan, merged.tasks}, document);
    REQUIRE(again.plan == merged.plan);
    REQUIRE(again.tasks == merged.tasks);
    REQUIRE(again.added.size() + again.changed.size() + again.moved.size() + again.removed.size() ==
            0);
  }
}
