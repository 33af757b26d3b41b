// Instants, days, local times and durations, and their text forms. No zone data (see zones.hpp), no
// clock. Pure and thread-safe. Every parser takes hostile text; errors are `invalid` and name the
// text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <mortise/result.hpp>

#include "core/records.hpp"

namespace mortise::core {

/// A calendar day: days since 1970-01-01 (proleptic Gregorian calendar).
using Day = std::int32_t;

/// What a clock on the wall shows: seconds since 1970-01-01T00:00:00 of that clock. Has no zone.
using LocalSeconds = std::int64_t;

inline constexpr std::int64_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kMillisPerSecond = 1'000;

/// RFC 3339 date-time with `Z` or an offset, years 0001 to 9999; more than three digits of a second
/// are cut off; a leap second is the second after it.
Result<Instant> parse_instant(std::string_view text);

/// RFC 3339 in UTC: "2026-11-20T10:29:21Z", with milliseconds only where there are some.
std::string format_instant(Instant instant);

/// "2026-11-23", years 0001 to 9999.
Result<Day> parse_day(std::string_view text);
std::string format_day(Day day);

/// "2026-11-23T18:00:00": always with seconds, never with a fraction or an offset.
Result<LocalSeconds> parse_local(std::string_view text);
std::string format_local(LocalSeconds local);

/// The day of a local time, and the seconds since its midnight.
Day day_of_local(LocalSeconds local);
std::int64_t time_of_day_s(LocalSeconds local);
/// Midnight of a day as local time.
LocalSeconds midnight(Day day);

/// Monday = 1 ... Sunday = 7 (ISO 8601).
int iso_weekday(Day day);
/// The Monday of the day's calendar week (Monday to Sunday).
Day monday_of(Day day);

/// An ISO 8601 duration of weeks, or of days, hours, minutes and seconds, in whole numbers:
/// "PT1H36M", "P1D", "P1DT30M", "P2W". A day counts as 24 hours. Answers seconds.
Result<std::int64_t> parse_duration(std::string_view text);

/// Seconds (0 or more) as hours, minutes and seconds without the parts that are 0: 5,760 is
/// "PT1H36M", 86,400 "PT24H", 0 "PT0S". docs/kinds.md keeps "P<n>D" for all-day things:
/// format_days().
std::string format_duration(std::int64_t seconds);
/// A number of days as "P<n>D".
std::string format_days(std::int64_t days);

}  // namespace mortise::core
