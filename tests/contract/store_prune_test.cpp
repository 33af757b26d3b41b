// Retention: what goes, what stays, and how much at once.
#include <catch2/catch.hpp>

#include "contract/samples.hpp"
#include "contract/store_subjects.hpp"

using namespace mortise;
using namespace mortise::contract;
using ports::Prune;
using ports::put;

namespace {

using Ids = std::vector<std::string>;

core::Run ended(const std::string& id, core::Instant finished_ms,
                core::RunState state = core::RunState::succeeded) {
  core::Run run = contract::run(id);
  run.state = state;
  run.finished_ms = finished_ms;
  return run;
}

Ids runs_of(const ports::Store& store) {
  const auto page = store.runs().list("", "", {200, ""}).value();
  Ids ids;
  for (const core::Run& run : page.items) ids.push_back(run.id);
  return ids;
}

std::size_t items_of(const ports::Store& store, const std::string& run_id) {
  return store.runs().items(run_id, {200, ""}).value().items.size();
}

core::Pair tombstone(const std::string& plan_id, const std::string& key, core::Instant synced_ms) {
  core::Pair pair = contract::pair("cnn", plan_id, key);
  pair.state = core::PairState::tombstone;
  pair.synced_ms = synced_ms;
  return pair;
}

Ids keys_of(const ports::Store& store) {
  const auto pairs = store.pairs().of_connection("cnn").value();
  Ids keys;
  for (const core::Pair& pair : pairs) keys.push_back(pair.key);
  return keys;
}

}  // namespace

TEMPLATE_TEST_CASE("store: pruning removes ended runs with their items, and no others",
                   "[contract][store]", MemorySubject, SqlSubject) {
  using core::RunState;
  TestType subject;
  ports::Store& store = subject.store();
  core::Run timeless = ended("r7", 0);
  timeless.finished_ms.reset();
  commit(store, {put(ended("r1", 10)), put(ended("r2", 10, RunState::partial)),
                 put(ended("r3", 10, RunState::failed)), put(ended("r4", 10, RunState::cancelled)),
                 put(ended("r5", 100)), put(ended("r6", 10, RunState::waiting)), put(timeless),
                 put(run_item("r1", "a")), put(run_item("r5", "a")), put(run_item("r6", "a"))});
  commit(store, {Prune{100}});
  CHECK(runs_of(store) == Ids{"r7", "r6", "r5"});
  CHECK(items_of(store, "r1") == 0);
  CHECK(items_of(store, "r5") == 1);
  CHECK(items_of(store, "r6") == 1);
  CHECK(store.runs().items_of_key("a", {}).value().items.size() == 2);
}

TEMPLATE_TEST_CASE("store: pruning goes on where its bound stopped it, oldest first",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(ended("young", 30)), put(ended("old", 10)), put(ended("middle", 20))});
  for (const std::string key : {"a", "b", "c"}) {
    commit(store, {put(run_item("old", key)), put(run_item("young", key))});
  }
  commit(store, {Prune{100, 2}});
  CHECK(items_of(store, "old") == 1);
  CHECK(store.runs().items("old", {}).value().items[0].key == "c");
  CHECK(runs_of(store).size() == 3);
  commit(store, {Prune{100, 1}});
  CHECK(items_of(store, "old") == 0);
  CHECK(runs_of(store).size() == 3);
  commit(store, {Prune{100, 2}});
  CHECK(runs_of(store) == Ids{"young"});
  CHECK(items_of(store, "young") == 3);
  commit(store, {Prune{100, 0}, Prune{100, -1}});
  CHECK(items_of(store, "young") == 3);
  commit(store, {Prune{100, 4}});
  CHECK(runs_of(store).empty());
}

