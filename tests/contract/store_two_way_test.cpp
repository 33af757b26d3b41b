// What two-way sync remembers: it comes back as it was put, and is found in every way it is asked.
#include <catch2/catch.hpp>
#include <functional>

#include "contract/samples.hpp"
#include "contract/store_subjects.hpp"

using namespace mortise;
using namespace mortise::contract;
using ports::PageRequest;
using ports::put;

namespace {

using Ids = std::vector<std::string>;

template <class T>
Ids ids_of(const std::vector<T>& items) {
  Ids ids;
  for (const T& item : items) ids.push_back(item.id);
  return ids;
}

Ids remote_ids_of(const std::vector<core::Sighting>& sightings) {
  Ids ids;
  for (const core::Sighting& sighting : sightings) ids.push_back(sighting.remote_id);
  return ids;
}

/// "run key" of every item, over pages of one.
Ids history(const ports::Store& store, const std::string& key) {
  Ids found;
  PageRequest request{1, ""};
  for (;;) {
    const auto page = store.runs().items_of_key(key, request).value();
    for (const core::RunItem& item : page.items) found.push_back(item.run_id + " " + item.key);
    if (page.next_cursor.empty()) return found;
    request.cursor = page.next_cursor;
  }
}

}  // namespace

TEMPLATE_TEST_CASE("store: records of two-way sync come back as they were put", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  const core::Sighting sighting = contract::sighting("cnn", odd_text("remote"));
  const core::Bookmark bookmark{"cnn", "page-1", "cursor", odd_text("tag"), 5, 6, 7};
  const core::SyncState state{"cnn", 1, 2, 3, "unavailable", "outage", odd_text("message")};
  core::Conflict conflict = contract::conflict("cfl_1");
  const core::Channel channel = contract::channel("chn_1");
  core::Notification notification = contract::notification("ntf_1", "cnn", 9);
  commit(subject.store(), {put(sighting), put(bookmark), put(state), put(conflict), put(channel),
                           put(notification)});
  conflict.rev = 1;
  subject.reopen();
  const ports::Store& store = subject.store();
  CHECK(store.sightings().of_connection("cnn").value() == std::vector{sighting});
  CHECK(store.sightings().of_connection("cnn").value() == std::vector{sighting});
  CHECK(store.bookmarks().of_connection("cnn").value() == std::vector{bookmark});
  CHECK(store.sync_states().find("cnn").value() == state);
  CHECK(store.conflicts().find("cfl_1").value() == conflict);
  CHECK(store.inbox().pending("cnn").value() == std::vector{notification});
  const core::Channel read = store.channels().find("chn_1").value();
  CHECK(read.id == channel.id);
  CHECK(read.connection_id == channel.connection_id);
  CHECK(read.target_id == channel.target_id);
  CHECK(read.state == channel.state);
  CHECK(read.secret.equals(odd_text("secret")));
  CHECK(read.resource == channel.resource);
  CHECK(read.opened_ms == channel.opened_ms);
  CHECK(read.expires_ms == channel.expires_ms);
  CHECK(read.notified_ms == channel.notified_ms);
  CHECK(read.failures == channel.failures);
  CHECK(read.error_message == channel.error_message);
  CHECK(read.rev == 1);
}

TEMPLATE_TEST_CASE("store: empty records of two-way sync come back empty", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  core::Conflict conflict;
  conflict.id = "cfl";
  core::Channel channel;
  channel.id = "chn";
  commit(subject.store(), {put(core::Sighting{}), put(core::Bookmark{}), put(core::SyncState{}),
                           put(conflict), put(channel), put(core::Notification{})});
  conflict.rev = 1;
  subject.reopen();
  const ports::Store& store = subject.store();
  CHECK(store.sightings().of_connection("").value() == std::vector{core::Sighting{}});
  CHECK(store.bookmarks().of_connection("").value() == std::vector{core::Bookmark{}});
  CHECK(store.sync_states().find("").value() == core::SyncState{});
  CHECK(store.conflicts().find("cfl").value() == conflict);
  CHECK(store.channels().find("chn").value().secret.empty());
  CHECK_FALSE(store.channels().find("chn").value().expires_ms);
  CHECK(store.inbox().pending("").value() == std::vector{core::Notification{}});
}

