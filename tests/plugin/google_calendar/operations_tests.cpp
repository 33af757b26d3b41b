// Everything but writing, against canned answers.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "google_calendar.hpp"
#include "plugin/loader.hpp"
#include "world.hpp"

using Json = nlohmann::json;
using mortise::CallInput;
using mortise::Code;
using mortise::ItemState;
using mortise::Operation;
using mortise::Reply;
using mortise::testing::Exchange;
using mortise::testing::Run;

namespace {

const std::string kEvents = "/calendar/v3/calendars/cal%40x/events";
const std::string kListing = "GET " + kEvents + "?maxResults=250&showDeleted=true";

CallInput about(Operation operation) {
  CallInput call;
  call.operation = operation;
  call.target_id = "cal@x";
  call.container_id = "cal@x";
  call.now_ms = 1'795'305'600'000;  // 2026-11-22
  return call;
}

Run replay(const CallInput& call, std::vector<Exchange> exchanges) {
  static const mortise::testing::Script script(
      mortise::make_connector<google_calendar::GoogleCalendar>);
  script.abandon_at_every_step(call, exchanges);
  Run run = script.replay(call, std::move(exchanges));
  CHECK(run.breaches() == std::vector<std::string>{});
  return run;
}

Json timed(const std::string& id, const std::string& start, const std::string& zone) {
  return {{"id", id},
          {"etag", "\"1\""},
          {"status", "confirmed"},
          {"summary", id},
          {"start", {{"dateTime", start}, {"timeZone", zone}}},
          {"end", {{"dateTime", start}}}};
}
Json page(const Json& items, const std::string& next_page, const std::string& next_sync) {
  Json body = {{"items", items}, {"timeZone", "Europe/Madrid"}};
  if (!next_page.empty()) body["nextPageToken"] = next_page;
  if (!next_sync.empty()) body["nextSyncToken"] = next_sync;
  return body;
}
Reply ok(const Json& body) {
  return {.status = 200, .body = body.dump()};
}
Reply refusal(int status, const std::string& reason, const std::string& location = {}) {
  Json error = {{"reason", reason}};
  if (!location.empty()) error["location"] = location;
  return {.status = status,
          .body = Json{{"error", {{"message", "No."}, {"errors", Json::array({error})}}}}.dump()};
}
/// Somebody is busy, and it may not be seen with what.
Json busy(const std::string& id) {
  return {{"id", id},
          {"status", "confirmed"},
          {"visibility", "private"},
          {"start", {{"date", "2026-11-24"}}},
          {"end", {{"date", "2026-11-25"}}}};
}
Json birthday(const std::string& id) {
  return {{"id", id},
          {"eventType", "birthday"},
          {"summary", "Ben's birthday"},
          {"start", {{"date", "2026-11-24"}}},
          {"end", {{"date", "2026-11-25"}}}};
}

/// The host knows then that it is there, and nothing else: it takes nothing in, or away.
void check_left_alone(const mortise::Item& item) {
  INFO(item.id);
  CHECK(item.state == ItemState::out_of_scope);
  CHECK(item.fields == "{}");
  CHECK(item.key.empty());
  CHECK(item.series.empty());
}

}  // namespace

TEST_CASE("google: a full listing follows empty pages and ends with a cursor", "[google][list]") {
  const Json one = timed("e1", "2026-11-23T18:00:00+01:00", "Europe/Madrid");
  const Json gone = {{"id", "e2"}, {"status", "cancelled"}};
  const Run run =
      replay(about(Operation::list),
             {{kListing, ok(page(Json::array(), "p1", ""))},
              {kListing + "&pageToken=p1", ok(page({one, gone, birthday("e3")}, "", "sync1"))}});
  REQUIRE(run.items().size() == 3);
  CHECK(Json::parse(run.items()[0].fields)["start"] == "2026-11-23T18:00:00");
  CHECK(run.items()[1].state == ItemState::deleted);
  check_left_alone(run.items()[2]);
  CHECK(run.completed() == std::vector<std::string>{"cal@x"});
  CHECK(run.cursor() == "sync1");
}

