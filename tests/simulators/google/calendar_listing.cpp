// events.list and events.instances: filters, order, pages, deltas.
#include <algorithm>
#include <cctype>
#include <deque>
#include <limits>
#include <tuple>

#include "simulators/google/calendar_api.hpp"
#include "simulators/google/event.hpp"
#include "simulators/google/listing_query.hpp"
#include "simulators/google/recurrence.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max() / 4;

struct Row {
  std::int64_t key = 0;
  const Event* event = nullptr;

  bool operator<(const Row& other) const {
    return std::tie(key, event->id) < std::tie(other.key, other.event->id);
  }
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Every word must occur in one of the fields that the reference names.
bool has_words(const Event& event, const std::string& words) {
  std::string text;
  for (const char* name : {"summary", "description", "location"})
    text += text_of(event.fields, name) + "\n";
  for (const Json& attendee : event.fields.value("attendees", Json::array())) {
    text += text_of(attendee, "displayName") + "\n" + text_of(attendee, "email") + "\n";
  }
  const Json organizer = event.fields.value("organizer", Json::object());
  text = lower(text + text_of(organizer, "displayName") + "\n" + text_of(organizer, "email"));
  const std::string wanted = lower(words);
  for (std::size_t at = 0; at < wanted.size();) {
    const std::size_t space = std::min(wanted.find(' ', at), wanted.size());
    if (text.find(wanted.substr(at, space - at)) == std::string::npos) return false;
    at = space + 1;
  }
  return true;
}

bool has_properties(const Event& event, const char* kind,
                    const std::vector<std::pair<std::string, std::string>>& wanted) {
  if (wanted.empty()) return true;
  const Json all = event.fields.value("extendedProperties", Json::object());
  const Json properties = all.value(kind, Json::object());
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& property) {
    const auto found = properties.find(property.first);
    return found != properties.end() && *found == property.second;
  });
}

// The window by the instants; of a series any occurrence counts.
bool in_window(const Event& event, const Calendar& calendar, const ListingQuery& query) {
  if (!query.time_min_ms && !query.time_max_ms) return true;
  const std::int64_t from = query.time_min_ms.value_or(-kEver);
  const std::int64_t to = query.time_max_ms.value_or(kEver);
  if (event.recurring()) {
    // The first occurrence past `from` decides where there is no upper bound.
    return !occurrences(event, calendar, from, query.time_max_ms ? to : from + 400LL * 86'400'000)
                .empty() ||
           (!query.time_max_ms && event.start_ms > from);
  }
  return event.end_ms > from && event.start_ms < to;
}

// Whether an event of this status is wanted at all.
bool status_wanted(const Event& event, const ListingQuery& query) {
  if (!event.cancelled()) return true;
  if (query.sync || query.updated_min_ms || query.show_deleted) return true;
  return !event.master_id().empty() && !query.single;
}

bool wanted(const Event& event, const Calendar& calendar, const ListingQuery& query) {
  if (!status_wanted(event, query)) return false;
  if (query.updated_min_ms && event.updated_ms < *query.updated_min_ms) return false;
  if (!query.ical_uid.empty() && text_of(event.fields, "iCalUID") != query.ical_uid) return false;
  if (!query.words.empty() && !has_words(event, query.words)) return false;
  if (!has_properties(event, "private", query.private_properties)) return false;
  if (!has_properties(event, "shared", query.shared_properties)) return false;
  // A deletion is in every delta, wherever the event was.
  return (query.sync && event.cancelled()) || in_window(event, calendar, query);
}

Row row_of(const Event& event, const ListingQuery& query) {
  if (query.order_by == "updated") return {event.updated_ms, &event};
  if (query.order_by == "startTime") return {event.start_ms, &event};
  return {static_cast<std::int64_t>(event.change), &event};
}

// The occurrences of a series that no exception replaces.
void unroll(const Event& series, const Calendar& calendar, const ListingQuery& query,
            std::int64_t now_ms, std::deque<Event>& made) {
  const std::int64_t from = query.time_min_ms.value_or(-kEver);
  // A series without end is unrolled some way into the future, as Google does.
  const std::int64_t to =
      query.time_max_ms.value_or(std::max(now_ms, series.start_ms) + 730LL * 86'400'000);
  for (const std::int64_t start : occurrences(series, calendar, from, to)) {
    if (calendar.events.count(occurrence_id(series, calendar, start)) > 0) continue;
    made.push_back(occurrence(series, calendar, start));
  }
}

bool guests_blocked_out(const Calendar& calendar, const std::string& email) {
  return calendar.role_of(email) == "freeBusyReader";
}

}  // namespace

// What a listing found, in order. `made` owns the occurrences that are not kept.
struct CalendarApi::Rows {
  std::deque<Event> made;
  std::vector<Row> rows;
};