TEMPLATE_TEST_CASE("store: what two-way sync never wrote is not there", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  const ports::Store& store = subject.store();
  CHECK(store.sightings().of_connection("c").value().empty());
  CHECK(store.bookmarks().of_connection("c").value().empty());
  CHECK(store.conflicts().find("x").error().code == Code::not_found);
  CHECK(store.conflicts().list("", "", "", {}).value().items.empty());
  CHECK(store.channels().find("x").error().code == Code::not_found);
  CHECK(store.channels().of_connection("c").value().empty());
  CHECK(store.pairs().of_connection("c").value().empty());
  CHECK(store.pairs().of_key("k").value().empty());
  CHECK(store.inbox().pending("c").value().empty());
  CHECK_FALSE(store.inbox().oldest_pending("c").value());
  CHECK_FALSE(store.inbox().latest("c").value());
  CHECK(store.inbox().connections_with_pending().value().empty());
  CHECK_FALSE(store.inbox().seen("google-calendar", "provider-1").value());
  core::SyncState never;
  never.connection_id = "c";
  CHECK(store.sync_states().find("c").value() == never);
}

TEMPLATE_TEST_CASE("store: of an item what was seen last counts, until it is erased",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Sighting again = contract::sighting("c1", "b");
  again.fields = R"({"title":"later"})";
  commit(store,
         {put(contract::sighting("c1", "b")), put(contract::sighting("c1", "a")),
          put(contract::sighting("c1", "c")), put(contract::sighting("c2", "b")), put(again)});
  CHECK(remote_ids_of(store.sightings().of_connection("c1").value()) == Ids{"a", "b", "c"});
  CHECK(store.sightings().of_connection("c1").value().at(1) == again);
  commit(store, {ports::EraseSighting{"c1", "b"}, ports::EraseSighting{"c1", "nobody"}});
  CHECK(remote_ids_of(store.sightings().of_connection("c1").value()) == Ids{"a", "c"});
  commit(store, {ports::EraseSightings{"c1"}});
  CHECK(store.sightings().of_connection("c1").value().empty());
  CHECK(remote_ids_of(store.sightings().of_connection("c2").value()) == Ids{"b"});
}

TEMPLATE_TEST_CASE("store: the pairs of a connection change their state and nothing else",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  using State = core::PairState;
  const auto pair = [](const std::string& connection, const std::string& key, State state) {
    core::Pair made;
    made.connection_id = connection;
    made.plan_id = "pln";
    made.key = key;
    made.remote_id = "remote " + key;
    made.version = "v1";
    made.state = state;
    return made;
  };
  const core::Pair other = pair("c2", "a", State::paired);
  const core::Pair gone = pair("c1", "b", State::tombstone);
  core::Pair here = pair("c1", "a", State::paired);
  commit(store, {put(here), put(gone), put(other)});
  commit(store, {ports::SetPairState{"c1", State::paired, State::set_aside}});
  here.state = State::set_aside;
  CHECK(store.pairs().of_plan("c1", "pln").value() == std::vector<core::Pair>{here, gone});
  CHECK(store.pairs().of_plan("c2", "pln").value() == std::vector<core::Pair>{other});
  commit(store, {ports::SetPairState{"c1", State::set_aside, State::paired}});
  here.state = State::paired;
  CHECK(store.pairs().of_plan("c1", "pln").value() == std::vector<core::Pair>{here, gone});
}

TEMPLATE_TEST_CASE("store: one bookmark per container, the target's own first; they go together",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  const core::Bookmark module{"c1", "page-1", "", "", 1, 2, 3};
  const core::Bookmark target{"c1", "", "second", "", 1, 2, 3};
  commit(store, {put(module), put(core::Bookmark{"c1", "", "first", "", 0, 0, 0}), put(target),
                 put(core::Bookmark{"c2", "", "other", "", 0, 0, 0})});
  CHECK(store.bookmarks().of_connection("c1").value() == std::vector{target, module});
  commit(store, {ports::EraseBookmarks{"c1"}});
  CHECK(store.bookmarks().of_connection("c1").value().empty());
  CHECK(store.bookmarks().of_connection("c2").value().size() == 1);
}

