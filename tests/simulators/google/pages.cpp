#include "simulators/google/pages.hpp"

#include <algorithm>

#include "simulators/common/html.hpp"
#include "simulators/google/colors.hpp"
#include "simulators/google/event.hpp"
#include "simulators/google/recurrence.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr const char* kRefresh = "/control/version";

Response page(const std::string& title, const std::string& body, int status = 200) {
  return html_response(status, html_page(title, body, kRefresh));
}

Response nothing_here() {
  return page("Google Calendar", "<h1>There is nothing here</h1>", 404);
}

std::string input(const std::string& label, const char* name, const char* type,
                  const std::string& value) {
  return "<label class=\"choice\">" + label + " <input name=\"" + name + "\" type=\"" + type +
         "\" value=\"" + html_escape(value) + "\" required></label>";
}

// What the browser's date and time inputs hold: "2026-11-20" or "2026-11-20T18:00".
std::string input_time(std::int64_t wall_ms, bool whole_day) {
  return whole_day ? write_date(wall_ms)
                   : write_date(wall_ms) + "T" + write_in_zone(wall_ms, "UTC").substr(11, 5);
}

Json time_from_input(const std::string& text, const std::string& zone, bool whole_day, bool end) {
  if (!whole_day) {
    return Json{{"dateTime", text.size() == 16 ? text + ":00" : text},
                {"timeZone", zone},
                {"date", nullptr}};
  }
  const auto day = read_date(text);  // people say the last day, the API the day after
  return Json{{"date", day && end ? write_date(*day + kDay) : text},
              {"dateTime", nullptr},
              {"timeZone", nullptr}};
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

Shown shown_event(const Calendar& calendar, Event event, const std::string& list_color) {
  const std::string own = text_of(event.fields, "colorId");
  const auto known = event_colors().find(own);
  const std::string color = known == event_colors().end() ? calendar_color(list_color).background
                                                          : known->second.background;
  const std::string zone = calendar.time_zone();
  const std::int64_t start = to_wall(event.start_ms, zone);
  const std::int64_t end = to_wall(event.end_ms, zone);
  return {&calendar, std::move(event), color, start, end};
}

}  // namespace

std::string Shown::title() const {
  const std::string summary = text_of(event.fields, "summary");
  return summary.empty() ? "(No title)" : summary;
}

std::string Shown::url(const std::string& email) const {
  return "/google/" + percent_encode(email) + "/" + percent_encode(calendar->id) + "/" +
         percent_encode(event.id);
}

std::string Shown::hours() const {
  if (all_day(event)) return "";
  return input_time(start_wall_ms, false).substr(11) + " – " +
         input_time(end_wall_ms, false).substr(11);
}

Response Pages::show(const Request& request) {
  const auto& parts = request.segments;
  if (parts.size() < 2 || parts[1].empty()) return accounts();
  const User* user = model_.user(parts[1]);
  if (user == nullptr) return nothing_here();
  if (parts.size() == 2) {
    const auto event = request.parameter("eid");
    return event ? find_page(*user, *event) : month(*user, request);
  }
  Calendar* calendar = model_.calendar(parts[2], user->email);
  if (calendar == nullptr) return nothing_here();
  const bool post = request.method == "POST";
  if (parts.size() == 3 && post) return create(*user, *calendar, request.form());
  if (parts.size() != 4) return nothing_here();
  return post ? change(*user, *calendar, parts[3], request.form())
              : event_page(*user, *calendar, parts[3], "");
}

Response Pages::find_page(const User& user, const std::string& id) const {
  for (const auto& [name, calendar] : model_.calendars) {
    const auto found = find_event(calendar, id);
    if (!found || found->cancelled() || calendar.role_of(user.email).empty()) continue;
    return redirect("/google/" + percent_encode(user.email) + "/" + percent_encode(name) + "/" +
                    percent_encode(id));
  }
  return nothing_here();
}

Response Pages::accounts() const {
  std::string body =
      "<h1>Google Calendar</h1><p class=\"soft\">Simulated: three invented people.</p>";
  for (const User& user : model_.users) {
    std::size_t events = 0;
    for (const auto& [id, calendar] : model_.calendars) {
      if (calendar.owner == user.email) {
        events += static_cast<std::size_t>(
            std::count_if(calendar.events.begin(), calendar.events.end(),
                          [](const auto& entry) { return !entry.second.cancelled(); }));
      }
    }
    body += "<div class=\"card\"><a href=\"/google/" + percent_encode(user.email) + "\"><strong>" +
            html_escape(user.name) + "</strong></a><br><small>" + html_escape(user.email) + " · " +
            std::to_string(events) + (events == 1 ? " event" : " events") + "</small></div>";
  }
  return page("Google Calendar", body);
}

std::vector<Shown> Pages::events_between(const User& user, std::int64_t from_wall,
                                         std::int64_t to_wall) const {
  std::vector<Shown> shown;
  const auto entries = model_.lists.find(user.email);
  if (entries == model_.lists.end()) return shown;
  for (const auto& [id, entry] : entries->second) {
    const auto calendar = model_.calendars.find(id);
    if (entry.deleted || calendar == model_.calendars.end()) continue;
    const std::string zone = calendar->second.time_zone();
    const std::int64_t from = to_instant(from_wall, zone);
    const std::int64_t to = to_instant(to_wall, zone);
    const std::string color = text_of(entry.fields, "colorId");
    for (const auto& [event_id, event] : calendar->second.events) {
      if (event.cancelled()) continue;
      if (!event.recurring()) {
        if (event.end_ms > from && event.start_ms < to) {
          shown.push_back(shown_event(calendar->second, event, color));
        }
        continue;
      }
      for (const std::int64_t start : occurrences(event, calendar->second, from, to)) {
        if (calendar->second.events.count(occurrence_id(event, calendar->second, start)) > 0)
          continue;
        shown.push_back(
            shown_event(calendar->second, occurrence(event, calendar->second, start), color));
      }
    }
  }
  std::stable_sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) {
    return a.start_wall_ms < b.start_wall_ms;
  });
  return shown;
}

