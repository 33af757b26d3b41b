// Reading and writing single events.
#include <algorithm>

#include "simulators/google/calendar_api.hpp"
#include "simulators/google/event.hpp"
#include "simulators/google/recurrence.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

Writer writer_of(const Calendar& calendar, const Call& call) {
  return {calendar, call.caller.email, call.flag("supportsAttachments"),
          call.request.parameter("conferenceDataVersion") == "1"};
}

std::string response_zone(const Calendar& calendar, const Call& call) {
  const std::string asked = call.request.parameter("timeZone").value_or("");
  return known_zone(asked) ? asked : calendar.time_zone();
}

// What Google keeps of a cancelled occurrence.
void strip_cancelled_exception(Event& event) {
  Json kept{{"status", "cancelled"},
            {"recurringEventId", event.fields["recurringEventId"]},
            {"originalStartTime", event.fields["originalStartTime"]},
            {"sequence", event.fields.value("sequence", 0)}};
  event.fields = std::move(kept);
}

// Equal whatever the order of the members.
bool same(const Json& a, const Json& b) {
  return nlohmann::json(a) == nlohmann::json(b);
}

// A cancelled occurrence keeps no times; a write starts from what its series says of it.
Event whole(const Calendar& calendar, const Event& event) {
  if (!event.cancelled() || event.master_id().empty()) return event;
  auto fresh = find_occurrence(calendar, event.id);
  if (!fresh) return event;
  fresh->change = event.change;
  fresh->fields["status"] = "cancelled";
  return *fresh;
}

}  // namespace

std::optional<Event> find_event(const Calendar& calendar, const std::string& id) {
  const auto kept = calendar.events.find(id);
  if (kept != calendar.events.end()) return kept->second;
  return find_occurrence(calendar, id);
}

std::optional<Problem> check_version(const Request& request, std::uint64_t change) {
  const std::string wanted = request.header("If-Match");
  if (wanted.empty() || wanted == "*" || wanted == etag_of(change)) return std::nullopt;
  return condition_not_met();
}

Event CalendarApi::blank_event(const Calendar& calendar, const std::string& email, std::string id) {
  Event event;
  event.id = std::move(id);
  event.created_ms = event.updated_ms = clock_.now_ms();
  Json organizer{{"email", calendar.id}};
  if (calendar.id != calendar.owner) organizer["displayName"] = text_of(calendar.fields, "summary");
  event.fields["creator"] = Json{{"email", email}};
  event.fields["organizer"] = std::move(organizer);
  event.fields["iCalUID"] = event.id + "@google.com";
  event.fields["sequence"] = 0;
  event.fields["eventType"] = "default";
  return event;
}

void CalendarApi::keep(Calendar& calendar, Event event, bool stamp) {
  if (stamp) event.updated_ms = clock_.now_ms();
  Event& kept = calendar.events[event.id];
  event.change = kept.change;
  kept = std::move(event);
  model_.touch(calendar, kept);
}

Answer CalendarApi::get_event(const Call& call) {
  const Found found = with_events(call);
  if (found.problem) return *found.problem;
  const auto event = find_event(*found.calendar, call.ids[1]);
  if (!event) return not_found();
  return show(*event, *found.calendar, call.caller.email, response_zone(*found.calendar, call));
}

Answer CalendarApi::insert_into(Calendar& calendar, const Call& call, Event event,
                                const Json& wanted) {
  const std::string type = text_of(wanted, "eventType");
  if (!type.empty() && type != "default") {
    return Problem{400, "eventTypeRestriction", "This event type cannot be created here.",
                   "calendar"};
  }
  if (auto problem = write_fields(event, wanted, writer_of(calendar, call))) return *problem;
  const std::string id = event.id;
  keep(calendar, std::move(event), true);
  return show(calendar.events.at(id), calendar, call.caller.email, calendar.time_zone());
}

Answer CalendarApi::insert_event(const Call& call) {
  const Found found = writable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const Json wanted = without_nulls(call.body);
  std::string id = ids_.text(26, kIdAlphabet);
  if (wanted.contains("id")) {
    id = text_of(wanted, "id");
    if (!valid_event_id(id)) return invalid("Invalid resource id value.");
  }
  // The id of a deleted event stays taken.
  if (found.calendar->events.count(id) > 0) {
    return Problem{409, "duplicate", "The requested identifier already exists."};
  }
  Event event = blank_event(*found.calendar, call.caller.email, id);
  const std::string uid = text_of(wanted, "iCalUID");
  if (!uid.empty()) event.fields["iCalUID"] = uid;
  return insert_into(*found.calendar, call, std::move(event), wanted);
}

Answer CalendarApi::import_event(const Call& call) {
  const Found found = writable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const Json wanted = without_nulls(call.body);
  const std::string uid = text_of(wanted, "iCalUID");
  if (uid.empty()) return missing("Missing iCalUID.");
  for (const auto& [id, event] : found.calendar->events) {
    if (text_of(event.fields, "iCalUID") == uid && event.master_id().empty()) {
      return rewrite(*found.calendar, call, event, wanted);
    }
  }
  Event event = blank_event(*found.calendar, call.caller.email, "_" + ids_.text(26, kIdAlphabet));
  event.fields["iCalUID"] = uid;
  event.fields["privateCopy"] = true;
  if (wanted.contains("organizer") && wanted["organizer"].is_object()) {
    event.fields["organizer"] = wanted["organizer"];
  }
  return insert_into(*found.calendar, call, std::move(event), wanted);
}

