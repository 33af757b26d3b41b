// An account's end: everything of its own goes, nothing of anybody else's.
#include <catch2/catch.hpp>

#include "contract/samples.hpp"
#include "contract/store_subjects.hpp"

using namespace mortise;
using namespace mortise::contract;
using ports::put;

namespace {

constexpr core::Instant kNever = 9'000'000'000'000;

/// One of everything that an account can have, under ids that begin with it.
ports::Changes all_of(const std::string& account) {
  const std::string plan = account + "_pln";
  const std::string connection = account + "_cnn";
  core::Plan removed = contract::plan(account + "_old", account);
  removed.external_id = account + "_old";
  removed.deleted_ms = 5;
  core::Plan kept = contract::plan(plan, account);
  kept.external_id = account + "_ext";
  core::Task task = contract::task(account + "_tsk", plan);
  core::Task gone = contract::task(account + "_gone", plan);
  task.account_id = gone.account_id = account;
  task.external_id = account + "_task_ext";
  gone.external_id.clear();
  gone.deleted_ms = 5;
  core::Grant grant;
  grant.connection_id = connection;
  core::ConnectSession session;
  session.id = account + "_cns";
  session.account_id = account;
  session.expires_ms = kNever;
  core::UserSession user;
  user.id = account + "_ses";
  user.account_id = account;
  user.hash = account + "_hash";
  user.expires_ms = kNever;
  core::Usage usage;
  usage.account_id = account;
  usage.month = "2026-11";
  usage.committed = 1;
  core::Notification handled = contract::notification(account + "_n2", connection, 1);
  handled.handled_ms = 2;
  return {put(contract::account(account)),
          put(kept),
          put(removed),
          put(task),
          put(gone),
          put(contract::connection(connection, account)),
          put(grant),
          put(session),
          put(user),
          put(contract::pair(connection, plan, "task:" + account + "_tsk")),
          put(contract::intent(account + "_int", connection)),
          put(contract::run(account + "_run", account, connection)),
          put(contract::run_item(account + "_run", "task:" + account + "_tsk")),
          put(usage),
          put(contract::event(account + "_evt", account, 1)),
          put(contract::sighting(connection, "r")),
          put(core::Bookmark{connection, "", "c", "", 0, 0, 0}),
          put(core::SyncState{connection, 7, {}, 0, "", "", ""}),
          put(contract::conflict(account + "_cfl", account, connection, account + "_tsk")),
          put(contract::channel(account + "_chn", connection)),
          put(contract::notification(account + "_n1", connection, 1)),
          put(handled)};
}

/// How much of all_of() is there; 22 if all is.
int count_of(const ports::Store& store, const std::string& account) {
  const std::string connection = account + "_cnn";
  const auto is = [](bool there) { return there ? 1 : 0; };
  return is(store.accounts().find(account).ok()) + is(store.plans().find(account + "_pln").ok()) +
         is(store.plans().find(account + "_old").ok()) +
         is(store.plans().find_external(account, account + "_ext").ok()) +
         is(store.plans().find_task(account + "_tsk").ok()) +
         is(store.plans().find_task(account + "_gone").ok()) +
         is(store.connections().find(connection).ok()) + is(store.grants().find(connection).ok()) +
         is(store.grants().session(account + "_cns").ok()) +
         is(store.access().session_by_hash(account + "_hash").ok()) +
         is(!store.pairs().of_connection(connection)->empty()) +
         is(!store.journal().open_intents(connection)->empty()) +
         is(store.runs().find(account + "_run").ok()) +
         is(!store.runs().items(account + "_run", {5, ""})->items.empty()) +
         is(store.usages().find(account, "2026-11")->rev > 0) +
         is(!store.outbox().list(account, {5, ""})->items.empty()) +
         is(!store.sightings().of_connection(connection)->empty()) +
         is(!store.bookmarks().of_connection(connection)->empty()) +
         is(store.sync_states().find(connection)->started_ms.has_value()) +
         is(store.conflicts().find(account + "_cfl").ok()) +
         is(store.channels().find(account + "_chn").ok()) +
         is(!store.inbox().pending(connection)->empty());
}

}  // namespace

TEMPLATE_TEST_CASE("store: an account is erased with all that is its own, and nothing else",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  commit(subject.store(), all_of("ann"));
  commit(subject.store(), all_of("bob"));
  CHECK(count_of(subject.store(), "ann") == 22);
  commit(subject.store(), {ports::EraseAccount{"ann"}});
  subject.reopen();
  CHECK(count_of(subject.store(), "ann") == 0);
  CHECK(count_of(subject.store(), "bob") == 22);
  commit(subject.store(), all_of("ann"));  // its ids are free
  CHECK(count_of(subject.store(), "ann") == 22);
  commit(subject.store(), {ports::EraseAccount{"nobody"}});
  CHECK(count_of(subject.store(), "bob") == 22);
}

TEMPLATE_TEST_CASE("store: a conflict beside it leaves the account whole", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  commit(subject.store(), all_of("ann"));
  CHECK(conflict_of(subject.store(), {ports::EraseAccount{"ann"},
                                      ports::ExpectRev{ports::ExpectRev::Of::plan, "x", 9}}) ==
        "rev_conflict");
  subject.reopen();
  CHECK(count_of(subject.store(), "ann") == 22);
}