Answer CalendarApi::list_events(const Call& call) {
  const Found found = readable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const Calendar& calendar = *found.calendar;
  if (guests_blocked_out(calendar, call.caller.email)) {
    return required_access("You need to have reader access to this calendar.");
  }
  const ReadQuery read = read_listing_query(call.request, calendar, settings_, clock_.now_ms());
  if (read.problem) return *read.problem;
  const ListingQuery& query = read.query;

  Rows all;
  const std::uint64_t since = query.sync ? query.sync->change : 0;
  for (auto it = calendar.order.upper_bound(since); it != calendar.order.end(); ++it) {
    const Event& event = calendar.events.at(it->second);
    if (!wanted(event, calendar, query)) continue;
    const bool expand = query.single && event.recurring() && !event.cancelled();
    if (expand) {
      unroll(event, calendar, query, clock_.now_ms(), all.made);
    } else if (!query.single || !event.recurring() || query.sync) {
      all.rows.push_back(row_of(event, query));
    }
  }
  for (const Event& event : all.made) all.rows.push_back(row_of(event, query));
  std::sort(all.rows.begin(), all.rows.end());

  auto row = all.rows.begin();
  if (query.page) {
    row = std::find_if(all.rows.begin(), all.rows.end(), [&](const Row& candidate) {
      return std::tie(candidate.key, candidate.event->id) >
             std::tie(query.page->key, query.page->id);
    });
  }
  std::size_t room = settings_.pages == "short" ? (query.max_results + 1) / 2 : query.max_results;
  const bool empty_now = settings_.pages == "empty" && !(query.page && query.page->after_empty);
  if (empty_now) room = 0;

  const ListEntry& entry = model_.lists[call.caller.email][calendar.id];
  Json reply{{"kind", "calendar#events"},
             {"etag", etag_of(model_.last_change())},
             {"summary", calendar.fields.value("summary", "")},
             {"description", calendar.fields.value("description", "")},
             {"updated", write_utc(clock_.now_ms())},
             {"timeZone", query.time_zone},
             {"accessRole", calendar.role_of(call.caller.email)},
             {"defaultReminders", entry.fields.value("defaultReminders", Json::array())}};
  PageToken next{query.page ? query.page->key : std::numeric_limits<std::int64_t>::min(),
                 query.page ? query.page->id : "",
                 query.page ? query.page->since : model_.last_change(),
                 empty_now,
                 clock_.now_ms(),
                 query.listing};
  Json items = Json::array();
  for (; row != all.rows.end() && room > 0; ++row, --room) {
    const Event& event = *row->event;
    const bool brief = event.cancelled() && query.sync && !query.show_deleted;
    items.push_back(brief || (event.cancelled() && !event.master_id().empty())
                        ? show_deleted(event)
                        : show(event, calendar, call.caller.email, query.time_zone));
    next.key = row->key;
    next.id = event.id;
  }
  reply["items"] = std::move(items);
  if (row != all.rows.end()) {
    reply["nextPageToken"] = next.write();
  } else if (query.can_sync) {
    reply["nextSyncToken"] =
        SyncToken{next.since, clock_.now_ms(), query.listing, query.time_min_ms, query.time_max_ms}
            .write();
  }
  if (reply["description"] == "") reply.erase("description");
  return reply;
}

Answer CalendarApi::list_instances(const Call& call) {
  const Found found = readable(call, call.ids[0]);
  if (found.problem) return *found.problem;
  const Calendar& calendar = *found.calendar;
  const auto series = calendar.events.find(call.ids[1]);
  if (series == calendar.events.end()) return not_found();
  const ReadQuery read = read_listing_query(call.request, calendar, settings_, clock_.now_ms());
  if (read.problem) return *read.problem;
  const ListingQuery& query = read.query;
  std::deque<Event> all;
  if (series->second.recurring() && !series->second.cancelled()) {
    unroll(series->second, calendar, query, clock_.now_ms(), all);
  }
  for (const auto& [id, event] : calendar.events) {
    const bool shown =
        event.master_id() == series->first && (!event.cancelled() || query.show_deleted);
    if (shown && (event.cancelled() || in_window(event, calendar, query))) all.push_back(event);
  }
  std::sort(all.begin(), all.end(), [](const Event& a, const Event& b) { return a.id < b.id; });
  const std::string slot = call.request.parameter("originalStart").value_or("");
  Json items = Json::array();
  PageToken next{0, "", model_.last_change(), false, clock_.now_ms(), query.listing};
  bool more = false;
  for (const Event& event : all) {
    const Json original =
        shown_time(event.fields.value("originalStartTime", Json::object()), query.time_zone);
    const auto asked = read_instant(slot);
    const bool other_slot = !slot.empty() && text_of(original, "date") != slot &&
                            (!asked || read_instant(text_of(original, "dateTime")) != asked);
    if (other_slot || (query.page && event.id <= query.page->id)) continue;
    more = items.size() == query.max_results;
    if (more) break;
    items.push_back(event.cancelled() ? show_deleted(event)
                                      : show(event, calendar, call.caller.email, query.time_zone));
    next.id = event.id;
  }
  Json reply{{"kind", "calendar#events"},
             {"etag", etag_of(model_.last_change())},
             {"summary", calendar.fields.value("summary", "")},
             {"updated", write_utc(clock_.now_ms())},
             {"timeZone", query.time_zone},
             {"accessRole", calendar.role_of(call.caller.email)},
             {"items", std::move(items)}};
  if (more) reply["nextPageToken"] = next.write();
  return reply;
}

}  // namespace mortise::simulators::google
