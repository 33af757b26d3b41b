#include "core/reconcile.hpp"

#include <catch2/catch.hpp>

#include "core/item_key.hpp"
#include "unit/core/reconcile_fixtures.hpp"

namespace mortise::core {
namespace {

std::vector<std::string> lines(const ChangeList& changes) {
  std::vector<std::string> text;
  for (const Action& action : changes.actions) {
    const char* words[] = {"create", "update", "remove", "forget"};
    text.push_back(fmt::format("{} {}", words[static_cast<int>(action.kind)], action.key));
  }
  return text;
}

using Lines = std::vector<std::string>;
const News kNothingNew;

}  // namespace

TEST_CASE("reconcile: what is equal needs nothing", "[core][reconcile]") {
  const auto wanted = item("a", "", "x");
  const auto changes = reconcile({wanted}, {paired(wanted)}, kNothingNew, {});
  CHECK(changes.empty());
  CHECK(changes.unchanged == 1);
}

TEST_CASE("reconcile: new is created, edited updated with only the changed fields, gone removed",
          "[core][reconcile]") {
  auto old = item("b", "", "x");
  old.fields = R"({"link":"l","text":"x"})";
  auto edited = old;
  edited.fields = R"({"link":"l","text":"y"})";
  const auto changes = reconcile({item("a", "", "n"), edited},
                                 {paired(old), paired(item("c", "", "z"))}, kNothingNew, {});
  CHECK(lines(changes) == Lines{"remove c", "create a", "update b"});
  CHECK(changes.actions[2].changed == Lines{"text"});
  CHECK(summary(changes) == "1 create, 1 update, 1 delete");
}

TEST_CASE("reconcile: an edit outlives a deletion, an unedited one stays deleted",
          "[core][reconcile]") {
  const auto was = item("a", "", "x");
  const News gone{{"a", RemoteNews{RemoteState::lost}}};
  CHECK(reconcile({was}, {paired(was, 3)}, gone, {}).empty());
  const auto changes = reconcile({item("a", "", "y")}, {paired(was, 3)}, gone, {});
  REQUIRE(lines(changes) == Lines{"create a"});
  CHECK(changes.actions[0].generation == 4);
}

TEST_CASE("reconcile: gone on both sides is forgotten", "[core][reconcile]") {
  const auto changes =
      reconcile({}, {paired(item("a", "", "x"))}, {{"a", RemoteNews{RemoteState::lost}}}, {});
  CHECK(lines(changes) == Lines{"forget a"});
}

TEST_CASE("reconcile: a container takes its content along", "[core][reconcile]") {
  const std::vector<Pair> base{paired(item("m", "", "M", "page")),
                               paired(item("w", "m", "W", "section")), paired(item("t", "w", "T"))};
  CHECK(lines(reconcile({}, base, kNothingNew, {})) == Lines{"remove m", "forget w", "forget t"});
}

TEST_CASE(
    "reconcile: an occurrence that its series does not have any more goes with the series' update",
    "[core][reconcile]") {
  ReconcileRules rules;
  rules.resets = {{"row", {"text"}}};
  rules.remove_at_least = 1;
  rules.remove_percent = 0;
  const WantedItem series = item("s", "", "weekly", "row");
  Pair occurrence = paired(item("s/1", "s", "weekly", "row"));
  const std::vector<Pair> base{paired(series), occurrence};
  WantedItem changed = item("s", "", "monthly", "row");
  const ChangeList update = reconcile({changed}, base, kNothingNew, rules);
  REQUIRE(lines(update) == Lines{"update s"});
  REQUIRE_FALSE(update.refuse);
  rules.remove_percent = 100;
  // What else changes of it does not take the occurrence along; nor does nothing.
  changed.fields = R"({"text":"weekly","note":"new"})";
  REQUIRE(lines(reconcile({changed}, base, kNothingNew, rules)) == Lines{"remove s/1", "update s"});
  REQUIRE(lines(reconcile({series}, base, kNothingNew, rules)) == Lines{"remove s/1"});
}

TEST_CASE("reconcile: a container that is gone is made anew only for content that changed",
          "[core][reconcile]") {
  const auto m = item("m", "", "M", "page");
  const auto t = item("t", "m", "T"), u = item("u", "m", "U");
  const News gone{{"m", RemoteNews{RemoteState::lost}}};
  CHECK(reconcile({m, t, u}, {paired(m), paired(t), paired(u)}, gone, {}).empty());
  const auto changes =
      reconcile({m, item("t", "m", "other"), u}, {paired(m), paired(t), paired(u)}, gone, {});
  CHECK(lines(changes) == Lines{"create m", "create t", "create u"});
}

TEST_CASE("reconcile: what moved to another container or kind is replaced", "[core][reconcile]") {
  const auto m = item("m", "", "M", "page"), n = item("n", "", "N", "page");
  const auto changes =
      reconcile({m, n, item("t", "n", "T")}, {paired(m), paired(n), paired(item("t", "m", "T"))},
                kNothingNew, {});
  CHECK(lines(changes) == Lines{"remove t", "create t"});
}

TEST_CASE("reconcile: a task that somebody dragged elsewhere stays and goes with what it stands in",
          "[core][reconcile][places]") {
  const auto m = item("m", "", "M", "page"), n = item("n", "", "N", "page");
  const auto t = item("task:t", "m", "T"), u = item("task:u", "m", "U");
  Pair dragged = paired(t);
  dragged.remote_parent_id = "id of n";
  Pair put = paired(u);
  put.remote_parent_id = "id of m";
  const std::vector<Pair> base{paired(m), paired(n), dragged, put};
  Pair outside = dragged;
  outside.remote_parent_id = "somebody's own page";
  const std::vector<Pair> base_outside{paired(m), paired(n), outside, put};
  ReconcileRules rules;
  rules.pull = true;
  const auto gone = [](const std::string& key) {
    return News{{key, RemoteNews{RemoteState::deleted}}};
  };
  const auto taken = [](const ChangeList& changes) {
    Lines keys;
    for (const Receive& each : changes.receive) {
      if (each.kind == ReceiveKind::take_away) keys.push_back(each.key);
    }
    return keys;
  };

  SECTION("what is trashed there takes along what stands in it") {
    std::vector<WantedItem> wanted{m, n, t, u};
    for (WantedItem& each : wanted) each.task_id = task_id_of(each.key);
    CHECK(taken(reconcile(wanted, base, gone("m"), rules)) == Lines{"task:u"});
    CHECK(taken(reconcile(wanted, base, gone("n"), rules)) == Lines{"task:t"});
    // Where it stands is not known: as it was put.
    CHECK(taken(reconcile(wanted, base_outside, gone("m"), rules)) == Lines{"task:t", "task:u"});
  }
  SECTION("also out of something whose id was never known") {
    std::vector<WantedItem> wanted{m, n, t, u};
    for (WantedItem& each : wanted) each.task_id = task_id_of(each.key);
    std::vector<Pair> nameless = base;
    nameless[0].remote_id.clear();
    nameless[0].state = PairState::id_unknown;
    CHECK(taken(reconcile(wanted, nameless, gone("m"), rules)) == Lines{"task:u"});
  }
  SECTION("what is removed here takes along what stands in it, and nothing else") {
    CHECK(lines(reconcile({}, base, kNothingNew, {})) ==
          Lines{"remove m", "remove n", "forget task:t", "forget task:u"});
    CHECK(lines(reconcile({n}, base, kNothingNew, {})) ==
          Lines{"remove m", "remove task:t", "forget task:u"});
    CHECK(lines(reconcile({}, base_outside, kNothingNew, {})) ==
          Lines{"remove m", "remove n", "remove task:t", "forget task:u"});
  }
  SECTION("what is made anew is filled with what stood in it") {
    const auto table = item("m", "", "M", "table");
    CHECK(lines(reconcile({table, n, t, u}, base, kNothingNew, {})) ==
          Lines{"remove m", "create m", "create task:u"});
    CHECK(lines(reconcile({table, n, t, u}, base_outside, kNothingNew, {})) ==
          Lines{"remove m", "remove task:t", "create m", "create task:t", "create task:u"});
    // Also with what was dragged into it, which goes back to where it belongs, if that is there.
    const auto v = item("task:v", "n", "V"), edited = item("task:v", "n", "V2");
    std::vector<Pair> beside = base;
    beside.push_back(paired(v));
    CHECK(lines(reconcile({m, n, t, u, edited}, beside, gone("n"), rules)) ==
          Lines{"create n", "create task:t", "create task:v"});
    CHECK(taken(reconcile({m, n, t, u, edited}, beside, gone("n"), rules)).empty());
    News both = gone("n");
    both.merge(gone("m"));
    CHECK(taken(reconcile({m, n, t, u, edited}, beside, both, rules)) == Lines{"task:t", "task:u"});
    // An edit of what stands elsewhere needs no page that is gone.
    CHECK(lines(reconcile({m, n, item("task:t", "m", "T2"), u}, base, gone("m"), {})) ==
          Lines{"update task:t"});
  }
}

TEST_CASE("reconcile: removing much is refused until somebody approves", "[core][reconcile]") {
  std::vector<Pair> base;
  std::vector<WantedItem> kept;
  for (int i = 0; i < 40; ++i) {
    const auto each = item(fmt::format("t{}", i), "", "x");
    base.push_back(paired(each));
    if (i >= 9) kept.push_back(each);
  }
  ReconcileRules rules;
  CHECK_FALSE(reconcile(kept, base, kNothingNew, rules).refuse);  // 9: under the floor of 10
  kept.erase(kept.begin());
  const auto refused = reconcile(kept, base, kNothingNew, rules);
  REQUIRE(refused.refuse);
  CHECK(refused.refuse->removals == 10);
  CHECK(refused.refuse->items == 40);
  CHECK(refused.actions.size() == 10);
  const News gone{{"t0", RemoteNews{RemoteState::deleted}}};
  CHECK_FALSE(reconcile(kept, base, gone, rules).refuse);  // gone on both sides: no removal
  rules.remove_percent = 100;                              // nothing is refused
  CHECK_FALSE(reconcile(kept, base, kNothingNew, rules).refuse);
  rules = {};
  rules.removed_last_day = 9;  // small steps within a day count together
  kept.push_back(item("t9", "", "x"));
  CHECK(reconcile(kept, base, kNothingNew, rules).refuse);
}

TEST_CASE("reconcile: a plan that is emptied one by one asks before its last item goes",
          "[core][reconcile][guard]") {
  const std::vector<Pair> base{paired(item("t", "", "x"))};
  ReconcileRules rules;
  CHECK_FALSE(reconcile({}, base, kNothingNew, rules).refuse);  // it was all of it
  rules.removed_last_day = 1;
  const auto changes = reconcile({}, base, kNothingNew, rules);
  REQUIRE(changes.refuse);
  CHECK(changes.refuse->reason == "plan_emptied");
  Pair appeared = base[0];  // appointments come and go
  appeared.appeared = true;
  CHECK_FALSE(reconcile({}, {appeared}, kNothingNew, rules).refuse);
}

namespace {

RemoteNews edited(const std::string& text, Instant at = 10) {
  return {RemoteState::edited, fmt::format(R"({{"text":"{}"}})", text), at};
}

ReconcileRules pulling() {
  ReconcileRules rules;
  rules.pull = true;
  return rules;
}

std::vector<std::string> received(const ChangeList& changes) {
  std::vector<std::string> text;
  for (const Receive& each : changes.receive) {
    const char* words[] = {"agree", "change", "restore", "take_away"};
    text.push_back(fmt::format("{} {}", words[static_cast<int>(each.kind)], each.key));
  }
  return text;
}

}  // namespace

TEST_CASE("reconcile: the table of both sides", "[core][reconcile]") {
  const WantedItem same = item("a", "", "x");
  const WantedItem ours = item("a", "", "ours");
  const std::vector<Pair> base{paired(same), paired(item("b", "", "other"))};
  const WantedItem other = item("b", "", "other");
  const RemoteNews gone{RemoteState::deleted};
  ReconcileRules rules = pulling();
  const auto decide = [&](std::vector<WantedItem> wanted, const RemoteNews& news) {
    wanted.push_back(other);
    return reconcile(wanted, base, {{"a", news}}, rules);
  };
  SECTION("same here, edited there: the task changes, nothing is written") {
    const auto changes = decide({same}, edited("theirs"));
    CHECK(received(changes) == Lines{"change a"});
    CHECK(changes.actions.empty());
    CHECK(changes.receive[0].merged.take == R"({"text":"theirs"})");
  }
  SECTION("same on both sides: only remembered") {
    const auto changes = decide({same}, edited("x"));
    CHECK(received(changes) == Lines{"agree a"});
    CHECK(changes.receive[0].merged.nothing_new);
  }
  SECTION("edited on both sides: the newer one") {
    const auto changes = decide({ours}, edited("theirs"));
    CHECK(received(changes) == Lines{"change a"});
    CHECK(changes.receive[0].merged.conflicts.size() == 1);
  }
  SECTION("same here, gone there: the task is taken away") {
    CHECK(received(decide({same}, gone)) == Lines{"take_away a"});
  }
  SECTION("edited here, gone there: made anew") {
    const auto changes = decide({ours}, gone);
    CHECK(received(changes).empty());
    CHECK(lines(changes) == Lines{"create a"});
  }
  SECTION("removed here, edited there: brought back, if it can be") {
    rules.restorable = {{"a", {same.fields, 0}}};
    CHECK(received(decide({}, edited("theirs"))) == Lines{"restore a"});
    rules.restorable.clear();
    const auto changes = decide({}, edited("theirs"));
    CHECK(received(changes) == Lines{"agree a"});
    CHECK(changes.receive[0].merged.conflicts.size() == 1);
    // Should it be wanted there again, what stood there is written over.
    const Receive& told = changes.receive[0];
    Pair agreed = base[0];
    agreed.fields = agreed_after(told.input, told.merged, told.input.here);
    agreed.sent_hash = content_hash(agreed.fields);
    CHECK(lines(reconcile({same, other}, {agreed, base[1]}, {}, rules)) == Lines{"update a"});
  }
  SECTION("removed here, as agreed there: removed there") {
    rules.restorable = {{"a", {same.fields, 0}}};
    CHECK(lines(decide({}, edited("x"))) == Lines{"remove a"});
  }
  SECTION("moved here by its neighbours, gone there: the task is taken away") {
    WantedItem moved = same;
    moved.fields = R"({"place":2,"text":"x"})";
    rules.merge[moved.kind].placing = {"place"};
    CHECK(received(decide({moved}, gone)) == Lines{"take_away a"});
    rules.merge[moved.kind].placing = {};
    CHECK(lines(decide({moved}, gone)) == Lines{"create a"});
  }
  SECTION("gone on both sides: forgotten") {
    CHECK(lines(decide({}, gone)) == Lines{"forget a"});
  }
  SECTION("without pull, what is there changes nothing here") {
    rules.pull = false;
    CHECK(decide({same}, edited("theirs")).empty());
    CHECK(decide({same}, gone).empty());
  }
  SECTION("what a write did not find says nothing about here") {
    CHECK(decide({same}, RemoteNews{RemoteState::lost}).empty());
  }
}

TEST_CASE("reconcile: a container's name is ours, its absence is asked about",
          "[core][reconcile][guard]") {
  const WantedItem page = item("p", "", "Page", "page");
  const WantedItem task = item("t", "p", "x");
  const std::vector<Pair> base{paired(page), paired(task)};
  CHECK(received(reconcile({page, task}, base, {{"p", edited("Renamed")}}, pulling())) ==
        Lines{"agree p"});
  const auto lost = reconcile({page, task}, base, {{"p", {RemoteState::absent}}}, pulling());
  REQUIRE(lost.refuse);
  CHECK(lost.refuse->reason == "container_lost");
  const auto thrown = reconcile({page, task}, base, {{"p", {RemoteState::deleted}}}, pulling());
  CHECK(received(thrown) == Lines{"take_away t"});
  CHECK_FALSE(thrown.refuse);
}

TEST_CASE("reconcile: what may only be hidden is not made a second time unasked",
          "[core][reconcile][guard]") {
  const WantedItem plan = item("p", "", "Plan", "page");
  const WantedItem page = item("q", "p", "Module", "page");
  const WantedItem same = item("t", "q", "x");
  const WantedItem other = item("u", "q", "y");
  const std::vector<Pair> base{paired(plan), paired(page), paired(same), paired(other)};
  const WantedItem edited_here = item("u", "q", "y, edited");
  const WantedItem fresh = item("v", "q", "z");
  const News hidden{{"p", {RemoteState::absent}}};
  ReconcileRules rules = pulling();

  SECTION("one of its tasks is edited here: the others stay until somebody says so") {
    const auto changes = reconcile({plan, page, same, edited_here}, base, hidden, rules);
    REQUIRE(changes.refuse);
    CHECK(changes.refuse->reason == "container_lost");
    CHECK(changes.refuse->removals == 2);
    CHECK(changes.refuse->message.find("remove 1 tasks here, and make 1 that were") !=
          std::string::npos);
    CHECK(received(changes) == Lines{"take_away t"});
    // With that done, what was edited is still asked about, within the same yes.
    const std::vector<Pair> left{paired(plan), paired(page), paired(other)};
    const auto then = reconcile({plan, page, edited_here}, left, hidden, rules);
    REQUIRE(then.refuse);
    CHECK(then.refuse->removals == 1);
    CHECK(lines(then) == Lines{"create p", "create q", "create u"});
  }
  SECTION("one is added: the same") {
    const auto changes = reconcile({plan, page, same, other, fresh}, base, hidden, rules);
    REQUIRE(changes.refuse);
    CHECK(changes.refuse->removals == 2);
    CHECK(changes.refuse->message.find("edited") == std::string::npos);
  }
  SECTION("one leaves it here: the same") {
    const WantedItem moved = item("u", "", "y");
    const auto changes =
        reconcile({plan, page, moved}, {paired(plan), paired(page), paired(other)}, hidden, rules);
    REQUIRE(changes.refuse);
    CHECK(changes.refuse->removals == 1);
  }
  SECTION("none of its tasks is at stake: nothing is asked") {
    CHECK_FALSE(reconcile({plan, page, fresh}, {paired(plan), paired(page)}, hidden, rules).refuse);
  }
  SECTION("where nothing is written, what was edited cannot be there twice") {
    rules.writes = false;
    CHECK_FALSE(reconcile({plan, page, edited_here}, {paired(plan), paired(page), paired(other)},
                          hidden, rules)
                    .refuse);
  }
  SECTION("in the trash it is seen: made anew with all that stood in it") {
    const News thrown{{"p", {RemoteState::deleted}}};
    const auto changes = reconcile({plan, page, same, edited_here}, base, thrown, rules);
    CHECK_FALSE(changes.refuse);
    CHECK(lines(changes) == Lines{"create p", "create q", "create t", "create u"});
  }
}

TEST_CASE("reconcile: a series that is gone is no container, and takes its occurrences along",
          "[core][reconcile][guard]") {
  const WantedItem other = item("t", "", "x");
  const WantedItem series = item("s", "", "weekly");
  WantedItem occurrence = item("s/1", "s", "once");
  occurrence.slot = "2026-11-23";
  const std::vector<Pair> base{paired(other), paired(series), paired(occurrence)};
  const auto gone =
      reconcile({other, series, occurrence}, base, {{"s", {RemoteState::absent}}}, pulling());
  CHECK(received(gone) == Lines{"take_away s"});
  CHECK(gone.actions.empty());
  CHECK_FALSE(gone.refuse);
}

TEST_CASE("reconcile: occurrences are not counted where much is removed",
          "[core][reconcile][guard]") {
  const WantedItem series = item("task:s", "", "weekly");
  std::vector<Pair> base{paired(series)};
  for (int i = 0; i < 5; ++i) {
    base.push_back(paired(item(fmt::format("task:s/2026-11-2{}", i), "task:s", "once")));
  }
  ReconcileRules rules;
  CHECK_FALSE(reconcile({}, base, {}, rules).refuse);  // one appointment was called off
  rules.remove_at_least = 1;
  const WantedItem other = item("task:t", "", "x");
  base.push_back(paired(other));
  const auto half = reconcile({other}, base, {}, rules);
  REQUIRE(half.refuse);
  CHECK(half.refuse->removals == 1);
  CHECK(half.refuse->items == 2);
}

TEST_CASE("reconcile: a side that is suddenly empty is asked about, however few",
          "[core][reconcile][guard]") {
  const WantedItem a = item("a", "", "x");
  const WantedItem b = item("b", "", "y");
  const std::vector<Pair> base{paired(a), paired(b)};
  const RemoteNews absent{RemoteState::absent};
  const auto empty = reconcile({a, b}, base, {{"a", absent}, {"b", absent}}, pulling());
  REQUIRE(empty.refuse);
  CHECK(empty.refuse->reason == "remote_empty");
  // Also if one of them is made anew there, as it was edited here.
  const auto edited_here =
      reconcile({item("a", "", "z"), b}, base, {{"a", absent}, {"b", absent}}, pulling());
  REQUIRE(edited_here.refuse);
  CHECK(edited_here.refuse->reason == "remote_empty");
  CHECK(edited_here.refuse->removals == 1);
  // Or was moved here to a page that is made anew for it.
  const WantedItem page = item("m", "", "M", "page"), moved = item("a", "m", "x");
  const News all_gone{{"m", absent}, {"a", absent}, {"b", absent}};
  const auto moved_here =
      reconcile({page, moved, b}, {paired(page), paired(a), paired(b)}, all_gone, pulling());
  REQUIRE(moved_here.refuse);
  CHECK(moved_here.refuse->reason == "remote_empty");
  CHECK_FALSE(reconcile({a, b}, base, {{"a", absent}}, pulling()).refuse);
  const RemoteNews deleted{RemoteState::deleted};
  const auto cleared = reconcile({a, b}, base, {{"a", deleted}, {"b", deleted}}, pulling());
  REQUIRE(cleared.refuse);
  CHECK(cleared.refuse->reason == "remote_empty");
  CHECK_FALSE(reconcile({a}, {paired(a)}, {{"a", deleted}}, pulling()).refuse);
  std::vector<Pair> appointments = base;
  for (Pair& pair : appointments) pair.appeared = true;
  CHECK_FALSE(reconcile({a, b}, appointments, {{"a", deleted}, {"b", deleted}}, pulling()).refuse);
  const auto one_said = reconcile({a, b}, appointments, {{"a", deleted}, {"b", absent}}, pulling());
  REQUIRE(one_said.refuse);
  CHECK(one_said.refuse->reason == "remote_empty");
  const auto emptied = reconcile({}, base, {}, pulling());
  REQUIRE(emptied.refuse);
  CHECK(emptied.refuse->reason == "plan_emptied");
}

TEST_CASE("reconcile: nobody is asked about removals that are not done",
          "[core][reconcile][guard]") {
  const std::vector<Pair> base{paired(item("a", "", "x")), paired(item("b", "", "y"))};
  ReconcileRules rules = pulling();
  REQUIRE(reconcile({}, base, {}, rules).refuse);
  rules.writes = false;
  CHECK_FALSE(reconcile({}, base, {}, rules).refuse);
}

TEST_CASE("reconcile: equal things are linked, once each", "[core][reconcile]") {
  const std::vector<WantedItem> created{item("a", "", "x"), item("b", "", "x"), item("c", "", "y")};
  const std::vector<Stranger> strangers{
      {"todo", R"({"text":"x","more":1})"}, {"row", R"({"text":"y"})"}, {"todo", R"({"more":1})"}};
  const auto links = link_alike(created, strangers, {{"todo", {"text"}}});
  CHECK(links == std::map<std::string, std::size_t>{{"a", 0}});
  CHECK(link_alike(created, strangers, {}).empty());
}

TEST_CASE("reconcile: once-keys tell installation, connection, key and generation apart",
          "[core][reconcile]") {
  const std::string key = once_key("i", "c", "task:1", 0);
  CHECK(key.size() == 32);
  CHECK(key == once_key("i", "c", "task:1", 0));
  CHECK(key != once_key("j", "c", "task:1", 0));
  CHECK(key != once_key("i", "d", "task:1", 0));
  CHECK(key != once_key("i", "c", "task:2", 0));
  CHECK(key != once_key("i", "c", "task:1", 1));
}

}  // namespace mortise::core
