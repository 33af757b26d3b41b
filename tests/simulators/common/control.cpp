#include "simulators/common/control.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace mortise::simulators {
namespace {

Response mistake(const std::string& sentence) {
  return json_response(400, {{"error", sentence}});
}
Response nothing_there() {
  return json_response(404, {{"error", "no such control call"}});
}
Response done(const std::string& problem) {
  return problem.empty() ? json_response(200, {{"ok", true}}) : mistake(problem);
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Response Control::answer(const Request& request) {
  Json body = Json::object();
  if (!request.body.empty()) {
    body = parse_json(request.body);
    if (body.is_discarded() || !body.is_object()) return mistake("the body is not a JSON object");
  }
  const std::string subject = request.segments.size() > 1 ? request.segments[1] : "";
  try {
    if (subject == "clock") return clock(request, body);
    if (subject == "faults") return faults(request, body);
    if (subject == "holds") return holds(request);
    if (subject == "requests") return requests(request);
    if (subject == "counters") return counters(request);
    if (subject == "limits") return limits(request, body);
    if (subject == "oauth") return oauth(request, body);
    if (subject == "state") return state();
    if (subject == "version") return json_response(200, {{"version", simulation_.version()}});
    if (request.method != "POST") return nothing_there();
    if (request.path == "/control/grants/revoke") return revoke(body);
    if (subject == "reset") {
      if (server_ != nullptr) server_->release_holds();
      simulation_.reset();
      return done({});
    }
    if (request.path == "/control/batch") return batch(body);
    return provider(request.segments, body);
  } catch (const Json::exception& problem) {
    return mistake(problem.what());
  }
}

Response Control::clock(const Request& request, const Json& body) {
  Clock& clock = simulation_.world().clock;
  if (request.method == "PUT") {
    if (body.contains("now_ms")) {
      clock.freeze(body.at("now_ms").get<std::int64_t>());
    } else if (body.contains("advance_ms")) {
      clock.advance(body.at("advance_ms").get<std::int64_t>());
    } else if (body.value("system", false)) {
      clock.follow_system();
    } else {
      return mistake("say now_ms, advance_ms or system:true");
    }
  }
  return json_response(200, {{"now_ms", clock.now_ms()}, {"frozen", clock.frozen()}});
}

Response Control::faults(const Request& request, const Json& body) {
  if (request.method == "POST") {
    const auto added = simulation_.faults().add(body);
    return added.problem.empty() ? json_response(201, {{"id", added.id}}) : mistake(added.problem);
  }
  if (request.method == "DELETE") {
    if (request.segments.size() < 3) {
      simulation_.faults().clear();
    } else if (!simulation_.faults().remove(static_cast<int>(number(request.segments[2])))) {
      return json_response(404, {{"error", "no such rule"}});
    }
    return done({});
  }
  return json_response(200, {{"faults", simulation_.faults().list()}});
}

Response Control::holds(const Request& request) {
  if (server_ == nullptr) return nothing_there();
  if (request.method == "POST") server_->release_holds();
  return json_response(200, {{"held", server_->held()}});
}

Response Control::requests(const Request& request) {
  if (request.method == "DELETE") {
    simulation_.log().clear();
    return done({});
  }
  return json_response(
      200, simulation_.log().entries(number(request.parameter("since").value_or("0")),
                                     request.parameter("provider").value_or(""),
                                     request.parameter("replies").value_or("0") == "1"));
}

Response Control::counters(const Request& request) {
  if (request.method == "DELETE") {
    simulation_.log().clear_counters();
    return done({});
  }
  return json_response(200, simulation_.log().counters());
}

Response Control::limits(const Request& request, const Json& body) {
  if (request.method == "PUT") {
    const auto problem = simulation_.locked([&](World& world) {
      world.windows.clear();
      return world.limits.merge(body);
    });
    if (!problem.empty()) return mistake(problem);
  }
  return json_response(200,
                       simulation_.locked([](World& world) { return world.limits.to_json(); }));
}

Response Control::oauth(const Request& request, const Json& body) {
  if (request.method == "PUT") {
    const std::string name = body.value("provider", "");
    const auto problem = simulation_.locked([&](World& world) -> std::string {
      const auto found = world.oauth.find(name);
      return found == world.oauth.end() ? "unknown provider '" + name + "'"
                                        : found->second.merge(body);
    });
    if (!problem.empty()) return mistake(problem);
  }
  return json_response(200, simulation_.locked([](World& world) {
    Json all = Json::object();
    for (const auto& [name, settings] : world.oauth) all[name] = settings.to_json();
    return all;
  }));
}

Response Control::revoke(const Json& body) {
  const std::string name = body.value("provider", "");
  Provider* provider = simulation_.find(name);
  if (provider == nullptr) return mistake("unknown provider '" + name + "'");
  const std::string user = body.value("user", "");
  const int revoked = simulation_.locked([&](World&) { return provider->revoke_grants(user); });
  simulation_.changed();
  return json_response(200, {{"revoked", revoked}});
}

Response Control::state() {
  Json all = Json::parse(simulation_.save());
  all["clock"] = {{"now_ms", simulation_.world().clock.now_ms()},
                  {"frozen", simulation_.world().clock.frozen()}};
  return json_response(200, all);
}

Response Control::provider(const std::vector<std::string>& path, const Json& body) {
  if (path.size() != 3) return nothing_there();
  Provider* provider = simulation_.find(path[1]);
  if (provider == nullptr) return nothing_there();
  const Response response =
      simulation_.locked([&](World&) { return provider->control(path[2], body); });
  simulation_.changed();
  if (response.before_reply) response.before_reply();
  return response;
}

Response Control::batch(const Json& body) {
  Json results = Json::array();
  for (const Json& step : body.at("steps")) {
    Response response;
    try {
      response = provider({"control", step.at("provider"), step.at("action")}, step.at("body"));
    } catch (const Json::exception& problem) {
      response = mistake(problem.what());
    }
    results.push_back({{"status", response.status}, {"body", parse_json(response.body)}});
  }
  return json_response(200, {{"results", std::move(results)}});
}

}  // namespace mortise::simulators
