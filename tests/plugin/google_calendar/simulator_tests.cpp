// Whole operations against the simulated Google, over HTTP.
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "world.hpp"

using google_tests::creation;
using google_tests::removal;
using google_tests::update;
using google_tests::World;
using Json = nlohmann::json;
using mortise::CallInput;
using mortise::Code;
using mortise::Item;
using mortise::ItemState;
using mortise::Operation;
using mortise::Outcome;
using mortise::Write;
using mortise::WriteResult;
using mortise::testing::Run;

namespace {

CallInput about(Operation operation) {
  CallInput call;
  call.operation = operation;
  return call;
}

Json timed(const std::string& title, const std::string& zone = "Europe/Madrid") {
  return {{"title", title},
          {"start", "2026-11-23T18:00:00"},
          {"timeZone", zone},
          {"duration", "PT1H36M"},
          {"alerts", {{{"method", "popup"}, {"minutes", 30}}}},
          {"description", "Notes < & <b>bold</b>\n\nLink: https://example.org/1"},
          {"links", {{{"href", "https://example.org/1"}, {"title", "Resource"}}}}};
}
Json day(const std::string& title) {
  return {{"title", title},    {"start", "2026-11-24"},   {"showWithoutTime", true},
          {"duration", "P1D"}, {"alerts", Json::array()}, {"color", "green"}};
}

void check_all_done(const Run& run) {
  for (const Outcome& each : run.outcomes()) {
    INFO(each.error.message);
    CHECK(each.result == WriteResult::done);
  }
}

}  // namespace

TEST_CASE("google: a plan goes out, reads back the same, and changes travel alone",
          "[google][simulator]") {
  World world;
  std::vector<Write> writes;
  for (int i = 0; i < 23; ++i) {
    writes.push_back(creation("task:" + std::to_string(i), i % 2 == 0
                                                               ? timed("Task " + std::to_string(i))
                                                               : day("Task " + std::to_string(i))));
  }
  world.traffic();
  const Run made = world.write(writes);
  check_all_done(made);
  REQUIRE(made.outcomes().size() == 23);
  auto traffic = world.traffic();
  CHECK(traffic.writes == 23);
  CHECK(traffic.reads == 0);
  for (const Outcome& each : made.outcomes()) {
    CHECK(Json::parse(each.fields) == Json::parse(writes[each.write].fields));
  }

  const Run listed = world.run(about(Operation::list));
  CHECK(listed.completed().size() == 1);
  std::size_t ours = 0;
  for (const Item& item : listed.items()) {
    if (item.key.rfind("task:", 0) != 0) continue;
    ++ours;
    CHECK(Json::parse(item.fields) == Json::parse(writes[std::stoul(item.key.substr(5))].fields));
  }
  CHECK(ours == 23);

  const Outcome& first = made.outcomes()[0];
  Json fields = timed("Renamed");
  world.traffic();
  const Run changed = world.write({update(first.id, fields, {"title"}, first.version)});
  check_all_done(changed);
  CHECK(world.traffic().writes == 1);
  CHECK(Json::parse(changed.outcomes()[0].fields) == fields);

  CallInput delta = about(Operation::list);
  delta.cursor = listed.cursor();
  const Run after = world.run(delta);
  REQUIRE(after.items().size() == 1);
  CHECK(Json::parse(after.items()[0].fields)["title"] == "Renamed");

  // The old version is refused, the new one is not; get() tells it.
  const Run stale = world.write({update(first.id, fields, {"title"}, first.version)});
  CHECK(stale.outcomes()[0].error.code == Code::conflict);
  CallInput get = about(Operation::get);
  get.ids = {first.id, "00000notthere"};
  const Run got = world.run(get);
  REQUIRE(got.items().size() == 2);
  const Item& item = got.items()[0].id == first.id ? got.items()[0] : got.items()[1];
  CHECK(item.version == changed.outcomes()[0].version);
  CHECK(Json::parse(item.fields) == fields);

  CallInput find = about(Operation::find);
  find.ids = {"task:3", "task:none"};
  const Run found = world.run(find);
  REQUIRE(found.items().size() == 1);
  CHECK(found.items()[0].key == "task:3");
  world.check_against_the_description();
}

