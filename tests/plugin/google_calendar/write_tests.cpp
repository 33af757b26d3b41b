// The conversations of a write, against canned answers.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "google_calendar.hpp"
#include "world.hpp"

using google_tests::creation;
using google_tests::removal;
using google_tests::update;
using Json = nlohmann::json;
using mortise::CallInput;
using mortise::Code;
using mortise::Outcome;
using mortise::Reply;
using mortise::Write;
using mortise::WriteResult;
using mortise::testing::Exchange;
using mortise::testing::Run;

namespace {

const Json kDay = {{"title", "Read"},
                   {"start", "2026-11-24"},
                   {"showWithoutTime", true},
                   {"duration", "P1D"},
                   {"alerts", Json::array()}};
const std::string kEvents = "/calendar/v3/calendars/cal%40x/events";
const std::string kQuiet = "?sendUpdates=none";

CallInput writing(std::vector<Write> writes) {
  CallInput call;
  call.operation = mortise::Operation::write;
  call.target_id = "cal@x";
  call.writes = std::move(writes);
  return call;
}

Run replay(std::vector<Write> writes, std::vector<Exchange> exchanges) {
  static const mortise::testing::Script script(
      mortise::make_connector<google_calendar::GoogleCalendar>);
  script.abandon_at_every_step(writing(writes), exchanges);
  Run run = script.replay(writing(std::move(writes)), std::move(exchanges));
  CHECK(run.breaches() == std::vector<std::string>{});
  return run;
}

Json event(const std::string& id, const std::string& key, const std::string& version) {
  return {{"id", id},
          {"etag", version},
          {"status", "confirmed"},
          {"summary", "Read"},
          {"sequence", 3},
          {"start", {{"date", "2026-11-24"}}},
          {"end", {{"date", "2026-11-25"}}},
          {"reminders", {{"useDefault", false}}},
          {"htmlLink", "https://calendar.google.com/e"},
          {"extendedProperties", {{"private", {{"mortiseKey", key}}}}}};
}

Reply ok(const Json& body) {
  return {.status = 200, .body = body.dump()};
}
Reply refusal(int status, const std::string& reason, const std::string& message = "No.") {
  const Json body = {{"error",
                      {{"code", status},
                       {"message", message},
                       {"errors", {{{"reason", reason}, {"message", message}}}}}}};
  return {.status = status, .body = body.dump()};
}

const std::string& header(const mortise::Request& request, const std::string& name) {
  static const std::string kNone;
  for (const mortise::Header& each : request.headers) {
    if (each.name == name) return each.value;
  }
  return kNone;
}

Outcome only(const Run& run) {
  REQUIRE(run.done());
  REQUIRE(run.outcomes().size() == 1);
  return run.outcomes()[0];
}

}  // namespace

TEST_CASE("google: an event is made with our own id, and may be repeated", "[google][write]") {
  const Write write = creation("task:t1", kDay);
  const Run run =
      replay({write}, {{"POST " + kEvents + kQuiet, ok(event(write.once_key, "task:t1", "\"1\"")),
                        write.once_key}});
  const Outcome outcome = only(run);
  CHECK(outcome.result == WriteResult::done);
  CHECK(outcome.id == write.once_key);
  CHECK(outcome.version == "\"1\"");
  CHECK(outcome.url == "https://calendar.google.com/e");
  CHECK(Json::parse(outcome.fields) == kDay);
  CHECK(run.sent()[0].repeatable);
  CHECK(run.sent()[0].writes == std::vector<std::uint32_t>{0});
}

