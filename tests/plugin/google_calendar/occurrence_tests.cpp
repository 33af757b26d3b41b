// Single occurrences of recurring events: written by their slot, changed by people, read back.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "core/time.hpp"
#include "core/zones.hpp"
#include "google_calendar.hpp"
#include "times.hpp"
#include "world.hpp"

using google_calendar::kDay;
using google_tests::creation;
using google_tests::removal;
using google_tests::update;
using google_tests::World;
using Json = nlohmann::json;
using mortise::Action;
using mortise::CallInput;
using mortise::Code;
using mortise::Item;
using mortise::ItemState;
using mortise::Operation;
using mortise::Outcome;
using mortise::Reply;
using mortise::Write;
using mortise::WriteResult;
using mortise::testing::Exchange;
using mortise::testing::Run;

namespace {

const std::string kEvents = "/calendar/v3/calendars/cal%40x/events";
const std::string kQuiet = "?sendUpdates=none";

Json evening(const std::string& title, const std::string& start = "2026-11-23T18:00:00",
             const std::string& zone = "Europe/Madrid") {
  return {{"title", title},
          {"start", start},
          {"timeZone", zone},
          {"duration", "PT1H"},
          {"alerts", Json::array()}};
}
Json weekly(const std::string& title) {
  Json fields = evening(title);
  fields["recurrence"] = {"RRULE:FREQ=WEEKLY;COUNT=30"};
  return fields;
}

Write occurrence(const std::string& series_key, const std::string& slot, const Json& fields,
                 const std::string& series_id = {}, const std::string& zone = "Europe/Madrid") {
  Write write = creation(series_key + "/" + slot, fields);
  write.slot = slot;
  if (const auto wall = mortise::core::parse_local(slot)) {
    write.slot_ms = mortise::core::to_instant(*wall, zone).value();
  }
  write.parent_key = series_key;
  write.parent_id = series_id;
  return write;
}
const Json kCancelled = {{"status", "cancelled"}};

Run replay(std::vector<Write> writes, std::vector<Exchange> exchanges) {
  static const mortise::testing::Script script(
      mortise::make_connector<google_calendar::GoogleCalendar>);
  CallInput call;
  call.operation = Operation::write;
  call.target_id = "cal@x";
  call.writes = std::move(writes);
  script.abandon_at_every_step(call, exchanges);
  Run run = script.replay(call, std::move(exchanges));
  CHECK(run.breaches() == std::vector<std::string>{});
  return run;
}

Reply ok(const Json& body) {
  return {.status = 200, .body = body.dump()};
}
Reply refusal(int status, const std::string& reason) {
  return {.status = status,
          .body = Json{{"error", {{"message", "No."}, {"errors", {{{"reason", reason}}}}}}}.dump()};
}
Json shown(const std::string& id, const std::string& start, const std::string& end) {
  return {{"id", id},
          {"etag", "\"5\""},
          {"status", "confirmed"},
          {"summary", "Read"},
          {"reminders", {{"useDefault", false}}},
          {"start", {{"dateTime", start}, {"timeZone", "Europe/Madrid"}}},
          {"end", {{"dateTime", end}, {"timeZone", "Europe/Madrid"}}}};
}
Json series() {
  Json event = shown("s", "2026-11-23T18:00:00+01:00", "2026-11-23T19:00:00+01:00");
  event["recurrence"] = {"RRULE:FREQ=WEEKLY"};
  event["extendedProperties"]["private"]["mortiseKey"] = "task:1";
  return event;
}
/// As the series has it, in summer.
Json instance() {
  Json event = shown("s_i", "2027-06-07T18:00:00+02:00", "2027-06-07T19:00:00+02:00");
  event["recurringEventId"] = "s";
  event["originalStartTime"] = event["start"];
  event["extendedProperties"]["private"]["mortiseKey"] = "task:1";
  return event;
}
Json found(const Json& items) {
  return {{"items", items}, {"timeZone", "Europe/Madrid"}};
}

const std::string kSlot = "2027-06-07T18:00:00";
const std::string kReadSeries = "GET " + kEvents + "/s?timeZone=Europe%2FMadrid";
std::string look(const std::string& hour) {
  return "GET " + kEvents + "/s/instances?showDeleted=true&originalStart=2027-06-07T" + hour +
         "%3A00%3A00Z&timeZone=Europe%2FMadrid";
}

Outcome only(const Run& run) {
  REQUIRE(run.done());
  REQUIRE(run.outcomes().size() == 1);
  return run.outcomes()[0];
}

void check_all_done(const Run& run) {
  for (const Outcome& each : run.outcomes()) {
    INFO(each.error.message);
    CHECK(each.result == WriteResult::done);
  }
}

CallInput listing(const std::string& cursor = {}) {
  CallInput call;
  call.operation = Operation::list;
  call.cursor = cursor;
  call.now_ms = 1'795'305'600'000;  // 2026-11-22
  return call;
}

std::map<std::string, Item> by_slot(const Run& run) {
  std::map<std::string, Item> items;
  for (const Item& each : run.items()) {
    if (!each.slot.empty()) items[each.slot] = each;
  }
  return items;
}

unsigned seed() {
  const char* given = std::getenv("MORTISE_SEED");
  return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                          : std::random_device{}();
}

}  // namespace

