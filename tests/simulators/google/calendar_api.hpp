// The Calendar API v3: which operations there are, who may call them, and what each does. Errors
// have Google's reasons and bodies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulators/common/clock.hpp"
#include "simulators/common/ids.hpp"
#include "simulators/google/model.hpp"
#include "simulators/google/problem.hpp"
#include "simulators/google/settings.hpp"

namespace mortise::simulators::google {

class Channels;

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

/// Not thread-safe. Owns nothing: what it is made of outlives it.
class CalendarApi {
 public:
  struct Operation;

  CalendarApi(Model& model, Ids& ids, const Clock& clock, const Settings& settings,
              Channels& channels)
      : model_(model), ids_(ids), clock_(clock), settings_(settings), channels_(channels) {}

  /// The operation a request means, by method and path; nullptr if there is none.
  static const Operation* find(const Request& request);
  /// Its path as in the reference, "/calendars/{calendarId}/events".
  static std::string path_of(const Operation& operation);
  static bool writes(const Operation& operation);

  /// Carries the operation out: scopes, body, preconditions, `fields` and all.
  Answer run(const Operation& operation, const Request& request, const Caller& caller);

  // What a person does at the calendar itself. Same rules, no scopes; answered with the event as
  // it is kept then.
  Answer insert_as_person(Calendar& calendar, const std::string& email, const Json& body);
  Answer patch_as_person(Calendar& calendar, const std::string& email, const std::string& id,
                         const Json& body);
  Answer remove_as_person(Calendar& calendar, const std::string& email, const std::string& id);
  Answer move_as_person(Calendar& from, Calendar& to, const std::string& email,
                        const std::string& id);
  /// Moves it on the wall clock of its zone.
  Answer shift_as_person(Calendar& calendar, const std::string& email, const std::string& id,
                         std::int64_t by_ms);
  /// "This and following": ends the series before `slot` and begins another one there, changed;
  /// answers {"series", "following"}. Exceptions from the cut on are lost.
  Answer split_as_person(Calendar& calendar, const std::string& email, const std::string& series_id,
                         const std::string& slot, const Json& changes);
  /// The series ends before `slot`; from its first on that is the end of it all.
  Answer end_series_as_person(Calendar& calendar, const std::string& email,
                              const std::string& series_id, const std::string& slot);
  /// The id of a series' occurrence by its original start (see read_slot); nullopt if it has none.
  std::optional<std::string> instance_id(const Calendar& calendar, const std::string& series_id,
                                         const std::string& slot) const;

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
  Answer patch(Calendar& calendar, const Call& call, const Event& event);
  Answer rewrite(Calendar& calendar, const Call& call, Event event, const Json& wanted);
  Answer remove(Calendar& calendar, const Call& call, Event event);
  Answer move_between(Calendar& from, Calendar& to, const Call& call, const Event& event);
  Answer stored(const Calendar& calendar, const std::string& email, const std::string& id) const;
  // With its series, every exception is cancelled ...
  void cancel_exceptions(Calendar& calendar, const std::string& series_id);
  // ... with another start or rhythm all are dropped, with another end those that it leaves out.
  void drop_exceptions(Calendar& calendar, const Event& before, const Event& after);
  void keep(Calendar& calendar, Event event, bool stamp);
  Event blank_event(const Calendar& calendar, const std::string& email, std::string id);

  // listings (calendar_listing.cpp)
  Answer list_events(const Call& call);
  Answer list_instances(const Call& call);
  Json listing_head(const Calendar& calendar, const Call& call, const std::string& zone) const;

  // push (calendar_channels.cpp)
  Answer watch_events(const Call& call);
  Answer stop_channel(const Call& call);

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
  Channels& channels_;
};

/// What ids of events are made of.
inline constexpr std::string_view kIdAlphabet = "0123456789abcdefghijklmnopqrstuv";

/// The part of a reply that the `fields` parameter asks for ("items(id,etag),nextPageToken");
/// nullopt if it does not parse.
std::optional<Json> select_fields(const Json& reply, const std::string& fields);

/// The event with that id: kept, or an occurrence of a kept series.
std::optional<Event> find_event(const Calendar& calendar, const std::string& id);

/// The refusal if `If-Match` came with the request and names another version.
std::optional<Problem> check_version(const Request& request, std::uint64_t change);

}  // namespace mortise::simulators::google
