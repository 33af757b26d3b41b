#include "codec.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "common/json.hpp"
#include "event_times.hpp"
#include "times.hpp"
#include "words.hpp"

namespace google_calendar {
namespace {

using common::dump;
using common::flag;
using common::Json;
using common::list;
using common::member;
using common::parse;
using common::text;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Result;
using mortise::Write;

constexpr std::size_t kLongestProperty = 1024;

// The words that say together when the event is.
constexpr std::array<std::string_view, 4> kTimeWords = {"duration", "showWithoutTime", "start",
                                                        "timeZone"};

template <class Words>
bool among(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The write carries a series' start and rules, which go together, whatever somebody has made of
/// one there: an UNTIL is of the start's type (RFC 5545 section 3.3.10), and not before it.
bool says_series(const Write& write, const Json& fields) {
  constexpr std::array<std::string_view, 4> kSeriesWords = {"recurrence", "showWithoutTime",
                                                            "start", "timeZone"};
  return fields.contains("recurrence") &&
         std::any_of(kSeriesWords.begin(), kSeriesWords.end(),
                     [&](std::string_view word) { return among(write.changed, word); });
}

/// The write carries start and end, which go together.
bool says_when(const Write& write, const Json& fields) {
  return write.action == mortise::Action::create || says_series(write, fields) ||
         std::any_of(kTimeWords.begin(), kTimeWords.end(),
                     [&](std::string_view word) { return among(write.changed, word); });
}

/// Of an occurrence: perhaps it is cancelled, and shall happen after all.
bool may_revive(const Write& write) {
  return !write.slot.empty() && among(write.changed, "status") && !cancels(write);
}

/// Shows when somebody is busy, and nothing else: no permission to read what.
bool hides_everything(const Json& event) {
  const std::string visibility = text(event, "visibility");
  return (visibility == "private" || visibility == "confidential") &&
         member(event, "summary").is_null() && member(event, "organizer").is_null() &&
         member(event, "creator").is_null();
}

bool is_declined(const Json& event) {
  const Json& people = list(event, "attendees");
  return std::any_of(people.begin(), people.end(), [](const Json& each) {
    return flag(each, "self") && text(each, "responseStatus") == "declined";
  });
}

/// The original start of an occurrence: a day is its slot, an instant waits for the series' clock.
void read_original(const Json& event, EventRead& read) {
  const Json& original = member(event, "originalStartTime");
  if (const auto day = read_day(text(original, "date"))) {
    read.span = {*day, *day + kDay};
    return settle_slot(read, write_day(*day));
  }
  read.original = read_stamp(text(original, "dateTime"));
  read.original_zone = text(original, "timeZone");
  if (read.original) read.span = {read.original->instant_s(), read.original->instant_s()};
}

void read_span(const Json& event, EventRead& read) {
  const auto when = when_of(event);
  if (!when) return;
  const auto last = last_start(event, when->start_s);
  Span span{when->start_s, std::numeric_limits<std::int64_t>::max()};
  if (last) span.to_s = *last + when->length_s;
  if (!read.item.series.empty()) {
    span.from_s = std::min(span.from_s, read.span.from_s);
    span.to_s = std::max(span.to_s, read.span.to_s);
  }
  read.span = span;
}

Json whole_body(const Write& write, const Json& current) {
  const Json fields = parse(write.fields);
  Json body = Json::object();
  for (const std::string_view word : kWords) {
    Json value = spell(word, fields, false, current);
    if (!value.is_null()) body[google_name(word)] = std::move(value);
  }
  spell_times(fields, false, write.ends_ms, body);
  if (spell_transparency(fields) != "opaque") body["transparency"] = "transparent";
  if (!write.key.empty() && write.key.size() <= kLongestProperty) {
    body["extendedProperties"]["private"][std::string(kKeyProperty)] = write.key;
  }
  return body;
}

/// Whether an id is one that we gave (Write::once_key). What goes on after a cut ("this and
/// following"), and what somebody duplicates, has our key as well, and an id of Google's own.
bool is_given(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

EventRead read_object(const Json& event, const Clues& clues) {
  EventRead read;
  Item& item = read.item;
  item.kind = "event";
  item.id = text(event, "id");
  item.version = text(event, "etag");
  item.url = text(event, "htmlLink");
  item.series = text(event, "recurringEventId");
  read.found_key = text(member(member(event, "extendedProperties"), "private"), kKeyProperty);
  if (item.series.empty()) {
    if (is_given(item.id)) item.key = read.found_key;
  } else {
    read_original(event, read);
  }
  if (const auto edited = read_stamp(text(event, "updated"))) {
    // What was "edited" before 1970 does not say when it was.
    item.edited_ms = std::clamp<std::int64_t>(edited->instant_s() * 1000, 0, kLatestMs);
  }
  if (const auto made = read_stamp(text(event, "created"))) read.made_ms = made->instant_s() * 1000;
  const std::string type = text(event, "eventType");
  read.left_alone = (!type.empty() && type != "default") || hides_everything(event);
  read.cancelled = text(event, "status") == "cancelled";
  if (read.cancelled) {
    const bool occurrence = read.original || !item.slot.empty();
    if (occurrence) item.fields = dump({{"status", "cancelled"}});
    if (!occurrence) item.state = ItemState::deleted;
    return read;
  }
  read.declined = is_declined(event);
  Json fields = Json::object();
  read_words(event, fields);
  read.unread_zone = read_times(event, clues, fields, read.item.memo);
  read.clock = clock_of(event, text(fields, "start"));
  read_span(event, read);
  item.fields = dump(fields);
  return read;
}

}  // namespace

void settle_slot(EventRead& read, std::string slot) {
  Item& item = read.item;
  item.slot = std::move(slot);
  const std::string ending = "/" + item.slot;
  const std::string& key = read.found_key;
  const bool own = key.size() > ending.size() &&
                   key.compare(key.size() - ending.size(), ending.size(), ending) == 0;
  item.key = own ? key : std::string();
  read.original.reset();
}

Result<EventRead> read_event(std::string_view text_in, const Clues& clues) {
  const Json event = parse(text_in);
  if (text(event, "id").empty()) {
    return Error{Code::unavailable, "Google's answer is not an event that can be read"};
  }
  return read_object(event, clues);
}

Result<EventPage> read_events(std::string_view text_in, std::string_view asked_zone) {
  const Json document = parse(text_in);
  if (!member(document, "items").is_array()) {
    return Error{Code::unavailable, "Google's answer is not a list of events that can be read"};
  }
  EventPage page;
  page.zone = text(document, "timeZone");
  page.next_page = text(document, "nextPageToken");
  page.next_sync = text(document, "nextSyncToken");
  Clues clues;
  clues.shown_in = asked_zone.empty() ? page.zone : std::string(asked_zone);
  for (const Json& event : member(document, "items")) {
    if (!text(event, "id").empty()) page.events.push_back(read_object(event, clues));
  }
  return page;
}

Result<std::string> insert_body(const Write& write) {
  Json body = whole_body(write, Json());
  if (!body.contains("start")) {
    return Error{Code::invalid, "an event needs a start: a day or a local time"};
  }
  if (!write.once_key.empty()) body["id"] = write.once_key;
  return dump(body);
}

bool needs_current(const Write& write) {
  return may_revive(write) || among(write.changed, "participants");
}

std::string patch_body(const Write& write, std::string_view current_text) {
  if (cancels(write)) return dump({{"status", "cancelled"}});
  const Json fields = parse(write.fields);
  const Json current = current_text.empty() ? Json() : parse(current_text);
  const bool whole = may_revive(write) && text(current, "status") == "cancelled";
  const auto says = [&](std::string_view word) { return whole || among(write.changed, word); };
  Json body = Json::object();
  const bool series = says_series(write, fields);
  for (const std::string_view word : kWords) {
    if (!write.slot.empty() && word == "recurrence") continue;  // is the series' own
    if (!says(word) && !(series && word == "recurrence")) continue;
    body[google_name(word)] = spell(word, fields, true, current);
  }
  if (whole || says_when(write, fields)) spell_times(fields, true, write.ends_ms, body);
  if (says("x")) body["transparency"] = spell_transparency(fields);
  return body.empty() ? std::string() : dump(body);
}

std::string revive_body(const Write& write, std::string_view cancelled_text) {
  const Json cancelled = parse(cancelled_text);
  Json body = whole_body(write, Json());
  if (text(body, "status").empty()) body["status"] = "confirmed";
  const Json& sequence = member(cancelled, "sequence");
  if (sequence.is_number_integer()) body["sequence"] = sequence;
  return dump(body);
}

std::vector<std::string> differing(const Write& write, const Item& seen) {
  const Json wanted = parse(write.fields);
  const Json found = parse(seen.fields);
  std::vector<std::string> changed;
  for (const std::string_view word : kWords) {
    if (!write.slot.empty() && word == "recurrence") continue;
    if (spell(word, wanted, true, Json()) != spell(word, found, true, Json())) {
      changed.emplace_back(word);
    }
  }
  Json wanted_times = Json::object();
  Json found_times = Json::object();
  spell_times(wanted, true, 0, wanted_times);
  spell_times(found, true, 0, found_times);
  if (wanted_times != found_times) changed.emplace_back("start");
  if (spell_transparency(wanted) != spell_transparency(found)) changed.emplace_back("x");
  return changed;
}

std::string instance_at(std::string_view instances, const std::string& slot, std::int64_t slot_ms) {
  const Json document = parse(instances);
  for (const Json& event : list(document, "items")) {
    EventRead read = read_object(event, {});
    if (read.original && read.original->instant_s() * 1000 == slot_ms) settle_slot(read, slot);
    if (read.item.slot == slot && !read.item.id.empty()) return dump(event);
  }
  return {};
}

bool same_version(std::string_view event, std::string_view other) {
  return text(parse(event), "etag") == text(parse(other), "etag");
}

std::string next_page(std::string_view instances) {
  return text(parse(instances), "nextPageToken");
}

bool cancels(const Write& write) {
  return !write.slot.empty() && text(parse(write.fields), "status") == "cancelled";
}

std::string occurrence_body(const Write& write, std::string_view current) {
  const std::string changed = patch_body(write, current);
  Json body = changed.empty() ? Json::object() : parse(changed);
  if (!cancels(write) && !write.key.empty() && write.key.size() <= kLongestProperty) {
    body["extendedProperties"]["private"][std::string(kKeyProperty)] = write.key;
  }
  return dump(body);
}

Write as_in_series(const Item& series, const std::string& slot) {
  Json fields = parse(series.fields);
  if (fields.is_object()) {
    fields.erase("recurrence");
    fields["start"] = slot;
  }
  Write write;
  write.slot = slot;
  write.fields = dump(fields);
  return write;
}

std::string length_body(const Write& write, std::string_view written) {
  const Json fields = parse(write.fields);
  const auto wanted = read_duration(text(fields, "duration"));
  const auto when = when_of(parse(written));
  if (!says_when(write, fields) || !wanted || *wanted < 60 || !when || when->whole_day) return {};
  if (flag(fields, "showWithoutTime") || when->length_s == *wanted) return {};
  Json end{{"dateTime", write_utc(when->start_s + *wanted)}};
  if (!when->zone.empty()) end["timeZone"] = when->zone;
  return dump({{"end", std::move(end)}});
}

std::string zone_of(const Write& write) {
  return text(parse(write.fields), "timeZone");
}

std::string memo_of_sent(const Write& write, std::string_view answer) {
  const Json fields = parse(write.fields);
  if (!says_when(write, fields)) return {};
  const auto local = read_stamp(text(fields, "start"));
  const auto when = when_of(parse(answer));
  if (!local || local->offset_s || !when || when->whole_day) return {};
  if (when->zone != text(fields, "timeZone")) return {};
  return memo_of(*when, write_local(local->wall_s));
}

}  // namespace google_calendar