TEST_CASE("google: an id that is taken by our own lost attempt is adopted", "[google][write]") {
  const Write write = creation("task:t1", kDay);
  const std::string id = write.once_key;
  SECTION("as it is") {
    const Run run =
        replay({write}, {{"POST *", refusal(409, "duplicate")},
                         {"GET " + kEvents + "/" + id, ok(event(id, "task:t1", "\"1\""))}});
    CHECK(only(run).result == WriteResult::done);
    CHECK(only(run).version == "\"1\"");
  }
  SECTION("and corrected where it differs") {
    Json other = event(id, "task:t1", "\"1\"");
    other["summary"] = "Old title";
    const Run run = replay({write}, {{"POST *", refusal(409, "duplicate")},
                                     {"GET *", ok(other)},
                                     {"PATCH " + kEvents + "/" + id + kQuiet,
                                      ok(event(id, "task:t1", "\"2\"")), "summary"}});
    CHECK(only(run).version == "\"2\"");
    CHECK(run.sent()[2].body == R"({"summary":"Read"})");
    CHECK(header(run.sent()[2], "If-Match") == "\"1\"");
  }
  SECTION("but what somebody made of it since is read first") {
    Json edited = event(id, "task:t1", "\"1\"");
    edited["summary"] = "Theirs";
    edited["created"] = "2026-11-20T10:00:00.000Z";
    edited["updated"] = "2026-11-20T10:00:03.100Z";
    const Run run = replay({write}, {{"POST *", refusal(409, "duplicate")}, {"GET *", ok(edited)}});
    CHECK(only(run).result == WriteResult::failed);
    CHECK(only(run).error.code == Code::conflict);
    CHECK(only(run).id == id);
  }
  SECTION("without our key, if it is what we would send") {
    Json bare = event(id, "x", "\"1\"");
    bare.erase("extendedProperties");
    const Run run = replay({write}, {{"POST *", refusal(409, "duplicate")}, {"GET *", ok(bare)}});
    CHECK(only(run).result == WriteResult::done);
  }
  SECTION("but never another's") {
    Json other = event(id, "task:other", "\"1\"");
    other["summary"] = "Other";
    const Run run = replay({write}, {{"POST *", refusal(409, "duplicate")}, {"GET *", ok(other)}});
    CHECK(only(run).result == WriteResult::failed);
    CHECK(only(run).error.code == Code::conflict);
  }
  SECTION("and waited for while Google's parts do not agree") {
    const Run run = replay(
        {write}, {{"POST *", refusal(409, "duplicate")}, {"GET *", refusal(404, "notFound")}});
    CHECK(only(run).error.code == Code::unavailable);
  }
}

TEST_CASE("google: a deleted event whose id is taken is brought back", "[google][write]") {
  const Write write = creation("task:t1", kDay);
  const std::string id = write.once_key;
  Json cancelled = event(id, "task:t1", "\"7\"");
  cancelled["status"] = "cancelled";
  const Run run =
      replay({write}, {{"POST *", refusal(409, "duplicate")},
                       {"GET *", ok(cancelled)},
                       {"PUT " + kEvents + "/" + id + kQuiet, ok(event(id, "task:t1", "\"8\""))}});
  CHECK(only(run).result == WriteResult::done);
  const Json body = Json::parse(run.sent()[2].body);
  CHECK(body["status"] == "confirmed");
  CHECK(body["sequence"] == 3);
  CHECK(body["summary"] == "Read");
  CHECK(header(run.sent()[2], "If-Match") == "\"7\"");
}

TEST_CASE("google: an update sends what changed, guarded by the version", "[google][write]") {
  const Run run =
      replay({update("e1", kDay, {"title"}, "\"5\"")},
             {{"PATCH " + kEvents + "/e1" + kQuiet, ok(event("e1", "task:t1", "\"6\""))}});
  CHECK(only(run).version == "\"6\"");
  CHECK(run.sent()[0].body == R"({"summary":"Read"})");
  CHECK(header(run.sent()[0], "If-Match") == "\"5\"");
  CHECK(run.sent()[0].repeatable);
  const Run nothing = replay({update("e1", kDay, {"help"}, "\"5\"")}, {});
  CHECK(only(nothing).result == WriteResult::done);
  CHECK(only(nothing).version == "\"5\"");
}

TEST_CASE("google: refusals of an update say what the host is to do", "[google][write]") {
  const auto code = [&](const Reply& reply) {
    const Run run = replay({update("e1", kDay, {"title"}, "\"5\"")}, {{"PATCH *", reply}});
    CHECK(only(run).result == WriteResult::failed);
    return only(run).error;
  };
  CHECK(code(refusal(412, "conditionNotMet")).code == Code::conflict);
  CHECK(code(refusal(404, "notFound")).code == Code::not_found);
  CHECK(code(refusal(410, "deleted")).code == Code::not_found);
  CHECK(code(refusal(400, "timeRangeEmpty", "The specified time range is empty.")).message ==
        "changing the event changed: Google answered 400: The specified time range is empty.");
  CHECK(code(refusal(400, "invalid")).code == Code::invalid);
  CHECK(code(refusal(401, "authError")).code == Code::unauthenticated);
  CHECK(code(refusal(403, "quotaExceeded")).code == Code::rate_limited);
  CHECK(code(refusal(403, "quotaExceeded")).reason == "service_quota");
  CHECK(code(refusal(403, "forbiddenForNonOrganizer")).reason == "organizer_only");
  CHECK(code(refusal(403, "quotaExceeded")).message.find("some hours") != std::string::npos);
  CHECK(code(refusal(403, "dailyLimitExceeded")).code == Code::rate_limited);
  CHECK(code(refusal(403, "dailyLimitExceeded")).message.find("tomorrow") != std::string::npos);
  CHECK(code(refusal(403, "forbiddenForNonOrganizer")).code == Code::forbidden);
  CHECK(code(refusal(429, "rateLimitExceeded")).code == Code::rate_limited);
  Json gone = event("e1", "task:t1", "\"6\"");
  gone["status"] = "cancelled";  // Google patches deleted events without a word
  CHECK(code(ok(gone)).code == Code::not_found);
}

