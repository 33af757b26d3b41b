// What people do at the service comes back: pulled, merged, brought here, without echo.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "core/zones.hpp"
#include "sync/bench.hpp"
#include "sync/scene.hpp"
#include "sync/wanted.hpp"

namespace mortise::tests {
namespace {

using core::Json;
using core::RunState;

constexpr std::int64_t kMinuteMs = 60'000;

core::Task titled(const World& world, const std::string& title) {
  for (const core::Task& task : world.tasks()) {
    if (task.title == title) return task;
  }
  FAIL("no task is called " << title);
  return {};
}

std::vector<core::Conflict> conflicts(const World& world) {
  return world.store.conflicts().list("acc", {}, {}, {}).value().items;
}

}  // namespace

TEST_CASE("inbound: an edit there changes the task, and nothing goes back", "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.settle_in(1, 1, 4);
  const int writes = world.service.writes;
  world.service.edit(world.service.named("Task 2"), R"({"text":"Renamed there","checked":true})");
  const core::Run run = world.sync();
  CHECK(run.state == RunState::succeeded);
  CHECK(run.counts.received == 1);
  CHECK(titled(world, "Renamed there").status == core::TaskStatus::done);
  CHECK(world.service.outline() == world.expected());
  world.clock.advance(10 * kMinuteMs);
  CHECK(world.sync().counts.received == 0);
  CHECK(world.service.writes == writes);
  CHECK(conflicts(world).empty());
}

TEST_CASE("inbound: quiet is quiet", "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.settle_in(2, 2, 3);
  const int writes = world.service.writes;
  const int reads = world.service.reads;
  for (int poll = 0; poll < 5; ++poll) {
    world.clock.advance(15 * kMinuteMs);
    CHECK(world.sync().state == RunState::succeeded);
  }
  CHECK(world.service.writes == writes);
  CHECK(world.service.reads ==
        reads + 5);  // one request a poll: the fake asks for all pages at once
}

TEST_CASE("inbound: a removal there removes the task softly", "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.settle_in(1, 1, 4);
  const core::Task task = titled(world, "Task 1");
  world.service.erase(world.service.named("Task 1"));
  const core::Run run = world.sync();
  CHECK(run.state == RunState::succeeded);
  CHECK(world.tasks().size() == 3);
  CHECK(world.task(task.id).deleted_ms);
  CHECK(world.service.outline() == world.expected());
  const int writes = world.service.writes;
  world.clock.advance(10 * kMinuteMs);
  CHECK(world.sync().counts.received == 0);
  CHECK(world.service.writes == writes);
}

TEST_CASE("inbound: an edit outlives a deletion, on either side", "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.settle_in(1, 1, 4);
  SECTION("edited here, removed there: made anew") {
    world.dispatcher->stop();  // nothing is pushed in between
    world.crash();
    core::Task task = titled(world, "Task 1");
    world.service.erase(world.service.named("Task 1"));
    task.title = "Edited here";
    world.save(task);
    world.settle();
    CHECK(world.sync().state == RunState::succeeded);
    CHECK_FALSE(world.service.named("Edited here").empty());
  }
  SECTION("removed here, edited there: brought back") {
    const core::Task task = titled(world, "Task 1");
    world.service.edit(world.service.named("Task 1"), R"({"text":"Edited there"})");
    world.remove(1);
    world.settle();
    CHECK(world.sync().state == RunState::succeeded);
    CHECK_FALSE(world.task(task.id).deleted_ms);
    CHECK(world.task(task.id).title == "Edited there");
  }
  SECTION("edited here, then removed here, edited there: brought back with both edits") {
    world.dispatcher->stop();  // nothing is pushed in between
    world.crash();
    core::Task task = titled(world, "Task 1");
    world.service.edit(world.service.named("Task 1"), R"({"text":"Edited there"})");
    task.status = core::TaskStatus::done;
    task.deleted_ms = world.clock.now_ms();
    world.save(task);
    CHECK(world.sync().state == RunState::succeeded);
    CHECK_FALSE(world.task(task.id).deleted_ms);
    CHECK(world.task(task.id).title == "Edited there");
    CHECK(world.task(task.id).status == core::TaskStatus::done);
  }
  CHECK(world.tasks().size() == 4);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("inbound: both sides edited: field by field, and the same field is told",
          "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.settle_in(1, 1, 4);
  const std::string id = world.service.named("Task 1");
  SECTION("different fields: both live") {
    world.service.edit(id, R"({"checked":true})");
    world.retitle(1, "Here");
    world.settle();
    world.sync();
    CHECK(titled(world, "Here").status == core::TaskStatus::done);
    CHECK(conflicts(world).empty());
  }
  SECTION("the same field: the newer edit, and both values are kept") {
    core::Task task = titled(world, "Task 1");
    task.title = "Here";
    task.updated_ms = world.clock.now_ms();
    REQUIRE(world.store.commit({ports::put(task)}, ports::Durability::full).ok());
    world.clock.advance(10 * kMinuteMs);
    world.service.edit(id, R"({"text":"There"})");
    const core::Run run = world.sync();
    CHECK(run.counts.conflicts == 1);
    CHECK(titled(world, "There").id == task.id);
    REQUIRE(conflicts(world).size() == 1);
    const core::Conflict conflict = conflicts(world).front();
    CHECK(conflict.task_id == task.id);
    CHECK(Json::parse(conflict.undo) == Json{{"title", "Here"}});
    CHECK(Json::parse(conflict.fields) == Json::array({{{"field", "text"},
                                                        {"base", "Task 1"},
                                                        {"here", "Here"},
                                                        {"there", "There"},
                                                        {"kept", "there"}}}));
  }
  SECTION("the same field, edited here later: ours goes there") {
    world.service.edit(id, R"({"text":"There"})");
    world.clock.advance(10 * kMinuteMs);
    world.retitle(1, "Here");
    world.settle();
    world.sync();
    CHECK(titled(world, "Here").title == "Here");
    REQUIRE(conflicts(world).size() == 1);
    CHECK(Json::parse(conflicts(world).front().undo) == Json{{"title", "There"}});
  }
  CHECK(world.service.outline() == world.expected());
  const int writes = world.service.writes;
  world.clock.advance(10 * kMinuteMs);
  CHECK(world.sync().counts.received == 0);
  CHECK(world.service.writes == writes);
}

TEST_CASE("inbound: an item whose content cannot be told is neither edited nor gone",
          "[sync][inbound]") {
  core::Pair pair;
  pair.key = "task:t1";
  pair.remote_id = "r1";
  pair.seen_hash = "as agreed";
  core::Sighting missed;
  missed.remote_id = "r1";
  missed.state = core::ItemState::absent;
  ports::Item item;
  item.id = "r1";
  item.state = core::ItemState::out_of_scope;
  item.fields = "{}";
  sync::Scene scene({"cnn_1", 0, "poll", true, {}, {}}, {pair}, {missed});
  scene.note(item);
  CHECK_FALSE(scene.news());
  CHECK(scene.take_changes().size() == 1);  // it was not missing after all
  item.fields = R"({"text":"Edited, outside of the window"})";
  scene.note(item);
  CHECK(scene.news());
}

TEST_CASE("inbound: what was dragged away before its id was known is found where it equals",
          "[sync][inbound]") {
  const auto nameless = [](const std::string& key, const std::string& parent, std::uint32_t ordinal,
                           const std::string& fields) {
    core::Pair pair;
    pair.key = key;
    pair.kind = "todo";
    pair.parent_key = parent;
    pair.ordinal = ordinal;
    pair.fields = fields;
    pair.state = core::PairState::id_unknown;
    return pair;
  };
  const auto todo = [](const std::string& id, const std::string& parent,
                       const std::string& fields) {
    ports::Item item;
    item.id = id;
    item.kind = "todo";
    item.parent_id = parent;
    item.fields = fields;
    return item;
  };
  const std::string a = R"({"text":"A"})", b = R"({"text":"B"})", c = R"({"text":"C"})";
  sync::Scene scene({"cnn_1", 0, "poll", true, {}, {}},
                    {nameless("task:a", "module:m", 0, a), nameless("task:b", "module:m", 1, b),
                     nameless("task:c", "module:n", 0, c)},
                    {});
  const auto look = [&](const std::string& key, const std::string& id,
                        const std::vector<ports::Item>& items) {
    scene.name_children(key, id, items);
    for (const ports::Item& item : items) scene.note(item);
    scene.note_whole(key, id, items);
  };
  const auto id_of = [&](const std::string& key) { return scene.by_key(key)->remote_id; };
  SECTION("it is named there; what is nowhere is gone") {
    look("module:m", "M", {});
    CHECK(scene.lacks());
    look("module:n", "N", {todo("3", "N", c), todo("1", "N", a)});
    CHECK(id_of("task:a").empty());
    scene.name_moved();
    CHECK(id_of("task:a") == "1");
    CHECK(scene.by_key("task:a")->remote_parent_id == "N");
    CHECK(id_of("task:c") == "3");
    CHECK(id_of("task:b").empty());
    CHECK(scene.is_lost(*scene.by_key("task:b")));
    CHECK_FALSE(scene.is_lost(*scene.by_key("task:a")));
  }
  SECTION("what was edited where it was put is told apart by it") {
    look("module:m", "M", {todo("2", "M", b)});
    look("module:n", "N", {todo("3", "N", R"({"text":"C, edited"})"), todo("1", "N", a)});
    scene.name_moved();
    CHECK(id_of("task:a") == "1");
    CHECK(id_of("task:b") == "2");
    CHECK(id_of("task:c") == "3");
  }
  SECTION("what may be one of those that stand there, edited, is not gone") {
    look("module:m", "M", {todo("9", "M", R"({"text":"?"})")});
    look("module:n", "N", {todo("3", "N", c)});
    scene.name_moved();
    CHECK_FALSE(scene.is_lost(*scene.by_key("task:a")));
    CHECK_FALSE(scene.is_lost(*scene.by_key("task:b")));
  }
}

TEST_CASE("inbound: a forgotten cursor loses and doubles nothing", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  world.service.edit(world.service.named("Task 1"), R"({"text":"Renamed"})");
  world.service.forget_cursors();
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.tasks().size() == 4);
  CHECK(titled(world, "Renamed").title == "Renamed");
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("inbound: what people make there appears as an appointment", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  const int writes = world.service.writes;
  const std::string id =
      world.service.make("event", "root", R"({"text":"Dentist","checked":false})");
  CHECK(world.sync().counts.received == 1);
  auto appointments = world.store.plans().tasks("pln_calendar").value();
  REQUIRE(appointments.size() == 1);
  CHECK(appointments[0].title == "Dentist");
  CHECK(appointments[0].kind == core::TaskKind::appointment);
  world.clock.advance(10 * kMinuteMs);
  CHECK(world.sync().counts.received == 0);
  CHECK(world.service.writes == writes);
  world.service.erase(id);
  world.sync();
  CHECK(world.store.plans().tasks("pln_calendar").value().empty());
}

TEST_CASE("inbound: where appointments are left out nothing appears until they are not",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  auto connection = world.store.connections().find(world.connection_id).value();
  connection.left_out_plans = {"pln_calendar"};
  REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  world.service.make("event", "root", R"({"text":"Dentist","checked":false})");
  CHECK(world.sync().state == core::RunState::succeeded);
  CHECK(world.store.plans().tasks("pln_calendar").value().empty());
  connection = world.store.connections().find(world.connection_id).value();
  connection.left_out_plans.clear();
  REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  world.sync();
  CHECK(world.store.plans().tasks("pln_calendar").value().size() == 1);
}

TEST_CASE("inbound: of a place that is left while it is looked at nothing appears",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 2);
  const std::string other = world.service.make("folder", "root", "{}");
  world.service.make("event", "root", R"({"text":"Here before","checked":false})");
  world.service.make("event", other, R"({"text":"In the new place","checked":false})");
  int looks = 0;
  world.egress->fault = [&](const auto&) {
    if (looks++ == 0) {
      core::Connection connection = world.store.connections().find(world.connection_id).value();
      connection.target = {other, "page", "Other", ""};
      REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
    }
    return Fault::none;
  };
  CHECK(world.sync().state == RunState::succeeded);
  const auto appointments = world.store.plans().tasks("pln_calendar").value();
  REQUIRE(appointments.size() == 1);
  CHECK(appointments[0].title == "In the new place");
}

TEST_CASE("inbound: what carries the key of a living task is its item, not somebody's",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  const std::string key = "task:" + world.tasks()[1].id;
  world.service.make("event", "root", R"({"text":"Task 1","checked":false})", key);
  CHECK(world.sync().counts.received == 0);  // the plan was not exported here yet
  CHECK(world.store.plans().tasks("pln_calendar").value().empty());
  CHECK(world.export_plan().state == RunState::succeeded);
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.service.items().size() == 3);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("inbound: a task that an edit there brings back leaves the app's id to who has it now",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  core::Task old = world.tasks()[0];
  old.external_id = "x";
  world.save(old);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
  old = world.task(old.id);
  old.deleted_ms = old.updated_ms = world.clock.now_ms();
  core::Task replaced = old;
  replaced.id = "t_new";
  replaced.rev = 0;
  replaced.title = "Replaced";
  replaced.deleted_ms.reset();
  REQUIRE(world.store.commit({ports::put(old)}, ports::Durability::full).ok());
  REQUIRE(world.store.commit({ports::put(replaced)}, ports::Durability::full).ok());
  world.clock.advance(10 * kMinuteMs);
  world.service.edit(world.service.named(old.title), R"({"text":"Edited there"})");
  const core::Run run = world.sync();
  CHECK(run.state == RunState::succeeded);
  CHECK(titled(world, "Edited there").external_id.empty());
  CHECK(titled(world, "Replaced").external_id == "x");
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("inbound: of a series that the mapping fails on, nothing is done to its occurrences",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 2);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  auto snapshot = sync::load_snapshot(world.ports(), world.options, world.connection_id,
                                      world.plan_id, nullptr);
  REQUIRE(snapshot.ok());
  const core::Task& series = snapshot->tasks[0];
  core::Pair occurrence = *snapshot->pair("task:" + series.id);
  occurrence.key += "/2026-11-25T18:00:00";
  occurrence.parent_key = "task:" + series.id;
  occurrence.remote_id = "instance";
  snapshot->pairs.push_back(occurrence);
  sync::Wanted wanted = *sync::map_plan(*snapshot, world.options);
  std::erase_if(wanted.items, [&](const auto& item) { return item.task_id == series.id; });
  wanted.parked.push_back(
      {"task:" + series.id, series.id, series.title, Error{Code::invalid, "the script failed"}});
  const auto decided = [&] {
    return sync::decide(*snapshot, wanted, {}, world.options, world.clock.now_ms());
  };
  CHECK(decided().empty());
  core::Sighting cancelled;
  cancelled.remote_id = "instance";
  cancelled.state = core::ItemState::deleted;
  snapshot->sightings.emplace(occurrence.key, cancelled);
  CHECK(decided().empty());
  wanted.parked.clear();  // and it is that what holds them
  CHECK_FALSE(decided().empty());
}

TEST_CASE("inbound: what exists there already is linked, not doubled", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.service.make("event", "root", R"({"text":"Task 1","checked":true})");
  CHECK(world.sync().state == RunState::succeeded);  // as right after connecting
  CHECK(world.store.plans().tasks("pln_calendar").value().size() == 1);
  CHECK(world.export_plan().state == RunState::succeeded);
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.store.plans().tasks("pln_calendar").value().empty());
  CHECK(world.service.items().size() == 3);
  CHECK(world.service.outline() == world.expected());
  CHECK(conflicts(world).size() == 1);  // it was ticked there, and nobody knows when
}