Answer CalendarApi::rewrite(Calendar& calendar, const Call& call, Event event, const Json& wanted) {
  const Event before = event;
  if (auto problem = write_fields(event, wanted, writer_of(calendar, call))) return *problem;
  const bool moved = reschedules(before, event);
  if (moved && event.fields.value("sequence", 0) == before.fields.value("sequence", 0)) {
    event.fields["sequence"] = before.fields.value("sequence", 0) + 1;
  }
  if (moved && before.recurring()) {
    if (event.cancelled()) {
      cancel_exceptions(calendar, event.id);
    } else {
      drop_exceptions(calendar, before, event);
    }
  }
  const bool exception = !event.master_id().empty();
  if (exception && event.cancelled()) strip_cancelled_exception(event);
  // "Changing reminders does not also change the updated property of the enclosing event."
  const bool stamp = !same(event.fields, before.fields) || event.reminders == before.reminders;
  const std::string id = event.id;
  keep(calendar, std::move(event), stamp);
  return show(calendar.events.at(id), calendar, call.caller.email, response_zone(calendar, call));
}

Answer CalendarApi::update_event(const Call& call) {
  const Found found = writable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const auto event = find_event(*found.calendar, call.ids[1]);
  if (!event) return not_found();
  if (auto problem = check_version(call.request, event->change)) return *problem;
  Json wanted = without_nulls(call.body);
  if (!event->master_id().empty()) wanted.erase("recurrence");
  return rewrite(*found.calendar, call, whole(*found.calendar, *event), wanted);
}

Answer CalendarApi::patch_event(const Call& call) {
  const Found found = writable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const auto event = find_event(*found.calendar, call.ids[1]);
  if (!event) return not_found();
  if (auto problem = check_version(call.request, event->change)) return *problem;
  return patch(*found.calendar, call, *event);
}

Answer CalendarApi::patch(Calendar& calendar, const Call& call, const Event& event) {
  const Event before = whole(calendar, event);
  Json current = show(before, calendar, call.caller.email, calendar.time_zone());
  current.erase("sequence");  // only a number that the client sends is compared
  Json wanted = merged(std::move(current), call.body);
  if (!event.master_id().empty()) wanted.erase("recurrence");
  return rewrite(calendar, call, before, wanted);
}

Answer CalendarApi::remove(Calendar& calendar, const Call& call, Event event) {
  if (event.cancelled()) return Problem{410, "deleted", "Resource has been deleted"};
  if (auto problem = check_version(call.request, event.change)) return *problem;
  event.fields["status"] = "cancelled";
  event.fields["sequence"] = event.fields.value("sequence", 0) + 1;
  const std::string id = event.id;
  const bool series = event.recurring();
  if (!event.master_id().empty()) strip_cancelled_exception(event);
  keep(calendar, std::move(event), true);
  if (series) cancel_exceptions(calendar, id);
  return {204, Json()};
}

void CalendarApi::cancel_exceptions(Calendar& calendar, const std::string& series_id) {
  for (auto& [id, other] : calendar.events) {
    if (other.master_id() != series_id || other.cancelled()) continue;
    strip_cancelled_exception(other);
    other.updated_ms = clock_.now_ms();
    model_.touch(calendar, other);
  }
}

void CalendarApi::drop_exceptions(Calendar& calendar, const Event& before, const Event& after) {
  const bool all = before.start_ms != after.start_ms || all_day(before) != all_day(after) ||
                   zone_of(before, calendar) != zone_of(after, calendar) || before.cancelled() ||
                   !after.recurring() ||
                   (settings_.rules_reset_exceptions && !same_rhythm(before, after));
  for (auto it = calendar.events.begin(); it != calendar.events.end();) {
    const Event& other = it->second;
    const bool goes = other.master_id() == before.id && (all || !has_slot(after, calendar, other));
    if (goes) calendar.order.erase(other.change);
    it = goes ? calendar.events.erase(it) : std::next(it);
  }
}

Answer CalendarApi::delete_event(const Call& call) {
  const Found found = writable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const auto event = find_event(*found.calendar, call.ids[1]);
  if (!event) return not_found();
  return remove(*found.calendar, call, *event);
}

Answer CalendarApi::move_event(const Call& call) {
  const Found from = writable(call, call.ids[0]);
  if (from.problem) return *from.problem;
  const auto destination = call.request.parameter("destination");
  if (!destination) {
    return Problem{400,      "required",  "Required parameter: destination",
                   "global", "parameter", "destination"};
  }
  const Found to = writable(call, *destination);
  if (to.problem) return *to.problem;
  const auto event = find_event(*from.calendar, call.ids[1]);
  if (!event) return not_found();
  return move_between(*from.calendar, *to.calendar, call, *event);
}

Answer CalendarApi::move_between(Calendar& from, Calendar& to, const Call& call,
                                 const Event& event) {
  if (event.cancelled()) return Problem{410, "deleted", "Resource has been deleted"};
  if (!event.master_id().empty()) {
    return Problem{400, "cannotChangeOrganizerOfInstance",
                   "Cannot change the organizer of an instance.", "calendar"};
  }
  if (&from == &to) return show(event, to, call.caller.email, to.time_zone());
  const auto there = to.events.find(event.id);
  if (there != to.events.end() && !there->second.cancelled()) {
    return Problem{409, "duplicate", "The requested identifier already exists."};
  }
  Event moved = event;
  moved.fields["organizer"] = blank_event(to, call.caller.email, moved.id).fields["organizer"];
  moved.fields["sequence"] = moved.fields.value("sequence", 0) + 1;
  Event left = event;
  left.fields["status"] = "cancelled";
  // What was said about single slots goes along.
  for (const auto& [id, other] : from.events) {
    if (other.master_id() == event.id) keep(to, other, false);
  }
  cancel_exceptions(from, event.id);
  keep(from, std::move(left), true);
  keep(to, std::move(moved), true);
  return show(to.events.at(event.id), to, call.caller.email, to.time_zone());
}

}  // namespace mortise::simulators::google
