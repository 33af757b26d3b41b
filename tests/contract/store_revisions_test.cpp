// Revisions decide who may write; a commit happens whole or not at all.
#include <catch2/catch.hpp>

#include "contract/samples.hpp"
#include "contract/store_subjects.hpp"

using namespace mortise;
using namespace mortise::contract;
using Of = ports::ExpectRev::Of;
using ports::put;

TEMPLATE_TEST_CASE("store: a put moves the revision by one and needs the one that was read",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Account account = contract::account("acc");
  commit(store, {put(account)});
  CHECK(conflict_of(store, {put(account)}) == "rev_conflict");  // rev 0: it must not be there
  account.rev = 2;
  CHECK(conflict_of(store, {put(account)}) == "rev_conflict");
  account.rev = 1;
  account.tier = "pro";
  commit(store, {put(account)});
  CHECK(store.accounts().find("acc").value().rev == 2);
  CHECK(store.accounts().find("acc").value().tier == "pro");
  core::Account absent = contract::account("other");
  absent.rev = 1;
  CHECK(conflict_of(store, {put(absent)}) == "rev_conflict");
}

TEMPLATE_TEST_CASE("store: every record with a revision keeps to it", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Grant grant;
  grant.connection_id = "cnn";
  core::ConnectSession connecting;
  connecting.id = "cns";
  core::ApiKey key;
  key.id = "key";
  core::UserSession session;
  session.id = "ses";
  session.expires_ms = fakes::ManualClock::kStart;
  const core::IdempotencyRecord record{"acc", "key", "", 0, "", "", fakes::ManualClock::kStart, 0};
  const core::Usage usage{"acc", "2026-11", 1, 0, 0};
  const ports::Changes first = {put(contract::account("acc")),
                                put(contract::plan("pln")),
                                put(contract::task("tsk")),
                                put(contract::connection("cnn")),
                                put(grant),
                                put(connecting),
                                put(key),
                                put(session),
                                put(record),
                                put(contract::run("run")),
                                put(usage),
                                put(contract::conflict("cfl")),
                                put(contract::channel("chn"))};
  commit(store, first);
  for (const ports::Change& change : first) {
    CHECK(conflict_of(store, {change}) == "rev_conflict");
    ports::Change next = change;
    std::visit(
        [](auto& alternative) {
          if constexpr (requires { alternative.value.rev; }) alternative.value.rev = 1;
        },
        next);
    commit(store, {next});
    CHECK(conflict_of(store, {next}) == "rev_conflict");
  }
}

TEMPLATE_TEST_CASE("store: a conflict anywhere in a commit leaves nothing of it",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::account("acc")), put(contract::plan("pln")),
                 put(contract::pair("cnn", "pln", "kept")), put(contract::intent("int_0", "cnn"))});
  const core::Plan before = store.plans().find("pln").value();
  core::Account stale = contract::account("acc");
  stale.rev = 9;
  CHECK(conflict_of(store, {put(contract::task("tsk")), put(contract::pair("cnn", "pln", "new")),
                            put(contract::intent("int_1", "cnn")), put(contract::run("run")),
                            ports::ErasePair{"cnn", "pln", "kept"}, ports::EraseIntent{"int_0"},
                            put(core::Usage{"acc", "2026-11", 1, 0, 0}), put(stale)}) ==
        "rev_conflict");
  subject.reopen();
  const ports::Store& read = subject.store();
  CHECK(read.plans().find("pln").value() == before);
  CHECK(read.plans().find_task("tsk").error().code == Code::not_found);
  REQUIRE(read.pairs().of_plan("cnn", "pln").value().size() == 1);
  CHECK(read.pairs().of_plan("cnn", "pln").value()[0].key == "kept");
  CHECK(read.pairs().of_key("new").value().empty());
  CHECK(read.journal().open_intents("cnn").value().size() == 1);
  CHECK(read.runs().find("run").error().code == Code::not_found);
  CHECK(read.usages().find("acc", "2026-11").value().rev == 0);
}

