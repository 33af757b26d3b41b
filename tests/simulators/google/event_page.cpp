// One event on a page of its own, and the forms by which people make, edit and delete events.
#include <algorithm>

#include "simulators/common/html.hpp"
#include "simulators/google/event.hpp"
#include "simulators/google/pages.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::int64_t kDay = 86'400'000;

std::string input(const std::string& label, const char* name, const char* type,
                  const std::string& value) {
  return "<label class=\"choice\">" + label + " <input name=\"" + name + "\" type=\"" + type +
         "\" value=\"" + html_escape(value) + "\" required></label>";
}

std::string option(const std::string& value, const std::string& label) {
  return "<option value=\"" + html_escape(value) + "\">" + html_escape(label) + "</option>";
}

// What the browser's date and time inputs hold: "2026-11-20" or "2026-11-20T18:00".
std::string input_time(std::int64_t wall_ms, bool whole_day) {
  return whole_day ? write_date(wall_ms)
                   : write_date(wall_ms) + "T" + write_in_zone(wall_ms, "UTC").substr(11, 5);
}

// From when to when, on the calendar's wall; of whole days the end is the day after.
struct Span {
  std::int64_t start_wall_ms = 0;
  std::int64_t end_wall_ms = 0;
  bool whole_day = false;
};

// What a form says; nullopt if that are no times.
std::optional<Span> read_span(const Fields& form) {
  const std::string start = field(form, "start");
  const std::string end = field(form, "end");
  const auto first = read_date(start);
  const auto last = read_date(end);  // people say the last day, the API the day after
  if (first && last) return Span{*first, *last + kDay, true};
  const auto from = read_date_time(start.size() == 16 ? start + ":00" : start);
  const auto to = read_date_time(end.size() == 16 ? end + ":00" : end);
  if (!from || !to || from->offset_minutes || to->offset_minutes) return std::nullopt;
  return Span{from->wall_ms, to->wall_ms, false};
}

// The form's title and times as a change of an event that lives in `zone`.
Json changes_of(const Fields& form, const Span& span, const Calendar& calendar,
                const std::string& zone) {
  const auto at = [&](std::int64_t wall_ms) {
    if (span.whole_day) {
      return Json{{"date", write_date(wall_ms)}, {"dateTime", nullptr}, {"timeZone", nullptr}};
    }
    return Json{{"dateTime", write_utc(to_instant(wall_ms, calendar.time_zone()))},
                {"timeZone", zone},
                {"date", nullptr}};
  };
  return Json{{"summary", field(form, "title")},
              {"start", at(span.start_wall_ms)},
              {"end", at(span.end_wall_ms)}};
}

// The span of a whole series of which one occurrence goes from `shown` to `wanted`.
Span of_series(const Event& series, const Calendar& calendar, const Shown& shown,
               const Span& wanted) {
  Span span = wanted;
  span.start_wall_ms =
      to_wall(series.start_ms, calendar.time_zone()) + wanted.start_wall_ms - shown.start_wall_ms;
  if (span.whole_day) span.start_wall_ms -= ((span.start_wall_ms % kDay) + kDay) % kDay;
  span.end_wall_ms = span.start_wall_ms + wanted.end_wall_ms - wanted.start_wall_ms;
  return span;
}

std::string slot_of(const Event& event) {
  const Json original = event.fields.value("originalStartTime", Json::object());
  const std::string day = text_of(original, "date");
  return day.empty() ? text_of(original, "dateTime") : day;
}

bool may_write(const Calendar& calendar, const User& user) {
  const std::string role = calendar.role_of(user.email);
  return role == "owner" || role == "writer";
}

// Escaped, lines kept, web addresses made into links.
std::string rich(const std::string& text) {
  std::string html;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t link =
        std::min({text.find("https://", at), text.find("http://", at), text.size()});
    html += html_escape(std::string_view(text).substr(at, link - at));
    const std::size_t end = std::min(text.find_first_of(" \t\n\"'<>)", link), text.size());
    const std::string url = html_escape(std::string_view(text).substr(link, end - link));
    if (end > link) html += "<a rel=\"noreferrer\" href=\"" + url + "\">" + url + "</a>";
    at = end;
    if (link == text.size()) break;
  }
  return "<span style=\"white-space:pre-line\">" + html + "</span>";
}

std::string detail(const std::string& name, const std::string& value) {
  return value.empty() ? ""
                       : "<tr><th scope=\"row\">" + name + "</th><td>" + rich(value) + "</td></tr>";
}

std::string reminders_of(const Event& event, const Calendar& calendar, const std::string& email,
                         const Model& model) {
  const auto own = event.reminders.find(email);
  Json list = Json::array();
  if (own != event.reminders.end()) {
    list = own->second.value("overrides", Json::array());
  } else {
    const auto entries = model.lists.find(email);
    if (entries != model.lists.end() && entries->second.count(calendar.id) > 0) {
      list = entries->second.at(calendar.id).fields.value("defaultReminders", Json::array());
    }
  }
  std::string text;
  for (const Json& reminder : list) {
    text += (text.empty() ? "" : ", ") + text_of(reminder, "method") + " " +
            std::to_string(reminder.value("minutes", 0)) + " min before";
  }
  return text.empty() ? "none" : text;
}

