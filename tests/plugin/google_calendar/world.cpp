#include "world.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "google_calendar.hpp"
#include "simulators/google/google.hpp"

namespace google_tests {

using Json = nlohmann::json;
using mortise::Action;
using mortise::CallInput;
using mortise::Write;
using mortise::fakes::form_encoded;
using mortise::fakes::query_value;
using mortise::testing::Run;

namespace {

constexpr const char* kAna = "6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01";

}  // namespace

World::World(const std::vector<std::string>& scopes)
    : ConnectorWorld(
          [](mortise::simulators::World& world) {
            return std::make_unique<mortise::simulators::Google>(world);
          },
          mortise::make_connector<google_calendar::GoogleCalendar>) {
  connect(scopes);
  control("PUT", "limits", {{"google_per_user", 0}, {"google_project", 0}});
}

void World::connect(const std::vector<std::string>& scopes) {
  std::vector<std::string> asked = scopes;
  if (asked.empty())
    asked = {"calendar.events", "calendar.calendarlist.readonly", "calendar.app.created"};
  std::string scope = "openid https://www.googleapis.com/auth/userinfo.email";
  for (const std::string& each : asked) scope += " https://www.googleapis.com/auth/" + each;
  const std::string back = "http://127.0.0.1:9/callback";
  const std::string request = form_encoded({{"client_id", "mortise-simulated"},
                                            {"redirect_uri", back},
                                            {"response_type", "code"},
                                            {"access_type", "offline"},
                                            {"enable_granular_consent", "false"},
                                            {"scope", scope},
                                            {"state", "s"}});
  const Answer consent =
      post_form("/o/oauth2/v2/auth", {{"request", request}, {"user", kAna}, {"decision", "allow"}});
  INFO(consent.body);
  const Answer grant =
      post_form("/token", {{"grant_type", "authorization_code"},
                           {"code", query_value(consent.header("Location"), "code")},
                           {"client_id", "mortise-simulated"},
                           {"client_secret", "simulated-secret"},
                           {"redirect_uri", back}});
  INFO(grant.body);
  REQUIRE(grant.status == 200);
  sign_with(Json::parse(grant.body).at("access_token"));
  token_reply_ = Json{{"id_token_claims",
                       {{"sub", "104201000000000000001"}, {"email", "ana.torres@example.com"}}}}
                     .dump();
}

Run World::run(CallInput call) {
  call.target_id = calendar;
  call.target_kind = "calendar";
  return ConnectorWorld::run(std::move(call));
}

Run World::write(std::vector<Write> writes) {
  CallInput call;
  call.operation = mortise::Operation::write;
  call.writes = std::move(writes);
  return run(std::move(call));
}

Json World::person(const std::string& action, Json body) {
  body["user"] = kAna;
  if (!body.contains("calendar")) body["calendar"] = calendar;
  return control("POST", "google/" + action, body);
}

Json World::event(const std::string& id) {
  const Json events = person("events", Json::object());
  for (const Json& each : events.at("items")) {
    if (each.at("id") == id) return each;
  }
  return nullptr;
}

std::size_t World::count_events() {
  return person("events", Json::object()).at("items").size();
}

Write creation(const std::string& key, const Json& fields, int generation) {
  Write write;
  write.kind = "event";
  write.key = key;
  write.fields = fields.dump();
  std::string digits;
  for (const unsigned char c : key + "/" + std::to_string(generation)) {
    digits += "0123456789abcdef"[c & 15U];
    digits += "0123456789abcdef"[c >> 4U];
  }
  digits.resize(32, '0');
  write.once_key = digits;
  return write;
}

Write update(const std::string& id, const Json& fields, std::vector<std::string> changed,
             const std::string& version) {
  Write write;
  write.action = Action::update;
  write.kind = "event";
  write.key = "changed";
  write.id = id;
  write.fields = fields.dump();
  write.changed = std::move(changed);
  write.if_version = version;
  return write;
}

Write removal(const std::string& id, const std::string& version) {
  Write write = update(id, Json::object(), {}, version);
  write.action = Action::remove;
  return write;
}

}  // namespace google_tests
