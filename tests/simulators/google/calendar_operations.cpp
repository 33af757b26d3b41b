// Which operations there are, which scopes allow each (as in the discovery document), and what
// every call has in common.
#include <algorithm>
#include <initializer_list>

#include "simulators/google/calendar_api.hpp"

namespace mortise::simulators::google {

struct CalendarApi::Operation {
  const char* method;
  const char* path;  // below /calendar/v3
  bool write;
  Answer (CalendarApi::*handler)(const Call&);
  std::vector<const char*> scopes;
};

namespace {

bool is_parameter(const std::string& part) {
  return part.front() == '{';
}

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

// The parameters of `path` in the request, or nothing if it is another path.
std::optional<std::vector<std::string>> match(const Request& request, const char* path) {
  constexpr std::size_t kPrefix = 2;  // calendar, v3
  const auto parts = parts_of(path);
  if (request.segments.size() != parts.size() + kPrefix) return std::nullopt;
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& segment = request.segments[i + kPrefix];
    if (is_parameter(parts[i])) {
      if (segment.empty()) return std::nullopt;
      parameters.push_back(segment);
    } else if (parts[i] != segment) {
      return std::nullopt;
    }
  }
  return parameters;
}

Problem insufficient_scopes() {
  return {403, "insufficientPermissions", "Request had insufficient authentication scopes."};
}

// The scopes of the caller that allow the operation.
std::set<std::string> allowing(const CalendarApi::Operation& operation, const Caller& caller) {
  std::set<std::string> scopes;
  for (const char* scope : operation.scopes) {
    if (caller.scopes.count(scope) > 0) scopes.insert(scope);
  }
  return scopes;
}

// Discarded if it is no JSON, or nested so deep that walking it could end the stack.
Json parse_body(const std::string& body) {
  constexpr int kDeepest = 64;
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  Json parsed = Json::parse(body, watch, false);
  return too_deep ? Json(Json::value_t::discarded) : parsed;
}

bool only(const std::set<std::string>& scopes, std::initializer_list<const char*> narrow) {
  return std::all_of(scopes.begin(), scopes.end(), [&](const std::string& scope) {
    return std::find(narrow.begin(), narrow.end(), scope) != narrow.end();
  });
}

}  // namespace

const CalendarApi::Operation* CalendarApi::find(const Request& request) {
  using A = CalendarApi;
  static const std::vector<const char*> kEventRead = {"calendar",
                                                      "calendar.app.created",
                                                      "calendar.events",
                                                      "calendar.events.owned",
                                                      "calendar.events.owned.readonly",
                                                      "calendar.events.readonly",
                                                      "calendar.readonly"};
  static const std::vector<const char*> kEventWrite = {"calendar", "calendar.app.created",
                                                       "calendar.events", "calendar.events.owned"};
  static const std::vector<const char*> kListRead = {
      "calendar", "calendar.calendarlist", "calendar.calendarlist.readonly", "calendar.readonly"};
  static const std::vector<const char*> kListGet = {
      "calendar", "calendar.app.created", "calendar.calendarlist", "calendar.calendarlist.readonly",
      "calendar.readonly"};
  static const std::vector<const char*> kListWrite = {"calendar", "calendar.app.created",
                                                      "calendar.calendarlist"};
  static const std::vector<const char*> kCalendarWrite = {"calendar", "calendar.app.created",
                                                          "calendar.calendars"};
  static const Operation kOperations[] = {
      {"GET", "/users/me/calendarList", false, &A::list_calendars, kListRead},
      {"POST",
       "/users/me/calendarList",
       true,
       &A::insert_entry,
       {"calendar", "calendar.calendarlist"}},
      {"GET", "/users/me/calendarList/{calendarId}", false, &A::get_entry, kListGet},
      {"PATCH", "/users/me/calendarList/{calendarId}", true, &A::patch_entry, kListWrite},
      {"PUT", "/users/me/calendarList/{calendarId}", true, &A::update_entry, kListWrite},
      {"DELETE", "/users/me/calendarList/{calendarId}", true, &A::delete_entry, kListWrite},
      {"GET",
       "/users/me/settings",
       false,
       &A::list_settings,
       {"calendar", "calendar.readonly", "calendar.settings.readonly"}},
      {"GET",
       "/users/me/settings/{setting}",
       false,
       &A::get_setting,
       {"calendar", "calendar.readonly", "calendar.settings.readonly"}},
      {"GET",
       "/colors",
       false,
       &A::get_colors,
       {"calendar", "calendar.app.created", "calendar.calendarlist", "calendar.events.owned",
        "calendar.events.owned.readonly", "calendar.readonly"}},
      {"POST", "/calendars", true, &A::insert_calendar, kCalendarWrite},
      {"GET",
       "/calendars/{calendarId}",
       false,
       &A::get_calendar,
       {"calendar", "calendar.app.created", "calendar.calendars", "calendar.calendars.readonly",
        "calendar.readonly"}},
      {"PATCH", "/calendars/{calendarId}", true, &A::patch_calendar, kCalendarWrite},
      {"PUT", "/calendars/{calendarId}", true, &A::update_calendar, kCalendarWrite},
      {"DELETE", "/calendars/{calendarId}", true, &A::delete_calendar, kCalendarWrite},
      {"GET", "/calendars/{calendarId}/events", false, &A::list_events, kEventRead},
      {"POST", "/calendars/{calendarId}/events", true, &A::insert_event, kEventWrite},
      {"POST", "/calendars/{calendarId}/events/import", true, &A::import_event, kEventWrite},
      // Opening and ending a channel changes nothing of the calendar: counted as reads.
      {"POST", "/calendars/{calendarId}/events/watch", false, &A::watch_events, kEventRead},
      {"POST",
       "/channels/stop",
       false,
       &A::stop_channel,
       {"calendar", "calendar.acls", "calendar.acls.readonly", "calendar.app.created",
        "calendar.calendarlist", "calendar.calendarlist.readonly", "calendar.events",
        "calendar.events.freebusy", "calendar.events.owned", "calendar.events.owned.readonly",
        "calendar.events.public.readonly", "calendar.events.readonly", "calendar.readonly",
        "calendar.settings.readonly"}},
      {"GET", "/calendars/{calendarId}/events/{eventId}", false, &A::get_event, kEventRead},
      {"PUT", "/calendars/{calendarId}/events/{eventId}", true, &A::update_event, kEventWrite},
      {"PATCH", "/calendars/{calendarId}/events/{eventId}", true, &A::patch_event, kEventWrite},
      {"DELETE", "/calendars/{calendarId}/events/{eventId}", true, &A::delete_event, kEventWrite},
      {"GET", "/calendars/{calendarId}/events/{eventId}/instances", false, &A::list_instances,
       kEventRead},
      {"POST",
       "/calendars/{calendarId}/events/{eventId}/move",
       true,
       &A::move_event,
       {"calendar", "calendar.events", "calendar.events.owned"}},
  };
  for (const Operation& operation : kOperations) {
    if (request.method == operation.method && match(request, operation.path)) return &operation;
  }
  return nullptr;
}