TEST_CASE("google: a delta repeats its token on every page and completes nothing",
          "[google][list]") {
  CallInput call = about(Operation::list);
  call.cursor = "s=1";
  const std::string asked = kListing + "&syncToken=s%3D1";
  const Run run = replay(call, {{asked, ok(page(Json::array(), "p1", ""))},
                                {asked + "&pageToken=p1", ok(page(Json::array(), "", "s2"))}});
  CHECK(run.done());
  CHECK(run.completed().empty());
  CHECK(run.cursor() == "s2");
  const Run dead = replay(call, {{asked, refusal(410, "fullSyncRequired")}});
  CHECK(dead.error().code == Code::stale);
  CHECK(dead.cursor().empty());
}

TEST_CASE("google: a cursor that Google cannot read is stale", "[google][list]") {
  CallInput call = about(Operation::list);
  call.cursor = "s1";
  const std::string asked = kListing + "&syncToken=s1";
  const auto code = [&](const Reply& reply) { return replay(call, {{asked, reply}}).error().code; };
  CHECK(code(refusal(400, "invalid", "syncToken")) == Code::stale);
  CHECK(code(refusal(400, "invalid", "pageToken")) == Code::invalid);
  CHECK(code(refusal(400, "invalid")) == Code::invalid);
}

TEST_CASE("google: of a delta that ends in 410 nothing at all is reported", "[google][list]") {
  CallInput call = about(Operation::list);
  call.cursor = "s1";
  const std::string asked = kListing + "&syncToken=s1";
  const Json one = timed("e1", "2026-11-23T18:00:00+01:00", "Europe/Madrid");
  const Run run = replay(call, {{asked, ok(page(Json::array({one}), "p1", ""))},
                                {asked + "&pageToken=p1", refusal(410, "fullSyncRequired")}});
  CHECK(run.error().code == Code::stale);
  CHECK(run.items().empty());
  CHECK(run.cursor().empty());
  const Run whole = replay(call, {{asked, ok(page(Json::array({one}), "p1", ""))},
                                  {asked + "&pageToken=p1", ok(page(Json::array(), "", "s2"))}});
  CHECK(whole.items().size() == 1);
}

TEST_CASE("google: what is outside of the window, or declined, is told as out of scope",
          "[google][list]") {
  const auto at = [](const std::string& id, const std::string& start) {
    return timed(id, start, "Europe/Madrid");
  };
  const auto series = [&](const std::string& id, const std::string& start,
                          const std::string& rule) {
    Json event = at(id, start);
    event["recurrence"] = Json::array({rule});
    return event;
  };
  Json declined = at("declined", "2026-11-23T18:00:00+01:00");
  declined["attendees"] = {{{"email", "me@x"}, {"self", true}, {"responseStatus", "declined"}}};
  const Json items = {
      at("past", "2026-10-01T18:00:00+02:00"),
      at("lately", "2026-10-30T18:00:00+01:00"),
      at("next_year", "2027-11-01T18:00:00+01:00"),
      at("later", "2028-01-01T18:00:00+01:00"),
      series("endless", "2020-01-06T18:00:00+01:00", "RRULE:FREQ=WEEKLY;BYDAY=MO"),
      series("ended", "2020-01-06T18:00:00+01:00", "RRULE:FREQ=WEEKLY;UNTIL=20201231T225959Z"),
      series("counted_out", "2020-01-06T18:00:00+01:00", "RRULE:FREQ=DAILY;COUNT=10"),
      series("counted_far", "2020-01-06T18:00:00+01:00", "RRULE:FREQ=YEARLY;COUNT=10"),
      series("has_dates", "2020-01-06T18:00:00+01:00", "RDATE:20261201T170000Z"),
      declined,
      busy("busy")};
  const auto states = [&](const std::string& settings) {
    CallInput call = about(Operation::list);
    call.settings = settings;
    const Run run = replay(call, {{kListing, ok(page(items, "", "s"))}});
    std::string out_of_scope;
    CHECK(run.items().size() == 11);
    for (const auto& item : run.items()) {
      if (item.id == "busy") {  // somebody's being busy is nobody's appointment
        check_left_alone(item);
        continue;
      }
      CHECK(Json::parse(item.fields).contains("start"));
      if (item.state == ItemState::out_of_scope) out_of_scope += item.id + " ";
    }
    return out_of_scope;
  };
  CHECK(states("{}") == "past later ended counted_out declined ");
  CHECK(states(R"({"window_past_days":0,"window_future_days":1})") ==
        "past lately next_year later ended counted_out declined ");
  CHECK(states(R"({"window_past_days":3650,"window_future_days":3650})") == "declined ");
}

