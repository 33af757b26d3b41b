#include "simulators/google/google.hpp"

#include <nlohmann/json.hpp>

namespace mortise::simulators {
namespace {

using google::Answer;
using google::CalendarApi;
using google::Problem;

constexpr std::string_view kApi = "/calendar/v3";
constexpr const char* kHolidays = "en.spain#holiday@group.v.calendar.google.com";

bool is_userinfo(const Request& request) {
  return request.path == "/v1/userinfo" || request.path == "/oauth2/v3/userinfo";
}

bool is_token_call(const Request& request) {
  return request.path == "/token" || request.path == "/revoke";
}

Response as_response(const Answer& answer) {
  Response response;
  response.status = answer.status;
  response.content_type = "application/json; charset=UTF-8";
  if (!answer.body.is_null()) response.body = google::to_text(answer.body);
  const auto etag = answer.body.find("etag");
  if (answer.status == 200 && etag != answer.body.end()) {
    response.headers.emplace_back("ETag", etag->get<std::string>());
  }
  if (answer.status == 401) {
    response.headers.emplace_back("WWW-Authenticate",
                                  "Bearer realm=\"https://accounts.google.com/\"");
  }
  return response;
}

Problem unauthenticated(bool anything_sent) {
  if (anything_sent) {
    return {401, "authError", "Invalid Credentials", "global", "header", "Authorization"};
  }
  return {401, "required", "Login Required.", "global", "header", "Authorization"};
}

Problem rate_limited(int status, std::string_view reason) {
  if (status == 403 && reason == "userRateLimitExceeded") {
    return {403, "userRateLimitExceeded", "User Rate Limit Exceeded", "usageLimits"};
  }
  return {status, "rateLimitExceeded", "Rate Limit Exceeded", "usageLimits"};
}

Problem broken(int status, const google::Settings& settings) {
  switch (status) {
    case 401:
      return unauthenticated(true);
    case 403:
    case 429:
      return rate_limited(status, settings.limit_reason);
    case 500:
      return {500, "backendError", "Backend Error"};
    default:
      return {status, "backendError", "The service is currently unavailable."};
  }
}

/// An event's link leads to its page of this simulation, not to google.com.
void lead_here(Json& body, const std::string& page) {
  if (!body.is_object()) return;
  if (body.contains("htmlLink")) body["htmlLink"] = page + percent_encode(body.value("id", ""));
  if (!body.contains("items")) return;
  for (Json& item : body["items"]) lead_here(item, page);
}

}  // namespace

Google::Google(World& world)
    : world_(world),
      oauth_(world, settings_),
      channels_(world, settings_, model_),
      api_(model_, world.ids, world.clock, settings_, channels_),
      pages_(model_, api_, world.clock) {
  reset();
}

std::optional<Route> Google::route(const Request& request) const {
  if (is_token_call(request)) return Route{request.path, true, true};
  if (is_userinfo(request)) return Route{"/v1/userinfo", false, false};
  if (!request.below(kApi)) return std::nullopt;
  const CalendarApi::Operation* operation = CalendarApi::find(request);
  if (operation == nullptr) return Route{std::string(kApi), request.method != "GET", false};
  return Route{CalendarApi::path_of(*operation), CalendarApi::writes(*operation), false};
}

Response Google::answer(const Request& request, const Route&) {
  Response response = routed(request);
  channels_.notify_changes();
  if (const auto sync = channels_.take_awaited()) {
    response.before_reply = [this, number = *sync] { channels_.deliveries().await_try(number); };
  }
  return response;
}

Response Google::routed(const Request& request) {
  if (request.path == "/token" && request.method == "POST") return oauth_.token(request);
  if (request.path == "/revoke" && request.method == "POST") return oauth_.revoke(request);
  if (is_userinfo(request) && request.method == "GET") return oauth_.userinfo(request);
  if (request.below(kApi)) return calendar_call(request);
  return json_response(
      405, Json{{"error", "invalid_request"}, {"error_description", "Method not allowed."}});
}

Response Google::calendar_call(const Request& request) {
  const std::string bearer = bearer_token(request);
  const auto caller = oauth_.caller(bearer);
  if (!caller) return as_response(unauthenticated(!bearer.empty()));
  if (auto refusal = over_limit(*caller)) return *refusal;
  const CalendarApi::Operation* operation = CalendarApi::find(request);
  if (operation == nullptr) return as_response(google::not_found());
  Answer answer = api_.run(*operation, request, *caller);
  lead_here(answer.body, world_.base_url + "/google/" + percent_encode(caller->email) + "?eid=");
  const auto fields = request.parameter("fields");
  if (!fields || answer.status != 200) return as_response(answer);
  const auto kept = google::select_fields(answer.body, *fields);
  if (!kept) {
    return as_response(google::invalid_parameter("fields", "Invalid field selection " + *fields));
  }
  Response response = as_response(answer);
  response.body = google::to_text(*kept);
  return response;
}

std::optional<Response> Google::over_limit(const google::Caller& caller) {
  const Limits& limits = world_.limits;
  const std::int64_t now_ms = world_.clock.pace_ms();
  const std::string project = "google/" + caller.client_id;
  const bool refused =
      world_.windows.refuse(project + "/" + caller.email, now_ms, limits.google_per_user,
                            limits.google_window_ms) ||
      world_.windows.refuse(project, now_ms, limits.google_project, limits.google_window_ms);
  if (!refused) return std::nullopt;
  return as_response(rate_limited(settings_.limit_status, settings_.limit_reason));
}

std::string Google::caller(const Request& request) const {
  const auto caller = oauth_.caller(bearer_token(request));
  return caller ? caller->email + "/" + caller->client_id : "";
}

Response Google::failure(const Fault& fault, const Request& request, const Response*) {
  Response response =
      is_token_call(request) || is_userinfo(request)
          ? json_response(fault.status, Json{{"error", fault.status == 429 ? "rate_limit_exceeded"
                                                                           : "internal_failure"},
                                             {"error_description", "Backend Error"}})
          : as_response(broken(fault.status, settings_));
  if (fault.retry_after_s) {
    response.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after_s));
  }
  return response;
}

