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
  return write_in_zone(start_wall_ms, "UTC").substr(11, 5) + " – " +
         write_in_zone(end_wall_ms, "UTC").substr(11, 5);
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

Response calendar_page(const std::string& title, const std::string& body, int status) {
  return html_response(status, html_page(title, body, "/control/version"));
}

Response nothing_here() {
  return calendar_page("Google Calendar", "<h1>There is nothing here</h1>", 404);
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
  if (parts.size() == 3 && post) return create(*user, parts[2], request.form());
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
  return calendar_page("Google Calendar", body);
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
  body += new_event_forms(user, write_date(std::max(today, month)));
  return calendar_page(user.name, body);
}

}  // namespace mortise::simulators::google