TEST_CASE("google: an occurrence is found by its slot and changed where it differs",
          "[google][occurrence]") {
  Json patched = instance();
  patched["summary"] = "Read more";
  patched["etag"] = "\"6\"";
  patched["extendedProperties"]["private"]["mortiseKey"] = "task:1/" + kSlot;
  const Write write = occurrence("task:1", kSlot, evening("Read more", kSlot), "s");
  const Run run = replay({write}, {{kReadSeries, ok(series())},
                                   {look("16"), ok(found(Json::array({instance()})))},
                                   {"PATCH " + kEvents + "/s_i" + kQuiet, ok(patched)}});
  const Outcome outcome = only(run);
  INFO(outcome.error.message);
  CHECK(outcome.result == WriteResult::done);
  CHECK(outcome.id == "s_i");
  CHECK(outcome.version == "\"6\"");
  CHECK(Json::parse(outcome.fields) == evening("Read more", kSlot));
  const mortise::Request& patch = run.sent().back();
  CHECK(Json::parse(patch.body) ==
        Json{{"summary", "Read more"},
             {"extendedProperties", {{"private", {{"mortiseKey", "task:1/" + kSlot}}}}}});
  CHECK(patch.headers.back() == mortise::Header{"If-Match", "\"5\""});
  CHECK(patch.writes == std::vector<std::uint32_t>{0});
}

TEST_CASE("google: the same occurrence again is found as it is", "[google][occurrence]") {
  Json ours = instance();
  ours["extendedProperties"]["private"]["mortiseKey"] = "task:1/" + kSlot;
  const Write write = occurrence("task:1", kSlot, evening("Read", kSlot), "s");
  const Run run =
      replay({write}, {{kReadSeries, ok(series())}, {look("16"), ok(found(Json::array({ours})))}});
  CHECK(only(run).result == WriteResult::done);
  CHECK(only(run).id == "s_i");

  Json away = {{"id", "s_i"},
               {"etag", "\"9\""},
               {"status", "cancelled"},
               {"recurringEventId", "s"},
               {"originalStartTime", {{"dateTime", "2027-06-07T16:00:00Z"}}}};
  const Write cancel = occurrence("task:1", kSlot, kCancelled, "s");
  const Run again = replay({cancel}, {{"GET " + kEvents + "/s", ok(series())},
                                      {kReadSeries, ok(series())},
                                      {look("16"), ok(found(Json::array({away})))}});
  CHECK(only(again).result == WriteResult::done);
  CHECK(only(again).fields == kCancelled.dump());
  CHECK(only(again).version == "\"9\"");
}

