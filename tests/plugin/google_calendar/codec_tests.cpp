// The connector's pure parts: words to events and back.
#include "codec.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>

#include "calendars.hpp"
#include "colors.hpp"
#include "common/json.hpp"
#include "markup.hpp"
#include "replies.hpp"
#include "times.hpp"

using google_calendar::Clues;
using google_calendar::EventRead;
using Json = nlohmann::json;
using mortise::Action;
using mortise::ItemState;
using mortise::Write;

namespace {

Write creation(const Json& fields) {
  Write write;
  write.kind = "event";
  write.key = "task:tsk_1";
  write.once_key = "0123456789abcdef0123456789abcdef";
  write.fields = fields.dump();
  return write;
}

Write change(const Json& fields, std::vector<std::string> changed) {
  Write write = creation(fields);
  write.action = Action::update;
  write.changed = std::move(changed);
  return write;
}

Json body_of(const Json& fields) {
  const auto body = google_calendar::insert_body(creation(fields));
  REQUIRE(body.ok());
  return Json::parse(*body);
}

/// What is read of the event that the body makes, shown in its own zone.
Json read_back(const Json& fields) {
  Json event = body_of(fields);
  event["etag"] = "\"1\"";
  Clues clues;
  if (event["start"].contains("timeZone")) clues.shown_in = event["start"]["timeZone"];
  const auto read = google_calendar::read_event(event.dump(), clues);
  REQUIRE(read.ok());
  CHECK(read->unread_zone.empty());
  CHECK(read->item.key == "task:tsk_1");
  return Json::parse(read->item.fields);
}

unsigned seed() {
  const char* given = std::getenv("MORTISE_SEED");
  return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                          : std::random_device{}();
}

/// Text with the characters that hurt: markup, entities, several bytes, line ends.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kParts = {
      "a",    "<",     ">",          "&", "<b>",  "</b>",  "&amp;", "&lt;",
      "é",    "🎯",     "\n",         " ", "<br>", "&#39;", "\"",    "<a href=\"x\">",
      "</p>", "x < y", "&#x110000;", "'", ";",    "#"};
  std::string text;
  for (auto left = random() % 12; left > 0; --left) text += kParts[random() % kParts.size()];
  return text;
}