TEST_CASE("inbound: an appointment that a plan takes over goes from the other services, too",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  const std::string beside = world.service.make("folder", "root", "{}");
  core::Connection other = world.store.connections().find(world.connection_id).value();
  other.id = "cnn_2";
  other.rev = 0;
  other.target = {beside, "page", "Beside", ""};
  REQUIRE(world.store.commit({ports::put(other)}, ports::Durability::full).ok());
  const auto stand_beside = [&] {
    return std::count_if(world.service.items().begin(), world.service.items().end(),
                         [&](const auto& each) { return each.second.parent_id == beside; });
  };
  world.service.make("event", "root", R"({"text":"Task 1","checked":false})");
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(stand_beside() == 1);
  CHECK(world.export_plan().state == RunState::succeeded);
  REQUIRE(world.store.plans().tasks("pln_calendar").value().empty());
  CHECK(stand_beside() == 0);
}

TEST_CASE("inbound: an appointment that a plan takes over is taken over as it is there now",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 3);
  const std::string id =
      world.service.make("event", "root", R"({"text":"Dentist","checked":false})");
  REQUIRE(world.sync().state == RunState::succeeded);
  REQUIRE(world.store.plans().tasks("pln_calendar").value().size() == 1);
  world.clock.advance(10 * kMinuteMs);
  world.add_after(0, "Dentist");
  SECTION("edited") {
    world.service.edit(id, R"({"place":"Room 2"})");
    REQUIRE(world.sync().state == RunState::succeeded);
    CHECK(titled(world, "Dentist").location == "Room 2");
  }
  SECTION("removed") {
    world.service.erase(id);
    REQUIRE(world.sync().state == RunState::succeeded);
    CHECK(titled(world, "Dentist").title == "Dentist");
  }
  CHECK(world.store.plans().tasks("pln_calendar").value().empty());
  CHECK(world.service.outline() == world.expected());
  CHECK(conflicts(world).empty());
}