TEST_CASE("google: timed to all-day and back, cleared and set", "[google][simulator]") {
  World world;
  const Run made = world.write({creation("task:1", timed("T"))});
  check_all_done(made);
  const std::string id = made.outcomes()[0].id;
  const std::vector<std::string> all = {
      "title",        "start",  "timeZone",    "duration", "showWithoutTime",
      "alerts",       "color",  "description", "links",    "recurrence",
      "participants", "status", "x",           "location"};
  const Run as_day = world.write({update(id, day("T"), all)});
  check_all_done(as_day);
  CHECK(Json::parse(as_day.outcomes()[0].fields) == day("T"));
  Json full = timed("T");
  full["participants"] = {{{"email", "ben@example.org"}, {"name", "Ben"}},
                          {{"email", "chloe@example.org"}}};
  full["recurrence"] = {"RRULE:FREQ=WEEKLY;COUNT=5"};
  full["status"] = "tentative";
  full["location"] = "Room 1";
  full["x"] = {{"google_calendar", {{"transparency", "transparent"}}}};
  const Run back = world.write({update(id, full, all)});
  check_all_done(back);
  CHECK(Json::parse(back.outcomes()[0].fields) == full);
  world.check_against_the_description();
}

TEST_CASE("google: a repeated creation makes nothing new, a deleted event comes back",
          "[google][simulator]") {
  World world;
  const std::size_t before = world.count_events();
  const Write write = creation("task:1", timed("Once"));
  check_all_done(world.write({write}));
  check_all_done(world.write({write}));
  CHECK(world.count_events() == before + 1);
  Write other = creation("task:1", timed("Twice"));
  const Run adopted = world.write({other});
  check_all_done(adopted);
  CHECK(world.event(other.once_key)["summary"] == "Twice");
  CHECK(world.count_events() == before + 1);

  world.person("delete_event", {{"id", write.once_key}});
  const Run missed = world.write(
      {update(write.once_key, timed("Once"), {"title"}, adopted.outcomes()[0].version)});
  CHECK(missed.outcomes()[0].error.code == Code::conflict);
  CallInput get = about(Operation::get);
  get.ids = {write.once_key};
  CHECK(world.run(get).items().at(0).state == ItemState::deleted);
  CHECK(world.write({update(write.once_key, timed("Once"), {"title"})}).outcomes()[0].error.code ==
        Code::not_found);
  const Run revived = world.write({write});
  check_all_done(revived);
  CHECK(world.event(write.once_key)["status"] == "confirmed");
  CHECK(Json::parse(revived.outcomes()[0].fields) == timed("Once"));
  world.check_against_the_description();
}

