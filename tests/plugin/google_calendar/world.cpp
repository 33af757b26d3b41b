#include "world.hpp"

#include <httplib.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "google_calendar.hpp"
#include "simulators/common/control.hpp"
#include "simulators/common/server.hpp"
#include "simulators/common/simulation.hpp"
#include "simulators/google/google.hpp"

namespace google_tests {

using Json = nlohmann::json;
using mortise::Action;
using mortise::CallInput;
using mortise::Code;
using mortise::Error;
using mortise::Reply;
using mortise::Request;
using mortise::Write;
using mortise::testing::Run;

namespace {

constexpr const char* kAna = "6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01";

httplib::Result exchange(const std::string& url, const std::string& method, const std::string& path,
                         const httplib::Headers& headers, const std::string& body) {
  httplib::Client client(url);
  client.set_keep_alive(false);
  client.set_tcp_nodelay(true);
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.headers = headers;
  request.body = body;
  return client.send(request);
}

}  // namespace

struct World::Server {
  mortise::simulators::Simulation simulation{7};
  std::unique_ptr<mortise::simulators::Control> control;
  std::unique_ptr<mortise::simulators::Server> http;
  std::string url;

  Server() {
    using namespace mortise::simulators;
    simulation.add(std::make_unique<Google>(simulation.world()));
    control = std::make_unique<Control>(simulation);
    http = std::make_unique<mortise::simulators::Server>([this](auto& request) {
      return request.below("/control") ? control->answer(request) : simulation.handle(request);
    });
    control->attach(*http);
    url = simulation.locked([&](mortise::simulators::World& world) {
      world.base_url = "http://127.0.0.1:" + std::to_string(http->start("127.0.0.1", 0));
      return world.base_url;
    });
  }
  ~Server() { http->stop(); }
};

World::World(const std::vector<std::string>& scopes)
    : server_(std::make_unique<Server>()),
      script_(mortise::make_connector<google_calendar::GoogleCalendar>) {
  connect(scopes);
  control("PUT", "limits", {{"google_per_user", 0}, {"google_project", 0}});
}
World::~World() = default;

void World::connect(const std::vector<std::string>& scopes) {
  std::vector<std::string> asked = scopes;
  if (asked.empty())
    asked = {"calendar.events", "calendar.calendarlist.readonly", "calendar.app.created"};
  std::string scope = "openid https://www.googleapis.com/auth/userinfo.email";
  for (const std::string& each : asked) scope += " https://www.googleapis.com/auth/" + each;
  const std::string back = "http://127.0.0.1:9/callback";
  const std::string query =
      httplib::detail::params_to_query_str({{"client_id", "mortise-simulated"},
                                            {"redirect_uri", back},
                                            {"response_type", "code"},
                                            {"access_type", "offline"},
                                            {"enable_granular_consent", "false"},
                                            {"scope", scope},
                                            {"state", "s"}});
  httplib::Client browser(server_->url);
  const auto consent =
      browser.Post("/o/oauth2/v2/auth",
                   httplib::Params{{"request", query}, {"user", kAna}, {"decision", "allow"}});
  REQUIRE(consent);
  INFO(consent->body);
  const std::string location = consent->get_header_value("Location");
  REQUIRE(location.find("code=") != std::string::npos);
  const std::size_t begin = location.find("code=") + 5;
  const std::string code =
      httplib::detail::decode_url(location.substr(begin, location.find('&', begin) - begin), true);
  const auto grant = browser.Post("/token", httplib::Params{{"grant_type", "authorization_code"},
                                                            {"code", code},
                                                            {"client_id", "mortise-simulated"},
                                                            {"client_secret", "simulated-secret"},
                                                            {"redirect_uri", back}});
  REQUIRE(grant);
  INFO(grant->body);
  REQUIRE(grant->status == 200);
  const Json reply = Json::parse(grant->body);
  token_ = reply.at("access_token");
  token_reply_ = Json{{"id_token_claims",
                       {{"sub", "104201000000000000001"}, {"email", "ana.torres@example.com"}}}}
                     .dump();
}

Reply World::send(const Request& request) {
  httplib::Headers headers{{"Authorization", "Bearer " + token_}};
  for (const mortise::Header& each : request.headers) headers.emplace(each.name, each.value);
  for (int attempt = 1;; ++attempt) {
    const auto answer =
        exchange(server_->url, request.method, request.target, headers, request.body);
    const bool lost = !answer || answer->status >= 500;
    if (lost && request.repeatable && attempt < 4) continue;
    Reply reply;
    if (!answer) {
      reply.error = Error{Code::unavailable, "the connection broke"};
      reply.maybe_sent = true;
      return reply;
    }
    reply.status = answer->status;
    reply.body = answer->body;
    return reply;
  }
}

Run World::run(CallInput call) {
  call.target_id = calendar;
  call.target_kind = "calendar";
  Run run = script_.start(std::move(call));
  while (run.sending()) {
    CHECK(run.requests().size() <= 10);
    std::vector<Reply> replies;
    for (const Request& request : run.requests()) replies.push_back(send(request));
    run.reply(std::move(replies));
  }
  CHECK(run.breaches() == std::vector<std::string>{});
  return run;
}

Run World::write(std::vector<Write> writes) {
  CallInput call;
  call.operation = mortise::Operation::write;
  call.writes = std::move(writes);
  return run(std::move(call));
}

Json World::control(const std::string& method, const std::string& path, const Json& body) {
  const auto answer =
      exchange(server_->url, method, "/control/" + path, {{"Content-Type", "application/json"}},
               body.is_null() ? std::string() : body.dump());
  REQUIRE(answer);
  INFO(answer->body);
  REQUIRE(answer->status < 300);
  return Json::parse(answer->body);
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

void World::fault(const Json& rule) {
  control("POST", "faults", rule);
}

World::Traffic World::traffic() {
  const Json counters = control("GET", "counters", nullptr).value("google", Json::object());
  control("DELETE", "counters", nullptr);
  return {counters.value("writes", 0), counters.value("reads", 0)};
}

void World::check_against_the_description() {
  const std::string program = std::string("node ") + MORTISE_SOURCE_DIR +
                              "/tests/simulators/clients/validate.mjs " + server_->url + " 1>&2";
  const int status = std::system(program.c_str());
  const int code = WEXITSTATUS(status);
  if (code == 77) {
    WARN("Google's API description is not on this machine: requests are not held against it");
  } else {
    CHECK(code == 0);
  }
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
