// Listings: what is in them, in which order, page by page.
#include <catch2/catch.hpp>
#include <functional>

#include "contract/samples.hpp"
#include "contract/store_subjects.hpp"

using namespace mortise;
using namespace mortise::contract;
using ports::PageRequest;
using ports::put;

namespace {

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& items) {
  std::vector<std::string> ids;
  for (const T& item : items) {
    if constexpr (requires { item.id; }) {
      ids.push_back(item.id);
    } else {
      ids.push_back(item.key);
    }
  }
  return ids;
}

/// Walks all pages; every page but the last is full.
template <class T>
std::vector<std::string> all_pages(
    std::size_t limit, const std::function<Result<ports::Page<T>>(const PageRequest&)>& list) {
  std::vector<std::string> ids;
  PageRequest request{limit, ""};
  for (;;) {
    const ports::Page<T> page = list(request).value();
    for (const std::string& id : ids_of(page.items)) ids.push_back(id);
    if (page.next_cursor.empty()) return ids;
    REQUIRE(page.items.size() == limit);
    request.cursor = page.next_cursor;
  }
}

using Ids = std::vector<std::string>;

}  // namespace

TEMPLATE_TEST_CASE("store: accounts are listed by age, any page size gives the same list",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::account("c", 1)), put(contract::account("b", 2)),
                 put(contract::account(odd_text("a"), 2)), put(contract::account("z", -4)),
                 put(contract::account("a", 3))});
  const Ids expected = {"z", "c", odd_text("a"), "b", "a"};
  for (const std::size_t limit : {1U, 2U, 3U, 5U, 200U}) {
    CHECK(all_pages<core::Account>(limit, [&store](const PageRequest& page) {
            return store.accounts().list(page);
          }) == expected);
  }
}

TEMPLATE_TEST_CASE("store: a full page at the very end has no cursor", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::account("a", 1)), put(contract::account("b", 2))});
  CHECK(store.accounts().list({2, ""}).value().next_cursor.empty());
  CHECK_FALSE(store.accounts().list({1, ""}).value().next_cursor.empty());
}

TEMPLATE_TEST_CASE("store: a page goes on where it stopped although items came and went",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::plan("pln")), put(contract::task("a", "pln", 10)),
                 put(contract::task("b", "pln", 20)), put(contract::task("c", "pln", 30))});
  const auto first = store.plans().list_tasks("pln", {2, ""}).value();
  CHECK(ids_of(first.items) == Ids{"a", "b"});
  core::Task removed = store.plans().find_task("b").value();
  removed.deleted_ms = 5;
  commit(store, {put(removed), put(contract::task("a2", "pln", 15)),
                 put(contract::task("b2", "pln", 25))});
  CHECK(ids_of(store.plans().list_tasks("pln", {2, first.next_cursor}).value().items) ==
        Ids{"b2", "c"});
}

TEMPLATE_TEST_CASE("store: what is no cursor is invalid", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::account("a", 1))});
  for (const std::string cursor :
       {"x", "12", "12.zz", "12.616", ".61", "99999999999999999999.61", "' OR 1=1 --", "1.61 "}) {
    INFO(cursor);
    CHECK(store.accounts().list({10, cursor}).error().code == Code::invalid);
    CHECK(store.runs().list("", "", {10, cursor}).error().code == Code::invalid);
  }
}

TEMPLATE_TEST_CASE("store: plans and tasks that were removed are found but not listed",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::plan("p1", "acc", 1)), put(contract::plan("p2", "acc", 2)),
                 put(contract::plan("p3", "acc2", 3)), put(contract::task("t1", "p1", 1)),
                 put(contract::task("t2", "p1", 2))});
  core::Plan plan = store.plans().find("p2").value();
  plan.deleted_ms = 77;
  core::Task task = store.plans().find_task("t1").value();
  task.deleted_ms = 78;
  commit(store, {put(plan), put(task)});
  CHECK(ids_of(store.plans().list("acc", {}).value().items) == Ids{"p1"});
  CHECK(ids_of(store.plans().tasks("p1").value()) == Ids{"t2"});
  CHECK(ids_of(store.plans().list_tasks("p1", {}).value().items) == Ids{"t2"});
  CHECK(store.plans().find("p2").value().deleted_ms == 77);
  CHECK(store.plans().find_task("t1").value().deleted_ms == 78);
  CHECK(store.plans().find_external("acc", "ext-p2").value().deleted_ms == 77);
}