TEST_CASE("google: faults of every sort double nothing and lose nothing", "[google][simulator]") {
  World world;
  const std::size_t before = world.count_events();
  world.fault({{"kind", "chaos"}, {"provider", "google"}, {"probability", 0.2}, {"seed", 11}});
  // What the host does: what is not done is tried again, with the version that is there now.
  const auto insist = [&](std::vector<Write> open) {
    std::map<std::string, Outcome> done;
    for (int round = 0; round < 60 && !open.empty(); ++round) {
      const Run run = world.write(open);
      std::vector<Write> left;
      for (const Outcome& each : run.outcomes()) {
        Write write = open[each.write];
        if (each.result == WriteResult::done) {
          done[write.key] = each;
          continue;
        }
        INFO(each.error.message);
        const Code code = each.error.code;
        const bool passes = code == Code::unavailable || code == Code::rate_limited ||
                            code == Code::conflict || each.result == WriteResult::not_attempted;
        CHECK((passes || each.result == WriteResult::uncertain));
        if (code == Code::conflict) write.if_version = world.event(write.id).value("etag", "");
        left.push_back(write);
      }
      open = std::move(left);
    }
    CHECK(open.empty());
    return done;
  };
  std::vector<Write> writes;
  for (int i = 0; i < 40; ++i) {
    writes.push_back(creation("task:" + std::to_string(i), timed("T" + std::to_string(i))));
  }
  const auto made = insist(writes);
  CHECK(world.count_events() == before + 40);
  std::vector<Write> changes;
  for (const auto& [key, outcome] : made) {
    const std::size_t i = std::stoul(key.substr(5));
    const Json fields = timed("New " + key);
    changes.push_back(i % 4 == 0 ? removal(outcome.id, outcome.version)
                                 : update(outcome.id, fields, {"title"}, outcome.version));
    changes.back().key = key;
  }
  insist(changes);
  CHECK(world.count_events() == before + 30);
  for (const Write& each : changes) {
    const Json event = world.event(each.id);
    CHECK(event.is_null() == (each.action == mortise::Action::remove));
    if (!event.is_null()) CHECK(event["summary"] == "New " + each.key);
  }
  std::size_t struck = 0;
  const Json log = world.control("GET", "requests", nullptr);
  for (const Json& each : log.at("requests")) struck += each.at("fault").is_null() ? 0 : 1;
  CHECK(struck > 10);
}

TEST_CASE("google: a removal, twice, and one that somebody was faster to edit",
          "[google][simulator]") {
  World world;
  const Run made = world.write({creation("task:1", day("A")), creation("task:2", day("B"))});
  const Outcome& a = made.outcomes()[0];
  const Outcome& b = made.outcomes()[1];
  check_all_done(world.write({removal(a.id, a.version)}));
  check_all_done(world.write({removal(a.id, a.version)}));
  check_all_done(world.write({removal("0neverwas", "")}));
  world.person("edit_event", {{"id", b.id}, {"changes", {{"summary", "Mine now"}}}});
  CHECK(world.write({removal(b.id, b.version)}).outcomes()[0].error.code == Code::conflict);
  CHECK(world.event(b.id)["summary"] == "Mine now");
}

TEST_CASE("google: the local time is right whatever the calendar's zone", "[google][simulator]") {
  World world;
  world.person("set_time_zone", {{"time_zone", "America/New_York"}});
  std::vector<Write> writes;
  for (int i = 0; i < 14; ++i)
    writes.push_back(creation("task:" + std::to_string(i), timed("T" + std::to_string(i))));
  Json night = timed("Night");
  night["start"] = "2026-10-24T23:00:00";
  night["duration"] = "PT6H";  // over the end of summer time in Madrid
  writes.push_back(creation("task:14", night));
  world.traffic();
  const Run made = world.write(writes);
  check_all_done(made);
  CHECK(world.traffic().writes == 16);
  for (const Outcome& each : made.outcomes()) {
    CHECK(Json::parse(each.fields) == Json::parse(writes[each.write].fields));
  }
  const Run listed = world.run(about(Operation::list));
  CHECK(world.traffic().reads == 2);
  for (const Item& item : listed.items()) {
    if (item.key.rfind("task:", 0) != 0) continue;
    CHECK(Json::parse(item.fields) == Json::parse(writes[std::stoul(item.key.substr(5))].fields));
  }
  Write renamed = update(made.outcomes()[0].id, timed("New"), {"title"});
  renamed.memo = made.outcomes()[0].memo;
  world.traffic();
  CHECK(Json::parse(world.write({renamed}).outcomes()[0].fields) == timed("New"));
  CHECK(world.traffic().reads == 0);
  renamed.memo.clear();
  CHECK(Json::parse(world.write({renamed}).outcomes()[0].fields) == timed("New"));
  CHECK(world.traffic().reads == 1);
  world.check_against_the_description();
}