TEST_CASE("google: where the clocks skip a series' time, its occurrence is at what they show",
          "[google][occurrence]") {
  const std::string slot = "2027-03-28T03:30:00";
  Json nightly = shown("s", "2026-11-23T02:30:00+01:00", "2026-11-23T03:30:00+01:00");
  nightly["recurrence"] = {"RRULE:FREQ=DAILY"};
  Json there = shown("s_i", "2027-03-28T03:30:00+02:00", "2027-03-28T04:30:00+02:00");
  there["recurringEventId"] = "s";
  there["originalStartTime"] = there["start"];
  const auto at = [](const std::string& hour) {
    return "GET " + kEvents + "/s/instances?showDeleted=true&originalStart=2027-03-28T" + hour +
           "%3A30%3A00Z&timeZone=Europe%2FMadrid";
  };
  const auto play = [&](const Json& fields, const Json& answer, std::vector<Exchange> rest) {
    std::vector<Exchange> exchanges = {{kReadSeries, ok(nightly)},
                                       {at("01"), ok(found(Json::array({answer})))}};
    if (fields == kCancelled) {  // says no zone to read it in
      exchanges.insert(exchanges.begin(), {"GET " + kEvents + "/s", ok(nightly)});
    }
    exchanges.insert(exchanges.end(), rest.begin(), rest.end());
    return replay({occurrence("task:1", slot, fields, "s")}, exchanges);
  };
  SECTION("it is changed") {
    Json patched = there;
    patched["summary"] = "Read more";
    const Run run = play(evening("Read more", slot), there,
                         {{"PATCH " + kEvents + "/s_i" + kQuiet, ok(patched)}});
    CHECK(only(run).result == WriteResult::done);
    CHECK(Json::parse(run.sent().back().body) ==
          Json{{"summary", "Read more"},
               {"extendedProperties", {{"private", {{"mortiseKey", "task:1/" + slot}}}}}});
  }
  SECTION("it was cancelled, and that is said in UTC") {
    const Json away = {{"id", "s_i"},
                       {"status", "cancelled"},
                       {"recurringEventId", "s"},
                       {"originalStartTime", {{"dateTime", "2027-03-28T01:30:00Z"}}}};
    CHECK(only(play(kCancelled, away, {})).result == WriteResult::done);
    CHECK(only(play(evening("Read more", slot), away, {})).id == "s_i");  // to be looked at
  }
  SECTION("a series that was moved by an hour has none there") {
    Json other = there;
    for (const char* time : {"start", "originalStartTime"}) {
      other[time]["dateTime"] = "2027-03-29T02:30:00+02:00";
    }
    const std::vector<Exchange> exchanges = {{kReadSeries, ok(nightly)},
                                             {"GET *", ok(found(Json::array({other})))}};
    const Run run = replay(
        {occurrence("task:1", "2027-03-29T03:30:00", evening("Read more", slot), "s")}, exchanges);
    CHECK(only(run).error.code == Code::conflict);
    CHECK(only(run).id.empty());
  }
}

TEST_CASE("google: in a series with dates of its own the hour beside is another occurrence",
          "[google][occurrence]") {
  Json dated = series();
  dated["recurrence"].push_back("RDATE;TZID=Europe/Madrid:20270607T190000");
  Json beside = instance();
  beside["id"] = "s_19";
  beside["start"]["dateTime"] = "2027-06-07T19:00:00+02:00";
  beside["end"]["dateTime"] = "2027-06-07T20:00:00+02:00";
  beside["originalStartTime"] = beside["start"];
  const Run run = replay({occurrence("task:1", kSlot, kCancelled, "s")},
                         {{"GET " + kEvents + "/s", ok(dated)},
                          {kReadSeries, ok(dated)},
                          {look("16"), ok(found(Json::array({beside, instance()})))},
                          {"PATCH " + kEvents + "/s_i" + kQuiet, ok(instance())}});
  CHECK(only(run).result == WriteResult::done);
}

