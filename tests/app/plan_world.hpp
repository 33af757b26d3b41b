// Editing plans over the store in memory: the use cases, a small plan, and who was told.
#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/working_hours.hpp"
#include "service/plan_editing.hpp"

namespace mortise::tests {

using core::Json;
using core::Plan;
using core::ScheduleKind;
using core::ScheduleOrigin;
using core::Task;
using ports::Answer;
using ports::ImportReport;
using ports::Refusal;

/// Notes for every plan that was announced how many commits there had been.
class FakeChanged final : public ports::Changed {
 public:
  explicit FakeChanged(const fakes::MemoryStore& store) : store_(store) {}
  void plan_saved(const std::string&, const std::string& plan_id,
                  const std::string& request_id) override {
    const std::lock_guard lock(mutex_);
    saved.push_back(plan_id);
    request_ids.push_back(request_id);
    commits.push_back(store_.commits());
  }
  void connection_ready(const std::string&) override { ++ready; }
  std::vector<std::string> saved;
  std::vector<std::string> request_ids;  ///< of the calls that saved them
  std::vector<std::int64_t> commits;
  int ready = 0;

 private:
  const fakes::MemoryStore& store_;
  std::mutex mutex_;
};

template <class T>
T value_of(Answer<T> answer) {
  if (const auto* refusal = std::get_if<Refusal>(&answer)) {
    std::string all = refusal->error.message;
    for (const auto& complaint : refusal->complaints) {
      all += "\n" + complaint.pointer + ": " + complaint.detail;
    }
    FAIL("refused: " << all);
  }
  return std::get<T>(std::move(answer));
}

template <class T>
Refusal refusal_of(Answer<T> answer) {
  REQUIRE(std::holds_alternative<Refusal>(answer));
  return std::get<Refusal>(std::move(answer));
}

/// A plan of two weeks with two tasks each, an hour a task.
inline Json document() {
  return Json::parse(R"({
    "external_id": "swift", "title": "Swift", "start": "2026-11-23",
    "modules": [{"title": "Basics", "weeks": [
      {"number": 1, "tasks": [
        {"title": "Read", "external_id": "read", "duration_s": 3600},
        {"title": "Play", "duration_s": 3600}]},
      {"number": 2, "tasks": [
        {"title": "Build", "duration_s": 3600},
        {"title": "Ship", "duration_s": 3600}]}]}]})");
}
inline Json& tasks_of_week(Json& plan, std::size_t week) {
  return plan["modules"][0]["weeks"][week]["tasks"];
}

struct PlanWorld {
  fakes::MemoryStore store;
  FakeChanged changed{store};
  fakes::ManualClock clock;
  fakes::SeededRandom random;
  service::StoredPlans plans{store, changed, clock, random, {"Europe/Madrid", fakes::every_day()}};

  PlanWorld() { value_of(plans.put_account("ann", R"({"tier": "free"})", {})); }

  ImportReport import(const Json& document_json) {
    return value_of(plans.import("ann", document_json.dump()));
  }
  Plan imported() { return import(document()).plan; }
  std::vector<Task> tasks(const std::string& plan_id) const {
    return store.plans().tasks(plan_id).value();
  }
  Task task(const std::string& plan_id, const std::string& title) const {
    for (Task& each : tasks(plan_id)) {
      if (each.title == title) return each;
    }
    FAIL("no task " << title);
    return {};
  }
  std::vector<std::string> titles(const std::string& plan_id) const {
    std::vector<std::string> found;
    for (const Task& each : tasks(plan_id)) found.push_back(each.title);
    return found;
  }
  Plan calendar() const { return store.plans().find_external("ann", "calendar").value(); }
  Task edit(const std::string& task_id, const std::string& patch) {
    return value_of(plans.edit_task({task_id, patch, {}}));
  }
  /// Nothing is committed and nobody told while `attempt` runs.
  template <class Attempt>
  void leaves_everything(const Attempt& attempt) {
    const std::int64_t commits = store.commits();
    const std::size_t told = changed.saved.size();
    attempt();
    CHECK(store.commits() == commits);
    CHECK(changed.saved.size() == told);
  }
  /// `attempt` commits once and tells about the plan once, afterwards.
  template <class Attempt>
  void tells_once(const std::string& plan_id, const Attempt& attempt) {
    const std::int64_t commits = store.commits();
    const std::size_t told = changed.saved.size();
    attempt();
    CHECK(store.commits() == commits + 1);
    REQUIRE(changed.saved.size() == told + 1);
    CHECK(changed.saved.back() == plan_id);
    CHECK(changed.commits.back() == commits + 1);
  }
  /// The next `times` commits lose a race against another writer.
  void lose_races(int times) {
    auto left = std::make_shared<std::atomic<int>>(times);
    store.before_commit([left](const ports::Changes&, ports::Durability) -> Status {
      if ((*left)-- > 0) return Error{Code::conflict, "somebody was first", "rev_conflict"};
      return {};
    });
  }
};

}  // namespace mortise::tests