TEMPLATE_TEST_CASE("store: conflicts are listed newest first, by account, connection and task",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::conflict("f1", "a1", "c1", "t1", 1)),
                 put(contract::conflict("f2", "a1", "c2", "t1", 2)),
                 put(contract::conflict("f3", "a2", "c3", "t2", 2)),
                 put(contract::conflict("f4", "a1", "c1", "t3", 4))});
  const auto pages = [&store](const std::string& account, const std::string& connection,
                              const std::string& task) {
    Ids found;
    PageRequest request{2, ""};
    for (;;) {
      const auto page = store.conflicts().list(account, connection, task, request).value();
      for (const std::string& id : ids_of(page.items)) found.push_back(id);
      if (page.next_cursor.empty()) return found;
      request.cursor = page.next_cursor;
    }
  };
  CHECK(pages("", "", "") == Ids{"f4", "f3", "f2", "f1"});
  CHECK(pages("a1", "", "") == Ids{"f4", "f2", "f1"});
  CHECK(pages("", "c1", "") == Ids{"f4", "f1"});
  CHECK(pages("a1", "c1", "") == Ids{"f4", "f1"});
  CHECK(pages("a2", "c1", "").empty());
  CHECK(pages("", "", "t1") == Ids{"f2", "f1"});
  CHECK(pages("", "c1", "t1") == Ids{"f1"});
  CHECK(pages("a1", "", "t1") == Ids{"f2", "f1"});
  CHECK(pages("a2", "c1", "t1").empty());
  CHECK(store.conflicts().list("", "", "", {1, "no cursor"}).error().code == Code::invalid);
}

TEMPLATE_TEST_CASE("store: channels are found by connection, the one opened first comes first",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::channel("a", "c1", 3)), put(contract::channel("b", "c1", 2)),
                 put(contract::channel("c", "c2", 1)), put(contract::channel("d", "c1", 2))});
  CHECK(ids_of(store.channels().of_connection("c1").value()) == Ids{"b", "d", "a"});
  CHECK(ids_of(store.channels().of_connection("c2").value()) == Ids{"c"});
  commit(store, {ports::EraseChannel{"b"}, ports::EraseChannel{"nobody"}});
  CHECK(ids_of(store.channels().of_connection("c1").value()) == Ids{"d", "a"});
}

TEMPLATE_TEST_CASE("store: notifications wait, oldest first, until they are handled",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store,
         {put(contract::notification("n3", "c1", 30)), put(contract::notification("n1", "c1", 10)),
          put(contract::notification("n2b", "c1", 20)),
          put(contract::notification("n2a", "c1", 20)), put(contract::notification("m", "c2", 5))});
  const ports::Inbox& inbox = store.inbox();
  CHECK(ids_of(inbox.pending("c1").value()) == Ids{"n1", "n2a", "n2b", "n3"});
  CHECK(inbox.oldest_pending("c1").value() == core::Instant{10});
  CHECK(inbox.latest("c1").value() == core::Instant{30});
  CHECK(inbox.latest("c2").value() == core::Instant{5});
  CHECK(inbox.connections_with_pending().value() == Ids{"c1", "c2"});

  commit(store, {ports::HandleNotifications{"c1", {"n1", "n2a", "n2b"}, 100}});
  CHECK(ids_of(inbox.pending("c1").value()) == Ids{"n3"});
  CHECK(inbox.oldest_pending("c1").value() == core::Instant{30});
  CHECK(ids_of(inbox.pending("c2").value()) == Ids{"m"});
  commit(store, {ports::HandleNotifications{"c2", {"m"}, 100}});
  CHECK(inbox.latest("c2").value() == core::Instant{5});
  CHECK(inbox.connections_with_pending().value() == Ids{"c1"});
}