TEST_CASE("google: what a person made of an occurrence is not overwritten unseen",
          "[google][occurrence]") {
  Json moved = instance();
  moved["start"]["dateTime"] = "2027-06-08T18:00:00+02:00";
  moved["end"]["dateTime"] = "2027-06-08T19:00:00+02:00";
  Json cancelled = {{"id", "s_i"},
                    {"status", "cancelled"},
                    {"recurringEventId", "s"},
                    {"originalStartTime", {{"dateTime", "2027-06-07T16:00:00Z"}}}};
  for (const Json& there : {moved, cancelled}) {
    const Write write = occurrence("task:1", kSlot, evening("Read more", kSlot), "s");
    const Run run = replay(
        {write}, {{kReadSeries, ok(series())}, {look("16"), ok(found(Json::array({there})))}});
    CHECK(only(run).result == WriteResult::failed);
    CHECK(only(run).error.code == Code::conflict);
    CHECK(only(run).id == "s_i");  // to be looked at
  }
  // Moved by the person as we want it: ours from now on.
  const Write write = occurrence("task:1", kSlot, evening("Read", "2027-06-08T18:00:00"), "s");
  const Run run = replay({write}, {{kReadSeries, ok(series())},
                                   {look("16"), ok(found(Json::array({moved})))},
                                   {"PATCH *", ok(moved), "mortiseKey"}});
  CHECK(only(run).result == WriteResult::done);
}

TEST_CASE(
    "google: what a series has at the slot by the clock of another zone is another occurrence",
    "[google][occurrence]") {
  struct Move {
    std::string zone, query, first, last, start, end;
  };
  // The same time on another clock; the same instants, and so another time.
  for (const Move& to :
       {Move{"America/New_York", "America%2FNew_York", "2026-11-23T18:00:00-05:00",
             "2026-11-23T19:00:00-05:00", "2027-06-07T18:00:00-04:00", "2027-06-07T19:00:00-04:00"},
        Move{"Europe/London", "Europe%2FLondon", "2026-11-23T17:00:00+00:00",
             "2026-11-23T18:00:00+00:00", "2027-06-07T17:00:00+01:00",
             "2027-06-07T18:00:00+01:00"}}) {
    INFO(to.zone);
    Json elsewhere = series();
    elsewhere["start"] = {{"dateTime", to.first}, {"timeZone", to.zone}};
    elsewhere["end"] = {{"dateTime", to.last}, {"timeZone", to.zone}};
    Json there = instance();
    there["start"] = {{"dateTime", to.start}, {"timeZone", to.zone}};
    there["end"] = {{"dateTime", to.end}, {"timeZone", to.zone}};
    there["originalStartTime"] = there["start"];
    const auto in_zone = [&](std::string target) {
      const std::string here = "timeZone=Europe%2FMadrid";
      return target.replace(target.find(here), here.size(), "timeZone=" + to.query);
    };
    const Run run = replay({occurrence("task:1", kSlot, evening("Read more", kSlot), "s")},
                           {{kReadSeries, ok(elsewhere)},
                            {in_zone(kReadSeries), ok(elsewhere)},
                            {in_zone(look("16")), ok(found(Json::array({there})))}});
    CHECK(only(run).result == WriteResult::failed);
    CHECK(only(run).error.code == Code::conflict);
    CHECK(only(run).id.empty());
  }
}

TEST_CASE("google: an occurrence without its series is not found, one that is not in it a conflict",
          "[google][occurrence]") {
  const Write write = occurrence("task:1", kSlot, evening("Read", kSlot), "s");
  const auto code = [&](std::vector<Exchange> exchanges) {
    const Run run = replay({write}, std::move(exchanges));
    CHECK(only(run).result == WriteResult::failed);
    return only(run).error.code;
  };
  CHECK(code({{kReadSeries, refusal(404, "notFound")}}) == Code::not_found);
  Json once = series();
  once.erase("recurrence");
  CHECK(code({{kReadSeries, ok(once)}}) == Code::conflict);
  Json deleted = {{"id", "s"}, {"status", "cancelled"}};
  CHECK(code({{kReadSeries, ok(deleted)}}) == Code::not_found);
  CHECK(code({{kReadSeries, {.status = 404, .body = "<html>"}}}) == Code::unavailable);
  CHECK(code({{kReadSeries, ok(series())}, {look("16"), ok(found(Json::array()))}}) ==
        Code::conflict);
  CHECK(only(replay({occurrence("task:1", kSlot, evening("Read"))}, {})).error.code ==
        Code::not_found);
}

