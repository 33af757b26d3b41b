#include "core/timing.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "core/zones.hpp"
#include "fakes/test_seed.hpp"
#include "fakes/working_hours.hpp"
#include "unit/core/plan_fixtures.hpp"

using namespace mortise;
using namespace mortise::core;

namespace {

const std::string kMadrid = "Europe/Madrid";
constexpr std::int64_t kHour = 3'600;

Day day(std::string_view text) {
  return parse_day(text).value();
}

Task task_of(std::int64_t duration_s) {
  Task task;
  task.title = "t";
  task.duration_s = duration_s;
  return task;
}

std::vector<Task> tasks_of(std::initializer_list<double> hours) {
  std::vector<Task> tasks;
  for (const double each : hours) tasks.push_back(task_of(std::llround(each * kHour)));
  return tasks;
}

TimingResult timings(const Plan& plan, const std::vector<Task>& tasks,
                     std::string_view today = "2026-11-20",
                     const Availability& availability = fakes::every_day()) {
  Result<TimingResult> result = schedule_plan(plan, tasks, day(today), availability, kMadrid);
  INFO((result.ok() ? "" : result.error().message));
  REQUIRE(result.ok());
  return std::move(*result);
}

void store(const TimingResult& result, std::vector<Task>& tasks) {
  for (const Placement& placement : result.placements) {
    tasks[placement.task].schedule = placement.schedule;
    tasks[placement.task].due = placement.due;
  }
}

std::vector<std::string> starts(const TimingResult& result) {
  std::vector<std::string> all;
  for (const Placement& placement : result.placements) all.push_back(placement.schedule.start);
  return all;
}

using Starts = std::vector<std::string>;

Task timed(Task task, std::string start, ScheduleOrigin origin) {
  task.schedule = {ScheduleKind::timed, origin, std::move(start), "", ""};
  task.due = task.schedule.start.substr(0, 10);
  return task;
}

}  // namespace

TEST_CASE("timing: tasks are packed into the evenings from the next day on", "[core][timing]") {
  const TimingResult result = timings({}, tasks_of({1.6, 1.4, 1, 2.5, 0.5}));
  CHECK(starts(result) == Starts{"2026-11-21T18:00:00", "2026-11-21T19:36:00",
                                 "2026-11-22T18:00:00", "2026-11-23T18:00:00",
                                 "2026-11-23T20:30:00"});
  CHECK(result.placements[1].due == "2026-11-21");
  CHECK(result.placements[0].schedule.kind == ScheduleKind::timed);
  CHECK(result.placements[0].schedule.origin == ScheduleOrigin::computed);
  CHECK_FALSE(result.impossible_deadline.has_value());
}

TEST_CASE("timing: a start that has passed is tomorrow", "[core][timing]") {
  Plan plan;
  plan.start = "2026-11-20";
  CHECK(starts(timings(plan, tasks_of({1}))) == Starts{"2026-11-20T18:00:00"});
  plan.start = "2026-11-19";
  CHECK(starts(timings(plan, tasks_of({1}))) == Starts{"2026-11-21T18:00:00"});
  plan.start = "2027-01-04";
  CHECK(starts(timings(plan, tasks_of({1}))) == Starts{"2027-01-04T18:00:00"});
}

TEST_CASE("timing: a calendar week holds no more than the weekly time", "[core][timing]") {
  Plan plan;
  plan.weekly_time_s = 4 * kHour;
  // Saturday and Sunday are one week, Monday begins the next.
  CHECK(starts(timings(plan, tasks_of({3, 2, 1, 1, 2}))) ==
        Starts{"2026-11-21T18:00:00", "2026-11-23T18:00:00", "2026-11-23T20:00:00",
               "2026-11-24T18:00:00", "2026-11-30T18:00:00"});
}

TEST_CASE("timing: a task longer than the weekly time has a week to itself", "[core][timing]") {
  Plan plan;
  plan.weekly_time_s = 2 * kHour;
  CHECK(starts(timings(plan, tasks_of({1, 2.5, 1}))) ==
        Starts{"2026-11-21T18:00:00", "2026-11-23T18:00:00", "2026-11-30T18:00:00"});
}