TEST_CASE("google: a changed occurrence has the slot that its series' rule says",
          "[google][list]") {
  CallInput call = about(Operation::list);
  call.cursor = "s1";
  const std::string asked = kListing + "&syncToken=s1";
  const auto series = [](const std::string& start, const std::string& zone) {
    Json event = timed("s", start, zone);
    event["recurrence"] = {"RRULE:FREQ=DAILY"};
    event["extendedProperties"]["private"]["mortiseKey"] = "task:t1";
    return event;
  };
  const auto changed = [](const std::string& original, const std::string& key) {
    Json event = timed("s_1", "2027-03-28T10:00:00+02:00", "Europe/Madrid");
    event["recurringEventId"] = "s";
    event["originalStartTime"] = {{"dateTime", original}, {"timeZone", "Europe/Madrid"}};
    event["extendedProperties"]["private"]["mortiseKey"] = key;
    return event;
  };
  const std::string reads = "GET " + kEvents + "/s?timeZone=Europe%2FMadrid";
  SECTION("its series is in the same answer") {
    const Run run =
        replay(call, {{asked, ok(page({changed("2027-03-27T18:00:00+01:00", "task:t1"),
                                       series("2026-11-23T18:00:00+01:00", "Europe/Madrid")},
                                      "", "s2"))}});
    REQUIRE(run.items().size() == 2);
    CHECK(run.items()[1].slot == "2027-03-27T18:00:00");
    CHECK(run.items()[1].series == "s");
    CHECK(run.items()[1].key.empty());
  }
  SECTION("its series is asked for, once for all") {
    Json other = changed("2027-07-01T16:00:00Z", "task:t1/2027-07-01T18:00:00");
    other["id"] = "s_2";
    Json cancelled = {{"id", "s_3"},
                      {"status", "cancelled"},
                      {"recurringEventId", "s"},
                      {"originalStartTime", {{"dateTime", "2027-01-01T17:00:00Z"}}}};
    const Run run = replay(
        call,
        {{asked, ok(page({cancelled, other, changed("2027-03-27T17:00:00Z", "x")}, "", "s2"))},
         {reads, ok(series("2026-11-23T18:00:00+01:00", "Europe/Madrid"))}});
    REQUIRE(run.items().size() == 3);
    CHECK(run.items()[0].slot == "2027-01-01T18:00:00");
    CHECK(run.items()[0].fields == R"({"status":"cancelled"})");
    CHECK(run.items()[0].state == ItemState::present);
    CHECK(run.items()[1].slot == "2027-07-01T18:00:00");
    CHECK(run.items()[1].key == "task:t1/2027-07-01T18:00:00");
    CHECK(run.items()[2].slot == "2027-03-27T18:00:00");
  }
  SECTION("the clocks skip its time of day") {
    const Run run = replay(
        call, {{asked,
                ok(page(Json::array({changed("2027-03-28T03:30:00+02:00", "task:t1")}), "", "s2"))},
               {reads, ok(series("2026-11-23T02:30:00+01:00", "Europe/Madrid"))}});
    CHECK(run.items().at(0).slot == "2027-03-28T02:30:00");
  }
  SECTION("its series is shown in another zone than its own") {
    const Run run = replay(
        call, {{asked,
                ok(page(Json::array({changed("2027-03-28T17:00:00+02:00", "task:t1")}), "", "s2"))},
               {reads, ok(series("2026-11-23T17:00:00+01:00", "America/New_York"))},
               {"GET " + kEvents + "/s?timeZone=America%2FNew_York",
                ok(series("2026-11-23T11:00:00-05:00", "America/New_York"))}});
    CHECK(run.items().at(0).slot == "2027-03-28T11:00:00");
  }
  SECTION("its series has dates of its own: Google shows it in the series' zone") {
    Json dated = series("2026-11-23T18:00:00+01:00", "Europe/Madrid");
    dated["recurrence"] = {"RDATE:20270328T070000Z"};
    const Run run = replay(
        call,
        {{asked, ok(page(Json::array({changed("2027-03-28T07:00:00Z", "task:t1")}), "", "s2"))},
         {reads, ok(dated)},
         {"GET " + kEvents + "/s_1?timeZone=Europe%2FMadrid",
          ok(changed("2027-03-28T09:00:00+02:00", "task:t1"))}});
    CHECK(run.items().at(0).slot == "2027-03-28T09:00:00");
  }
  SECTION("its series is not in this calendar") {
    const Run run = replay(
        call, {{asked, ok(page(Json::array({changed("2027-03-28T07:00:00Z", "")}), "", "s2"))},
               {reads, refusal(404, "notFound")}});
    CHECK(run.items().at(0).series.empty());
    CHECK(run.items().at(0).slot.empty());
    CHECK(run.items().at(0).state == ItemState::present);
  }
  SECTION("its series of days is not in this calendar") {
    Json day = changed("2027-03-28T07:00:00Z", "");
    for (const char* time : {"start", "originalStartTime"}) day[time] = {{"date", "2027-03-28"}};
    day["end"] = {{"date", "2027-03-29"}};
    const Run run = replay(call, {{asked, ok(page(Json::array({day}), "", "s2"))},
                                  {"GET " + kEvents + "/s*", refusal(404, "notFound")}});
    CHECK(run.items().at(0).series.empty());
    CHECK(run.items().at(0).slot.empty());
    CHECK(run.items().at(0).state == ItemState::present);
  }
}