TEMPLATE_TEST_CASE("store: of several removed plans with one external id the last one is found",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  for (const std::string id : {"b", "c", "a"}) {
    core::Plan plan = contract::plan(id);
    plan.external_id = "same";
    commit(store, {put(plan)});
    plan.rev = 1;
    plan.deleted_ms = id == "c" ? 30 : 20;
    commit(store, {put(plan)});
  }
  CHECK(store.plans().find_external("acc", "same").value().id == "c");
}

TEMPLATE_TEST_CASE("store: tasks are listed by position", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::plan("pln")), put(contract::plan("other")),
                 put(contract::task("c", "pln", 5)), put(contract::task("a", "pln", 7)),
                 put(contract::task("b", "pln", 7)), put(contract::task("d", "pln", -1)),
                 put(contract::task("e", "other", 1))});
  const Ids expected = {"d", "c", "a", "b"};
  CHECK(ids_of(store.plans().tasks("pln").value()) == expected);
  CHECK(all_pages<core::Task>(1, [&store](const PageRequest& page) {
          return store.plans().list_tasks("pln", page);
        }) == expected);
}

TEMPLATE_TEST_CASE("store: connections are listed by age, disconnected ones included",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Connection gone = contract::connection("a", "acc", 3);
  gone.status = core::ConnectionStatus::disconnected;
  commit(store, {put(gone), put(contract::connection("b", "acc", 2)),
                 put(contract::connection("c", "acc2", 1))});
  CHECK(ids_of(store.connections().list("acc").value()) == Ids{"b", "a"});
  CHECK(ids_of(store.connections().list_all().value()) == Ids{"c", "b", "a"});
  CHECK(store.connections().list("nobody").value().empty());
}

TEMPLATE_TEST_CASE("store: grants whose refresh was interrupted are found", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Grant calm;
  calm.connection_id = "a";
  core::Grant busy;
  busy.connection_id = "b";
  busy.refresh_intent_ms = 5;
  commit(store, {put(calm), put(busy)});
  const auto found = store.grants().interrupted().value();
  REQUIRE(found.size() == 1);
  CHECK(found[0].connection_id == "b");
}

TEMPLATE_TEST_CASE("store: pairs are found by plan and by key, plans by connection",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::pair("c1", "p2", "k2")), put(contract::pair("c1", "p2", "k1")),
                 put(contract::pair("c1", "p1", "k1")), put(contract::pair("c2", "p3", "k1")),
                 put(contract::pair("c1", "p", "k")), put(contract::pair("c1", "", "k"))});
  CHECK(ids_of(store.pairs().of_plan("c1", "p2").value()) == Ids{"k1", "k2"});
  CHECK(store.pairs().of_key("k1").value().size() == 3);
  CHECK(store.pairs().of_key("k").value().size() == 2);
  CHECK(store.pairs().plans("c1").value() == Ids{"", "p", "p1", "p2"});
  CHECK(store.pairs().plans("c2").value() == Ids{"p3"});
}

TEMPLATE_TEST_CASE("store: intents are listed in the order they were first written",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::intent("z", "cnn")), put(contract::intent("a", "cnn")),
                 put(contract::intent("m", "cnn")), put(contract::intent("x", "other"))});
  core::Intent again = contract::intent("z", "cnn");
  again.sent = false;
  commit(store, {put(again), ports::EraseIntent{"m"}, put(contract::intent("b", "cnn"))});
  CHECK(ids_of(store.journal().open_intents("cnn").value()) == Ids{"z", "a", "b"});
}

TEMPLATE_TEST_CASE("store: runs are listed newest first, by account and by connection",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::run("r1", "a1", "c1", 1)), put(contract::run("r2", "a1", "c2", 2)),
                 put(contract::run("r3", "a2", "c3", 2)), put(contract::run("r4", "a1", "c1", 4))});
  const auto pages = [&store](const std::string& account, const std::string& connection) {
    return all_pages<core::Run>(
        2, [&](const PageRequest& page) { return store.runs().list(account, connection, page); });
  };
  CHECK(pages("", "") == Ids{"r4", "r3", "r2", "r1"});
  CHECK(pages("a1", "") == Ids{"r4", "r2", "r1"});
  CHECK(pages("", "c1") == Ids{"r4", "r1"});
  CHECK(pages("a1", "c2") == Ids{"r2"});
  CHECK(pages("a2", "c1").empty());
}

