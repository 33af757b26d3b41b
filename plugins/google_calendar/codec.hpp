// Between the words of kind `event` (docs/kinds.md) and Google's event resource. Pure; JSON in and
// out is text. What a stranger wrote never makes it throw: what is missing or wrong reads as not
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>
#include <mortise/values.hpp>

#include "event_times.hpp"
#include "series.hpp"
#include "window.hpp"

namespace google_calendar {

/// The private extended property that carries our key.
inline constexpr std::string_view kKeyProperty = "mortiseKey";

/// An event as read.
struct EventRead {
  mortise::Item item;
  /// The event's zone, where `item.fields` cannot say its local start: to be read again, shown in
  /// it.
  std::string unread_zone;
  /// A birthday, working location, ..., or what may not be seen: it is there, and nothing else of
  /// it is told.
  bool left_alone = false;
  std::int64_t made_ms = 0;          ///< when it was made, to the second; 0: not said
  bool declined = false;             ///< an invitation that the calendar's owner turned down
  bool cancelled = false;            ///< an occurrence, or an event that was deleted
  Span span;                         ///< when it is; of an occurrence also when it was to be
  std::optional<SeriesClock> clock;  ///< of a series whose local start is known
  /// Of an occurrence of a timed series, whose slot takes the series' clock: its original start as
  /// shown. settle_slot() is then still to be called.
  std::optional<Stamp> original;
  std::string original_zone;  ///< the series' zone, if the answer says it
  std::string found_key;      ///< as it stands in the event; an occurrence may have its series' one
};
/// Says which slot of its series an occurrence has, and by that whether the key in it is its own.
void settle_slot(EventRead& read, std::string slot);

/// A reading of one event resource; `unavailable` if it is none.
mortise::Result<EventRead> read_event(std::string_view text, const Clues& clues);

/// A page of events.list.
struct EventPage {
  std::vector<EventRead> events;
  std::string zone;  ///< the calendar's
  std::string next_page, next_sync;
};
/// `asked_zone`: the request's timeZone, if it had one.
mortise::Result<EventPage> read_events(std::string_view text, std::string_view asked_zone);

/// Body of events.insert: the once-key is the event's id.
mortise::Result<std::string> insert_body(const mortise::Write& write);
/// Body of events.patch with the changed fields only; empty: nothing to send. `current`: the event
/// as it is, where needs_current(): guests keep their answers by it, and a cancelled occurrence
/// that shall happen is written whole, for it comes back as its series is.
std::string patch_body(const mortise::Write& write, std::string_view current);
bool needs_current(const mortise::Write& write);
/// Body of events.update that brings a cancelled event back as `write` wants it.
std::string revive_body(const mortise::Write& write, std::string_view cancelled);
/// The occurrence of a slot (mt_write.slot, slot_ms) in an answer of events.instances, as text;
/// empty: it is not there.
std::string instance_at(std::string_view instances, const std::string& slot, std::int64_t slot_ms);
/// Whether two answers show one event in the same version.
bool same_version(std::string_view event, std::string_view other);
/// The nextPageToken of such an answer, empty on the last page.
std::string next_page(std::string_view instances);
/// The write cancels an occurrence.
bool cancels(const mortise::Write& write);
/// Body of the patch that makes of the occurrence `current` what `write` wants; it gets our key.
std::string occurrence_body(const mortise::Write& write, std::string_view current);
/// What the series says of its occurrence at `slot`, as a write: by differing() from it an
/// occurrence is known to have been changed.
mortise::Write as_in_series(const mortise::Item& series, const std::string& slot);

/// The changed words by which `seen` is not what `write` wants; for an event that was made by an
/// attempt whose answer was lost.
std::vector<std::string> differing(const mortise::Write& write, const mortise::Item& seen);
/// Body of the patch that gives the event its length in seconds where a change of the clocks lies
/// between start and end, and the host did not say when it ends: its end was written as a local
/// time. Empty: the length is right.
std::string length_body(const mortise::Write& write, std::string_view written);

/// The zone that the write speaks in, or empty.
std::string zone_of(const mortise::Write& write);
/// The memo that an answer proves: the start that was just sent, in the zone that was sent. Empty
/// if the write did not send its times.
std::string memo_of_sent(const mortise::Write& write, std::string_view answer);

}  // namespace google_calendar