TEST_CASE("inbound: a tier without outside progress keeps its own status", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.gate.denied = "outside_progress";
  world.settle_in(1, 1, 4);
  const std::string month = core::month_of(world.clock.now_ms(), "Europe/Madrid").value();
  REQUIRE(world.store.commit({ports::put(core::Usage{"acc", month, 0, 2, 0})},
                             ports::Durability::full));
  const int writes = world.service.writes;
  world.service.edit(world.service.named("Task 1"), R"({"text":"Renamed","checked":true})");
  world.sync();
  CHECK(titled(world, "Renamed").status == core::TaskStatus::todo);
  CHECK(world.gate.used_exports == 2);
  world.clock.advance(10 * kMinuteMs);
  world.sync();
  CHECK(world.service.writes == writes);  // nobody fights about the tick
}

TEST_CASE("inbound: of an edit with a tick that does not count only the tick stays behind",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  const bool counts = GENERATE(true, false);
  if (!counts) world.gate.denied = "outside_progress";
  world.settle_in(1, 1, 4);
  world.service.edit(world.service.named("Task 1"), R"({"place":"Room 1 [done]","note":"LOUD"})");
  REQUIRE(world.sync().state == RunState::succeeded);
  world.clock.advance(10 * kMinuteMs);
  world.sync();
  const core::Task task = titled(world, "Task 1");
  CHECK((task.status == core::TaskStatus::done) == counts);
  CHECK(task.location == "Room 1");
  CHECK(task.notes == "loud");
  const Json there = Json::parse(world.service.items().at(world.service.named("Task 1")).fields);
  CHECK(there["place"] == "Room 1 [done]");  // nobody fights about the tick
  CHECK(there["note"] == "loud");            // the app's way to write it, in either case
  CHECK(conflicts(world).empty());
}

