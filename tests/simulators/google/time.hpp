// Instants, zones and the two sorts of times the Calendar API knows. Instants are milliseconds UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mortise::simulators::google {

// A date and time of day as written, with or without an offset.
struct Written {
  std::int64_t wall_ms = 0;                    // as if the wall clock were UTC
  std::optional<std::int64_t> offset_minutes;  // absent: local time
};

// "2026-11-20T18:00:00[.sss][Z|+01:00]"; nothing else.
std::optional<Written> read_date_time(std::string_view text);
// RFC 3339 with a mandatory offset.
std::optional<std::int64_t> read_instant(std::string_view text);
// "2026-11-20" as the wall-clock milliseconds of its midnight.
std::optional<std::int64_t> read_date(std::string_view text);

bool known_zone(const std::string& name);
// Wall clock to instant: a gap shifts forward, an ambiguous time is the first.
std::int64_t to_instant(std::int64_t wall_ms, const std::string& zone);
std::int64_t to_wall(std::int64_t instant_ms, const std::string& zone);

std::string write_utc(std::int64_t instant_ms);                               // ...T17:00:00.000Z
std::string write_in_zone(std::int64_t instant_ms, const std::string& zone);  // ...T18:00:00+01:00
std::string write_http_date(std::int64_t instant_ms);        // Fri, 20 Nov 2026 17:00:00 GMT
std::string write_date(std::int64_t wall_ms);                // 2026-11-20
std::string write_slot(std::int64_t wall_ms, bool all_day);  // 20261120T170000Z or 20261120

}  // namespace mortise::simulators::google