Json random_fields(std::mt19937& random) {
  const auto chance = [&] { return random() % 2 == 0; };
  Json fields{{"title", "Task " + std::to_string(random() % 1000)}};
  if (chance()) {
    fields["start"] = google_calendar::write_day(static_cast<std::int64_t>(random() % 30'000) *
                                                 google_calendar::kDay);
    fields["showWithoutTime"] = true;
    fields["duration"] = "P" + std::to_string(random() % 9 + 1) + "D";
  } else {
    const std::int64_t wall = static_cast<std::int64_t>(random() % 60'000'000) * 60;
    fields["start"] = google_calendar::write_local(wall);
    fields["timeZone"] = "Europe/Madrid";
    fields["duration"] =
        google_calendar::write_duration(60 + static_cast<std::int64_t>(random() % 100'000));
  }
  if (chance()) fields["description"] = random_text(random);
  if (fields.value("description", "x").empty()) fields.erase("description");
  if (chance()) fields["location"] = "Room <1> & co";
  if (chance()) {
    Json alerts = Json::array();
    for (int i = 0; i < static_cast<int>(random() % 6); ++i) {
      alerts.push_back({{"method", i % 2 == 0 ? "popup" : "email"}, {"minutes", i * 10}});
    }
    fields["alerts"] = alerts;
  }
  if (chance()) {
    fields["participants"] = Json::array(
        {{{"email", "ann@example.org"}, {"name", "Ann"}}, {{"email", "zoe@example.org"}}});
  }
  if (chance()) fields["color"] = google_calendar::color_name(std::to_string(random() % 11 + 1));
  if (chance()) fields["status"] = "tentative";
  if (chance())
    fields["links"] = Json::array({{{"href", "https://example.org/1"}, {"title", "Plan"}}});
  if (chance()) fields["recurrence"] = Json::array({"RRULE:FREQ=WEEKLY;COUNT=5"});
  if (chance()) fields["x"] = {{"google_calendar", {{"transparency", "transparent"}}}};
  return fields;
}

}  // namespace

TEST_CASE("google: what is written as an event reads back the same", "[google][codec]") {
  const unsigned with = seed();
  INFO("MORTISE_SEED=" << with);
  std::mt19937 random(with);
  for (int i = 0; i < 500; ++i) {
    const Json fields = random_fields(random);
    INFO(fields.dump());
    CHECK(read_back(fields) == fields);
  }
}

TEST_CASE("google: a timed event and a day, as Google spells them", "[google][codec]") {
  const Json timed =
      body_of({{"title", "Install Xcode"},
               {"start", "2026-11-23T18:00:00"},
               {"timeZone", "Europe/Madrid"},
               {"duration", "PT1H36M"},
               {"color", "green"},
               {"alerts", {{{"method", "popup"}, {"minutes", 30}}}},
               {"links", {{{"href", "https://example.org/1"}, {"title", "Resource"}}}},
               {"unheard", {"of", "this"}}});
  CHECK(timed == Json::parse(R"({
    "id": "0123456789abcdef0123456789abcdef", "summary": "Install Xcode", "status": "confirmed", "colorId": "10",
    "start": {"dateTime": "2026-11-23T18:00:00", "timeZone": "Europe/Madrid"},
    "end": {"dateTime": "2026-11-23T19:36:00", "timeZone": "Europe/Madrid"},
    "reminders": {"useDefault": false, "overrides": [{"method": "popup", "minutes": 30}]},
    "source": {"title": "Resource", "url": "https://example.org/1"},
    "extendedProperties": {"private": {"mortiseKey": "task:tsk_1"}}})"));
  const Json day =
      body_of({{"start", "2026-12-31"}, {"showWithoutTime", true}, {"duration", "P1D"}});
  CHECK(day["start"] == Json{{"date", "2026-12-31"}});
  CHECK(day["end"] == Json{{"date", "2027-01-01"}});
  CHECK(day["reminders"] == Json{{"useDefault", true}});
}

TEST_CASE("google: a patch holds the changed fields and nothing else", "[google][codec]") {
  const Json fields = {{"title", "T"},
                       {"start", "2026-11-24"},
                       {"showWithoutTime", true},
                       {"duration", "P2D"},
                       {"description", "d"}};
  const auto patch = [&](std::vector<std::string> changed) {
    const std::string body = google_calendar::patch_body(change(fields, std::move(changed)), {});
    return body.empty() ? Json() : Json::parse(body);
  };
  CHECK(patch({"title"}) == Json{{"summary", "T"}});
  CHECK(patch({"color", "location"}) == Json{{"colorId", nullptr}, {"location", nullptr}});
  CHECK(patch({"alerts"}) == Json{{"reminders", {{"useDefault", true}, {"overrides", nullptr}}}});
  CHECK(patch({"x"}) == Json{{"transparency", "opaque"}});
  CHECK(patch({"nothing known"}).is_null());
  const Json other = {{"dateTime", nullptr}, {"timeZone", nullptr}};
  Json start = other;
  Json end = other;
  start["date"] = "2026-11-24";
  end["date"] = "2026-11-26";
  CHECK(patch({"showWithoutTime", "start", "timeZone"}) == Json{{"start", start}, {"end", end}});

  // Whatever somebody has made of one there: a series' start and its rules go together.
  Json series = fields;
  series["recurrence"] = {"RRULE:FREQ=DAILY;COUNT=3"};
  for (const char* word : {"showWithoutTime", "start", "timeZone", "recurrence"}) {
    const Json body = Json::parse(google_calendar::patch_body(change(series, {word}), {}));
    CHECK(body == Json{{"start", start}, {"end", end}, {"recurrence", series["recurrence"]}});
  }
  CHECK(Json::parse(google_calendar::patch_body(change(series, {"duration"}), {})) ==
        Json{{"start", start}, {"end", end}});
}

TEST_CASE("google: limits are kept by cutting, never by failing", "[google][codec]") {
  std::string text;
  for (int i = 0; i < 9000; ++i) text += "é";
  Json alerts = Json::array();
  for (int i = 0; i < 8; ++i) alerts.push_back({{"method", "popup"}, {"minutes", 100'000 - i}});
  alerts.push_back({{"method", "email"}, {"minutes", -5}});
  Json people = Json::array();
  for (int i = 0; i < 300; ++i)
    people.push_back({{"email", "a" + std::to_string(i) + "@example.org"}});
  const Json body = body_of({{"start", "2026-11-24"},
                             {"description", text},
                             {"alerts", alerts},
                             {"participants", people}});
  CHECK(body["description"].get<std::string>().size() == 16'000);
  CHECK(body["reminders"]["overrides"] ==
        Json::parse(R"([{"method":"email","minutes":0},{"method":"popup","minutes":40320}])"));
  CHECK(body["attendees"].size() == 200);
  const std::string escaped = google_calendar::description_of("<b>" + std::string(7999, '&'), 8000);
  CHECK(google_calendar::first_characters(escaped, 8000) == escaped);
  CHECK(google_calendar::plain_of(escaped).rfind("<b>&&", 0) == 0);
}

TEST_CASE("google: markup is taken off, and text that looks like it survives", "[google][codec]") {
  using google_calendar::plain_of;
  CHECK(plain_of("<p>One</p><p>Two &amp; <b>three</b></p>") == "One\nTwo & three");
  CHECK(plain_of("a<br>b<BR/>c") == "a\nb\nc");
  CHECK(plain_of("<a href=\"https://x.org\">x</a>&nbsp;y &#128512; &#x1F600;") == "x y 😀 😀");
  CHECK(plain_of("if a<b and c>d && e") == "if a<b and c>d && e");
  CHECK(plain_of("<unknown> & <a") == "<unknown> & <a");
  CHECK(plain_of("<") == "<");
  CHECK(plain_of("<b") == "<b");
  CHECK(plain_of("&#xD800;&#0;&;") == "&#xD800;&#0;&;");
  CHECK(google_calendar::description_of("x <b>y</b>", 8000) == "x &lt;b&gt;y&lt;/b&gt;");
  CHECK(google_calendar::description_of("1 < 2 & 3", 8000) == "1 < 2 & 3");
}

TEST_CASE("google: a colour that Google lacks becomes the nearest", "[google][codec]") {
  CHECK(google_calendar::color_id("red") == "11");
  CHECK(google_calendar::color_id("crimson") == "11");
  CHECK(google_calendar::color_id("blue") == "9");
  CHECK(google_calendar::color_id("gray") == "8");
  CHECK(google_calendar::color_id("no colour").empty());
  for (int id = 1; id <= 11; ++id) {
    const std::string name = google_calendar::color_name(std::to_string(id));
    CHECK(google_calendar::color_id(name) == std::to_string(id));
  }
}

TEST_CASE("google: a local start is said only where it is known", "[google][codec]") {
  const std::string event =
      R"({"id":"e1","start":{"dateTime":"2026-11-23T12:00:00-05:00","timeZone":"Europe/Madrid"},
    "end":{"dateTime":"2026-11-23T13:00:00-05:00","timeZone":"Europe/Madrid"}})";
  const auto read = [&](Clues clues) { return *google_calendar::read_event(event, clues); };
  CHECK(read({}).unread_zone == "Europe/Madrid");
  CHECK(read({"America/New_York", ""}).unread_zone == "Europe/Madrid");
  const EventRead by_memo = read({"", "2026-11-23T17:00:00Z 2026-11-23T18:00:00 Europe/Madrid"});
  CHECK(by_memo.unread_zone.empty());
  CHECK(Json::parse(by_memo.item.fields)["start"] == "2026-11-23T18:00:00");
  // Moved since, or another zone, or nonsense: proves nothing.
  CHECK_FALSE(
      read({"", "2026-11-23T16:00:00Z 2026-11-23T17:00:00 Europe/Madrid"}).unread_zone.empty());
  CHECK_FALSE(
      read({"", "2026-11-23T17:00:00Z 2026-11-23T18:00:00 Europe/Paris"}).unread_zone.empty());
  CHECK_FALSE(
      read({"", "2026-11-23T17:00:00Z xxxx-11-23T18:00:00 Europe/Madrid"}).unread_zone.empty());
  const auto utc = google_calendar::read_event(
      R"({"id":"e1","start":{"dateTime":"2026-11-23T12:00:00-05:00","timeZone":"UTC"},"end":{"dateTime":"2026-11-23T12:30:00-05:00"}})",
      {});
  CHECK(Json::parse(utc->item.fields) ==
        Json{{"start", "2026-11-23T17:00:00"}, {"timeZone", "UTC"}, {"duration", "PT30M"}});
}

TEST_CASE("google: the owner is no participant and guests keep what they answered",
          "[google][codec]") {
  const std::string event = R"({"id":"e1","attendees":[
    {"email":"Me@example.org","self":true,"organizer":true,"responseStatus":"accepted"},
    {"email":"Zoe@example.org","responseStatus":"declined","comment":"no"},
    {"email":"ann@example.org","responseStatus":"accepted","displayName":"Ann"}]})";
  const auto read = google_calendar::read_event(event, {});
  CHECK(Json::parse(read->item.fields)["participants"] ==
        Json::parse(R"([{"email":"ann@example.org","name":"Ann"},{"email":"zoe@example.org"}])"));
  const Json fields = {
      {"participants", {{{"email", "new@example.org"}}, {{"email", "zoe@example.org"}}}}};
  const Json body =
      Json::parse(google_calendar::patch_body(change(fields, {"participants"}), event));
  CHECK(body["attendees"] == Json::parse(R"([
    {"email":"Me@example.org","self":true,"organizer":true,"responseStatus":"accepted"},
    {"email":"new@example.org"},
    {"email":"Zoe@example.org","responseStatus":"declined","comment":"no"}])"));
}

TEST_CASE("google: a copy of our event has our key, and is not ours", "[google][codec]") {
  const auto key_of = [](const std::string& id) {
    const auto read = google_calendar::read_event(
        R"({"id":")" + id + R"(","extendedProperties":{"private":{"mortiseKey":"task:t1"}}})", {});
    return read->item.key;
  };
  const std::string given = "28be8711c580e4ce30340a9c07126fb5";
  CHECK(key_of(given) == "task:t1");
  CHECK(key_of(given + "_R20270710").empty());          // "this and following" of it
  CHECK(key_of("3qv1c8kd2s0e5m7tb4h6r9jn2k").empty());  // an id that Google made
}

TEST_CASE("google: an instance that differs carries its series and slot", "[google][codec]") {
  const auto moved = google_calendar::read_event(
      R"({"id":"s_20261123T170000Z","etag":"\"4\"","recurringEventId":"s","status":"confirmed",
          "originalStartTime":{"dateTime":"2026-11-23T18:00:00+01:00","timeZone":"Europe/Madrid"},
          "start":{"date":"2026-11-25"},"end":{"date":"2026-11-26"},
          "extendedProperties":{"private":{"mortiseKey":"task:t1"}}})",
      {});
  CHECK(moved->item.series == "s");
  CHECK(moved->item.key.empty());  // its slot takes the series' clock
  REQUIRE(moved->original);
  CHECK(moved->original->instant_s() == 1'795'453'200);
  CHECK(moved->original_zone == "Europe/Madrid");
  EventRead settled = *moved;
  google_calendar::settle_slot(settled, "2026-11-23T18:00:00");
  CHECK(settled.item.slot == "2026-11-23T18:00:00");
  CHECK(settled.item.key.empty());  // the key that it has is its series' one
  settled.found_key = "task:t1/2026-11-23T18:00:00";
  google_calendar::settle_slot(settled, "2026-11-23T18:00:00");
  CHECK(settled.item.key == "task:t1/2026-11-23T18:00:00");
  const auto cancelled = google_calendar::read_event(
      R"({"id":"s_2","recurringEventId":"s","status":"cancelled","originalStartTime":{"date":"2026-11-30"}})",
      {});
  CHECK(cancelled->item.state == ItemState::present);
  CHECK(cancelled->item.fields == R"({"status":"cancelled"})");
  CHECK(cancelled->item.slot == "2026-11-30");
  const auto bare = google_calendar::read_event(R"({"id":"e","status":"cancelled"})", {});
  CHECK(bare->item.state == ItemState::deleted);
}