std::string attendees_of(const Event& event) {
  std::string text;
  for (const Json& attendee : event.fields.value("attendees", Json::array())) {
    text += (text.empty() ? "" : ", ") + text_of(attendee, "email") + " (" +
            text_of(attendee, "responseStatus") + ")";
  }
  return text;
}

std::string source_of(const Event& event) {
  const Json source = event.fields.value("source", Json::object());
  const std::string url = text_of(source, "url");
  if (url.empty()) return "";
  const std::string title = text_of(source, "title");
  return "<tr><th scope=\"row\">Link</th><td><a rel=\"noreferrer\" href=\"" + html_escape(url) +
         "\">" + html_escape(title.empty() ? url : title) + "</a></td></tr>";
}

std::string details_of(const Shown& shown, const User& user, const Model& model) {
  const Event& event = shown.event;
  const bool whole = all_day(event);
  const std::int64_t last = shown.end_wall_ms - (whole ? kDay : 0);
  std::string when = write_date(shown.start_wall_ms) + (whole ? "" : " " + shown.hours());
  if (whole && last > shown.start_wall_ms) when += " – " + write_date(last);
  std::string repeats;
  for (const Json& line : event.fields.value("recurrence", Json::array())) {
    repeats += (repeats.empty() ? "" : "\n") + line.get<std::string>();
  }
  return "<div class=\"scroll\"><table>" + detail("When", when) +
         detail("Time zone", whole ? "" : shown.calendar->time_zone()) +
         detail("Repeats", repeats) +
         detail("Calendar", text_of(shown.calendar->fields, "summary")) +
         detail("Where", text_of(event.fields, "location")) +
         detail("Description", text_of(event.fields, "description")) + source_of(event) +
         detail("Reminders", reminders_of(event, *shown.calendar, user.email, model)) +
         detail("Guests", attendees_of(event)) + "</table></div>";
}

// Which events of a series a form means; nothing for an event by itself.
std::string scope_choice(const Event& event) {
  if (event.master_id().empty()) return "";
  return "<label class=\"choice\">Which <select name=\"scope\">" + option("this", "This event") +
         option("following", "This and following events") + option("all", "All events") +
         "</select></label>";
}

std::string edit_form(const Shown& shown, bool whole_day) {
  const bool as_is = whole_day == all_day(shown.event);
  std::int64_t last = shown.end_wall_ms;
  if (whole_day) last = std::max(shown.start_wall_ms, last - (as_is ? kDay : 1));
  std::int64_t first = shown.start_wall_ms;
  if (!whole_day && !as_is) {  // a whole day that gets hours
    first += 9 * 3'600'000;
    last = first + 3'600'000;
  }
  const char* type = whole_day ? "date" : "datetime-local";
  const char* save = as_is ? "Save" : whole_day ? "Make it whole days" : "Give it hours";
  return "<form class=\"block\" method=\"post\">" +
         input("Title", "title", "text", text_of(shown.event.fields, "summary")) +
         input("Starts", "start", type, input_time(first, whole_day)) +
         input(whole_day ? "Last day" : "Ends", "end", type, input_time(last, whole_day)) +
         scope_choice(shown.event) + "<p><button class=\"main\" name=\"do\" value=\"save\">" +
         save + "</button>" +
         (as_is ? " <button name=\"do\" value=\"delete\" formnovalidate>Delete</button>" : "") +
         "</p></form>";
}

}  // namespace

std::string Pages::new_event_forms(const User& user, const std::string& day) const {
  std::string calendars;
  for (const auto& [id, calendar] : model_.calendars) {
    if (!may_write(calendar, user)) continue;
    const std::string choice = option(id, text_of(calendar.fields, "summary"));
    calendars = id == user.email ? choice + calendars : calendars + choice;
  }
  const auto form = [&](const char* type, const std::string& start, const std::string& end,
                        const char* end_label) {
    return "<form class=\"block card\" method=\"post\" action=\"/google/" +
           percent_encode(user.email) + "/" + percent_encode(user.email) + "\">" +
           input("Title", "title", "text", "") + input("Starts", "start", type, start) +
           input(end_label, "end", type, end) +
           "<label class=\"choice\">Repeats <select name=\"repeat\">" + option("", "never") +
           option("DAILY", "daily") + option("WEEKLY", "weekly") + option("MONTHLY", "monthly") +
           "</select> <input name=\"times\" type=\"number\" min=\"1\" max=\"730\" "
           "aria-label=\"how often\"> times</label><label class=\"choice\">Calendar <select "
           "name=\"calendar\">" +
           calendars +
           "</select></label><button class=\"main\" name=\"do\" "
           "value=\"create\">Create</button></form>";
  };
  return "<details><summary>New event</summary>" +
         form("datetime-local", day + "T18:00", day + "T19:00", "Ends") +
         "</details><details><summary>New whole day</summary>" +
         form("date", day, day, "Last day") + "</details>";
}