TEST_CASE("google: an occurrence is looked up on every page", "[google][occurrence]") {
  const auto leads_to = [](const std::string& next) {
    Json answer = found(Json::array());
    answer["nextPageToken"] = next;
    return ok(answer);
  };
  const Write write = occurrence("task:1", kSlot, evening("Read", kSlot), "s");
  Json changed = instance();
  changed["extendedProperties"]["private"]["mortiseKey"] = write.key;
  const Run run =
      replay({write}, {{kReadSeries, ok(series())},
                       {look("16"), leads_to("p1")},
                       {look("16") + "&pageToken=p1", ok(found(Json::array({instance()})))},
                       {"PATCH " + kEvents + "/s_i" + kQuiet, ok(changed)}});
  CHECK(only(run).result == WriteResult::done);
  const Run endless = replay({write}, {{kReadSeries, ok(series())},
                                       {look("16"), leads_to("p1")},
                                       {look("16") + "&pageToken=p1", leads_to("p1")}});
  CHECK(only(endless).error.code == Code::unavailable);
}

TEST_CASE("google: when a series cannot be read, none of its occurrences is tried",
          "[google][occurrence]") {
  std::vector<Write> writes;
  for (const char* slot : {"2027-06-07T18:00:00", "2027-06-14T18:00:00", "2027-06-21T18:00:00"}) {
    writes.push_back(occurrence("task:1", slot, evening("Read", slot), "s"));
  }
  const Run run = replay(writes, {{kReadSeries, refusal(403, "quotaExceeded")}});
  REQUIRE(run.outcomes().size() == 3);
  for (const Outcome& each : run.outcomes()) {
    CHECK(each.result == WriteResult::failed);
    CHECK(each.error.code == Code::rate_limited);
  }
}

TEST_CASE("google: a series and its occurrences go out in one batch, and read back the same",
          "[google][occurrence][simulator]") {
  World world;
  const std::vector<Write> writes = {
      occurrence("task:1", "2026-12-07T18:00:00", kCancelled),
      occurrence("task:1", "2026-11-30T18:00:00", evening("Moved", "2026-12-01T09:30:00")),
      creation("task:1", weekly("Read")),
      occurrence("task:1", "2027-04-05T18:00:00", evening("In summer", "2027-04-05T18:00:00"))};
  const Run made = world.write(writes);
  check_all_done(made);
  REQUIRE(made.outcomes().size() == 4);
  for (const Outcome& each : made.outcomes()) {
    CHECK(Json::parse(each.fields) == Json::parse(writes[each.write].fields));
  }
  const Run listed = world.run(listing());
  auto slots = by_slot(listed);
  REQUIRE(slots.size() == 3);
  const std::string series_id = writes[2].once_key;
  for (const Write& write : {writes[0], writes[1], writes[3]}) {
    const Item& item = slots.at(write.slot);
    CHECK(Json::parse(item.fields) == Json::parse(write.fields));
    CHECK(item.state == ItemState::present);
    CHECK(item.series == series_id);
    CHECK(item.key == (write.fields == kCancelled.dump() ? "" : write.key));
  }
  // A repetition changes nothing.
  world.traffic();
  std::vector<Write> again = {writes[0], writes[1], writes[3]};
  for (Write& each : again) each.parent_id = series_id;
  check_all_done(world.write(again));
  CHECK(world.traffic().writes == 0);

  CallInput find;
  find.operation = Operation::find;
  find.ids = {"task:1", writes[1].key, "task:1/2027-01-04T18:00:00"};
  const Run looked = world.run(find);
  REQUIRE(looked.items().size() == 2);
  CHECK(looked.items()[0].key == "task:1");
  CHECK(looked.items()[1].slot == "2026-11-30T18:00:00");
  CallInput get;
  get.operation = Operation::get;
  get.ids = {slots.at(writes[1].slot).id, slots.at(writes[0].slot).id};
  const Run got = world.run(get);
  REQUIRE(got.items().size() == 2);
  for (const Item& item : got.items()) {
    CHECK(item.fields == slots.at(item.slot).fields);
    CHECK(item.version == slots.at(item.slot).version);
  }
  world.check_against_the_description();
}

