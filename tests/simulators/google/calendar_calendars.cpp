// Calendars, a person's list of them, colours and settings.
#include <algorithm>
#include <charconv>

#include "simulators/google/calendar_api.hpp"
#include "simulators/google/colors.hpp"
#include "simulators/google/event.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::size_t kListPage = 100;
constexpr std::size_t kLargestListPage = 250;

Json show_calendar(const Calendar& calendar) {
  Json shown{
      {"kind", "calendar#calendar"}, {"etag", etag_of(calendar.change)}, {"id", calendar.id}};
  for (const char* name : {"summary", "description", "location", "timeZone"}) {
    if (calendar.fields.contains(name)) shown[name] = calendar.fields[name];
  }
  shown["conferenceProperties"] =
      Json{{"allowedConferenceSolutionTypes", Json::array({"hangoutsMeet"})}};
  if (calendar.id != calendar.owner && !calendar.owner.empty()) shown["dataOwner"] = calendar.owner;
  return shown;
}

Json show_entry(const Calendar& calendar, const ListEntry& entry, const std::string& email) {
  Json shown = show_calendar(calendar);
  shown["kind"] = "calendar#calendarListEntry";
  shown["etag"] = etag_of(std::max(calendar.change, entry.change));
  for (const char* name : {"summaryOverride", "colorId", "backgroundColor", "foregroundColor",
                           "selected", "hidden", "defaultReminders", "notificationSettings"}) {
    if (entry.fields.contains(name)) shown[name] = entry.fields[name];
  }
  const CalendarColor color = calendar_color(text_of(entry.fields, "colorId"));
  if (!shown.contains("backgroundColor")) shown["backgroundColor"] = color.background;
  if (!shown.contains("foregroundColor")) shown["foregroundColor"] = color.foreground;
  shown["accessRole"] = calendar.role_of(email);
  if (calendar.id == email) shown["primary"] = true;
  return shown;
}

int rank(const std::string& role) {
  const char* const kRoles[] = {"freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer",
                                "owner"};
  const auto found = std::find(std::begin(kRoles), std::end(kRoles), role);
  return found == std::end(kRoles) ? -1 : static_cast<int>(found - std::begin(kRoles));
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// What a list entry may hold.
std::optional<Problem> check_entry(const Json& wanted, bool rgb) {
  for (const char* name : {"selected", "hidden"}) {
    if (wanted.contains(name) && !wanted[name].is_boolean())
      return invalid(std::string("Invalid value for: ") + name);
  }
  if (wanted.contains("summaryOverride") && !wanted["summaryOverride"].is_string()) {
    return invalid("Invalid value for: summaryOverride");
  }
  const std::string color = text_of(wanted, "colorId");
  const bool known = calendar_colors().count(color) > 0;
  if (!rgb && wanted.contains("colorId") && !known) return invalid("Invalid calendar color id.");
  if (wanted.contains("defaultReminders") && !wanted["defaultReminders"].is_array()) {
    return invalid("Invalid value for: defaultReminders");
  }
  return std::nullopt;
}

std::optional<Problem> check_calendar(const Json& wanted) {
  if (text_of(wanted, "summary").empty()) return missing("Missing title.");
  const std::string zone = text_of(wanted, "timeZone");
  if (wanted.contains("timeZone") && !known_zone(zone))
    return invalid("Invalid time zone: " + zone);
  for (const char* name : {"description", "location"}) {
    if (wanted.contains(name) && !wanted[name].is_string())
      return invalid(std::string("Invalid value for: ") + name);
  }
  return std::nullopt;
}

Json only_calendar_fields(const Json& wanted) {
  Json fields = Json::object();
  for (const char* name : {"summary", "description", "location", "timeZone"}) {
    if (wanted.contains(name)) fields[name] = wanted[name];
  }
  return fields;
}

Problem gone_list() {
  return {410,        "fullSyncRequired", "Sync token is no longer valid, a full sync is required.",
          "calendar", "parameter",        "syncToken"};
}

}  // namespace