Response Pages::event_page(const User& user, Calendar& calendar, const std::string& id,
                           const std::string& problem) const {
  const auto found = find_event(calendar, id);
  if (!found || found->cancelled()) return nothing_here();
  const Shown shown = shown_event(calendar, *found, "");
  const std::string month = write_date(shown.start_wall_ms).substr(0, 7);
  std::string body = "<p><a href=\"/google/" + percent_encode(user.email) + "?month=" + month +
                     "\">&larr; calendar</a></p><h1>" + html_escape(shown.title()) + "</h1>";
  if (!problem.empty()) {
    body += "<p role=\"alert\"><strong>" + html_escape(problem) + "</strong></p>";
  }
  body += details_of(shown, user, model_);
  if (may_write(calendar, user)) {
    const bool whole = all_day(*found);
    body += "<div class=\"card\"><h2>Edit</h2>" + edit_form(shown, whole) + "<details><summary>" +
            (whole ? "Hours" : "Whole days") + "</summary>" + edit_form(shown, !whole) +
            "</details></div>";
  }
  return calendar_page(shown.title(), body, problem.empty() ? 200 : 400);
}

Response Pages::create(const User& user, const std::string& calendar_id, const Fields& form) {
  const std::string chosen = field(form, "calendar");
  Calendar* calendar = model_.calendar(chosen.empty() ? calendar_id : chosen, user.email);
  if (calendar == nullptr || !may_write(*calendar, user)) return nothing_here();
  const std::string back = "/google/" + percent_encode(user.email);
  std::string problem = "Say when it starts and ends.";
  if (const auto span = read_span(form)) {
    Json event = changes_of(form, *span, *calendar, calendar->time_zone());
    const std::string repeat = field(form, "repeat");
    const std::string times = field(form, "times");
    if (!repeat.empty()) {
      const std::string count = times.empty() ? "" : ";COUNT=" + times;
      event["recurrence"] = Json::array({"RRULE:FREQ=" + repeat + count});
    }
    const Answer answer = api_.insert_as_person(*calendar, user.email, event);
    if (answer.status == 200) {
      return see_other(back + "?month=" + write_date(span->start_wall_ms).substr(0, 7));
    }
    problem = text_of(answer.body.at("error"), "message");
  }
  return calendar_page("Google Calendar",
                       "<h1>This event cannot be made</h1><p role=\"alert\">" +
                           html_escape(problem) + "</p><p><a href=\"" + back +
                           "\">&larr; calendar</a></p>",
                       400);
}

Answer Pages::save(const User& user, Calendar& calendar, const Shown& shown, const Fields& form) {
  const auto span = read_span(form);
  if (!span) return invalid("Say when it starts and ends.");
  const Event& event = shown.event;
  const std::string series_id = event.master_id();
  const std::string scope = series_id.empty() ? "this" : field(form, "scope");
  const std::string zone = all_day(event) ? calendar.time_zone() : zone_of(event, calendar);
  const Json changes = changes_of(form, *span, calendar, zone);
  if (scope == "following") {
    return api_.split_as_person(calendar, user.email, series_id, slot_of(event), changes);
  }
  if (scope != "all") return api_.patch_as_person(calendar, user.email, event.id, changes);
  const auto series = find_event(calendar, series_id);
  if (!series) return not_found();
  const Span all = of_series(*series, calendar, shown, *span);
  return api_.patch_as_person(calendar, user.email, series_id,
                              changes_of(form, all, calendar, zone));
}

Answer Pages::remove(const User& user, Calendar& calendar, const Event& event, const Fields& form) {
  const std::string series_id = event.master_id();
  const std::string scope = series_id.empty() ? "this" : field(form, "scope");
  if (scope == "following") {
    return api_.end_series_as_person(calendar, user.email, series_id, slot_of(event));
  }
  return api_.remove_as_person(calendar, user.email, scope == "all" ? series_id : event.id);
}

Response Pages::change(const User& user, Calendar& calendar, const std::string& id,
                       const Fields& form) {
  const auto found = find_event(calendar, id);
  if (!found || found->cancelled() || !may_write(calendar, user)) return nothing_here();
  const Shown shown = shown_event(calendar, *found, "");
  const bool gone = field(form, "do") == "delete";
  const Answer answer =
      gone ? remove(user, calendar, *found, form) : save(user, calendar, shown, form);
  if (answer.status != 200) {
    return event_page(user, calendar, id, text_of(answer.body.at("error"), "message"));
  }
  const auto kept = find_event(calendar, id);
  if (!gone && kept && !kept->cancelled()) return see_other(shown.url(user.email));
  return see_other("/google/" + percent_encode(user.email) +
                   "?month=" + write_date(shown.start_wall_ms).substr(0, 7));
}

}  // namespace mortise::simulators::google