TEST_CASE("google: an answer that never came leaves the write open", "[google][write]") {
  Reply lost;
  lost.error = mortise::Error{Code::unavailable, "the connection broke"};
  lost.maybe_sent = true;
  for (const Reply& reply :
       {lost, Reply{.status = 503, .body = "<html>"}, Reply{.status = 200, .body = "{\"id\":"}}) {
    const Run run = replay({update("e1", kDay, {"title"})}, {{"PATCH *", reply}});
    CHECK(only(run).result == WriteResult::uncertain);
  }
  lost.maybe_sent = false;
  CHECK(only(replay({creation("task:t1", kDay)}, {{"POST *", lost}})).result ==
        WriteResult::failed);
}

TEST_CASE("google: when nothing more can succeed, nothing more is sent", "[google][write]") {
  std::vector<Write> writes;
  for (int i = 0; i < 25; ++i) writes.push_back(creation("task:" + std::to_string(i), kDay));
  std::vector<Exchange> exchanges;
  for (int i = 0; i < 10; ++i) exchanges.push_back({"POST *", refusal(403, "quotaExceeded")});
  const Run run = replay(writes, exchanges);
  CHECK(run.sent().size() == 10);
  REQUIRE(run.outcomes().size() == 25);
  CHECK(std::count_if(run.outcomes().begin(), run.outcomes().end(), [](const Outcome& each) {
          return each.result == WriteResult::not_attempted;
        }) == 15);
}

TEST_CASE("google: a removal is done when the event is away", "[google][write]") {
  for (const Reply& reply :
       {Reply{.status = 204}, refusal(404, "notFound"), refusal(410, "deleted")}) {
    const Run run =
        replay({removal("e1", "\"5\"")}, {{"DELETE " + kEvents + "/e1" + kQuiet, reply}});
    CHECK(only(run).result == WriteResult::done);
    CHECK(header(run.sent()[0], "If-Match") == "\"5\"");
  }
  CHECK(only(replay({removal("e1", "\"5\"")}, {{"DELETE *", refusal(412, "conditionNotMet")}}))
            .error.code == Code::conflict);
  CHECK(header(replay({removal("e1")}, {{"DELETE *", Reply{.status = 204}}}).sent()[0], "If-Match")
            .empty());
}

TEST_CASE("google: new guests are added beside the answers of the old", "[google][write]") {
  Json now = event("e1", "task:t1", "\"5\"");
  now["attendees"] = {{{"email", "ann@example.org"}, {"responseStatus", "accepted"}}};
  Json fields = kDay;
  fields["participants"] = {{{"email", "ann@example.org"}}, {{"email", "zoe@example.org"}}};
  const Run run = replay(
      {update("e1", fields, {"participants"})},
      {{"GET " + kEvents + "/e1", ok(now)}, {"PATCH *", ok(event("e1", "task:t1", "\"6\""))}});
  CHECK(only(run).result == WriteResult::done);
  CHECK(
      Json::parse(run.sent()[1].body)["attendees"] ==
      Json::parse(
          R"([{"email":"ann@example.org","responseStatus":"accepted"},{"email":"zoe@example.org"}])"));
  CHECK(header(run.sent()[1], "If-Match") == "\"5\"");
}

TEST_CASE("google: an event over a change of the clocks is written at once if its end is said",
          "[google][write]") {
  const Json fields = {{"title", "Night"},
                       {"start", "2026-10-24T23:00:00"},
                       {"timeZone", "Europe/Madrid"},
                       {"duration", "PT6H"}};
  Write write = creation("task:t1", fields);
  write.ends_ms = 1'792'897'200'000;  // 2026-10-25T03:00:00Z
  Json made = event(write.once_key, "task:t1", "\"1\"");
  made["summary"] = "Night";
  made["reminders"] = {{"useDefault", true}};
  made["start"] = {{"dateTime", "2026-10-24T23:00:00+02:00"}, {"timeZone", "Europe/Madrid"}};
  made["end"] = {{"dateTime", "2026-10-25T04:00:00+01:00"}, {"timeZone", "Europe/Madrid"}};
  const Run run = replay({write}, {{"POST *", ok(made), "2026-10-25T03:00:00Z"}});
  CHECK(Json::parse(only(run).fields) == fields);
}

