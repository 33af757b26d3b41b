// What people do at the calendar itself: the API's rules without scopes, and what only pages offer.
#include "simulators/google/calendar_api.hpp"
#include "simulators/google/event.hpp"
#include "simulators/google/recurrence.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::int64_t kDay = 86'400'000;

const Event* find_series(const Calendar& calendar, const std::string& id) {
  const auto kept = calendar.events.find(id);
  const bool there =
      kept != calendar.events.end() && kept->second.recurring() && !kept->second.cancelled();
  return there ? &kept->second : nullptr;
}

// A slot of a series at which it can be cut.
struct Cut {
  const Event* series = nullptr;
  std::int64_t start_ms = 0;
};

std::optional<Cut> find_cut(const Calendar& calendar, const std::string& series_id,
                            const std::string& slot) {
  const Event* series = find_series(calendar, series_id);
  const auto start = series == nullptr ? std::nullopt : read_slot(*series, calendar, slot);
  if (!start) return std::nullopt;
  const bool there =
      find_occurrence(calendar, occurrence_id(*series, calendar, *start)).has_value();
  return there ? std::optional(Cut{series, *start}) : std::nullopt;
}

// Start and end of a change that moves an event by `by_ms` on the wall.
Json moved_times(const Event& event, const Calendar& calendar, std::int64_t by_ms) {
  const bool whole_day = all_day(event);
  const std::string zone = whole_day ? calendar.time_zone() : zone_of(event, calendar);
  const auto at = [&](std::int64_t instant_ms) {
    return kept_time(to_instant(to_wall(instant_ms, zone) + by_ms, zone), zone, whole_day);
  };
  return Json{{"start", at(event.start_ms)}, {"end", at(event.end_ms)}};
}

}  // namespace

Answer CalendarApi::stored(const Calendar& calendar, const std::string& email,
                           const std::string& id) const {
  const auto event = find_event(calendar, id);
  if (!event) return not_found();
  const bool slot_only = event->cancelled() && !event->master_id().empty();
  return slot_only ? show_deleted(*event) : show(*event, calendar, email, calendar.time_zone());
}

Answer CalendarApi::insert_as_person(Calendar& calendar, const std::string& email,
                                     const Json& body) {
  const Request request;
  const Caller person{email, "", {}};
  const Call call{request, person, {}, body};
  Event event = blank_event(calendar, email, ids_.text(26, kIdAlphabet));
  return insert_into(calendar, call, std::move(event), without_nulls(body));
}

Answer CalendarApi::patch_as_person(Calendar& calendar, const std::string& email,
                                    const std::string& id, const Json& body) {
  const Request request;
  const Caller person{email, "", {}};
  const auto event = find_event(calendar, id);
  if (!event) return not_found();
  const Call call{request, person, {}, body};
  return patch(calendar, call, *event);
}

Answer CalendarApi::remove_as_person(Calendar& calendar, const std::string& email,
                                     const std::string& id) {
  const Request request;
  const Caller person{email, "", {}};
  const auto event = find_event(calendar, id);
  if (!event) return not_found();
  const Answer answer = remove(calendar, {request, person, {}, Json::object()}, *event);
  return answer.status == 204 ? stored(calendar, email, id) : answer;
}

Answer CalendarApi::move_as_person(Calendar& from, Calendar& to, const std::string& email,
                                   const std::string& id) {
  const Request request;
  const Caller person{email, "", {}};
  const auto event = find_event(from, id);
  if (!event) return not_found();
  return move_between(from, to, {request, person, {}, Json::object()}, *event);
}

Answer CalendarApi::shift_as_person(Calendar& calendar, const std::string& email,
                                    const std::string& id, std::int64_t by_ms) {
  const auto event = find_event(calendar, id);
  if (!event || event->cancelled()) return not_found();
  if (all_day(*event) && by_ms % kDay != 0) return invalid("A whole day moves by whole days.");
  return patch_as_person(calendar, email, id, moved_times(*event, calendar, by_ms));
}

std::optional<std::string> CalendarApi::instance_id(const Calendar& calendar,
                                                    const std::string& series_id,
                                                    const std::string& slot) const {
  const Event* series = find_series(calendar, series_id);
  if (series == nullptr) return std::nullopt;
  const auto start = read_slot(*series, calendar, slot);
  if (!start) return std::nullopt;
  const std::string id = occurrence_id(*series, calendar, *start);
  return find_event(calendar, id) ? std::optional(id) : std::nullopt;
}

Answer CalendarApi::end_series_as_person(Calendar& calendar, const std::string& email,
                                         const std::string& series_id, const std::string& slot) {
  const auto cut = find_cut(calendar, series_id, slot);
  if (!cut) return not_found();
  if (cut->start_ms == cut->series->start_ms) return remove_as_person(calendar, email, series_id);
  const CutLines lines = cut_lines(*cut->series, calendar, cut->start_ms);
  return patch_as_person(calendar, email, series_id, Json{{"recurrence", lines.before}});
}

Answer CalendarApi::split_as_person(Calendar& calendar, const std::string& email,
                                    const std::string& series_id, const std::string& slot,
                                    const Json& changes) {
  const auto cut = find_cut(calendar, series_id, slot);
  if (!cut) return not_found();
  const Event* series = cut->series;
  const std::int64_t start = cut->start_ms;
  if (start == series->start_ms) {  // from the first on: that is all of them
    const Answer all = patch_as_person(calendar, email, series_id, changes);
    if (all.status != 200) return all;
    return Json{{"series", all.body}, {"following", all.body}};
  }
  const CutLines lines = cut_lines(*series, calendar, start);
  Json body = show(*series, calendar, email, calendar.time_zone());
  body.erase("sequence");
  const Event first = occurrence(*series, calendar, start);
  body["start"] = first.fields["start"];
  body["end"] = first.fields["end"];
  body["recurrence"] = lines.after;
  // As Google's own pages name it; taken ids only after the same cut was made and deleted before.
  std::string id = series_id.substr(0, series_id.find("_R")) + "_R" +
                   write_slot(to_wall(start, zone_of(*series, calendar)), all_day(*series));
  if (id.back() == 'Z') id.pop_back();
  if (calendar.events.count(id) > 0) id = ids_.text(26, kIdAlphabet);
  const Request request;
  const Caller person{email, "", {}};
  const Json wanted = merged(std::move(body), changes);
  const Call call{request, person, {}, wanted};
  const Answer following = insert_into(calendar, call, blank_event(calendar, email, id), wanted);
  if (following.status != 200) return following;
  const Answer before =
      patch_as_person(calendar, email, series_id, Json{{"recurrence", lines.before}});
  if (before.status != 200) return before;
  return Json{{"series", before.body}, {"following", following.body}};
}

}  // namespace mortise::simulators::google
