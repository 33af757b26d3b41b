// How an event looks in a reply.
#include <algorithm>

#include "simulators/google/event.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

void copy(Json& shown, const Event& event, const char* name) {
  const auto found = event.fields.find(name);
  if (found != event.fields.end()) shown[name] = *found;
}

void copy_time(Json& shown, const Event& event, const char* name, const std::string& zone) {
  const auto found = event.fields.find(name);
  if (found != event.fields.end()) shown[name] = shown_time(*found, zone);
}

// Without a copy: listings show thousands.
const Json& member(const Event& event, const char* name) {
  static const Json kNothing = Json::object();
  const auto found = event.fields.find(name);
  return found == event.fields.end() ? kNothing : *found;
}

Json person(const Json& kept, const std::string& calendar_email) {
  Json shown = kept;
  if (text_of(kept, "email") == calendar_email) shown["self"] = true;
  return shown;
}

// "Private events will appear to users with reader access, but event details will be hidden", and
// to users with writerWithoutPrivateAccess (Events.accessRole); guests see theirs.
bool hides_details(const Event& event, const Calendar& calendar, const std::string& email) {
  const std::string visibility = text_of(event.fields, "visibility");
  if (visibility != "private" && visibility != "confidential") return false;
  const std::string role = calendar.role_of(email);
  if (role == "owner" || role == "writer") return false;
  const Json guests = event.fields.value("attendees", Json::array());
  return std::none_of(guests.begin(), guests.end(),
                      [&](const Json& each) { return text_of(each, "email") == email; });
}

// When somebody is busy, and nothing else.
Json show_busy(const Event& event, const std::string& zone) {
  Json shown{{"kind", "calendar#event"}, {"etag", etag_of(event.change)}, {"id", event.id}};
  copy(shown, event, "status");
  copy_time(shown, event, "start", zone);
  copy_time(shown, event, "end", zone);
  copy(shown, event, "recurrence");
  copy(shown, event, "recurringEventId");
  copy_time(shown, event, "originalStartTime", zone);
  for (const char* name : {"visibility", "iCalUID", "eventType"}) copy(shown, event, name);
  return shown;
}

}  // namespace

Json show_deleted(const Event& event) {
  Json shown{{"kind", "calendar#event"},
             {"etag", etag_of(event.change)},
             {"id", event.id},
             {"status", "cancelled"}};
  copy(shown, event, "recurringEventId");
  copy_time(shown, event, "originalStartTime", "UTC");
  return shown;
}

Json show(const Event& event, const Calendar& calendar, const std::string& email,
          const std::string& zone) {
  if (hides_details(event, calendar, email)) return show_busy(event, zone);
  Json shown{{"kind", "calendar#event"}, {"etag", etag_of(event.change)}, {"id", event.id}};
  copy(shown, event, "status");
  shown["htmlLink"] = "https://www.google.com/calendar/event?eid=" + event.id;
  shown["created"] = write_utc(event.created_ms);
  shown["updated"] = write_utc(event.updated_ms);
  for (const char* name : {"summary", "description", "location", "colorId"})
    copy(shown, event, name);
  shown["creator"] = person(member(event, "creator"), calendar.id);
  shown["organizer"] = person(member(event, "organizer"), calendar.id);
  copy_time(shown, event, "start", zone);
  copy_time(shown, event, "end", zone);
  for (const char* name : {"endTimeUnspecified", "recurrence", "recurringEventId"}) {
    copy(shown, event, name);
  }
  copy_time(shown, event, "originalStartTime", zone);
  for (const char* name :
       {"transparency", "visibility", "iCalUID", "sequence", "attendees", "extendedProperties",
        "hangoutLink", "conferenceData", "anyoneCanAddSelf", "guestsCanInviteOthers",
        "guestsCanModify", "guestsCanSeeOtherGuests", "privateCopy"}) {
    copy(shown, event, name);
  }
  const auto reminders = event.reminders.find(email);
  shown["reminders"] =
      reminders == event.reminders.end() ? Json{{"useDefault", true}} : reminders->second;
  // "Can only be seen or modified by the creator of the event."
  if (text_of(member(event, "creator"), "email") == email) copy(shown, event, "source");
  copy(shown, event, "attachments");
  copy(shown, event, "eventType");
  return shown;
}

}  // namespace mortise::simulators::google