TEST_CASE("google: an occurrence is changed, cancelled and brought back by its id",
          "[google][occurrence][simulator]") {
  World world;
  const std::string slot = "2026-11-30T18:00:00";
  Json whole_series = weekly("Read");
  whole_series["description"] = "With a pencil";
  const Run made = world.write(
      {creation("task:1", whole_series), occurrence("task:1", slot, evening("Special", slot))});
  check_all_done(made);
  const Outcome& first = made.outcomes()[1];
  const auto change = [&](const Json& fields, std::vector<std::string> changed,
                          const std::string& version) {
    Write write = update(first.id, fields, std::move(changed), version);
    write.key = "task:1/" + slot;
    write.slot = slot;
    const Run run = world.write({write});
    REQUIRE(run.outcomes().size() == 1);
    return run.outcomes()[0];
  };
  const Json later = evening("Special", "2026-12-01T20:00:00");
  const Outcome moved = change(later, {"start"}, first.version);
  CHECK(moved.result == WriteResult::done);
  CHECK(moved.id == first.id);
  CHECK(Json::parse(moved.fields) == later);
  CHECK(change(later, {"start"}, first.version).error.code == Code::conflict);

  const Outcome cancelled = change(kCancelled, {"status", "title", "start"}, moved.version);
  CHECK(cancelled.result == WriteResult::done);
  CHECK(Json::parse(cancelled.fields) == kCancelled);
  CHECK(by_slot(world.run(listing())).at(slot).fields == kCancelled.dump());
  // One that is cancelled is not changed without a word.
  CHECK(change(later, {"title"}, "").error.code == Code::conflict);
  const std::vector<std::string> all = {"alerts", "duration", "start",
                                        "status", "timeZone", "title"};
  const std::string version = by_slot(world.run(listing())).at(slot).version;
  const Outcome back = change(later, all, version);
  INFO(back.error.message);
  CHECK(back.result == WriteResult::done);
  CHECK(Json::parse(back.fields) == later);  // without the text that the series has

  Write away = removal(first.id, back.version);
  away.slot = slot;
  check_all_done(world.write({away}));
  CHECK(by_slot(world.run(listing())).at(slot).fields == kCancelled.dump());
  world.check_against_the_description();
}

TEST_CASE("google: what people do to occurrences comes back with its slot",
          "[google][occurrence][simulator]") {
  World world;
  const std::string calendar_zone = GENERATE("Europe/Madrid", "America/New_York");
  world.person("set_time_zone", {{"time_zone", calendar_zone}});
  const Run made = world.write({creation("task:1", weekly("Read"))});
  const std::string id = made.outcomes().at(0).id;
  const std::string cursor = world.run(listing()).cursor();
  world.traffic();
  CHECK(world.run(listing(cursor)).items().empty());
  CHECK(world.traffic().reads == 1);  // an unchanged poll

  world.person(
      "edit_instance",
      {{"id", id}, {"slot", "2026-11-30T18:00:00"}, {"changes", {{"summary", "Their words"}}}});
  world.person("cancel_instance", {{"id", id}, {"slot", "2027-04-05T18:00:00"}});
  const Run delta = world.run(listing(cursor));
  const auto slots = by_slot(delta);
  REQUIRE(slots.size() == 2);
  const Item& edited = slots.at("2026-11-30T18:00:00");
  CHECK(Json::parse(edited.fields) == evening("Their words", "2026-11-30T18:00:00"));
  CHECK(edited.series == id);
  CHECK(edited.key.empty());
  CHECK(slots.at("2027-04-05T18:00:00").fields == kCancelled.dump());
  // Unseen, it is not overwritten.
  const Run late = world.write(
      {occurrence("task:1", "2026-11-30T18:00:00", evening("Ours", "2026-11-30T18:00:00"), id)});
  CHECK(late.outcomes().at(0).error.code == Code::conflict);

  world.person("split_series",
               {{"id", id}, {"slot", "2027-01-04T18:00:00"}, {"changes", {{"summary", "New"}}}});
  const Run split = world.run(listing(delta.cursor()));
  std::map<std::string, Json> titles;
  for (const Item& item : split.items()) {
    if (item.slot.empty()) titles[item.id] = Json::parse(item.fields);
  }
  REQUIRE(titles.size() == 2);
  CHECK(titles.at(id)["recurrence"] == Json{"RRULE:FREQ=WEEKLY;UNTIL=20270104T165959Z"});
  titles.erase(id);
  CHECK(titles.begin()->second["title"] == "New");
  CHECK(titles.begin()->second["start"] == "2027-01-04T18:00:00");
  world.check_against_the_description();
}