TEMPLATE_TEST_CASE("store: notifications are handled by their ids, whenever they came",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store,
         {put(contract::notification("n1", "c1", 20)), put(contract::notification("n2", "c1", 20)),
          put(contract::notification("n3", "c1", 10)), put(contract::notification("m", "c2", 20))});
  const ports::Inbox& inbox = store.inbox();
  commit(store, {ports::HandleNotifications{"c1", {"n1", "m", "nobody"}, 100}});
  CHECK(ids_of(inbox.pending("c1").value()) == Ids{"n3", "n2"});
  CHECK(ids_of(inbox.pending("c2").value()) == Ids{"m"});
  // Handled once: a later call does not move the moment.
  commit(store, {ports::HandleNotifications{"c1", {"n1"}, 900}, ports::Prune{101, 10}});
  CHECK_FALSE(inbox.seen("google-calendar", "provider-n1").value());
}

TEMPLATE_TEST_CASE("store: a notification is known by the service's name, handled or not",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Notification nameless = contract::notification("n2", "c1", 20);
  nameless.provider_id.clear();
  commit(store, {put(contract::notification("n1", "c1", 10)), put(nameless)});
  const ports::Inbox& inbox = store.inbox();
  CHECK(inbox.seen("google-calendar", "provider-n1").value());
  CHECK_FALSE(inbox.seen("notion", "provider-n1").value());
  CHECK_FALSE(inbox.seen("google-calendar", "").value());
  commit(store, {ports::HandleNotifications{"c1", {"n1", "n2"}, 100}});
  CHECK(inbox.seen("google-calendar", "provider-n1").value());
  // Handled once: a later call does not move the moment, which retention counts from.
  commit(store, {ports::HandleNotifications{"c1", {"n1", "n2"}, 900}, ports::Prune{101, 10}});
  CHECK_FALSE(inbox.seen("google-calendar", "provider-n1").value());
}

TEMPLATE_TEST_CASE("store: pairs are found by connection and by key", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  const core::Pair a = contract::pair("c1", "p2", "task:a");
  const core::Pair b = contract::pair("c1", "p1", "task:b");
  const core::Pair others = contract::pair("c2", "p1", "task:a");
  core::Pair unknown = contract::pair("c1", "p1", "task:u");
  unknown.remote_id.clear();
  commit(store, {put(a), put(b), put(unknown), put(others)});
  const ports::Pairs& pairs = store.pairs();
  CHECK(pairs.of_connection("c1").value() == std::vector{b, unknown, a});
  CHECK(pairs.of_key("task:a").value() == std::vector{a, others});
  CHECK(pairs.of_key("task:u").value() == std::vector{unknown});
  CHECK(pairs.of_key("task:").value().empty());

  core::Pair anew = a;
  anew.remote_id = "remote-new";
  commit(store, {put(anew), ports::ErasePair{"c1", "p1", "task:b"}});
  CHECK(pairs.of_key("task:a").value() == std::vector{anew, others});
  CHECK(pairs.of_key("task:b").value().empty());
}

TEMPLATE_TEST_CASE(
    "store: the history of a key spans runs, newest first, a series' its occurrences",
    "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(run_item("r2", "task:x")), put(run_item("r1", "task:x/2026-11-23")),
                 put(run_item("r1", "task:xy")), put(run_item("r1", "task:x")),
                 put(run_item("r3", "task:x/2026-11-30"))});
  commit(store, {put(run_item("r2", "task:x"))});  // again: it keeps its place
  CHECK(history(store, "task:x") ==
        Ids{"r3 task:x/2026-11-30", "r1 task:x", "r1 task:x/2026-11-23", "r2 task:x"});
  CHECK(history(store, "task:x/2026-11-23") == Ids{"r1 task:x/2026-11-23"});
  CHECK(history(store, "task:xy") == Ids{"r1 task:xy"});
  CHECK(history(store, "task:").empty());
  CHECK(history(store, "").empty());
}

TEMPLATE_TEST_CASE("store: unfinished runs of a connection are its own", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  core::Run ended = contract::run("r4", "a", "c1", 1);
  ended.state = core::RunState::succeeded;
  commit(store, {put(contract::run("r1", "a", "c1", 3)), put(contract::run("r2", "a", "c1", 2)),
                 put(contract::run("r3", "a", "c2", 1)), put(ended)});
  CHECK(ids_of(store.runs().unfinished("c1").value()) == Ids{"r2", "r1"});
  CHECK(ids_of(store.runs().unfinished("c2").value()) == Ids{"r3"});
  CHECK(store.runs().unfinished("").value().empty());
}