bool Google::shows(const Request& request) const {
  return request.below("/google") || request.path == "/o/oauth2/v2/auth" ||
         request.path == "/.well-known/openid-configuration";
}

Response Google::show(const Request& request) {
  if (request.below("/google")) {
    Response page = pages_.show(request);
    channels_.notify_changes();
    return page;
  }
  if (request.path != "/o/oauth2/v2/auth") return oauth_.configuration();
  return request.method == "POST" ? oauth_.decide(request) : oauth_.authorize(request);
}

int Google::revoke_grants(std::string_view person) {
  const Person* found = find_person(person);
  if (!person.empty() && found == nullptr) return 0;
  return oauth_.revoke_grants(found == nullptr ? "" : std::string(found->email));
}

Json Google::save() const {
  return Json{{"settings", settings_.to_json()},
              {"oauth", oauth_.save()},
              {"model", model_.save()},
              {"channels", channels_.save()}};
}

void Google::load(const Json& state) {
  // Read aside first: a state that is none of ours changes nothing.
  google::Model model;
  model.load(state.at("model"));
  if (state.contains("channels")) {
    channels_.load(state.at("channels"));
  } else {  // a state of before there were any
    channels_.reset();
  }
  oauth_.load(state.at("oauth"));
  settings_.merge(state.at("settings"));
  model_ = std::move(model);
}

void Google::reset() {
  settings_ = {};
  channels_.reset();
  model_ = {};
  oauth_.load(Json{{"grants", Json::array()}, {"access", Json::array()}});
  for (const Person& person : people()) {
    model_.add_user({std::string(person.google_id), std::string(person.email),
                     std::string(person.name), "Europe/Madrid"});
  }
  google::Calendar holidays;  // a calendar that anybody may read and nobody may write
  holidays.id = kHolidays;
  holidays.fields = Json{{"summary", "Holidays in Spain"}, {"timeZone", "Europe/Madrid"}};
  holidays.roles["*"] = "reader";
  google::Calendar& added = model_.add_calendar(std::move(holidays));
  api_.insert_as_person(added, "calendar@google.com",
                        Json{{"summary", "Constitution Day"},
                             {"start", {{"date", "2026-12-06"}}},
                             {"end", {{"date", "2026-12-07"}}},
                             {"recurrence", Json::array({"RRULE:FREQ=YEARLY"})}});
}

}  // namespace mortise::simulators