TEST_CASE("timing: a task longer than every window starts at a window's start and overruns",
          "[core][timing]") {
  CHECK(starts(timings({}, tasks_of({1, 5, 1}))) ==
        Starts{"2026-11-21T18:00:00", "2026-11-22T18:00:00", "2026-11-23T18:00:00"});
  // Past the next window too: that day's evening is taken.
  CHECK(starts(timings({}, tasks_of({25, 1}))) ==
        Starts{"2026-11-21T18:00:00", "2026-11-22T19:00:00"});
  // It never runs over somebody else's time.
  std::vector<Task> tasks = tasks_of({5, 1});
  tasks[1] = timed(tasks[1], "2026-11-21T22:00:00", ScheduleOrigin::person);
  CHECK(starts(timings({}, tasks)) == Starts{"2026-11-22T18:00:00"});
}

TEST_CASE("timing: of several windows the first that holds the task is taken", "[core][timing]") {
  Availability mornings_and_saturday;
  mornings_and_saturday.days[0] = {{8 * kHour, 9 * kHour}, {18 * kHour, 20 * kHour}};
  mornings_and_saturday.days[5] = {{9 * kHour, 14 * kHour}};
  CHECK(starts(timings({}, tasks_of({4, 1, 1.5, 0.5, 4}), "2026-11-20", mornings_and_saturday)) ==
        Starts{"2026-11-21T09:00:00", "2026-11-21T13:00:00", "2026-11-23T18:00:00",
               "2026-11-23T19:30:00", "2026-11-28T09:00:00"});
}

TEST_CASE("timing: stored times stay and are respected", "[core][timing]") {
  std::vector<Task> tasks = tasks_of({1, 1, 1, 1});
  tasks[2] = timed(tasks[2], "2026-11-21T18:30:00", ScheduleOrigin::person);
  const TimingResult result = timings({}, tasks);
  CHECK(starts(result) ==
        Starts{"2026-11-21T19:30:00", "2026-11-22T18:00:00", "2026-11-22T19:00:00"});
  store(result, tasks);
  CHECK(timings({}, tasks).placements.empty());
}

TEST_CASE("timing: a task stored in another zone is occupied there and then", "[core][timing]") {
  std::vector<Task> tasks = tasks_of({1, 1});
  tasks[1] = timed(tasks[1], "2026-11-21T12:30:00", ScheduleOrigin::person);
  tasks[1].schedule.zone = "America/New_York";  // 18:30 in Madrid
  CHECK(starts(timings({}, tasks)) == Starts{"2026-11-21T19:30:00"});
}

TEST_CASE(
    "timing: a task inserted later takes the first free slot behind its neighbour, nobody moves",
    "[core][timing]") {
  std::vector<Task> tasks = tasks_of({1.5, 1, 2, 2.5});
  store(timings({}, tasks), tasks);
  REQUIRE(tasks[1].schedule.start == "2026-11-21T19:30:00");
  REQUIRE(tasks[2].schedule.start == "2026-11-22T18:00:00");
  REQUIRE(tasks[3].schedule.start == "2026-11-23T18:00:00");
  const auto inserted = [&](std::size_t place, double hours) {
    std::vector<Task> with = tasks;
    with.insert(with.begin() + static_cast<std::ptrdiff_t>(place),
                task_of(std::llround(hours * kHour)));
    const TimingResult result = timings({}, with);
    REQUIRE(result.placements.size() == 1);
    CHECK(result.placements[0].task == place);
    return result.placements[0].schedule.start;
  };
  CHECK(inserted(1, 0.5) == "2026-11-21T20:30:00");
  CHECK(inserted(2, 0.5) == "2026-11-21T20:30:00");
  CHECK(inserted(2, 1) == "2026-11-22T20:00:00");  // behind its later neighbour: no room before
  CHECK(inserted(1, 2) == "2026-11-24T18:00:00");
  CHECK(inserted(0, 0.5) == "2026-11-21T20:30:00");
}