TEST_CASE("google: an event over a change of the clocks gets its length", "[google][write]") {
  Json fields = {{"title", "Night"},
                 {"start", "2026-10-24T23:00:00"},
                 {"timeZone", "Europe/Madrid"},
                 {"duration", "PT6H"}};
  Write write = creation("task:t1", fields);
  Json made = event(write.once_key, "task:t1", "\"1\"");
  made["summary"] = "Night";
  made["reminders"] = {{"useDefault", true}};
  made["start"] = {{"dateTime", "2026-10-24T23:00:00+02:00"}, {"timeZone", "Europe/Madrid"}};
  made["end"] = {{"dateTime", "2026-10-25T05:00:00+01:00"},
                 {"timeZone", "Europe/Madrid"}};  // 7 hours
  Json fixed = made;
  fixed["etag"] = "\"2\"";
  fixed["end"]["dateTime"] = "2026-10-25T04:00:00+01:00";
  std::string sent = "POST *";
  SECTION("when it is made") {}
  SECTION("when the rules of its series go out, and its start with them") {
    fields["recurrence"] = made["recurrence"] = fixed["recurrence"] = {"RRULE:FREQ=DAILY;COUNT=2"};
    write = update(write.once_key, fields, {"recurrence"});
    sent = "PATCH *";
  }
  const Run run =
      replay({write}, {{sent, ok(made)}, {"PATCH *", ok(fixed), "2026-10-25T03:00:00Z"}});
  CHECK(Json::parse(only(run).fields) == fields);
  CHECK(only(run).version == "\"2\"");
}

TEST_CASE("google: a local start that the answer does not prove is read in its own zone",
          "[google][write]") {
  const Json fields = {{"title", "New"},
                       {"start", "2026-11-23T18:00:00"},
                       {"timeZone", "Europe/Madrid"},
                       {"duration", "PT1H"}};
  Json now = event("e1", "task:t1", "\"6\"");
  now["summary"] = "New";
  now["reminders"] = {{"useDefault", true}};
  now["start"] = {{"dateTime", "2026-11-23T12:00:00-05:00"}, {"timeZone", "Europe/Madrid"}};
  now["end"] = {{"dateTime", "2026-11-23T13:00:00-05:00"}, {"timeZone", "Europe/Madrid"}};
  Write write = update("e1", fields, {"title"});
  SECTION("it was proven before") {
    write.memo = "2026-11-23T17:00:00Z 2026-11-23T18:00:00 Europe/Madrid";
    const Run run = replay({write}, {{"PATCH *", ok(now)}});
    CHECK(Json::parse(only(run).fields) == fields);
  }
  SECTION("it was not") {
    Json shown = now;
    shown["start"]["dateTime"] = "2026-11-23T18:00:00+01:00";
    shown["end"]["dateTime"] = "2026-11-23T19:00:00+01:00";
    const Run run = replay(
        {write},
        {{"PATCH *", ok(now)}, {"GET " + kEvents + "/e1?timeZone=Europe%2FMadrid", ok(shown)}});
    CHECK(Json::parse(only(run).fields) == fields);
    CHECK(only(run).memo == "2026-11-23T17:00:00Z 2026-11-23T18:00:00 Europe/Madrid");

    shown["etag"] = "\"edited since\"";  // is no answer to the write
    const Run late = replay(
        {write},
        {{"PATCH *", ok(now)}, {"GET " + kEvents + "/e1?timeZone=Europe%2FMadrid", ok(shown)}});
    CHECK(only(late).version == now["etag"]);
    CHECK(only(late).fields.empty());
  }
}

TEST_CASE("google: a page of the network's edge is not Google's word", "[google][write]") {
  const Reply edge{.status = 403, .body = "<html>"};
  const Reply nowhere{.status = 404, .body = "<html>"};
  for (const Reply& reply : {edge, nowhere}) {
    CHECK(only(replay({update("e1", kDay, {"title"})}, {{"PATCH *", reply}})).error.code ==
          Code::unavailable);
    CHECK(only(replay({removal("e1")}, {{"DELETE *", reply}})).error.code == Code::unavailable);
  }
}

TEST_CASE("google: an event without a start is refused before anything is sent",
          "[google][write]") {
  const Run run = replay({creation("task:t1", {{"title", "Some day"}})}, {});
  CHECK(only(run).error.code == Code::invalid);
}