Response Pages::month(const User& user, const Request& request) const {
  const std::int64_t now = to_wall(clock_.now_ms(), user.time_zone);
  const std::int64_t today = now - ((now % kDay) + kDay) % kDay;
  const auto asked = read_date(request.parameter("month").value_or("") + "-01");
  const std::int64_t month = first_of_month(asked.value_or(today));
  const auto events = events_between(user, month - 7 * kDay, next_month(month) + 7 * kDay);
  std::string body = "<p class=\"soft\">" + html_escape(user.name) + " · " +
                     html_escape(user.email) + "</p>" + month_html(events, user, month, today);
  const std::string day = write_date(std::max(today, month));
  body +=
      "<details><summary>New event</summary><form class=\"block card\" method=\"post\" "
      "action=\"/google/" +
      percent_encode(user.email) + "/" + percent_encode(user.email) + "\">" +
      input("Title", "title", "text", "") +
      input("Starts", "start", "datetime-local", day + "T18:00") +
      input("Ends", "end", "datetime-local", day + "T19:00") +
      "<button class=\"main\" name=\"do\" value=\"create\">Create</button></form></details>";
  return page(user.name, body);
}

Response Pages::event_page(const User& user, Calendar& calendar, const std::string& id,
                           const std::string& problem) const {
  const auto found = find_event(calendar, id);
  if (!found || found->cancelled()) return nothing_here();
  const Shown shown = shown_event(calendar, *found, "");
  const bool whole = all_day(*found);
  const std::int64_t last = shown.end_wall_ms - (whole ? kDay : 0);
  const std::string zone = calendar.time_zone();
  std::string when = whole ? write_date(shown.start_wall_ms)
                           : write_date(shown.start_wall_ms) + " " + shown.hours();
  if (whole && last > shown.start_wall_ms) when += " – " + write_date(last);
  const std::string month = write_date(shown.start_wall_ms).substr(0, 7);
  std::string body = "<p><a href=\"/google/" + percent_encode(user.email) + "?month=" + month +
                     "\">&larr; calendar</a></p><h1>" + html_escape(shown.title()) + "</h1>";
  if (!problem.empty())
    body += "<p role=\"alert\"><strong>" + html_escape(problem) + "</strong></p>";
  body += "<div class=\"scroll\"><table>" + detail("When", when) +
          detail("Time zone", whole ? "" : zone) +
          detail("Calendar", text_of(calendar.fields, "summary")) +
          detail("Where", text_of(found->fields, "location")) +
          detail("Description", text_of(found->fields, "description")) + source_of(*found) +
          detail("Reminders", reminders_of(*found, calendar, user.email, model_)) +
          detail("Guests", attendees_of(*found)) + "</table></div>";
  const std::string role = calendar.role_of(user.email);
  if (role == "owner" || role == "writer") {
    const char* type = whole ? "date" : "datetime-local";
    body += "<form class=\"block card\" method=\"post\"><h2>Edit</h2>" +
            input("Title", "title", "text", text_of(found->fields, "summary")) +
            input("Starts", "start", type, input_time(shown.start_wall_ms, whole)) +
            input(whole ? "Last day" : "Ends", "end", type, input_time(last, whole)) +
            "<p><button class=\"main\" name=\"do\" value=\"save\">Save</button> "
            "<button name=\"do\" value=\"delete\" formnovalidate>Delete</button></p></form>";
  }
  return page(shown.title(), body, problem.empty() ? 200 : 400);
}

Response Pages::create(const User& user, Calendar& calendar, const Fields& form) {
  const std::string zone = calendar.time_zone();
  const Answer answer = api_.insert_as_person(
      calendar, user.email,
      Json{{"summary", field(form, "title")},
           {"start", time_from_input(field(form, "start"), zone, false, false)},
           {"end", time_from_input(field(form, "end"), zone, false, true)}});
  const std::string back = "/google/" + percent_encode(user.email);
  if (answer.status == 200) return see_other(back + "?month=" + field(form, "start").substr(0, 7));
  return page("Google Calendar",
              "<h1>This event cannot be made</h1><p role=\"alert\">" +
                  html_escape(text_of(answer.body.at("error"), "message")) + "</p><p><a href=\"" +
                  back + "\">&larr; calendar</a></p>",
              400);
}

Response Pages::change(const User& user, Calendar& calendar, const std::string& id,
                       const Fields& form) {
  const auto found = find_event(calendar, id);
  const std::string role = calendar.role_of(user.email);
  if (!found || (role != "owner" && role != "writer")) return nothing_here();
  const std::string calendar_url =
      "/google/" + percent_encode(user.email) +
      "?month=" + write_date(to_wall(found->start_ms, calendar.time_zone())).substr(0, 7);
  if (field(form, "do") == "delete") {
    api_.remove_as_person(calendar, user.email, id);
    return see_other(calendar_url);
  }
  const bool whole = all_day(*found);
  const std::string zone = calendar.time_zone();
  const Json changes{{"summary", field(form, "title")},
                     {"start", time_from_input(field(form, "start"), zone, whole, false)},
                     {"end", time_from_input(field(form, "end"), zone, whole, true)}};
  const Answer answer = api_.patch_as_person(calendar, user.email, id, changes);
  if (answer.status != 200) {
    return event_page(user, calendar, id, text_of(answer.body.at("error"), "message"));
  }
  return see_other(shown_event(calendar, *found, "").url(user.email));
}

}  // namespace mortise::simulators::google