TEMPLATE_TEST_CASE("store: pruning removes old events, handled notifications and conflicts",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  const auto conflict = [](const std::string& id, core::Instant at_ms,
                           std::optional<core::Instant> undone_ms) {
    core::Conflict value = contract::conflict(id);
    value.at_ms = at_ms;
    value.undone_ms = undone_ms;
    return value;
  };
  commit(store,
         {put(contract::event("e1", "a", 1)), put(contract::event("e2", "a", 99)),
          put(contract::event("e3", "a", 100)), put(contract::notification("n1", "c", 1)),
          put(contract::notification("n2", "c", 2)), put(contract::notification("n3", "c", 3)),
          put(conflict("undone", 10, 150)), put(conflict("never undone", 99, std::nullopt)),
          put(conflict("late", 100, std::nullopt))});
  commit(store, {ports::HandleNotifications{"c", {"n1"}, 99},
                 ports::HandleNotifications{"c", {"n2"}, 100}});
  commit(store, {Prune{100}});
  const auto events = store.outbox().list("", {}).value().items;
  REQUIRE(events.size() == 1);
  CHECK(events[0].id == "e3");
  CHECK_FALSE(store.inbox().seen("google-calendar", "provider-n1").value());
  CHECK(store.inbox().seen("google-calendar", "provider-n2").value());
  CHECK(store.inbox().pending("c").value().size() == 1);
  CHECK(store.conflicts().find("undone").error().code == Code::not_found);
  CHECK(store.conflicts().find("never undone").error().code == Code::not_found);
  CHECK(store.conflicts().find("late"));
}

TEMPLATE_TEST_CASE("store: every kind has its own bound", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  for (const std::string id : {"1", "2", "3"}) {
    const core::Instant at_ms = std::stoll(id);
    commit(store, {put(ended(id, at_ms)), put(contract::event(id, "a", at_ms)),
                   put(contract::notification(id, "c", at_ms)),
                   put(tombstone("gone", "task:" + id, at_ms)),
                   ports::HandleNotifications{"c", {id}, at_ms}});
    core::Conflict conflict = contract::conflict(id);
    conflict.at_ms = at_ms;
    commit(store, {put(conflict)});
  }
  commit(store, {Prune{100, 2}});
  CHECK(runs_of(store) == Ids{"3"});
  CHECK(store.outbox().list("", {}).value().items.size() == 1);
  CHECK(keys_of(store) == Ids{"task:3"});
  CHECK(store.inbox().seen("google-calendar", "provider-3").value());
  CHECK_FALSE(store.inbox().seen("google-calendar", "provider-2").value());
  CHECK(store.conflicts().find("3"));
  CHECK(store.conflicts().find("2").error().code == Code::not_found);
}

TEMPLATE_TEST_CASE("store: tombstones go when their task is gone, too", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Plan gone = contract::plan("gone");
  gone.deleted_ms = 50;
  core::Task removed = contract::task("removed");
  removed.deleted_ms = 50;
  core::Task undoable = contract::task("undoable");
  undoable.deleted_ms = 100;
  core::Pair living = tombstone("pln", "task:absent", 10);
  living.state = core::PairState::paired;
  living.key = "task:living";
  commit(store, {put(contract::plan("pln")), put(gone), put(contract::task("live")), put(removed),
                 put(undoable)});
  commit(
      store,
      {put(living), put(tombstone("pln", "task:live", 10)),
       put(tombstone("pln", "task:live/2026-11-23", 10)), put(tombstone("pln", "task:removed", 10)),
       put(tombstone("pln", "task:removed/2026-11-23", 10)),
       put(tombstone("pln", "task:undoable", 10)), put(tombstone("pln", "task:absent", 10)),
       put(tombstone("pln", "task:late", 100)), put(tombstone("pln", "week:w1", 10)),
       put(tombstone("gone", "week:w2", 10)), put(tombstone("nowhere", "plan:nowhere", 10)),
       put(tombstone("pln", "plan:pln", 0))});
  commit(store, {Prune{100}});
  CHECK(keys_of(store) == Ids{"plan:pln", "task:late", "task:live", "task:live/2026-11-23",
                              "task:living", "task:undoable", "week:w1"});
  CHECK(store.pairs().of_key("task:removed").value().empty());
}

TEMPLATE_TEST_CASE("store: pruning what is young or open removes nothing", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::run("r")), put(run_item("r", "a")),
                 put(contract::notification("n", "c", 1)), put(contract::intent("int", "c")),
                 put(contract::pair("cnn", "pln", "task:t")), put(contract::sighting("cnn", "x")),
                 put(contract::channel("chn")), put(contract::account("acc"))});
  commit(store, {Prune{1'000'000'000}});
  CHECK(runs_of(store) == Ids{"r"});
  CHECK(items_of(store, "r") == 1);
  CHECK(store.inbox().pending("c").value().size() == 1);
  CHECK(store.journal().open_intents("c").value().size() == 1);
  CHECK(keys_of(store) == Ids{"task:t"});
  CHECK(store.sightings().of_connection("cnn").value().size() == 1);
  CHECK(store.channels().find("chn"));
  CHECK(store.accounts().find("acc"));
}
