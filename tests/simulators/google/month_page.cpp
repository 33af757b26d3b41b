// A month as people know it: a grid of weeks that start on Monday, and a list of what happens.
#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include "simulators/common/html.hpp"
#include "simulators/google/pages.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::size_t kTitlesInACell = 4;

constexpr std::array<const char*, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};

constexpr const char* kStyle = R"(<style>
.month{display:grid;grid-template-columns:repeat(7,minmax(0,1fr));border:1px solid var(--line);border-width:1px 0 0 1px}
.month>div{border:1px solid var(--line);border-width:0 1px 1px 0;min-height:5.6rem;padding:.2rem;font-size:.78rem}
.month>.name{min-height:0;color:var(--soft);text-align:center}
.month .other{background:var(--card)}.month .today .number{background:var(--link);color:var(--back);border-radius:1rem;padding:0 .45rem}
.event{display:block;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;border-left:.3rem solid var(--tone);
padding-left:.3rem;margin:.12rem 0;color:var(--ink)}
.event.whole{background:var(--tone);color:#1d1d1d;border-radius:.25rem}
.agenda .event{white-space:normal;padding:.25rem .5rem;margin:.3rem 0}
.agenda small{margin-right:.6rem}
@media (max-width:40rem){.month>div{min-height:3rem}.month .event{font-size:0;height:.45rem;border-left-width:1rem;margin:.1rem 0}}
</style>)";

date::year_month_day day_of(std::int64_t wall_ms) {
  return date::floor<date::days>(
      date::sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{wall_ms}});
}

std::int64_t wall_of(const date::year_month_day& day) {
  return std::int64_t{date::sys_days{day}.time_since_epoch().count()} * kDay;
}

std::string month_name(std::int64_t month) {
  const auto day = day_of(month);
  return fmt::format("{} {}", kMonths[unsigned(day.month()) - 1], int(day.year()));
}

std::string link(const User& user, std::int64_t month, const std::string& text) {
  return "<a href=\"/google/" + percent_encode(user.email) +
         "?month=" + write_date(month).substr(0, 7) + "\">" + text + "</a>";
}

std::string one_event(const Shown& shown, const User& user, bool in_agenda) {
  const std::string hours = shown.hours();
  const std::string where = in_agenda ? text_of(shown.event.fields, "location") : "";
  return "<a class=\"event" + std::string(hours.empty() ? " whole" : "") +
         "\" style=\"--tone:" + shown.color + "\" href=\"" + html_escape(shown.url(user.email)) +
         "\" title=\"" + html_escape(shown.title()) + "\">" +
         (hours.empty() ? "" : "<small>" + (in_agenda ? hours : hours.substr(0, 5)) + "</small> ") +
         html_escape(shown.title()) +
         (where.empty() ? "" : " <small>" + html_escape(where) + "</small>") + "</a>";
}

using ByDay = std::map<std::int64_t, std::vector<const Shown*>>;

// An event stands on each day it touches.
ByDay by_day(const std::vector<Shown>& events) {
  ByDay days;
  for (const Shown& shown : events) {
    std::int64_t day = wall_of(day_of(shown.start_wall_ms));
    do {
      days[day].push_back(&shown);
      day += kDay;
    } while (day < shown.end_wall_ms);
  }
  return days;
}

std::string cell(std::int64_t day, std::int64_t month, std::int64_t today, const ByDay& days,
                 const User& user) {
  const bool other = first_of_month(day) != month;
  std::string html = "<div class=\"" + std::string(other ? "other" : "") +
                     (day == today ? " today" : "") + "\"><span class=\"number\">" +
                     std::to_string(unsigned(day_of(day).day())) + "</span>";
  const auto found = days.find(day);
  if (found == days.end()) return html + "</div>";
  const std::size_t shown = std::min(found->second.size(), kTitlesInACell);
  for (std::size_t i = 0; i < shown; ++i) html += one_event(*found->second[i], user, false);
  if (found->second.size() > shown) {
    html += "<small>" + std::to_string(found->second.size() - shown) + " more</small>";
  }
  return html + "</div>";
}

}  // namespace

std::int64_t first_of_month(std::int64_t wall_ms) {
  const auto day = day_of(wall_ms);
  return wall_of(day.year() / day.month() / 1);
}

std::int64_t next_month(std::int64_t month) {
  return first_of_month(month + 32 * kDay);
}

std::string month_html(const std::vector<Shown>& events, const User& user, std::int64_t month,
                       std::int64_t today) {
  const ByDay days = by_day(events);
  std::string html = std::string(kStyle) + "<div class=\"row\"><h1 class=\"grow\">" +
                     month_name(month) + "</h1>" +
                     link(user, first_of_month(month - kDay), "&larr; before") + " " +
                     link(user, first_of_month(today), "today") + " " +
                     link(user, next_month(month), "after &rarr;") + "</div><div class=\"month\">";
  for (const char* name : kDays) html += std::string("<div class=\"name\">") + name + "</div>";
  const date::weekday first{date::sys_days{day_of(month)}};
  std::int64_t day = month - static_cast<std::int64_t>((first - date::Monday).count()) * kDay;
  while (day < next_month(month)) {
    for (int i = 0; i < 7; ++i, day += kDay) html += cell(day, month, today, days, user);
  }
  html += "</div><h2>Agenda</h2><div class=\"agenda\">";
  bool any = false;
  for (const auto& [when, list] : days) {
    if (first_of_month(when) != month) continue;
    any = true;
    const date::weekday weekday{date::sys_days{day_of(when)}};
    html += "<h3>" + std::string(kDays[(weekday - date::Monday).count()]) + " " +
            std::to_string(unsigned(day_of(when).day())) + "</h3>";
    for (const Shown* shown : list) html += one_event(*shown, user, true);
  }
  if (!any) html += "<p class=\"soft\">Nothing this month.</p>";
  return html + "</div>";
}

}  // namespace mortise::simulators::google
