// IANA time zones on the system's tz data (/usr/share/zoneinfo): what a wall clock shows when.
// Reads those files on first use and keeps them; otherwise pure. Thread-safe. Rules (design section
// 9): a local time that does not exist is shifted forward by the gap, one that exists twice is the
// first of the two.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "core/time.hpp"

namespace mortise::core {

/// Whether `name` is an IANA zone or link on this system, exactly as spelled.
bool zone_exists(std::string_view name);

/// The zone that somebody who wrote `name` most likely meant: nearest in spelling, or with that
/// city.
std::optional<std::string> nearest_zone(std::string_view name);

/// The zone of an account: its own, else the host's; of a plan: its own, else its account's. What
/// is answered is part of what was given.
const std::string& zone_of(const Account& account, const std::string& host_zone);
const std::string& zone_of(const Plan& plan, const Account& account, const std::string& host_zone);

/// The instant at which a clock in `zone` shows `local`. Error: `invalid`, unknown zone, with the
/// nearest name. So for all that follow.
Result<Instant> to_instant(LocalSeconds local, std::string_view zone);

/// What a clock in `zone` shows at `instant`; milliseconds are cut off.
Result<LocalSeconds> to_local(Instant instant, std::string_view zone);

/// The calendar month of `instant` in `zone`: "2026-11".
Result<std::string> month_of(Instant instant, std::string_view zone);

/// When that month ends: the first instant of the next month in `zone`.
Result<Instant> month_end(Instant instant, std::string_view zone);

}  // namespace mortise::core