TEST_CASE("google: a token that ends in mid-paging is stale and reports nothing",
          "[google][occurrence][simulator]") {
  World world;
  const std::string cursor = world.run(listing()).cursor();
  world.write({creation("task:1", weekly("Read")), creation("task:2", evening("Other"))});
  world.control("POST", "google/settings", {{"pages", "empty"}});
  world.person("expire_sync_tokens", {{"at_page", 2}});
  const Run dead = world.run(listing(cursor));
  CHECK(dead.error().code == Code::stale);
  CHECK(dead.items().empty());
  CHECK(dead.cursor().empty());
  const Run whole = world.run(listing());
  CHECK(whole.completed().size() == 1);
  CHECK(std::count_if(whole.items().begin(), whole.items().end(),
                      [](const Item& item) { return item.key.rfind("task:", 0) == 0; }) == 2);
}

TEST_CASE("google: channels open and close at the simulated Google",
          "[google][channel][simulator]") {
  World world;
  CallInput call;
  call.operation = Operation::open_channel;
  call.channel_id = "01890b5e-0000-4000-8000-000000000001";
  call.channel_address = "http://127.0.0.1:9/hooks/google_calendar/x";
  world.control("POST", "google/settings", {{"allow_http_addresses", true}});
  const Run opened = world.run(call);
  INFO(opened.error().message);
  REQUIRE(opened.done());
  CHECK_FALSE(opened.channels().at(0).resource.empty());
  CHECK(opened.channels()[0].expires_ms > 0);
  CHECK(world.control("POST", "google/channels", Json::object()).at("channels").size() == 1);
  call.operation = Operation::close_channel;
  call.channel_resource = opened.channels()[0].resource;
  CHECK(world.run(call).done());
  CHECK(world.run(call).done());
  CHECK(world.control("POST", "google/channels", Json::object()).at("channels").empty());
  world.check_against_the_description();
}

namespace {

/// A time that a zone's clocks skip.
struct Gap {
  std::string zone;
  std::int64_t from_s, length_s;  ///< on the wall
};
Gap gap(const std::string& zone, const std::string& from, std::int64_t length_s) {
  return {zone, google_calendar::read_stamp(from)->wall_s, length_s};
}
/// Those that the random series may meet.
const std::vector<Gap> kGaps = {gap("Europe/Madrid", "2027-03-28T02:00:00", 3600),
                                gap("Europe/Madrid", "2028-03-26T02:00:00", 3600),
                                gap("America/New_York", "2027-03-14T02:00:00", 3600),
                                gap("America/New_York", "2028-03-12T02:00:00", 3600),
                                gap("Australia/Lord_Howe", "2027-10-03T02:00:00", 1800)};
/// What the clocks show at a time: as the host spells starts and slots (docs/kinds.md).
std::int64_t shown_at(const std::string& zone, std::int64_t wall_s) {
  for (const Gap& each : kGaps) {
    const bool skipped = wall_s >= each.from_s && wall_s < each.from_s + each.length_s;
    if (skipped && zone == each.zone) return wall_s + each.length_s;
  }
  return wall_s;
}

}  // namespace