TEMPLATE_TEST_CASE("store: ExpectRev guards a commit and writes nothing", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Grant grant;
  grant.connection_id = "cnn";
  commit(store,
         {put(contract::account("acc")), put(contract::plan("pln")), put(contract::task("tsk")),
          put(contract::connection("cnn")), put(grant), put(contract::run("run")),
          put(contract::conflict("cfl")), put(contract::channel("chn"))});
  const std::pair<Of, std::string> all[] = {
      {Of::account, "acc"}, {Of::plan, "pln"}, {Of::task, "tsk"},     {Of::connection, "cnn"},
      {Of::grant, "cnn"},   {Of::run, "run"},  {Of::conflict, "cfl"}, {Of::channel, "chn"}};
  for (const auto& [of, id] : all) {
    const auto event = put(contract::event("evt_" + id, "acc", 1));
    CHECK(conflict_of(store, {event, ports::ExpectRev{of, id, 2}}) == "rev_conflict");
    CHECK(conflict_of(store, {event, ports::ExpectRev{of, id, 0}}) == "rev_conflict");
    CHECK(conflict_of(store, {ports::ExpectRev{of, "nobody", 1}, event}) == "rev_conflict");
    commit(store, {ports::ExpectRev{of, id, 1}, ports::ExpectRev{of, "nobody", 0}});
  }
  CHECK(store.outbox().list("", {}).value().items.empty());
  CHECK(store.accounts().find("acc").value().rev == 1);
}

TEMPLATE_TEST_CASE("store: ExpectNoTwin guards an identity's one connection in an account",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  const core::Connection first = contract::connection("one");
  commit(store, {put(first), ports::ExpectNoTwin{"one"}, ports::ExpectNoTwin{"nobody"}});
  core::Connection other = contract::connection("two");
  CHECK(conflict_of(store, {put(other), ports::ExpectNoTwin{"two"}}) == "rev_conflict");
  CHECK(store.connections().find("two").error().code == Code::not_found);
  SECTION("of another account") {
    other.account_id = "other";
  }
  SECTION("at another service") {
    other.connector = "google_calendar";
  }
  SECTION("of another identity") {
    other.identity.id = "bot-2";
  }
  commit(store, {put(other), ports::ExpectNoTwin{"two"}, ports::ExpectNoTwin{"one"}});
  CHECK(store.connections().find("one")->rev == 1);
}

TEMPLATE_TEST_CASE("store: changes of one commit see the ones before them", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Account first = contract::account("acc");
  core::Account second = first;
  second.rev = 1;
  second.tier = "pro";
  commit(store, {put(first), ports::ExpectRev{Of::account, "acc", 1}, put(second)});
  CHECK(store.accounts().find("acc").value().rev == 2);
  CHECK(conflict_of(store, {put(contract::task("tsk")), put(contract::plan("pln"))}) ==
        "rev_conflict");  // a task comes after its plan
}

TEMPLATE_TEST_CASE("store: a plan's tasks_rev moves with every put of its tasks and only then",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::plan("pln")), put(contract::plan("other"))});
  CHECK(store.plans().find("pln").value().tasks_rev == 0);
  commit(store, {put(contract::task("a")), put(contract::task("b"))});
  CHECK(store.plans().find("pln").value().tasks_rev == 2);
  CHECK(store.plans().find("pln").value().rev == 1);

  core::Plan plan = store.plans().find("pln").value();
  plan.title = "renamed";
  plan.tasks_rev = 99;  // the caller's is ignored
  commit(store, {put(plan)});
  CHECK(store.plans().find("pln").value().tasks_rev == 2);
  CHECK(store.plans().find("pln").value().rev == 2);

  core::Task moved = store.plans().find_task("a").value();
  moved.plan_id = "other";
  commit(store, {put(moved)});
  CHECK(store.plans().find("pln").value().tasks_rev == 3);
  CHECK(store.plans().find("other").value().tasks_rev == 1);

  CHECK(conflict_of(store, {put(contract::task("lost", "no such plan"))}) == "rev_conflict");
  CHECK(store.plans().find_task("lost").error().code == Code::not_found);
}