TEST_CASE("google: a channel is opened with a placeholder, and closed when it is gone",
          "[google][channel]") {
  CallInput call = about(Operation::open_channel);
  call.channel_id = "0b5e";
  call.channel_address = "https://app.example/hooks/google_calendar/0b5e";
  call.channel_expires_ms = 1'800'000'000'000;
  const std::string watch = "POST " + kEvents + "/watch";
  const Run opened = replay(call, {{watch, ok({{"kind", "api#channel"},
                                               {"id", "0b5e"},
                                               {"resourceId", "res"},
                                               {"expiration", "1795910400000"}})}});
  CHECK(Json::parse(opened.sent().at(0).body) == Json{{"id", "0b5e"},
                                                      {"type", "web_hook"},
                                                      {"address", call.channel_address},
                                                      {"token", "${channel_secret}"},
                                                      {"expiration", "1800000000000"}});
  CHECK_FALSE(opened.sent()[0].repeatable);
  CHECK(opened.channels() ==
        std::vector<mortise::Channel>{{.resource = "res", .expires_ms = 1'795'910'400'000}});

  call.channel_expires_ms = 0;
  const Run at_will = replay(call, {{watch, ok({{"resourceId", "res"}})}});
  CHECK_FALSE(Json::parse(at_will.sent().at(0).body).contains("expiration"));
  CHECK(at_will.channels().at(0).expires_ms == 0);
  CHECK(replay(call, {{watch, ok(Json::array())}}).error().code == Code::unavailable);
  CHECK(replay(call, {{watch, refusal(403, "insufficientPermissions")}}).error().code ==
        Code::forbidden);

  call.operation = Operation::close_channel;
  call.channel_resource = "res";
  const std::string stop = "POST /calendar/v3/channels/stop";
  const Run closed = replay(call, {{stop, {.status = 204}}});
  CHECK(closed.done());
  CHECK(Json::parse(closed.sent()[0].body) == Json{{"id", "0b5e"}, {"resourceId", "res"}});
  CHECK(replay(call, {{stop, refusal(404, "notFound")}}).done());
  CHECK(replay(call, {{stop, {.status = 404, .body = "<html>"}}}).error().code ==
        Code::unavailable);
}

TEST_CASE("google: events of a foreign zone are read in it, few singly and many by one listing",
          "[google][list]") {
  const auto there = [](int i) {
    return timed("e" + std::to_string(i), "2026-11-23T18:00:00+01:00", "America/New_York");
  };
  const auto shown = [](int i) {
    return timed("e" + std::to_string(i), "2026-11-23T12:00:00-05:00", "America/New_York");
  };
  SECTION("few") {
    const Run run = replay(about(Operation::list),
                           {{kListing, ok(page(Json::array({there(1)}), "", "s"))},
                            {"GET " + kEvents + "/e1?timeZone=America%2FNew_York", ok(shown(1))}});
    CHECK(Json::parse(run.items().at(0).fields)["start"] == "2026-11-23T12:00:00");
    CHECK(run.completed().size() == 1);
  }
  SECTION("many") {
    Json first = Json::array();
    Json second = Json::array();
    for (int i = 0; i < 30; ++i) {
      first.push_back(there(i));
      second.push_back(shown(i));
    }
    second.push_back(timed("other", "2026-11-23T12:00:00-05:00", "Europe/Madrid"));
    const Run run =
        replay(about(Operation::list),
               {{kListing, ok(page(first, "", "s"))},
                {kListing + "&timeZone=America%2FNew_York", ok(page(second, "", "s9"))}});
    CHECK(run.items().size() == 30);
    CHECK(run.cursor() == "s");
  }
}

