// events.list and events.instances: filters, order, pages, deltas.
#include <algorithm>
#include <cctype>
#include <deque>
#include <limits>
#include <tuple>
#include <vector>

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

// What a listing found, in order. `made` owns the occurrences that are not kept.
struct Rows {
  std::deque<Event> made;
  std::vector<Row> rows;
};

Rows collect(const Calendar& calendar, const ListingQuery& query, std::int64_t now_ms) {
  Rows all;
  const std::uint64_t since = query.sync ? query.sync->change : 0;
  for (auto it = calendar.order.upper_bound(since); it != calendar.order.end(); ++it) {
    const Event& event = calendar.events.at(it->second);
    if (!wanted(event, calendar, query)) continue;
    const bool series = query.single && event.recurring();
    if (series && !event.cancelled()) {
      unroll(event, calendar, query, now_ms, all.made);
    } else if (!series || query.sync) {
      all.rows.push_back(row_of(event, query));
    }
  }
  for (const Event& event : all.made) all.rows.push_back(row_of(event, query));
  std::sort(all.rows.begin(), all.rows.end());
  return all;
}

// The first row that the pages so far have not shown.
std::vector<Row>::const_iterator first_row(const Rows& all, const ListingQuery& query) {
  if (!query.page) return all.rows.begin();
  return std::find_if(all.rows.begin(), all.rows.end(), [&](const Row& row) {
    return std::tie(row.key, row.event->id) > std::tie(query.page->key, query.page->id);
  });
}

// A deletion in a delta, and a cancelled occurrence anywhere, is shown with nothing but its ids.
bool brief(const Event& event, const ListingQuery& query) {
  if (!event.cancelled()) return false;
  return !event.master_id().empty() || query.sync.has_value();
}

// How many rows the page may show; `next` remembers whether it is one of the empty ones.
std::size_t room_of(const ListingQuery& query, const Settings& settings, PageToken& next) {
  next.after_empty = settings.pages == "empty" && !(query.page && query.page->after_empty);
  if (next.after_empty) return 0;
  return settings.pages == "short" ? (query.max_results + 1) / 2 : query.max_results;
}

bool is_slot(const Event& event, const std::string& slot) {
  const Json original = event.fields.value("originalStartTime", Json::object());
  if (text_of(original, "date") == slot) return true;
  const auto asked = read_instant(slot);
  return asked && read_instant(text_of(original, "dateTime")) == asked;
}

}  // namespace

Json CalendarApi::listing_head(const Calendar& calendar, const Call& call,
                               const std::string& zone) const {
  Json reply{{"kind", "calendar#events"},
             {"etag", etag_of(model_.last_change())},
             {"summary", text_of(calendar.fields, "summary")}};
  const std::string description = text_of(calendar.fields, "description");
  if (!description.empty()) reply["description"] = description;
  reply["updated"] = write_utc(clock_.now_ms());
  reply["timeZone"] = zone;
  reply["accessRole"] = calendar.role_of(call.caller.email);
  const ListEntry* entry = model_.entry(call.caller.email, calendar.id);
  reply["defaultReminders"] =
      entry == nullptr ? Json::array() : entry->fields.value("defaultReminders", Json::array());
  return reply;
}

Answer CalendarApi::list_events(const Call& call) {
  const Found found = with_events(call);
  if (found.problem) return *found.problem;
  const Calendar& calendar = *found.calendar;
  const std::int64_t now_ms = clock_.now_ms();
  const ReadQuery read = read_listing_query(call.request, calendar, settings_, now_ms);
  if (read.problem) return *read.problem;
  const ListingQuery& query = read.query;
  const std::int64_t number = query.page ? query.page->number + 1 : 1;
  if (query.sync && calendar.expiring_page == number) {
    found.calendar->expiring_page = 0;
    found.calendar->sync_floor = model_.next_change();
    return full_sync_required();
  }

  const Rows all = collect(calendar, query, now_ms);
  auto row = first_row(all, query);
  PageToken next = query.page.value_or(PageToken{});
  if (!query.page) next.since = model_.last_change();
  next.issued_ms = now_ms;
  next.number = number;
  next.listing = query.listing;
  std::size_t room = room_of(query, settings_, next);

  Json reply = listing_head(calendar, call, query.time_zone);
  Json& items = reply["items"] = Json::array();
  for (; row != all.rows.end() && room > 0; ++row, --room) {
    const Event& event = *row->event;
    items.push_back(brief(event, query)
                        ? show_deleted(event)
                        : show(event, calendar, call.caller.email, query.time_zone));
    next.key = row->key;
    next.id = event.id;
  }
  if (row != all.rows.end()) {
    reply["nextPageToken"] = next.write();
  } else if (query.can_sync) {
    reply["nextSyncToken"] =
        SyncToken{next.since, now_ms, query.listing, query.time_min_ms, query.time_max_ms}.write();
  }
  return reply;
}

Answer CalendarApi::list_instances(const Call& call) {
  const Found found = with_events(call);
  if (found.problem) return *found.problem;
  const Calendar& calendar = *found.calendar;
  const auto series = calendar.events.find(call.ids[1]);
  if (series == calendar.events.end()) return not_found();
  const std::int64_t now_ms = clock_.now_ms();
  const ReadQuery read = read_listing_query(call.request, calendar, settings_, now_ms);
  if (read.problem) return *read.problem;
  const ListingQuery& query = read.query;

  std::deque<Event> all;
  if (series->second.recurring() && !series->second.cancelled()) {
    unroll(series->second, calendar, query, now_ms, all);
  }
  for (const auto& [id, event] : calendar.events) {
    if (event.master_id() != series->first) continue;
    const bool shown = event.cancelled() ? query.show_deleted : in_window(event, calendar, query);
    if (shown) all.push_back(event);
  }
  std::sort(all.begin(), all.end(), [](const Event& a, const Event& b) { return a.id < b.id; });

  const std::string slot = call.request.parameter("originalStart").value_or("");
  Json reply = listing_head(calendar, call, query.time_zone);
  Json& items = reply["items"] = Json::array();
  PageToken next{
      0, query.page ? query.page->id : "", model_.last_change(), false, 1, now_ms, query.listing};
  const std::size_t room = room_of(query, settings_, next);
  for (const Event& event : all) {
    if (!slot.empty() && !is_slot(event, slot)) continue;
    if (query.page && event.id <= query.page->id) continue;
    if (items.size() == room) {
      reply["nextPageToken"] = next.write();
      break;
    }
    items.push_back(event.cancelled() ? show_deleted(event)
                                      : show(event, calendar, call.caller.email, query.time_zone));
    next.id = event.id;
  }
  return reply;
}

}  // namespace mortise::simulators::google