TEST_CASE("google: a dead cursor is stale", "[google][simulator]") {
  World world;
  const Run listed = world.run(about(Operation::list));
  world.person("expire_sync_tokens", Json::object());
  CallInput delta = about(Operation::list);
  delta.cursor = listed.cursor();
  CHECK(world.run(delta).error().code == Code::stale);
  delta.cursor = "no token of Google's";
  CHECK(world.run(delta).error().code == Code::stale);
}

TEST_CASE("google: what may not be seen any more is not gone", "[google][simulator]") {
  World world;
  const std::string ben = "ben.okafor@example.com";
  const auto share = [&](const std::string& role) {
    world.control("POST", "google/share",
                  {{"user", ben}, {"with", "ana.torres@example.com"}, {"role", role}});
  };
  share("writer");
  world.calendar = ben;
  const Run made =
      world.write({creation("task:1", timed("Seen")), creation("task:2", day("Kept"))});
  check_all_done(made);
  const std::string id = made.outcomes()[0].id;
  world.control("POST", "google/edit_event",
                {{"user", ben}, {"id", id}, {"changes", {{"visibility", "private"}}}});
  share("writerWithoutPrivateAccess");
  CallInput get = about(Operation::get);
  get.ids = {id};
  CallInput list = about(Operation::list);
  list.now_ms = 1'795'305'600'000;  // 2026-11-22
  for (const Run& run : {world.run(get), world.run(list)}) {
    const auto found = std::find_if(run.items().begin(), run.items().end(),
                                    [&](const Item& item) { return item.id == id; });
    REQUIRE(found != run.items().end());
    CHECK(found->state == ItemState::out_of_scope);
    CHECK(found->fields == "{}");
  }
  world.check_against_the_description();
}

TEST_CASE("google: pages that begin empty hide nothing", "[google][simulator]") {
  World world;
  Json series = timed("Weekly");
  series["recurrence"] = {"RRULE:FREQ=WEEKLY;COUNT=30"};
  check_all_done(world.write({creation("task:1", series)}));
  world.control("POST", "google/settings", {{"pages", "empty"}});
  CallInput find = about(Operation::find);
  find.ids = {"task:1", "task:none"};
  CHECK(world.run(find).items().size() == 1);
  Write cancelled = creation("task:1/2026-11-30T18:00:00", {{"status", "cancelled"}});
  cancelled.slot = "2026-11-30T18:00:00";
  cancelled.slot_ms = 1'796'058'000'000;  // in Madrid
  cancelled.parent_key = "task:1";
  cancelled.parent_id = creation("task:1", series).once_key;
  const Run run = world.write({cancelled});
  check_all_done(run);
  CHECK(run.outcomes().size() == 1);
}

TEST_CASE("google: whose account, which calendars, and one of our own made once",
          "[google][simulator]") {
  World world;
  CallInput who = about(Operation::identity);
  who.token_reply = world.token_reply();
  const Json told = Json::parse(world.run(who).identity());
  who.token_reply = "{}";
  CHECK(told == Json::parse(world.run(who).identity()));
  const Run offered = world.run(about(Operation::targets));
  CHECK(std::count_if(offered.targets().begin(), offered.targets().end(),
                      [](const auto& each) { return each.is_default; }) == 1);
  CallInput making = about(Operation::make_target);
  making.title = "Mortise";
  making.once_key = "00112233445566778899aabbccddeeff";
  const Run made = world.run(making);
  const Run found = world.run(making);
  REQUIRE(made.targets().size() == 1);
  CHECK(made.targets()[0].id == found.targets().at(0).id);
  world.calendar = made.targets()[0].id;
  check_all_done(world.write({creation("task:1", timed("In our own"))}));
  world.check_against_the_description();

  World narrow({"calendar.events"});
  const Run only = narrow.run(about(Operation::targets));
  REQUIRE(only.targets().size() == 1);
  CHECK(only.targets()[0].id == "primary");
  check_all_done(narrow.write({creation("task:1", day("Still works"))}));
  CHECK(narrow.run(making).error().code == Code::forbidden);
}