TEST_CASE("connectors: what is nested deeper than anybody nests is not read", "[google][codec]") {
  const auto nest = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(common::parse(nest(64)).is_array());
  CHECK(common::parse(nest(65)).is_discarded());
  CHECK(common::parse(R"([{"a":)" + nest(63) + "}]").is_discarded());
  // Only what stands in each other counts, and no bracket in a text.
  CHECK(common::parse(R"({"a":"\\\"[[)" + std::string(100, '[') + R"(","b":[]})").is_object());
  std::string many = "[";
  for (int i = 0; i < 100; ++i) many += "[],";
  CHECK(common::parse(many + "[]]").is_array());
  // The library writes and copies by recursion: such a depth would end the stack.
  const std::string event = R"({"id":"e1","attendees":)" + nest(1'000'000) + "}";
  CHECK_FALSE(google_calendar::read_event(event, {}).ok());
  CHECK_FALSE(google_calendar::read_events(R"({"items":[)" + event + "]}", {}).ok());
}

TEST_CASE("google: an edit time before 1970 is none", "[google][codec]") {
  for (const char* updated : {"0000-12-31T00:00:00.000Z", "1969-12-31T23:59:59.000Z"}) {
    const Json event = {{"id", "e1"}, {"updated", updated}};
    const auto read = google_calendar::read_event(event.dump(), {});
    REQUIRE(read.ok());
    CHECK(read->item.edited_ms == 0);
  }
}

