// A guard's question and a person's answer: a yes is for what was shown, and for nothing else.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/schedule.hpp"
#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::Json;
using core::RunState;
using core::RunWait;

/// A second plan of the account, exported to the same place.
void export_another(World& world, const std::string& id, int tasks) {
  core::Plan plan;
  plan.id = id;
  plan.account_id = "acc";
  plan.title = id;
  plan.modules = {{"m", "Module", {{"w", 1, "Week"}}}};
  ports::Changes changes{ports::put(plan)};
  for (int t = 0; t < tasks; ++t) {
    core::Task task;
    task.id = fmt::format("{}_t{}", id, t);
    task.account_id = "acc";
    task.plan_id = id;
    task.week_id = "w";
    task.position = 1024 * t;
    task.title = fmt::format("{} {}", id, t);
    changes.push_back(ports::put(task));
  }
  REQUIRE(world.store.commit(std::move(changes), ports::Durability::full).ok());
  const std::string first = std::exchange(world.plan_id, id);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.plan_id = first;
}

std::string asked(const core::Run& run, const char* what) {
  return Json::parse(run.guard).value(what, "");
}

}  // namespace

TEST_CASE("guard: two plans that ask are answered one after the other", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 4);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  export_another(world, "pln_2", 3);
  world.settle_in();
  world.service.forget_cursors();
  for (int t = 0; t < 4; ++t) world.service.erase(world.service.named(fmt::format("Task {}", t)));
  for (int t = 0; t < 3; ++t) world.service.erase(world.service.named(fmt::format("pln_2 {}", t)));
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  CHECK(asked(run, "plan_id") == "pln_1");
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.tasks().empty());
  CHECK(world.store.plans().tasks("pln_2").value().size() == 3);
  const core::Run next = world.run(run.id);
  REQUIRE(next.waiting_for == RunWait::approval);
  CHECK(asked(next, "plan_id") == "pln_2");
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.run(run.id).state == RunState::succeeded);
  CHECK(world.store.plans().tasks("pln_2").value().empty());
}

TEST_CASE("guard: a yes counts for what the script asked that was active then", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  world.service.forget_cursors();
  for (int t = 0; t < 4; ++t) world.service.erase(world.service.named(fmt::format("Task {}", t)));
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  world.mapper().edit_script();
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.tasks().size() == 4);
  const core::Run again = world.run(run.id);
  REQUIRE(again.waiting_for == RunWait::approval);
  CHECK(asked(again, "script_revision") != asked(run, "script_revision"));
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.run(run.id).state == RunState::succeeded);
  CHECK(world.tasks().empty());
}

TEST_CASE("guard: a plan that fails does not hide another one's question", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 4);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  export_another(world, "pln_2", 3);
  world.settle_in();
  const std::string fails = GENERATE("pln_1", "pln_2");
  const std::string asks = fails == "pln_1" ? "pln_2" : "pln_1";
  const auto rename = [&](const std::string& title) {
    core::Plan plan = world.store.plans().find(fails).value();
    plan.title = title;
    REQUIRE(world.store.commit({ports::put(plan)}, ports::Durability::full).ok());
  };
  rename("Unmappable");
  world.service.forget_cursors();
  const std::vector<core::Task> tasks = world.store.plans().tasks(asks).value();
  for (const core::Task& task : tasks) world.service.erase(world.service.named(task.title));
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  CHECK(asked(run, "plan_id") == asks);
  CHECK(run.error_message == "no word for this plan");
  SECTION("approved, it goes on, and ends with the failure") {
    REQUIRE(world.dispatcher->approve(run.id).ok());
    world.settle();
    CHECK(world.store.plans().tasks(asks).value().empty());
    CHECK(world.run(run.id).state == RunState::partial);
    CHECK(world.run(run.id).error_message == "no word for this plan");
    CHECK(world.store.sync_states().find(world.connection_id)->error_code == "invalid");
  }
  SECTION("approved when the failure is over, it ends well") {
    rename("Mappable");
    REQUIRE(world.dispatcher->approve(run.id).ok());
    world.settle();
    CHECK(world.run(run.id).state == RunState::succeeded);
    CHECK(world.run(run.id).error_code.empty());
  }
  SECTION("discarded, that is all it says") {
    REQUIRE(world.dispatcher->discard(run.id).ok());
    CHECK(world.run(run.id).state == RunState::cancelled);
    CHECK(world.run(run.id).error_reason == "discarded");
    CHECK(world.run(run.id).error_message.empty());
    world.settle();
    CHECK(world.store.plans().tasks(asks).value().size() >= 3);
  }
}