std::string CalendarApi::path_of(const Operation& operation) {
  return operation.path;
}
bool CalendarApi::writes(const Operation& operation) {
  return operation.write;
}

Answer CalendarApi::run(const Operation& operation, const Request& request, const Caller& caller) {
  const auto scopes = allowing(operation, caller);
  if (scopes.empty()) return insufficient_scopes();
  Call call{request, caller, *match(request, operation.path), Json::object()};
  call.app_created_only = only(scopes, {"calendar.app.created"});
  call.owned_only = only(
      scopes, {"calendar.app.created", "calendar.events.owned", "calendar.events.owned.readonly"});
  const bool has_body =
      request.method != "GET" && request.method != "DELETE" && !request.body.empty();
  if (has_body) {
    call.body = parse_body(request.body);
    if (!call.body.is_object()) return Problem{400, "parseError", "Parse Error"};
  }
  Answer answer = (this->*operation.handler)(call);
  if (answer.status != 200) return answer;
  const std::string known = request.header("If-None-Match");
  if (request.method == "GET" && !known.empty() && known == text_of(answer.body, "etag")) {
    return {304, Json()};
  }
  return answer;
}

CalendarApi::Found CalendarApi::readable(const Call& call, const std::string& id) {
  Calendar* calendar = model_.calendar(id, call.caller.email);
  if (calendar == nullptr) return {nullptr, not_found()};
  // An app with the narrow scope sees nothing but what it made.
  if (call.app_created_only && calendar->client_id != call.caller.client_id) {
    return {nullptr, not_found()};
  }
  if (call.owned_only && calendar->role_of(call.caller.email) != "owner") {
    return {nullptr, insufficient_scopes()};
  }
  return {calendar, std::nullopt};
}

CalendarApi::Found CalendarApi::with_events(const Call& call) {
  Found found = readable(call, call.ids[0]);
  if (!found.problem && found.calendar->role_of(call.caller.email) == "freeBusyReader") {
    return {nullptr, required_access("You need to have reader access to this calendar.")};
  }
  return found;
}

CalendarApi::Found CalendarApi::writable(const Call& call, const std::string& id) {
  Found found = readable(call, id);
  if (found.problem) return found;
  const std::string role = found.calendar->role_of(call.caller.email);
  if (role != "owner" && role != "writer") {
    return {nullptr, required_access("You need to have writer access to this calendar.")};
  }
  return found;
}

}  // namespace mortise::simulators::google
