// Tasks that repeat: one occurrence, this and following, through the API.
#include <catch2/catch.hpp>

#include "api/api_host.hpp"

using namespace mortise;
using namespace mortise::tests;

namespace {

struct Weekly {
  Weekly() {
    host.call("PATCH", path, R"({"title": "Swim", "duration_s": 3600,
      "schedule": {"start": "2026-11-23T18:00:00", "zone": "Europe/Madrid"},
      "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]})");
  }
  ApiAnswer list(const std::string& query = "?from=2026-11-01T00:00:00Z&to=2027-02-01T00:00:00Z") {
    return host.get(path + "/occurrences" + query);
  }
  std::string etag() { return host.get(path).headers.at("etag"); }

  ApiHost host;
  std::string path = (host.seed(), "/v1/tasks/" + host.task_id);
};

}  // namespace

TEST_CASE("occurrences: are listed with what is different about them", "[api][occurrences]") {
  Weekly weekly;
  const std::string one = weekly.path + "/occurrences/2026-12-07T18%3A00%3A00";
  const ApiAnswer edited = weekly.host.call("PATCH", one, R"({"title": "Dive",
    "schedule": {"start": "2026-12-08T09:00:00"}})");
  CHECK(edited.status == 200);
  CHECK(edited.json["title"] == "Swim");
  REQUIRE(edited.json["overrides"].size() == 1);
  CHECK(edited.json["overrides"][0]["changes"]["title"] == "Dive");
  CHECK(weekly.host.call("DELETE", weekly.path + "/occurrences/2026-11-30T18:00:00").status == 204);

  const ApiAnswer all = weekly.list();
  REQUIRE(all.json["items"].size() == 4);
  const core::Json& items = all.json["items"];
  CHECK(items[0]["slot"] == "2026-11-23T18:00:00");
  CHECK(items[0]["start_at"] == "2026-11-23T17:00:00Z");
  CHECK(items[0]["end_at"] == "2026-11-23T18:00:00Z");
  CHECK_FALSE(items[0].contains("changes"));
  CHECK(items[1]["cancelled"] == true);
  CHECK(items[1]["task"]["status"] == "cancelled");
  CHECK(items[2]["slot"] == "2026-12-07T18:00:00");
  CHECK(items[2]["start_at"] == "2026-12-08T08:00:00Z");
  CHECK(items[2]["task"]["title"] == "Dive");
  CHECK(weekly.list("?from=2026-11-01T00:00:00Z&to=2027-02-01T00:00:00Z&limit=2")
            .json["items"]
            .size() == 2);
}

TEST_CASE("occurrences: this and following is a new task", "[api][occurrences]") {
  Weekly weekly;
  const std::string split = weekly.path + "/occurrences/2026-12-07T18:00:00/split";
  const ApiAnswer made = weekly.host.post(split, "{}");
  REQUIRE(made.status == 201);
  CHECK(made.headers.at("location") == "/v1/tasks/" + made.json["id"].get<std::string>());
  CHECK(made.json["recurrence"][0] == "RRULE:FREQ=WEEKLY;COUNT=2");
  CHECK(weekly.list().json["items"].size() == 2);
}

TEST_CASE("occurrences: what is asked wrongly is said", "[api][occurrences]") {
  Weekly weekly;
  CHECK(weekly.list("?from=noon").status == 400);
  CHECK(weekly.list("?from=2026-11-01T00:00:00Z&to=2026-11-01T00:00:00Z").status == 400);
  CHECK(weekly.list("?from=2026-11-01T00:00:00Z&to=2036-11-01T00:00:00Z").status == 400);
  CHECK(weekly.list("?cursor=x").status == 400);
  CHECK(weekly.host.get("/v1/tasks/tsk_none/occurrences").status == 404);
  const std::string one = weekly.path + "/occurrences/2026-12-07T18:00:00";
  const ApiAnswer wrong = weekly.host.call("PATCH", one, R"({"title": null, "recurrence": []})");
  CHECK(wrong.status == 422);
  CHECK(wrong.json["errors"][0]["pointer"] == "/title");
  CHECK(weekly.host.call("PATCH", one, "{}", "If-Match: \"1\"\r\n").status == 412);
  CHECK(weekly.host.call("PATCH", one, R"({"title":"x"})", "If-Match: " + weekly.etag() + "\r\n")
            .status == 200);
}