TEST_CASE("guard: that the place is gone is told by runs that only write, too", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  const std::string place = world.service.make("folder", "root", "{}");
  const auto works_in = [&](const std::string& id) {
    core::Connection now = world.store.connections().find(world.connection_id).value();
    now.target = {id, "page", "Work", ""};
    now.direction = core::Direction::push;
    REQUIRE(world.store.commit({ports::put(now)}, ports::Durability::full).ok());
  };
  works_in(place);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  const auto reason = [&] {
    auto state = world.store.sync_states().find(world.connection_id);
    return state ? state->error_reason : std::string();
  };
  CHECK(reason().empty());
  world.service.erase(place);
  const bool looks = GENERATE(false, true);
  if (looks) world.sync(core::RunTrigger::user);
  CHECK(reason().empty());  // there was nothing to be written
  world.retitle(0, "Written nowhere");
  world.settle();
  CHECK(reason() == "target_gone");
  CHECK(world.sync(core::RunTrigger::user).error_reason == "target_gone");
  CHECK(world.tasks().size() == 3);
  world.remove(2);  // what is gone with its place needs no removal
  world.settle();
  CHECK(reason() == "target_gone");
  works_in("root");  // it is there again, and empty
  world.retitle(1, "Written again");
  world.settle();
  CHECK(reason().empty());
  CHECK_FALSE(world.service.named("Written nowhere").empty());
  CHECK_FALSE(world.service.named("Written again").empty());
}

TEST_CASE("guard: a yes to removals there is none to removals here", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 40);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
  const std::vector<core::Task> all = world.tasks();
  ports::Changes removals;  // saved while nobody pushes, so that one whole look finds all of it
  for (int t = 0; t < 20; ++t) {
    core::Task task = all.at(static_cast<std::size_t>(t));
    task.deleted_ms = world.clock.now_ms();
    removals.push_back(ports::put(task));
  }
  REQUIRE(world.store.commit(std::move(removals), ports::Durability::full).ok());
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  CHECK(asked(run, "reason") == "mass_removal");
  for (int t = 20; t < 40; ++t) {
    world.service.erase(world.service.named(fmt::format("Task {}", t)));
  }
  const core::Run looked = world.sync();  // the news come in
  REQUIRE(looked.waiting_for == RunWait::approval);
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.tasks().size() == 20);
}

// By default it asks about ten removals and more: neither 9 nor 2 are so many.
TEST_CASE("guard: removals count for a day, on either side", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 40);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
  const std::string side = GENERATE("here", "there");
  const auto remove = [&](std::size_t count) {
    ports::Changes removals;  // saved while nobody pushes, so that one whole look finds all of it
    for (core::Task& task : world.tasks()) {
      if (count-- == 0) break;
      if (side == "there") {
        world.service.erase(world.service.named(task.title));
        continue;
      }
      task.deleted_ms = world.clock.now_ms();
      removals.push_back(ports::put(task));
    }
    REQUIRE(world.store.commit(std::move(removals), ports::Durability::full).ok());
    return world.sync();
  };
  const auto left = [&] {  // on the other side
    return side == "there" ? world.tasks().size() : world.service.items().size();
  };
  CHECK(remove(9).state == RunState::succeeded);
  CHECK(left() == 31);
  SECTION("an hour later, with two more, it asks") {
    world.clock.advance(core::kHourMs);
    const core::Run run = remove(2);
    REQUIRE(run.waiting_for == RunWait::approval);
    CHECK(asked(run, "reason") == (side == "there" ? "mass_removal_here" : "mass_removal"));
    CHECK(left() == 31);
  }
  SECTION("25 hours later it does not") {
    world.clock.advance(25 * core::kHourMs);
    CHECK(remove(2).state == RunState::succeeded);
    CHECK(left() == 29);
  }
}