TEST_CASE("timing: a task inserted into a plan under way is not put into the past",
          "[core][timing]") {
  std::vector<Task> tasks = tasks_of({1, 1, 1});
  store(timings({}, tasks), tasks);
  tasks.insert(tasks.begin() + 1, task_of(kHour));
  CHECK(starts(timings({}, tasks, "2027-02-10")) == Starts{"2027-02-11T18:00:00"});
}

TEST_CASE("timing: a time that a person set far away holds nobody up", "[core][timing]") {
  std::vector<Task> tasks = tasks_of({1, 1, 1});
  tasks[0] = timed(tasks[0], "2028-01-01T18:00:00", ScheduleOrigin::person);
  CHECK(starts(timings({}, tasks)) == Starts{"2026-11-21T18:00:00", "2026-11-21T19:00:00"});
}

TEST_CASE("timing: what is done, cancelled, all-day, dated or freed by a person gets no time",
          "[core][timing]") {
  std::vector<Task> tasks = tasks_of({1, 1, 1, 1, 1, 1});
  tasks[0].status = TaskStatus::done;
  tasks[1].status = TaskStatus::cancelled;
  tasks[2].schedule = {ScheduleKind::all_day, ScheduleOrigin::person, "2026-11-21", "", ""};
  tasks[3].due = "2026-12-24";
  tasks[4].schedule.origin = ScheduleOrigin::person;
  const TimingResult result = timings({}, tasks);
  REQUIRE(result.placements.size() == 1);
  CHECK(result.placements[0].task == 5);
  CHECK(result.placements[0].schedule.start == "2026-11-21T18:00:00");
}

TEST_CASE("timing: 18:00 stays 18:00 when the clocks change", "[core][timing]") {
  const std::vector<Task> tasks = tasks_of({3, 3, 3});
  CHECK(starts(timings({}, tasks, "2027-03-26")) ==
        Starts{"2027-03-27T18:00:00", "2027-03-28T18:00:00", "2027-03-29T18:00:00"});
}

TEST_CASE("timing: hours in which the clocks change hold what really passes", "[core][timing]") {
  const Availability nights = fakes::every_day({1 * kHour, 4 * kHour});
  // Forward: 01 to 04 h lasts two hours, so three hours go to the next night.
  CHECK(starts(timings({}, tasks_of({3}), "2027-03-27", nights)) == Starts{"2027-03-29T01:00:00"});
  CHECK(starts(timings({}, tasks_of({1.5, 0.5}), "2027-03-27", nights)) ==
        Starts{"2027-03-28T01:00:00", "2027-03-28T03:30:00"});
  // Back: it lasts four hours, and nothing starts in the second pass of 02 to 03 h.
  CHECK(starts(timings({}, tasks_of({1.5, 1, 0.5, 0.5}), "2026-10-24", nights)) ==
        Starts{"2026-10-25T01:00:00", "2026-10-25T02:30:00", "2026-10-25T03:00:00",
               "2026-10-25T03:30:00"});
}

TEST_CASE("timing: an impossible deadline answers with the date that would work",
          "[core][timing]") {
  Plan plan;
  plan.weekly_time_s = 6 * kHour;
  plan.deadline = "2026-11-29";
  const std::vector<Task> tasks = tasks_of({3, 3, 3, 3, 3});
  const TimingResult result = timings(plan, tasks);
  REQUIRE(result.impossible_deadline.has_value());
  CHECK(result.impossible_deadline->needed_date == "2026-11-30");
  CHECK(as_problem(*result.impossible_deadline) ==
        Problem{"/deadline",
                "cannot be met in these working hours: the tasks need until 2026-11-30"});
  CHECK(result.placements.size() == 5);
  plan.deadline = result.impossible_deadline->needed_date;
  CHECK_FALSE(timings(plan, tasks).impossible_deadline.has_value());
}

