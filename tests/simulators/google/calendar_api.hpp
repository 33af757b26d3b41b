// The Calendar API v3: which operations there are, who may call them, and what each does. Errors
// have Google's reasons and bodies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulators/common/clock.hpp"
#include "simulators/common/ids.hpp"
#include "simulators/google/model.hpp"
#include "simulators/google/problem.hpp"
#include "simulators/google/settings.hpp"

namespace mortise::simulators::google {

/// Whose access token came with a request. Scopes without "https://www.googleapis.com/auth/".
struct Caller {
  std::string email;
  std::string client_id;
  std::set<std::string> scopes;
};

struct Call {
  const Request& request;
  const Caller& caller;
  std::vector<std::string> ids;   ///< the path's parameters, in order
  Json body;                      ///< an object; empty where none is sent
  bool app_created_only = false;  ///< the scopes reach no further than calendars this app made
  bool owned_only = false;        ///< ... than calendars the person owns

  bool flag(const char* name) const { return request.parameter(name) == "true"; }
};

/// Not thread-safe. Owns nothing: model, ids, clock and settings outlive it.
class CalendarApi {
 public:
  struct Operation;

  CalendarApi(Model& model, Ids& ids, const Clock& clock, const Settings& settings)
      : model_(model), ids_(ids), clock_(clock), settings_(settings) {}

  /// The operation a request means, by method and path; nullptr if there is none.
  static const Operation* find(const Request& request);
  /// Its path as in the reference, "/calendars/{calendarId}/events".
  static std::string path_of(const Operation& operation);
  static bool writes(const Operation& operation);

  /// Carries the operation out: scopes, body, preconditions, `fields` and all.
  Answer run(const Operation& operation, const Request& request, const Caller& caller);

  /// What a person does at the calendar itself. Same rules, no scopes.
  Answer insert_as_person(Calendar& calendar, const std::string& email, const Json& body);
  Answer patch_as_person(Calendar& calendar, const std::string& email, const std::string& id,
                         const Json& body);
  Answer remove_as_person(Calendar& calendar, const std::string& email, const std::string& id);

 private:
  // One calendar that the call may see, or the refusal.
  struct Found {
    Calendar* calendar = nullptr;
    std::optional<Problem> problem;
  };
  Found readable(const Call& call, const std::string& id);
  // The calendar of the path, if the person may read its events.
  Found with_events(const Call& call);
  Found writable(const Call& call, const std::string& id);

  // events (calendar_events.cpp)
  Answer get_event(const Call& call);
  Answer insert_event(const Call& call);
  Answer update_event(const Call& call);
  Answer patch_event(const Call& call);
  Answer delete_event(const Call& call);
  Answer move_event(const Call& call);
  Answer import_event(const Call& call);
  Answer insert_into(Calendar& calendar, const Call& call, Event event, const Json& wanted);
  Answer rewrite(Calendar& calendar, const Call& call, Event event, const Json& wanted);
  Answer remove(Calendar& calendar, const Call& call, Event event);
  void keep(Calendar& calendar, Event event, bool stamp);
  Event blank_event(const Calendar& calendar, const std::string& email, std::string id);

  // listings (calendar_listing.cpp)
  Answer list_events(const Call& call);
  Answer list_instances(const Call& call);
  Json listing_head(const Calendar& calendar, const Call& call, const std::string& zone) const;

  // calendars, lists, settings (calendar_calendars.cpp)
  Answer list_calendars(const Call& call);
  Answer get_entry(const Call& call);
  Answer insert_entry(const Call& call);
  Answer patch_entry(const Call& call);
  Answer update_entry(const Call& call);
  Answer delete_entry(const Call& call);
  Answer write_entry(const Call& call, bool replace);
  Answer get_calendar(const Call& call);
  Answer insert_calendar(const Call& call);
  Answer patch_calendar(const Call& call);
  Answer update_calendar(const Call& call);
  Answer write_calendar(const Call& call, bool replace);
  Answer delete_calendar(const Call& call);
  Answer get_colors(const Call& call);
  Answer get_setting(const Call& call);
  Answer list_settings(const Call& call);

  Model& model_;
  Ids& ids_;
  const Clock& clock_;
  const Settings& settings_;
};

/// The part of a reply that the `fields` parameter asks for ("items(id,etag),nextPageToken");
/// nullopt if it does not parse.
std::optional<Json> select_fields(const Json& reply, const std::string& fields);

/// The event with that id: kept, or an occurrence of a kept series.
std::optional<Event> find_event(const Calendar& calendar, const std::string& id);

/// The refusal if `If-Match` came with the request and names another version.
std::optional<Problem> check_version(const Request& request, std::uint64_t change);

}  // namespace mortise::simulators::google
