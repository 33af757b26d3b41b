// Pages on which a person sees and edits the simulated calendars, below /google:
//   /google                                  the accounts
//   /google/<e-mail>?month=2026-11           a month with its agenda, all of the person's calendars
//   /google/<e-mail>/<calendar>/<event>      one event; its forms post to it: do=save (title,
//   start,
//                                            end, scope) or do=delete (scope). Times are dates or
//                                            date-times, so a form also turns hours into whole days
//                                            and back. scope, of a series: this, following or all.
//   /google/<e-mail>/<calendar>              POST do=create: a new event (title, start, end,
//   repeat, times,
//                                            calendar: another one than the path says)
#pragma once

#include <string>
#include <vector>

#include "simulators/common/clock.hpp"
#include "simulators/google/calendar_api.hpp"

namespace mortise::simulators::google {

/// One event as it stands on the pages, on the wall clock of its calendar.
struct Shown {
  const Calendar* calendar = nullptr;
  Event event;
  std::string color;
  std::int64_t start_wall_ms = 0;
  std::int64_t end_wall_ms = 0;

  std::string title() const;
  std::string url(const std::string& email) const;
  /// "18:00 – 19:30", or "" for whole days.
  std::string hours() const;
};

/// Used under the world's lock.
class Pages {
 public:
  Pages(Model& model, CalendarApi& api, const Clock& clock)
      : model_(model), api_(api), clock_(clock) {}
  Response show(const Request& request);

 private:
  Response accounts() const;
  Response month(const User& user, const Request& request) const;
  /// Where an event's link leads: its page, in whichever calendar of the user's it is.
  Response find_page(const User& user, const std::string& id) const;
  Response event_page(const User& user, Calendar& calendar, const std::string& id,
                      const std::string& problem) const;
  std::string new_event_forms(const User& user, const std::string& day) const;
  Response create(const User& user, const std::string& calendar_id, const Fields& form);
  Answer save(const User& user, Calendar& calendar, const Shown& shown, const Fields& form);
  Answer remove(const User& user, Calendar& calendar, const Event& event, const Fields& form);
  Response change(const User& user, Calendar& calendar, const std::string& id, const Fields& form);
  /// What happens between two wall times, series unrolled, in order.
  std::vector<Shown> events_between(const User& user, std::int64_t from_wall,
                                    std::int64_t to_wall) const;

  Model& model_;
  CalendarApi& api_;
  const Clock& clock_;
};

Shown shown_event(const Calendar& calendar, Event event, const std::string& list_color);
Response calendar_page(const std::string& title, const std::string& body, int status = 200);
Response nothing_here();

/// The month as HTML: a grid, and below it the agenda. `month` is the first day's wall midnight.
std::string month_html(const std::vector<Shown>& events, const User& user, std::int64_t month,
                       std::int64_t today);
std::int64_t next_month(std::int64_t month);
std::int64_t first_of_month(std::int64_t wall_ms);

}  // namespace mortise::simulators::google