TEMPLATE_TEST_CASE("store: the newest finished run is told of each connection of an account",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  const auto ended = [](const std::string& id, const std::string& connection_id,
                        core::Instant created_ms, core::RunState state) {
    core::Run run = contract::run(id, "a", connection_id, created_ms);
    run.state = state;
    return put(run);
  };
  commit(store, {put(contract::connection("c1", "a")), put(contract::connection("c2", "a")),
                 put(contract::connection("c3", "a")), put(contract::connection("c4", "b")),
                 put(contract::connection("c5", "b"))});
  CHECK(store.runs().newest_finished("a").value().empty());
  commit(store,
         {ended("r7", "c1", 2, core::RunState::succeeded),
          ended("r5", "c1", 3, core::RunState::succeeded),
          ended("r6", "c1", 3, core::RunState::partial), put(contract::run("r9", "a", "c1", 9)),
          ended("r1", "c2", 5, core::RunState::cancelled), put(contract::run("r8", "a", "c3", 1)),
          ended("r4", "c4", 7, core::RunState::succeeded),
          ended("r3", "c5", 8, core::RunState::failed)});
  CHECK(ids_of(store.runs().newest_finished("a").value()) == Ids{"r1", "r6"});
  CHECK(ids_of(store.runs().newest_finished("b").value()) == Ids{"r3", "r4"});
  CHECK(store.runs().newest_finished("").value().empty());
}

TEMPLATE_TEST_CASE("store: removed tasks of a plan are listed since a time, the last one first",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::plan("pln")), put(contract::plan("other"))});
  const auto removed = [](const std::string& id, const std::string& plan_id, core::Instant at_ms) {
    core::Task task = contract::task(id, plan_id);
    task.deleted_ms = at_ms;
    return put(task);
  };
  commit(store, {put(contract::task("live")), removed("a", "pln", 10), removed("b", "pln", 30),
                 removed("c", "pln", 20), removed("c2", "pln", 20), removed("d", "other", 40)});
  CHECK(ids_of(store.plans().removed_tasks("pln", 20).value()) == Ids{"b", "c2", "c"});
  CHECK(ids_of(store.plans().removed_tasks("pln", -1).value()) == Ids{"b", "c2", "c", "a"});
  CHECK(store.plans().removed_tasks("pln", 31).value().empty());
  CHECK(store.plans().find_task("b").value().deleted_ms == 30);
}

TEMPLATE_TEST_CASE("store: a conflict anywhere in a commit leaves two-way sync as it was",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store,
         {put(contract::account("acc")), put(contract::sighting("cnn", "kept")),
          put(core::Bookmark{"cnn", "", "kept", "", 0, 0, 0}), put(contract::channel("chn")),
          put(contract::notification("ntf", "cnn", 1)), put(contract::event("evt", "acc", 1))});
  CHECK(conflict_of(
            store, {put(contract::sighting("cnn", "new")), ports::EraseSighting{"cnn", "kept"},
                    ports::EraseSightings{"cnn"},
                    ports::SetPairState{"cnn", core::PairState::paired, core::PairState::set_aside},
                    ports::EraseBookmarks{"cnn"}, ports::EraseChannel{"chn"},
                    ports::HandleNotifications{"cnn", {"ntf"}, 5}, ports::Prune{100, 100},
                    put(contract::conflict("cfl")), put(contract::account("acc"))}) ==
        "rev_conflict");
  subject.reopen();
  const ports::Store& read = subject.store();
  CHECK(remote_ids_of(read.sightings().of_connection("cnn").value()) == Ids{"kept"});
  CHECK(read.bookmarks().of_connection("cnn").value().size() == 1);
  CHECK(read.channels().find("chn"));
  CHECK(read.inbox().pending("cnn").value().size() == 1);
  CHECK(read.outbox().list("", {}).value().items.size() == 1);
  CHECK(read.conflicts().find("cfl").error().code == Code::not_found);
}