TEST_CASE("inbound: an emptied service asks before it empties the plan", "[sync][inbound][guard]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  world.service.forget_cursors();
  for (const char* name : {"Task 0", "Task 1", "Task 2", "Task 3"}) {
    world.service.erase(world.service.named(name));
  }
  core::Run run = world.sync();
  CHECK(run.state == RunState::waiting);
  CHECK(run.waiting_for == core::RunWait::approval);
  CHECK(Json::parse(run.guard)["reason"] == "remote_empty");
  CHECK(world.tasks().size() == 4);
  SECTION("approved: the tasks go, softly") {
    REQUIRE(world.dispatcher->approve(run.id).ok());
    world.settle();
    CHECK(world.run(run.id).state == RunState::succeeded);
    CHECK(world.tasks().empty());
  }
  SECTION("discarded: they stay, and are written again") {
    REQUIRE(world.dispatcher->discard(run.id).ok());
    world.settle();
    CHECK(world.tasks().size() == 4);
    CHECK(world.service.outline() == world.expected());
  }
  SECTION("asked again while nobody answers: one run waits, not two") {
    world.dispatcher->sync(world.connection_id, core::RunTrigger::schedule);
    world.settle();
    CHECK(world.store.runs().unfinished(world.connection_id).value().size() == 1);
    CHECK(world.tasks().size() == 4);
  }
  SECTION("two runs ask the same: one answer is enough") {
    const core::Run other = world.sync();
    REQUIRE(other.waiting_for == core::RunWait::approval);
    SECTION("discarded") {
      REQUIRE(world.dispatcher->discard(other.id).ok());
    }
    SECTION("approved") {
      REQUIRE(world.dispatcher->approve(other.id).ok());
    }
    world.settle();
    CHECK(world.store.runs().unfinished(world.connection_id).value().empty());
    CHECK(world.run(run.id).state == RunState::succeeded);
    CHECK(world.service.outline() == world.expected());
  }
}

TEST_CASE("inbound: a page that is lost asks, and one that was thrown away takes its tasks along",
          "[sync][inbound][guard]") {
  World world(Style::nested, 1);
  world.settle_in(2, 1, 3);
  const std::string page = world.service.saying("Module 1");
  REQUIRE_FALSE(page.empty());
  world.service.erase(page);  // asked for by id, this service says "not found"
  const core::Run run = world.sync();
  CHECK(run.state == RunState::waiting);
  CHECK(Json::parse(run.guard)["reason"] == "container_lost");
  CHECK(world.tasks().size() == 6);
}

