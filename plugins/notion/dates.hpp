// Dates: Notion's ranges of days include their last one, ours end before it; Notion answers with an
// offset where a zone was written. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/json.hpp"

namespace notion {

using common::Json;

/// {start, end?, time_zone?} of docs/kinds.md as Notion's date.
Json to_notion_date(const Json& value);
/// The way back. Notion does not repeat the zone that it was given: times come with an offset.
Json from_notion_date(const Json& date);

/// "2026-11-23" and a number of days; empty if it is no day.
std::string add_days(std::string_view day, int days);

/// Milliseconds of "2026-11-20T10:23:00.000Z"; 0 if it is not of that form, or before 1970.
std::int64_t read_time(std::string_view text);
/// "2026-11-20T10:23:00Z", of a time since 1970.
std::string write_time(std::int64_t ms);

}  // namespace notion