TEST_CASE("inbound: what the mapping cannot say stays as it is, and is told", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  world.service.edit(world.service.named("Task 1"), R"({"text":"unmappable"})");
  const int writes = world.service.writes;
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(titled(world, "Task 1").title == "Task 1");
  REQUIRE(conflicts(world).size() == 1);
  CHECK(conflicts(world).front().policy == "unmappable");
  CHECK(world.service.writes == writes);
}

TEST_CASE("inbound: what a way back takes nothing of is told, and the rest of the edit is taken",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  world.service.edit(world.service.named("Task 1"), R"({"text":"untakeable"})");
  const core::Run parked = world.sync();
  CHECK(parked.counts.received == 0);
  REQUIRE(conflicts(world).size() == 1);
  CHECK(conflicts(world).front().policy == "unmappable");
  CHECK(world.store.runs().items(parked.id, {50, ""})->items.front().result == "parked");

  world.service.edit(world.service.named("Task 2"), R"({"text":"untakeable","checked":true})");
  const int writes = world.service.writes;
  const core::Run taken = world.sync();
  CHECK(taken.counts.received == 1);
  CHECK(titled(world, "Task 2").status == core::TaskStatus::done);
  const auto items = world.store.runs().items(taken.id, {50, ""});
  CHECK(items->items.front().result == "done");
  CHECK(items->items.front().message == "not taken over, the app cannot say it: text");
  REQUIRE(conflicts(world).size() == 2);
  CHECK(world.service.writes == writes);
}