TEST_CASE("guard: an edit here does not make a hidden page a second time unasked",
          "[sync][guard]") {
  const Style style = GENERATE(Style::nested, Style::keyed);
  World world(style, 1);
  world.settle_in(2, 1, 3);
  const FakeService before = world.service;
  world.service.erase(world.service.saying(style == Style::nested ? "Module 0" : "Plan"));
  const std::size_t hidden = style == Style::nested ? 3 : 6;
  const std::size_t left = world.service.items().size();
  REQUIRE(left < before.items().size());
  world.retitle(0, "Edited");  // a run that only writes meets it
  world.settle();
  const auto asks = world.store.runs().unfinished(world.connection_id).value();
  REQUIRE(asks.size() == 1);
  CHECK(asked(asks[0], "reason") == "container_lost");
  CHECK(Json::parse(asks[0].guard)["removals"] == hidden);
  CHECK(world.service.items().size() == left);
  CHECK(world.tasks().size() == 6);
  SECTION("it is shared again: the next edit finds it") {
    world.service = before;
    world.retitle(1, "Another");
    world.settle();
    CHECK(world.tasks().size() == 6);
    CHECK(world.service.items().size() == before.items().size());
    CHECK(world.service.outline() == world.expected());
  }
  SECTION("approved: what was edited is made anew, the rest goes here") {
    REQUIRE(world.dispatcher->approve(asks[0].id).ok());
    world.settle();
    CHECK(world.run(asks[0].id).state == RunState::succeeded);
    CHECK(world.tasks().size() == 6 - hidden + 1);
    CHECK_FALSE(world.service.named("Edited").empty());
    CHECK(world.service.outline() == world.expected());
  }
  SECTION("discarded: all of it is written there again") {
    REQUIRE(world.dispatcher->discard(asks[0].id).ok());
    world.settle();
    CHECK(world.tasks().size() == 6);
    CHECK(world.service.outline() == world.expected());
  }
}

TEST_CASE("guard: what a person agreed to does not count against later removals", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 40);
  const bool here = GENERATE(true, false);
  const auto remove = [&](int count) {
    const std::vector<core::Task> tasks = world.tasks();
    for (int i = 0; i < count; ++i) {
      if (here) {
        core::Task gone = tasks[i];
        gone.deleted_ms = world.clock.now_ms();
        world.save(gone);
      } else {
        world.service.erase(world.service.named(tasks[i].title));
      }
    }
    if (here) {
      world.settle();
    } else {
      world.sync();
    }
  };
  const auto asks = [&] { return world.store.runs().unfinished(world.connection_id).value(); };
  remove(20);
  REQUIRE(asks().size() == 1);
  REQUIRE(world.dispatcher->approve(asks()[0].id).ok());
  world.settle();
  REQUIRE(asks().empty());
  REQUIRE(world.service.items().size() == 20);
  remove(1);  // a day's work goes on
  CHECK(asks().empty());
  CHECK(world.service.items().size() == 19);
  remove(9);  // and nine more are as many as ask
  CHECK(asks().size() == 1);
  CHECK(world.tasks().size() + world.service.items().size() == 29);
}

TEST_CASE("guard: what is missing from many plans at once is asked for one by one",
          "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 12);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  for (int plan = 2; plan <= 13; ++plan) export_another(world, fmt::format("pln_{}", plan), 12);
  world.settle_in();
  REQUIRE(world.service.items().size() == 13 * 12);
  world.service.forget_cursors();
  for (int t = 0; t < 8; ++t) {  // of each, fewer than a guard asks about
    world.service.unlisted.insert(world.service.named(fmt::format("Task {}", t)));
    for (int plan = 2; plan <= 13; ++plan) {
      world.service.unlisted.insert(world.service.named(fmt::format("pln_{} {}", plan, t)));
    }
  }
  REQUIRE(world.service.unlisted.size() == 13 * 8);
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.tasks().size() == 12);
  CHECK(world.store.plans().tasks("pln_7").value().size() == 12);
}