TEST_CASE("timing: planning anew forgets computed times only", "[core][timing]") {
  std::vector<Task> tasks = tasks_of({1, 1, 1, 1});
  store(timings({}, tasks), tasks);
  tasks[0].status = TaskStatus::done;
  tasks[1].schedule.origin = ScheduleOrigin::person;
  std::vector<Task> forgotten = tasks;
  forget_computed_times(forgotten);
  CHECK(forgotten[0] == tasks[0]);
  CHECK(forgotten[1] == tasks[1]);
  CHECK(forgotten[2].schedule == Schedule{});
  CHECK(forgotten[2].due.empty());
  CHECK(starts(timings({}, forgotten, "2026-12-01")) ==
        Starts{"2026-12-02T18:00:00", "2026-12-02T19:00:00"});
}

TEST_CASE("timing: hours and zones that make no sense are refused", "[core][timing]") {
  const std::vector<Task> tasks = tasks_of({1});
  const auto refused = [&](const Plan& plan, const Availability& hours, std::string_view zone) {
    const Result<TimingResult> result = schedule_plan(plan, tasks, day("2026-11-20"), hours, zone);
    return !result.ok() && result.error().code == Code::invalid;
  };
  CHECK(refused({}, Availability{}, kMadrid));
  CHECK(refused({}, fakes::every_day({20 * kHour, 18 * kHour}), kMadrid));
  CHECK(refused({}, fakes::every_day({20 * kHour, 25 * kHour}), kMadrid));
  Availability overlapping;
  overlapping.days[2] = {{8 * kHour, 10 * kHour}, {9 * kHour, 11 * kHour}};
  CHECK(refused({}, overlapping, kMadrid));
  CHECK(refused({}, fakes::every_day(), "Mars/Base"));
  CHECK(refused({}, fakes::every_day(), ""));
  Plan endless;
  endless.start = "2199-12-31";
  CHECK_FALSE(refused(endless, fakes::every_day(), kMadrid));
  endless.start = "2199-12-30";
  const std::vector<Task> many(10, task_of(3 * kHour));
  CHECK_FALSE(schedule_plan(endless, many, day("2026-11-20"), fakes::every_day(), kMadrid).ok());
}

