// Times as kinds.md and Google spell them. Arithmetic on the wall clock only: what an IANA zone
// means is Google's to say, a connector has no zone data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace google_calendar {

/// A point on a wall clock, and where that clock hangs, if said.
struct Stamp {
  std::int64_t wall_s = 0;               ///< seconds since 1970-01-01T00:00:00 of the same clock
  std::optional<std::int64_t> offset_s;  ///< east of UTC
  std::int64_t instant_s() const { return wall_s - offset_s.value_or(0); }
};

inline constexpr std::int64_t kDay = 86'400;
/// Of any time: the end of the year 9999 (mortise/abi.h).
inline constexpr std::int64_t kLatestMs = 253'402'300'799'999;

/// "2026-11-23T18:00:00" with or without fraction, "Z" or an offset; a fraction is dropped.
std::optional<Stamp> read_stamp(std::string_view text);
/// "2026-11-23", in seconds.
std::optional<std::int64_t> read_day(std::string_view text);

std::string write_local(std::int64_t wall_s);   ///< "2026-11-23T18:00:00"
std::string write_utc(std::int64_t instant_s);  ///< "2026-11-23T17:00:00Z"
std::string write_day(std::int64_t wall_s);     ///< "2026-11-23"

/// "PT1H36M", "P1D", "P2W", in seconds; at most 100 years.
std::optional<std::int64_t> read_duration(std::string_view text);
std::string write_duration(std::int64_t seconds);
std::string write_days(std::int64_t seconds);

/// The zones that are UTC by definition.
bool is_utc(std::string_view zone);

}  // namespace google_calendar