TEST_CASE("google: hostile JSON is read as what it is not", "[google][codec]") {
  const std::string deep(200'000, '[');
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{\"id\":7}"), deep,
        std::string("{\"id\":\"\xff\xfe\"}x"), std::string("{\"items\":{}}")}) {
    CHECK_FALSE(google_calendar::read_event(text, {}).ok());
    CHECK_FALSE(google_calendar::read_events(text, {}).ok());
    CHECK_FALSE(google_calendar::read_calendar(text).ok());
    CHECK(google_calendar::identity_of_userinfo(text).empty());
  }
  const std::vector<std::string> values = {"null",
                                           "1.5",
                                           "-1",
                                           "18446744073709551615",
                                           "\"x\"",
                                           "[]",
                                           "{}",
                                           "[null,1,\"x\",{}]",
                                           "true",
                                           "{\"dateTime\":\"2026-99-99T99:99:99Z\"}",
                                           "{\"date\":\"9999-12-31\"}",
                                           "{\"dateTime\":\"2026-11-23T18:00:00+99:99\"}",
                                           "{\"overrides\":[{\"minutes\":1e99}],\"useDefault\":3}"};
  for (const char* name :
       {"start", "end", "attendees", "reminders", "summary", "description", "colorId", "source",
        "recurrence", "extendedProperties", "status", "updated", "originalStartTime",
        "recurringEventId", "etag", "transparency", "sequence"}) {
    for (const std::string& value : values) {
      const std::string event = R"({"id":"e1",")" + std::string(name) + "\":" + value + "}";
      INFO(event);
      const auto read = google_calendar::read_event(event, {"Europe/Madrid", "x"});
      REQUIRE(read.ok());
      CHECK(Json::parse(read->item.fields).is_object());
      const Write write = change({{"start", "2026-11-24"}, {"participants", Json::array()}},
                                 {"participants", "start"});
      CHECK(Json::parse(google_calendar::patch_body(write, event)).is_object());
      CHECK(Json::parse(google_calendar::revive_body(write, event)).is_object());
      google_calendar::length_body(write, event);
      google_calendar::memo_of_sent(write, event);
    }
  }
  for (const char* word : {"title", "start", "timeZone", "duration", "alerts", "participants",
                           "color", "links", "recurrence", "x", "showWithoutTime", "status"}) {
    for (const std::string& value : values) {
      const Json fields = {{word, Json::parse(value)}};
      INFO(fields.dump());
      const std::string body = google_calendar::patch_body(change(fields, {word}), {});
      CHECK((body.empty() || Json::parse(body).is_object()));
    }
  }
}

TEST_CASE("google: durations and days", "[google][codec]") {
  using namespace google_calendar;
  CHECK(read_duration("PT1H36M") == 5760);
  CHECK(read_duration("P1DT1S") == 86'401);
  CHECK(read_duration("P2W") == 14 * kDay);
  for (const char* wrong : {"", "P", "PT", "P1", "1D", "P1H", "PT1D", "P-1D", "P1DT",
                            "P99999999999999999999D", "PT1.5H"}) {
    CHECK_FALSE(read_duration(wrong));
  }
  CHECK(write_duration(0) == "PT0S");
  CHECK(write_duration(90'061) == "PT25H1M1S");
  CHECK(read_stamp("2026-11-23T18:00:00.123+01:30")->instant_s() ==
        read_stamp("2026-11-23T16:30:00Z")->wall_s);
  for (const char* wrong : {"2026-02-30T00:00:00", "2026-11-23 18:00:00", "2026-11-23T24:00:00",
                            "2026-11-23T18:00:00x"}) {
    CHECK_FALSE(read_stamp(wrong));
  }
  CHECK(write_local(-1) == "1969-12-31T23:59:59");
}