TEST_CASE("inbound: a field that errs on its way back does not keep the others from it",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  const auto wrong = GENERATE(R"("unmappable")", R"("")");  // the mapping errs, the record refuses
  world.service.edit(world.service.named("Task 1"),
                     R"({"checked":true,"note":"loud","text":)" + std::string(wrong) + "}");
  const int writes = world.service.writes;
  const core::Run taken = world.sync();
  CHECK(taken.counts.received == 1);
  const core::Task task = titled(world, "Task 1");
  CHECK(task.status == core::TaskStatus::done);
  CHECK(task.notes == "loud");
  const auto items = world.store.runs().items(taken.id, {50, ""});
  CHECK(items->items.front().message == "not taken over, the app cannot say it: text");
  REQUIRE(conflicts(world).size() == 1);
  CHECK(conflicts(world).front().policy == "unmappable");
  CHECK(Json::parse(conflicts(world).front().fields).size() == 1);
  CHECK(world.sync().counts.done == 0);
  CHECK(world.service.writes == writes);
}

TEST_CASE("inbound: a connection that only pushes looks at nothing", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  auto connection = world.store.connections().find(world.connection_id).value();
  connection.direction = core::Direction::push;
  REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  world.service.edit(world.service.named("Task 1"), R"({"text":"There"})");
  const int reads = world.service.reads;
  world.sync();
  CHECK(world.service.reads == reads);
  CHECK(titled(world, "Task 1").title == "Task 1");
}

TEST_CASE("inbound: a connection that only pulls writes nothing by itself", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  auto connection = world.store.connections().find(world.connection_id).value();
  connection.direction = core::Direction::pull;
  REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  const int writes = world.service.writes;
  world.retitle(0, "Here");
  world.settle();
  world.service.edit(world.service.named("Task 1"), R"({"text":"There"})");
  world.sync();
  CHECK(world.service.writes == writes);
  CHECK(titled(world, "There").title == "There");
}

}  // namespace mortise::tests