Answer CalendarApi::list_calendars(const Call& call) {
  const Request& request = call.request;
  const auto since = request.parameter("syncToken");
  if (since && request.parameter("minAccessRole")) {
    return invalid_parameter("minAccessRole",
                             "minAccessRole cannot be used together with a sync token.");
  }
  if (since && !number(*since)) return invalid_token("syncToken", "Invalid sync token value.");
  const std::uint64_t from = since ? *number(*since) : 0;
  if (from > model_.last_change()) return gone_list();
  const auto asked = number(request.parameter("maxResults").value_or("100")).value_or(kListPage);
  const std::size_t room = std::clamp<std::size_t>(asked, 1, kLargestListPage);
  const int least = rank(request.parameter("minAccessRole").value_or("freeBusyReader"));
  if (least < 0) return invalid_parameter("minAccessRole", "Invalid string value.");
  const std::string after = request.parameter("pageToken").value_or("");

  Json items = Json::array();
  Json reply{{"kind", "calendar#calendarList"}, {"etag", etag_of(model_.last_change())}};
  for (const auto& [id, entry] : model_.lists[call.caller.email]) {
    const auto calendar = model_.calendars.find(id);
    const bool gone = entry.deleted || calendar == model_.calendars.end();
    if (gone && !since && !call.flag("showDeleted")) continue;
    const std::uint64_t change =
        gone ? entry.change : std::max(entry.change, calendar->second.change);
    if (id <= after || change <= from) continue;
    if (!gone && rank(calendar->second.role_of(call.caller.email)) < least) continue;
    if (!gone && entry.fields.value("hidden", false) && !since && !call.flag("showHidden"))
      continue;
    if (items.size() == room) {
      reply["nextPageToken"] = text_of(items.back(), "id");
      break;
    }
    items.push_back(gone ? Json{{"kind", "calendar#calendarListEntry"},
                                {"etag", etag_of(entry.change)},
                                {"id", id},
                                {"deleted", true}}
                         : show_entry(calendar->second, entry, call.caller.email));
  }
  if (!reply.contains("nextPageToken"))
    reply["nextSyncToken"] = std::to_string(model_.last_change());
  reply["items"] = std::move(items);
  return reply;
}

Answer CalendarApi::get_entry(const Call& call) {
  const Found found = readable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const auto& entries = model_.lists[call.caller.email];
  const auto entry = entries.find(found.calendar->id);
  if (entry == entries.end() || entry->second.deleted) return not_found();
  return show_entry(*found.calendar, entry->second, call.caller.email);
}

Answer CalendarApi::insert_entry(const Call& call) {
  const Json wanted = without_nulls(call.body);
  const std::string id = text_of(wanted, "id");
  if (id.empty()) return missing("Missing calendar id.");
  const Found found = readable(call, id);
  if (found.problem) return *found.problem;
  if (auto problem = check_entry(wanted, call.flag("colorRgbFormat"))) return *problem;
  model_.share(*found.calendar, call.caller.email, found.calendar->role_of(call.caller.email));
  ListEntry& entry = model_.lists[call.caller.email][found.calendar->id];
  entry.fields.update(wanted);
  entry.fields.erase("id");
  return show_entry(*found.calendar, entry, call.caller.email);
}

Answer CalendarApi::write_entry(const Call& call, bool replace) {
  const Found found = readable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  auto& entries = model_.lists[call.caller.email];
  const auto entry = entries.find(found.calendar->id);
  if (entry == entries.end() || entry->second.deleted) return not_found();
  const std::uint64_t change = std::max(entry->second.change, found.calendar->change);
  if (auto problem = check_version(call.request, change)) return *problem;
  Json wanted = replace ? without_nulls(call.body) : merged(entry->second.fields, call.body);
  if (auto problem = check_entry(wanted, call.flag("colorRgbFormat"))) return *problem;
  if (!call.flag("colorRgbFormat")) {
    wanted.erase("backgroundColor");
    wanted.erase("foregroundColor");
  }
  entry->second.fields = std::move(wanted);
  entry->second.change = model_.next_change();
  return show_entry(*found.calendar, entry->second, call.caller.email);
}

Answer CalendarApi::patch_entry(const Call& call) {
  return write_entry(call, false);
}
Answer CalendarApi::update_entry(const Call& call) {
  return write_entry(call, true);
}