TEST_CASE("timing: the laws hold for any plan", "[core][timing][property]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::string zones[] = {"Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "UTC"};
  for (int round = 0; round < 300; ++round) {
    Plan plan;
    plan.zone = zones[random() % std::size(zones)];
    if (random() % 3 != 0)
      plan.weekly_time_s = static_cast<std::int64_t>(1 + random() % 20) * kHour;
    Availability hours;
    for (std::vector<DayWindow>& windows : hours.days) {
      std::int64_t from = static_cast<std::int64_t>(random() % 10) * kHour;
      for (auto left = random() % 3; left > 0; --left) {
        const std::int64_t to = from + static_cast<std::int64_t>(1 + random() % 5) * kHour;
        windows.push_back({from, to});
        from = to + static_cast<std::int64_t>(random() % 3) * kHour;
      }
    }
    if (hours == Availability{}) hours = fakes::every_day();
    std::vector<Task> tasks;
    for (auto left = random() % 60; left > 0; --left) {
      Task task = task_of(static_cast<std::int64_t>(60 + random() % (4 * kHour)));
      if (random() % 10 == 0) {
        task = timed(task,
                     format_local(midnight(day("2026-11-20") + static_cast<Day>(random() % 30)) +
                                  static_cast<std::int64_t>(random() % 24) * kHour),
                     ScheduleOrigin::person);
      }
      tasks.push_back(std::move(task));
    }
    const std::vector<Task> before = tasks;
    const TimingResult result = timings(
        plan, tasks, format_day(day("2026-10-01") + static_cast<Day>(random() % 200)), hours);
    store(result, tasks);

    std::int64_t longest = 0;
    for (const auto& windows : hours.days) {
      for (const DayWindow& window : windows)
        longest = std::max(longest, window.to_s - window.from_s);
    }
    std::vector<std::pair<Instant, Instant>> placed;
    std::map<Day, std::pair<std::int64_t, int>> weeks;  // seconds, tasks
    Instant behind = 0;
    std::set<std::size_t> fresh;
    for (const Placement& placement : result.placements) fresh.insert(placement.task);
    for (std::size_t index = 0; index < tasks.size(); ++index) {
      const LocalSeconds local = parse_local(tasks[index].schedule.start).value();
      const Instant from = to_instant(local, plan.zone).value();
      const Instant to = from + *tasks[index].duration_s * 1'000;
      auto& [seconds, count] = weeks[monday_of(day_of_local(local))];
      seconds += *tasks[index].duration_s;
      ++count;
      if (!fresh.contains(index)) {
        REQUIRE(tasks[index] == before[index]);  // untouched
        continue;
      }
      REQUIRE(from >= behind);  // in order
      behind = to;
      const auto& windows =
          hours.days[static_cast<std::size_t>(iso_weekday(day_of_local(local)) - 1)];
      const bool within = std::any_of(windows.begin(), windows.end(), [&](const DayWindow& window) {
        const LocalSeconds midnight_s = midnight(day_of_local(local));
        const Instant opens = to_instant(midnight_s + window.from_s, plan.zone).value();
        const Instant closes = to_instant(midnight_s + window.to_s, plan.zone).value();
        return *tasks[index].duration_s > longest ? from == opens : from >= opens && to <= closes;
      });
      REQUIRE(within);  // within hours
      for (const auto& [other_from, other_to] : placed)
        REQUIRE((to <= other_from || from >= other_to));
      placed.emplace_back(from, to);
    }
    // No overlap with what was there, and no week over its time but for what was there or stands
    // alone.
    for (std::size_t index = 0; index < tasks.size(); ++index) {
      if (fresh.contains(index)) continue;
      const Instant from =
          to_instant(parse_local(tasks[index].schedule.start).value(), plan.zone).value();
      const Instant to = from + *tasks[index].duration_s * 1'000;
      for (const auto& [other_from, other_to] : placed)
        REQUIRE((to <= other_from || from >= other_to));
    }
    for (const std::size_t index : fresh) {
      if (!plan.weekly_time_s) break;
      const Day monday = monday_of(day_of_local(parse_local(tasks[index].schedule.start).value()));
      const auto& [seconds, count] = weeks[monday];
      REQUIRE((seconds <= *plan.weekly_time_s || count == 1));
    }
    REQUIRE(timings(plan, tasks, "2026-10-01", hours).placements.empty());  // stable
  }
}

TEST_CASE("timing: the OSSU plan has the due dates of the golden list", "[core][timing][shared]") {
  const std::optional<std::string> text = shared_file("data/plans/ossu-computer-science.json");
  if (!text) {
    WARN("skipped: no shared data (MORTISE_SHARED)");
    return;
  }
  const ImportedPlan imported = import_text(*text);
  const TimingResult result = timings(imported.plan, imported.tasks);
  REQUIRE(result.placements.size() == 3'330);
  CHECK_FALSE(result.impossible_deadline.has_value());

  std::ostringstream lines;
  std::string week;
  for (const Placement& placement : result.placements) {
    const Task& task = imported.tasks[placement.task];
    const std::string key = task.external_id.substr(task.external_id.find(':') + 1);
    const std::string of = key.substr(0, key.find('d'));
    if (of != week) lines << (week.empty() ? "" : "\n") << of << ":";
    week = of;
    lines << " " << placement.due;
  }
  lines << "\n";
  const std::string path = MORTISE_SOURCE_DIR "/tests/golden/ossu_due_dates.txt";
  if (std::getenv("MORTISE_WRITE_GOLDEN") != nullptr) std::ofstream(path) << lines.str();
  std::ifstream golden(path);
  REQUIRE(golden);
  const std::string want(std::istreambuf_iterator<char>(golden), {});
  CHECK((lines.str() == want));
}