TEST_CASE("inbound: a page or table that is shared again is as before", "[sync][inbound][guard]") {
  const Style style = GENERATE(Style::nested, Style::keyed);
  World world(style, 1);
  world.settle_in(2, 1, 3);
  const FakeService before = world.service;
  const std::string page = world.service.saying(style == Style::nested ? "Module 1" : "Plan");
  REQUIRE_FALSE(page.empty());
  world.service.erase(page);
  REQUIRE(world.sync().state == RunState::waiting);
  world.service = before;
  world.dispatcher->sync(world.connection_id, core::RunTrigger::schedule);
  world.settle();
  CHECK(world.store.runs().unfinished(world.connection_id).value().empty());
  CHECK(world.tasks().size() == 6);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("inbound: a container that holds somebody's own things is not removed", "[sync][guard]") {
  World world(Style::nested, 1);
  world.settle_in(2, 1, 2);
  const std::string page = world.service.saying("Module 1");
  const std::string kind = GENERATE("todo", "block");  // that the connector can write, and cannot
  const std::string note = world.service.make(kind, page, R"({"text":"My own note"})");
  auto plan = world.store.plans().find(world.plan_id).value();
  for (const core::Task& task : world.tasks()) {
    if (task.week_id == plan.modules[1].weeks[0].id) {
      core::Task gone = task;
      gone.deleted_ms = world.clock.now_ms();
      REQUIRE(world.store.commit({ports::put(gone)}, ports::Durability::full).ok());
    }
  }
  plan.modules.pop_back();
  REQUIRE(world.store.commit({ports::put(plan)}, ports::Durability::full).ok());
  world.dispatcher->plan_saved("acc", world.plan_id);
  world.settle();
  CHECK(world.service.items().contains(note));
  CHECK(world.service.items().contains(page));
  CHECK(world.service.named("Week 1 0").empty());
  CHECK(world.sync().state == RunState::succeeded);
}

TEST_CASE("inbound: a plan that lost all its tasks asks before the service loses them",
          "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  for (core::Task task : world.tasks()) {
    task.deleted_ms = world.clock.now_ms();
    world.save(task);
  }
  world.settle();
  CHECK(world.service.items().size() == 4);
  const auto waiting = world.store.runs().unfinished(world.connection_id).value();
  REQUIRE(waiting.size() == 1);
  CHECK(Json::parse(waiting[0].guard)["reason"] == "plan_emptied");
}

TEST_CASE("guard: a yes that was acted on says nothing about what is removed later",
          "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 24);
  const auto erase = [&](int from, int to) {
    for (int t = from; t < to; ++t)
      world.service.erase(world.service.named(fmt::format("Task {}", t)));
  };
  erase(0, 12);
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  const std::string reason = asked(run, "reason");
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    return request.writes.empty() ? Fault::none : Fault::unauthorized;
  };
  core::Task more = world.tasks().at(23);
  more.id = "more";
  more.title = "More";
  more.rev = 0;
  world.save(more);
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  REQUIRE(world.run(run.id).waiting_for == RunWait::reconnect);
  REQUIRE(world.tasks().size() == 13);

  world.clock.advance(2 * 86'400'000LL);
  erase(12, 23);
  core::Connection connection = world.store.connections().find(world.connection_id).value();
  connection.status = core::ConnectionStatus::connected;
  REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  world.egress->revoked = false;
  world.egress->fault = nullptr;
  world.dispatcher->connection_ready(world.connection_id);
  world.settle();
  CHECK(world.tasks().size() == 13);
  const core::Run again = world.run(run.id);
  CHECK(again.waiting_for == RunWait::approval);
  CHECK(asked(again, "reason") == reason);
}

TEST_CASE("inbound: a plan that was removed with what it has there goes there, too",
          "[sync][guard]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.settle_in(1, 1, 4);
  // Also from where nothing goes by itself, where changes only come from, and where it was left
  // out.
  auto connection = world.store.connections().find(world.connection_id).value();
  connection.auto_sync = GENERATE(true, false);
  connection.direction = GENERATE(core::Direction::both, core::Direction::pull);
  if (GENERATE(false, true)) connection.left_out_plans = {world.plan_id};
  auto plan = world.store.plans().find(world.plan_id).value();
  plan.deleted_ms = world.clock.now_ms();
  REQUIRE(
      world.store.commit({ports::put(connection), ports::put(plan)}, ports::Durability::full).ok());
  if (GENERATE(true, false)) {
    world.dispatcher->plan_saved("acc", world.plan_id);
  } else {
    world.crash();  // and the next process was not told
  }
  world.settle();
  CHECK(world.service.items().empty());
}

}  // namespace mortise::tests