Answer CalendarApi::delete_entry(const Call& call) {
  const Found found = readable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  auto& entries = model_.lists[call.caller.email];
  const auto entry = entries.find(found.calendar->id);
  if (entry == entries.end() || entry->second.deleted) return not_found();
  if (found.calendar->owner == call.caller.email) {
    return Problem{403, "forbidden", "The owner of a calendar cannot remove it from the list."};
  }
  entry->second.deleted = true;
  entry->second.change = model_.next_change();
  return {204, Json()};
}

Answer CalendarApi::get_calendar(const Call& call) {
  const Found found = readable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  return show_calendar(*found.calendar);
}

Answer CalendarApi::insert_calendar(const Call& call) {
  const Json wanted = without_nulls(call.body);
  if (auto problem = check_calendar(wanted)) return *problem;
  Calendar calendar;
  calendar.id = "c_" + ids_.text(32, "0123456789abcdef") + "@group.calendar.google.com";
  calendar.owner = call.caller.email;
  calendar.client_id = call.caller.client_id;
  calendar.fields = only_calendar_fields(wanted);
  if (!calendar.fields.contains("timeZone")) {
    calendar.fields["timeZone"] = model_.user(call.caller.email)->time_zone;
  }
  return show_calendar(model_.add_calendar(std::move(calendar)));
}

Answer CalendarApi::write_calendar(const Call& call, bool replace) {
  const Found found = writable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  if (auto problem = check_version(call.request, found.calendar->change)) return *problem;
  Json wanted = replace ? without_nulls(call.body) : merged(found.calendar->fields, call.body);
  if (auto problem = check_calendar(wanted)) return *problem;
  Json fields = only_calendar_fields(wanted);
  if (!fields.contains("timeZone")) fields["timeZone"] = found.calendar->time_zone();
  found.calendar->fields = std::move(fields);
  found.calendar->change = model_.next_change();
  return show_calendar(*found.calendar);
}

Answer CalendarApi::patch_calendar(const Call& call) {
  return write_calendar(call, false);
}
Answer CalendarApi::update_calendar(const Call& call) {
  return write_calendar(call, true);
}

Answer CalendarApi::delete_calendar(const Call& call) {
  const Found found = readable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  if (found.calendar->id == found.calendar->owner) {
    return Problem{403, "forbidden", "A primary calendar cannot be deleted."};
  }
  if (found.calendar->role_of(call.caller.email) != "owner") {
    return required_access("You need to have owner access to this calendar.");
  }
  if (auto problem = check_version(call.request, found.calendar->change)) return *problem;
  model_.remove_calendar(found.calendar->id);
  return {204, Json()};
}

Answer CalendarApi::get_colors(const Call&) {
  Json reply{{"kind", "calendar#colors"}, {"updated", "2012-02-14T00:00:00.000Z"}};
  for (const auto& [id, color] : calendar_colors()) {
    reply["calendar"][id] =
        Json{{"background", color.background}, {"foreground", color.foreground}};
  }
  for (const auto& [id, color] : event_colors()) {
    reply["event"][id] = Json{{"background", color.background}, {"foreground", color.foreground}};
  }
  return reply;
}

namespace {

std::map<std::string, std::string> settings_of(const User& user) {
  return {{"timezone", user.time_zone}, {"locale", "en"},
          {"weekStart", "1"},           {"format24HourTime", "true"},
          {"dateFieldOrder", "YMD"},    {"defaultEventLength", "60"},
          {"hideWeekends", "false"},    {"showDeclinedEvents", "true"}};
}

Json show_setting(const std::string& id, const std::string& value) {
  return Json{{"kind", "calendar#setting"}, {"etag", etag_of(1)}, {"id", id}, {"value", value}};
}

}  // namespace

Answer CalendarApi::get_setting(const Call& call) {
  const auto settings = settings_of(*model_.user(call.caller.email));
  const auto found = settings.find(call.ids[0]);
  if (found == settings.end()) return not_found();
  return show_setting(found->first, found->second);
}

Answer CalendarApi::list_settings(const Call& call) {
  Json reply{{"kind", "calendar#settings"}, {"etag", etag_of(1)}, {"items", Json::array()}};
  for (const auto& [id, value] : settings_of(*model_.user(call.caller.email))) {
    reply["items"].push_back(show_setting(id, value));
  }
  reply["nextSyncToken"] = std::to_string(model_.last_change());
  return reply;
}

}  // namespace mortise::simulators::google