TEST_CASE("google: what Google will not show again is left alone, and the rest is listed",
          "[google][list]") {
  const auto there = [](int i) {
    return timed("e" + std::to_string(i), "2026-11-23T18:00:00+01:00", "America/New_York");
  };
  const auto shown = [&](const std::string& zone) {
    return timed("e1", "2026-11-23T12:00:00-05:00", zone);
  };
  const auto alone = [](int i, const std::string& zone) {
    return "GET " + kEvents + "/e" + std::to_string(i) + "?timeZone=" + zone;
  };
  const std::string new_york = "America%2FNew_York";
  const auto list = [&](const Json& events, std::vector<Exchange> more) {
    more.push_back({kListing, ok(page(events, "", "s"))});
    return replay(about(Operation::list), std::move(more));
  };
  SECTION("one by one") {
    const Run run = list({there(1), there(2), there(3)},
                         {{alone(1, new_york), ok(shown("America/New_York"))},
                          {alone(2, new_york), refusal(400, "invalidParameter", "timeZone")},
                          {alone(3, new_york), refusal(403, "forbidden")}});
    REQUIRE(run.items().size() == 3);
    CHECK(Json::parse(run.items()[0].fields)["start"] == "2026-11-23T12:00:00");
    check_left_alone(run.items()[1]);
    check_left_alone(run.items()[2]);
    CHECK(run.completed().size() == 1);
    CHECK(run.cursor() == "s");
  }
  SECTION("in a delta, too") {
    CallInput call = about(Operation::list);
    call.cursor = "s1";
    const Run run =
        replay(call, {{kListing + "&syncToken=s1", ok(page(Json::array({there(1)}), "", "s2"))},
                      {alone(1, new_york), refusal(403, "forbidden")}});
    REQUIRE(run.items().size() == 1);
    check_left_alone(run.items()[0]);
    CHECK(run.cursor() == "s2");
  }
  SECTION("by a listing") {
    Json many = Json::array();
    for (int i = 0; i < 11; ++i) many.push_back(there(i));
    const Run run = list(
        many, {{kListing + "&timeZone=" + new_york, refusal(400, "invalidParameter", "timeZone")}});
    REQUIRE(run.items().size() == 11);
    for (const auto& item : run.items()) check_left_alone(item);
    CHECK(run.completed().size() == 1);
  }
  SECTION("it has another zone each time") {
    const Run run =
        list(Json::array({there(1)}), {{alone(1, new_york), ok(shown("Asia/Tokyo"))},
                                       {alone(1, "Asia%2FTokyo"), ok(shown("Europe/London"))},
                                       {alone(1, "Europe%2FLondon"), ok(shown("Asia/Tokyo"))}});
    REQUIRE(run.items().size() == 1);
    check_left_alone(run.items()[0]);
    CHECK(run.completed().size() == 1);
  }
  SECTION("but nothing may be read any more") {
    const Run run = list(Json::array({there(1)}),
                         {{alone(1, new_york), refusal(403, "insufficientPermissions")}});
    CHECK(run.error().code == Code::forbidden);
    CHECK(run.completed().empty());
  }
}