TEMPLATE_TEST_CASE("store: external ids are unique per account among what is not removed",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  const auto with_external = [](core::Plan plan, const std::string& external_id) {
    plan.external_id = external_id;
    return plan;
  };
  const core::Plan plan = with_external(contract::plan("pln"), "mine");
  commit(store, {put(plan), put(contract::task("tsk"))});
  CHECK(conflict_of(store, {put(with_external(contract::plan("twin"), "mine"))}) ==
        "external_id_taken");
  commit(store, {put(with_external(contract::plan("elsewhere", "acc2"), "mine")),
                 put(with_external(contract::plan("no id 1"), "")),
                 put(with_external(contract::plan("no id 2"), ""))});
  core::Task twin = contract::task("twin");
  twin.external_id = "ext-tsk";
  CHECK(conflict_of(store, {put(twin)}) == "external_id_taken");

  core::Plan removed = plan;
  removed.rev = 1;
  removed.deleted_ms = 50;
  commit(store, {put(removed), put(with_external(contract::plan("heir"), "mine"))});
  CHECK(store.plans().find_external("acc", "mine").value().id == "heir");
  core::Plan undone = removed;
  undone.rev = 2;
  undone.deleted_ms.reset();
  CHECK(conflict_of(store, {put(undone)}) == "external_id_taken");
}

TEMPLATE_TEST_CASE("store: a changed external id is free for another", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::plan("pln")), put(contract::task("a"))});
  core::Task renamed = store.plans().find_task("a").value();
  renamed.external_id = "new name";
  core::Task heir = contract::task("b");
  heir.external_id = "ext-a";
  commit(store, {put(renamed), put(heir)});
  CHECK(store.plans().find_task("a").value().external_id == "new name");
  CHECK(store.plans().find_task("b").value().external_id == "ext-a");
}

TEMPLATE_TEST_CASE("store: records without a revision replace what has the same key",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Pair pair = contract::pair("cnn", "pln", "k");
  core::NamedSecret secret{"name", core::Secret("one"), 1};
  core::Event event = contract::event("evt", "acc", 1);
  commit(store, {put(pair), put(secret), put(event)});
  pair.state = core::PairState::tombstone;
  pair.generation = 7;
  secret.value = core::Secret("two");
  event.type = "other";
  commit(store, {put(pair), put(secret), put(event)});
  CHECK(store.pairs().of_plan("cnn", "pln").value() == std::vector{pair});
  CHECK(store.pairs().of_key("k").value() == std::vector{pair});
  CHECK(store.grants().secret("name").value().value.equals("two"));
  CHECK(store.grants().secret_names().value().size() == 1);
  CHECK(store.outbox().list("acc", {}).value().items.at(0).type == "other");
}

TEMPLATE_TEST_CASE("store: erasing removes by key, and what is not there is fine",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Grant grant;
  grant.connection_id = "cnn";
  core::ConnectSession connecting;
  connecting.id = "cns";
  core::UserSession session;
  session.id = "ses";
  session.hash = "h";
  session.expires_ms = fakes::ManualClock::kStart;
  commit(
      store,
      {put(contract::pair("cnn", "pln", "k")), put(contract::intent("int", "cnn")), put(grant),
       put(core::NamedSecret{"name", core::Secret("x"), 1}), put(connecting), put(session),
       put(core::IdempotencyRecord{"acc", "key", "", 0, "", "", fakes::ManualClock::kStart, 0})});
  const ports::Changes erase = {ports::ErasePair{"cnn", "pln", "k"},
                                ports::EraseIntent{"int"},
                                ports::EraseGrant{"cnn"},
                                ports::EraseSecret{"name"},
                                ports::EraseIdempotency{"acc", "key"},
                                ports::EraseSession{"cns"},
                                ports::EraseSession{"ses"}};
  commit(store, erase);
  commit(store, erase);
  subject.reopen();
  const ports::Store& read = subject.store();
  CHECK(read.pairs().of_plan("cnn", "pln").value().empty());
  CHECK(read.pairs().of_key("k").value().empty());
  CHECK(read.journal().open_intents("cnn").value().empty());
  CHECK(read.grants().find("cnn").error().code == Code::not_found);
  CHECK(read.grants().secret("name").error().code == Code::not_found);
  CHECK(read.grants().session("cns").error().code == Code::not_found);
  CHECK(read.access().session_by_hash("h").error().code == Code::not_found);
  CHECK(read.access().idempotency("acc", "key").error().code == Code::not_found);
  commit(subject.store(), {put(grant)});  // gone: it may be made anew
}

TEMPLATE_TEST_CASE("store: an empty commit is fine", "[contract][store]", MemorySubject,
                   SqlSubject) {
  TestType subject;
  commit(subject.store(), {});
  commit(subject.store(), {}, ports::Durability::full);
}