TEMPLATE_TEST_CASE("store: unfinished runs are queued, running or waiting, oldest first",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  const core::RunState states[] = {core::RunState::waiting,  core::RunState::running,
                                   core::RunState::queued,   core::RunState::succeeded,
                                   core::RunState::partial,  core::RunState::failed,
                                   core::RunState::cancelled};
  core::Instant created_ms = 100;
  for (const core::RunState state : states) {
    core::Run run = contract::run("r" + std::to_string(created_ms), "a", "c", created_ms);
    run.state = state;
    commit(store, {put(run)});
    --created_ms;
  }
  CHECK(ids_of(store.runs().unfinished().value()) == Ids{"r98", "r99", "r100"});
}

TEMPLATE_TEST_CASE("store: items of a run keep their place when they are put again",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(run_item("r1", "z")), put(run_item("r1", "a")), put(run_item("r2", "q")),
                 put(run_item("r1", "m"))});
  core::RunItem again = run_item("r1", "z");
  again.result = "done";
  commit(store, {put(again)});
  for (const std::size_t limit : {1U, 2U, 50U}) {
    CHECK(all_pages<core::RunItem>(limit, [&store](const PageRequest& page) {
            return store.runs().items("r1", page);
          }) == Ids{"z", "a", "m"});
  }
  CHECK(store.runs().items("r1", {1, ""}).value().items[0].result == "done");
  again.action = "receive";  // of the same item: a line of its own
  commit(store, {put(again)});
  CHECK(store.runs().items("r1", {50, ""}).value().items.size() == 4);
}

TEMPLATE_TEST_CASE("store: events are listed newest first", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::event("e1", "a", 1)), put(contract::event("e3", "b", 3)),
                 put(contract::event("e2", "a", 2)), put(contract::event("e2b", "a", 2))});
  const auto pages = [&store](const std::string& account) {
    return all_pages<core::Event>(
        1, [&](const PageRequest& page) { return store.outbox().list(account, page); });
  };
  CHECK(pages("") == Ids{"e3", "e2b", "e2", "e1"});
  CHECK(pages("a") == Ids{"e2b", "e2", "e1"});
}

TEMPLATE_TEST_CASE("store: API keys are listed by age", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(core::ApiKey{"b", "", "", {}, 1, {}, 0}),
                 put(core::ApiKey{"a", "", "", {}, 2, 9, 0})});
  CHECK(ids_of(store.access().keys().value()) == Ids{"b", "a"});
}

TEMPLATE_TEST_CASE("store: a plan of 3,330 tasks and its pairs go in and come out whole",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  constexpr std::size_t kTasks = 3330;
  ports::Changes tasks = {put(contract::plan("pln"))};
  ports::Changes pairs;
  for (std::size_t i = 0; i < kTasks; ++i) {
    const std::string id = "tsk_" + std::to_string(i);
    tasks.push_back(put(contract::task(id, "pln", static_cast<std::int64_t>(kTasks - i))));
    pairs.push_back(put(contract::pair("cnn", "pln", "task:" + id)));
  }
  commit(subject.store(), std::move(tasks));
  commit(subject.store(), std::move(pairs), ports::Durability::full);
  subject.reopen();
  const ports::Store& store = subject.store();
  CHECK(store.plans().find("pln").value().tasks_rev == kTasks);
  const auto read = store.plans().tasks("pln").value();
  REQUIRE(read.size() == kTasks);
  CHECK(read.front().id == "tsk_3329");
  CHECK(read.back().id == "tsk_0");
  CHECK(store.pairs().of_plan("cnn", "pln").value().size() == kTasks);
  CHECK(store.pairs().of_key("task:tsk_1500").value().size() == 1);
  CHECK(store.pairs().plans("cnn").value() == Ids{"pln"});
  CHECK(all_pages<core::Task>(200, [&store](const PageRequest& page) {
          return store.plans().list_tasks("pln", page);
        }).size() == kTasks);
}