TEST_CASE("google: an occurrence whose series is not shown is left alone, and not deleted",
          "[google][list]") {
  const auto occurrence = [](const std::string& id) {
    return Json{{"id", id},
                {"status", "cancelled"},
                {"recurringEventId", "s"},
                {"originalStartTime", {{"dateTime", "2027-01-01T17:00:00Z"}}}};
  };
  const Json items = {occurrence("s_1"), occurrence("s_2")};
  const std::string read = "GET " + kEvents + "/s";
  SECTION("Google refuses the series") {
    const Run run = replay(about(Operation::list), {{kListing, ok(page(items, "", "s"))},
                                                    {read, refusal(403, "forbidden")}});
    REQUIRE(run.items().size() == 2);
    for (const auto& item : run.items()) check_left_alone(item);
  }
  SECTION("the series is somebody's birthday") {
    const Run run = replay(about(Operation::list),
                           {{kListing, ok(page(items, "", "s"))}, {read, ok(birthday("s"))}});
    REQUIRE(run.items().size() == 2);
    for (const auto& item : run.items()) check_left_alone(item);
  }
  SECTION("the series is in the same answer") {
    Json all = items;
    all.push_back(busy("s"));
    const Run run = replay(about(Operation::list), {{kListing, ok(page(all, "", "s"))}});
    REQUIRE(run.items().size() == 3);
    for (const auto& item : run.items()) check_left_alone(item);
  }
  SECTION("Google refuses the occurrence, whose slot only its series' zone can tell") {
    Json dated = timed("s", "2026-11-23T18:00:00+01:00", "Europe/Madrid");
    dated["recurrence"] = {"RDATE:20270101T170000Z"};
    const std::string zone = "?timeZone=Europe%2FMadrid";
    const Run run = replay(about(Operation::list),
                           {{kListing, ok(page({occurrence("s_1"), dated}, "", "s"))},
                            {"GET " + kEvents + "/s_1" + zone, refusal(403, "forbidden")}});
    REQUIRE(run.items().size() == 2);
    CHECK(run.items()[0].id == "s");
    check_left_alone(run.items()[1]);
  }
}

TEST_CASE("google: pages that never end are given up", "[google][list]") {
  const auto leads_to = [](const std::string& next) { return ok(page(Json::array(), next, "")); };
  const std::string at = kListing + "&pageToken=";
  for (const std::vector<Exchange>& pages :
       {std::vector<Exchange>{{kListing, leads_to("a")}, {at + "a", leads_to("a")}},
        std::vector<Exchange>{
            {kListing, leads_to("a")}, {at + "a", leads_to("b")}, {at + "b", leads_to("a")}}}) {
    const Run run = replay(about(Operation::list), pages);
    CHECK(run.error().code == Code::unavailable);
    CHECK(run.completed().empty());
  }
}

TEST_CASE("google: get says what is absent and learns the zone from the first event",
          "[google][get]") {
  CallInput call = about(Operation::get);
  call.ids = {"e1", "e2", "e3"};
  const std::string in_zone = "?timeZone=Europe%2FMadrid";
  const Json event = timed("e1", "2026-11-23T17:00:00Z", "Europe/Madrid");
  const Json shown = timed("e1", "2026-11-23T18:00:00+01:00", "Europe/Madrid");
  Json second = shown;
  second["id"] = "e2";
  const Run run = replay(call, {{"GET " + kEvents + "/e1", ok(event)},
                                {"GET " + kEvents + "/e2" + in_zone, ok(second)},
                                {"GET " + kEvents + "/e3" + in_zone, refusal(404, "notFound")},
                                {"GET " + kEvents + "/e1" + in_zone, ok(shown)}});
  REQUIRE(run.items().size() == 3);
  for (const auto& item : run.items()) {
    if (item.id == "e3") {
      CHECK(item.state == ItemState::absent);
    } else {
      CHECK(Json::parse(item.fields)["start"] == "2026-11-23T18:00:00");
    }
  }
}

TEST_CASE("google: get never calls absent what Google did not say is", "[google][get]") {
  CallInput call = about(Operation::get);
  call.ids = {"e1"};
  const Run run = replay(call, {{"GET " + kEvents + "/e1", {.status = 404, .body = "<html>"}}});
  CHECK(run.items().empty());
  CHECK(run.error().code == Code::unavailable);
}

TEST_CASE("google: get tells of what is not shown that it is there", "[google][get]") {
  CallInput call = about(Operation::get);
  call.ids = {"e1", "e2", "e3", "e4", "e5"};
  Json was_birthday = birthday("e5");
  was_birthday["status"] = "cancelled";
  const std::string read = "GET " + kEvents + "/";
  const Run run = replay(call, {{read + "e1", ok(birthday("e1"))},
                                {read + "e2", ok(busy("e2"))},
                                {read + "e3", refusal(403, "forbidden")},
                                {read + "e4", refusal(400, "invalid")},
                                {read + "e5", ok(was_birthday)}});
  REQUIRE(run.items().size() == 5);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(run.items()[i].id == call.ids[i]);
    check_left_alone(run.items()[i]);
  }
  CHECK(run.items()[4].state == ItemState::deleted);
  call.ids = {"e1"};
  const Run closed = replay(call, {{read + "e1", refusal(403, "insufficientPermissions")}});
  CHECK(closed.error().code == Code::forbidden);
  CHECK(closed.items().empty());
}