TEST_CASE("google: random occurrences of random series read back as they were written",
          "[google][occurrence][simulator]") {
  const unsigned with = seed();
  INFO("MORTISE_SEED=" << with);
  std::mt19937 random(with);
  const auto pick = [&](std::size_t below) { return static_cast<std::int64_t>(random() % below); };
  World world;
  const std::vector<std::string> zones = {"Europe/Madrid", "America/New_York", "UTC",
                                          "Australia/Lord_Howe", "Asia/Kolkata"};
  world.person("set_time_zone", {{"time_zone", zones[random() % zones.size()]}});
  struct Wanted {
    Json fields;
    std::string key, zone;
  };
  std::map<std::string, Wanted> wanted;  // by the series' id and the slot, if any
  for (int round = 0; round < 12; ++round) {
    const std::string key = "task:" + std::to_string(round);
    const bool whole_day = round % 3 == 0;
    std::string zone = zones[random() % zones.size()];
    std::int64_t wall = (20'780 + pick(300)) * kDay + pick(24 * 4) * 900;  // from 2026-11-23 on
    std::vector<std::int64_t> days_after = {1 + pick(60), 61 + pick(60), 121 + pick(70)};
    if (round % 3 == 1) {  // its first occurrence to differ is at a time that the clocks skip
      const Gap& met = kGaps[random() % kGaps.size()];
      zone = met.zone;
      wall = met.from_s + pick(met.length_s / 900) * 900 - days_after[0] * kDay;
    }
    if (!whole_day) wall = shown_at(zone, wall);
    const auto fields_at = [&](std::int64_t at_s, const std::string& title) {
      Json fields = {{"title", title}, {"alerts", Json::array()}};
      fields["start"] = whole_day ? google_calendar::write_day(at_s)
                                  : google_calendar::write_local(shown_at(zone, at_s));
      if (whole_day) fields["showWithoutTime"] = true;
      if (!whole_day) fields["timeZone"] = zone;
      fields["duration"] = whole_day ? "P" + std::to_string(1 + pick(3)) + "D"
                                     : google_calendar::write_duration(900 * (1 + pick(20)));
      if (random() % 2 == 0) fields["description"] = "Notes & <more>";
      if (random() % 2 == 0) fields["color"] = "green";
      if (random() % 3 == 0) fields["status"] = "tentative";
      return fields;
    };
    std::vector<Write> writes = {creation(key, fields_at(wall, key))};
    Json series_fields = Json::parse(writes[0].fields);
    series_fields["recurrence"] = {"RRULE:FREQ=DAILY;COUNT=200"};
    writes[0].fields = series_fields.dump();
    const std::string id = writes[0].once_key;
    wanted[id] = {series_fields, key, zone};
    for (const std::int64_t after : days_after) {
      const std::int64_t slot_s = wall + after * kDay;
      const std::string slot = whole_day ? google_calendar::write_day(slot_s)
                                         : google_calendar::write_local(shown_at(zone, slot_s));
      const bool cancel = random() % 4 == 0;
      const std::int64_t at = slot_s + (whole_day ? pick(5) * kDay : pick(300) * 900);
      const Json fields = cancel ? kCancelled : fields_at(at, "Special");
      writes.push_back(occurrence(key, slot, fields, {}, zone));
      // A connector may report the slot as the rule says; the key is then for the host to find.
      const bool unsure = !whole_day && shown_at(zone, slot_s) != slot_s;
      wanted[id + "/" + slot] = {fields, cancel || unsure ? "" : writes.back().key, zone};
    }
    const Run made = world.write(writes);
    for (const Outcome& each : made.outcomes()) {
      INFO(writes[each.write].fields << " " << each.error.message);
      CHECK(each.result == WriteResult::done);
      CHECK(Json::parse(each.fields) == Json::parse(writes[each.write].fields));
    }
  }
  const Run listed = world.run(listing());
  std::size_t seen = 0;
  for (const Item& item : listed.items()) {
    const auto series = wanted.find(item.series.empty() ? item.id : item.series);
    if (series == wanted.end()) continue;
    std::string id = series->first;
    if (!item.slot.empty()) {
      const auto slot = google_calendar::read_stamp(item.slot);
      id += "/" + (slot ? google_calendar::write_local(shown_at(series->second.zone, slot->wall_s))
                        : item.slot);
    }
    INFO(id);
    REQUIRE(wanted.count(id) == 1);
    ++seen;
    CHECK(Json::parse(item.fields) == wanted[id].fields);
    CHECK(item.key == wanted[id].key);
  }
  CHECK(seen == wanted.size());
  world.check_against_the_description();
}