TEST_CASE("google: find follows the pages of each key", "[google][find]") {
  CallInput call = about(Operation::find);
  call.ids = {"task:t1", "task:t2"};
  const auto given = [](char digit, const std::string& key) {
    Json event = timed(std::string(32, digit), "2026-11-23T18:00:00+01:00", "Europe/Madrid");
    event["extendedProperties"]["private"]["mortiseKey"] = key;
    return Json::array({event});
  };
  const std::string asked =
      "GET " + kEvents + "?maxResults=250&privateExtendedProperty=mortiseKey%3Dtask%3A";
  const Run run =
      replay(call, {{asked + "t1", ok(page(Json::array(), "p1", ""))},
                    {asked + "t2", ok(page(given('2', "task:t2"), "", ""))},
                    {asked + "t1&pageToken=p1", ok(page(Json::array(), "p2", ""))},
                    {asked + "t1&pageToken=p2", ok(page(given('1', "task:t1"), "", ""))}});
  REQUIRE(run.items().size() == 2);
  CHECK(run.items()[0].key == "task:t2");
  CHECK(run.items()[1].key == "task:t1");
  call.ids = {"task:t1"};
  const Run endless = replay(call, {{asked + "t1", ok(page(Json::array(), "p", ""))},
                                    {asked + "t1&pageToken=p", ok(page(Json::array(), "p", ""))}});
  CHECK(endless.error().code == Code::unavailable);
}

TEST_CASE("google: find asks for each key by itself", "[google][find]") {
  CallInput call = about(Operation::find);
  call.ids = {"task:t1", "task:t2"};
  const std::string id = "28be8711c580e4ce30340a9c07126fb5";
  Json event = timed(id, "2026-11-23T18:00:00+01:00", "Europe/Madrid");
  event["extendedProperties"]["private"]["mortiseKey"] = "task:t1";
  Json instance = event;
  instance["id"] = id + "_x";
  instance["recurringEventId"] = id;
  instance["originalStartTime"] = {{"date", "2026-11-23"}};
  const std::string asked =
      "GET " + kEvents + "?maxResults=250&privateExtendedProperty=mortiseKey%3Dtask%3A";
  const Run run = replay(call, {{asked + "t1", ok(page({event, instance}, "", ""))},
                                {asked + "t2", ok(page(Json::array(), "", ""))}});
  REQUIRE(run.items().size() == 1);
  CHECK(run.items()[0].key == "task:t1");

  call.ids = {"task:t1/2026-11-23"};
  instance["extendedProperties"]["private"]["mortiseKey"] = "task:t1/2026-11-23";
  const Run of_one =
      replay(call, {{asked + "t1%2F2026-11-23", ok(page(Json::array({instance}), "", ""))}});
  REQUIRE(of_one.items().size() == 1);
  CHECK(of_one.items()[0].slot == "2026-11-23");
  CHECK(of_one.items()[0].key == "task:t1/2026-11-23");
}

TEST_CASE(
    "google: calendars that can be written to are offered, the main one even without the list",
    "[google][targets]") {
  const std::string asked =
      "GET /calendar/v3/users/me/calendarList?maxResults=250&minAccessRole=writer";
  const Json main = {{"id", "me@x"}, {"summary", "Me"}, {"primary", true}, {"accessRole", "owner"}};
  const Json other = {
      {"id", "o"}, {"summary", "Other"}, {"summaryOverride", "Mine"}, {"accessRole", "writer"}};
  const Run run =
      replay(about(Operation::targets), {{asked, ok({{"items", {main}}, {"nextPageToken", "2"}})},
                                         {asked + "&pageToken=2", ok({{"items", {other}}})}});
  REQUIRE(run.targets().size() == 2);
  CHECK(run.targets()[0].is_default);
  CHECK(run.targets()[1].title == "Mine");
  const Run endless =
      replay(about(Operation::targets),
             {{asked, ok({{"items", {main}}, {"nextPageToken", "2"}})},
              {asked + "&pageToken=2", ok({{"items", {other}}, {"nextPageToken", "2"}})}});
  CHECK(endless.error().code == Code::unavailable);
  const Run without =
      replay(about(Operation::targets), {{asked, refusal(403, "insufficientPermissions")}});
  REQUIRE(without.targets().size() == 1);
  CHECK(without.targets()[0].id == "primary");
  CHECK(without.targets()[0].is_default);
}

TEST_CASE("google: a calendar of our own is made once, in the account's zone",
          "[google][targets]") {
  CallInput call = about(Operation::make_target);
  call.title = "Plans";
  call.once_key = "00ff";
  const Json main = {{"id", "me@x"}, {"primary", true}, {"timeZone", "Europe/Madrid"}};
  Json ours = {{"id", "c1"}, {"summary", "Plans"}, {"description", "Your plans. (mortise:00ff)"}};
  const Run made = replay(call, {{"GET *", ok({{"items", {main}}})},
                                 {"POST /calendar/v3/calendars", ok(ours), "Europe/Madrid"}});
  CHECK(made.targets().at(0).id == "c1");
  CHECK_FALSE(made.sent()[1].repeatable);
  CHECK(Json::parse(made.sent()[1].body)["description"] == ours["description"]);
  const Run found = replay(call, {{"GET *", ok({{"items", {main, ours}}})}});
  CHECK(found.targets().at(0).id == "c1");
  const Run refused = replay(call, {{"GET *", refusal(403, "insufficientPermissions")}});
  CHECK(refused.error().code == Code::forbidden);
  CHECK(refused.error().message.find("connect again") != std::string::npos);
}

TEST_CASE("google: the id token says whose grant it is; without one Google is asked",
          "[google][identity]") {
  CallInput call = about(Operation::identity);
  call.token_reply = R"({"id_token_claims":{"sub":"1","email":"a@x","name":"Ann"}})";
  CHECK(Json::parse(replay(call, {}).identity()) ==
        Json{{"id", "1"}, {"email", "a@x"}, {"name", "Ann"}});
  call.token_reply = "{}";
  const Run asked = replay(call, {{"GET /v1/userinfo", ok({{"sub", "1"}, {"email", "a@x"}})}});
  CHECK(asked.sent()[0].origin == "openid");
  CHECK(Json::parse(asked.identity()) == Json{{"id", "1"}, {"email", "a@x"}});
  CHECK(replay(call, {{"GET /v1/userinfo", ok(Json::array())}}).error().code == Code::unavailable);
}

TEST_CASE("google: an estimate counts what write would send", "[google][estimate]") {
  CallInput call = about(Operation::estimate);
  const Json day = {{"start", "2026-11-24"}};
  mortise::Write occurrence = google_tests::creation("task:t2/2026-11-24", day);
  occurrence.slot = "2026-11-24";
  occurrence.parent_id = "s";
  call.writes = {google_tests::creation("task:t1", day),
                 google_tests::update("e1", day, {"help"}),
                 google_tests::update("e1", day, {"title"}),
                 google_tests::update("e1", day, {"participants"}),
                 google_tests::removal("e1"),
                 occurrence,
                 occurrence};
  const Run run = replay(call, {});
  CHECK(run.estimated_writes() == 6);
  CHECK(run.estimated_reads() == 4);  // guests; the series once, each occurrence
}

TEST_CASE("google: the library and its manifest are such as the host takes", "[google][manifest]") {
  const auto loaded = mortise::plugin::load_connector(
      std::filesystem::path(MORTISE_BINARY_DIR) / "plugins/google_calendar", {}, {});
  INFO((loaded.ok() ? "" : loaded.error().message));
  REQUIRE(loaded.ok());
  const mortise::ports::Manifest& manifest = (*loaded)->manifest();
  CHECK(manifest.kind("event")->client_ids);
  CHECK(manifest.kind("event")->versions);
  CHECK(manifest.kind("event")->occurrences);
  CHECK(manifest.notifications.token_header == "x-goog-channel-token");
  CHECK(manifest.export_label == "Add to Calendar");
  // Google means one account, or one calendar: others need not wait.
  std::size_t reasons = 0;
  for (const auto& rule : manifest.limit_rules) {
    CHECK(rule.scope == mortise::ports::BudgetScope::connection);
    reasons += rule.values.size();
  }
  CHECK(reasons == 4);
  mortise::ports::Call call;
  call.operation = mortise::ports::Operation::list;
  call.target.id = "primary";
  const auto started = (*loaded)->begin(call);
  REQUIRE(started.step.requests.size() == 1);
  CHECK(started.step.requests[0].target ==
        "/calendar/v3/calendars/primary/events?maxResults=250&showDeleted=true");
}
