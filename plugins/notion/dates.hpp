// Dates: Notion's ranges of days include their last one, ours end before it; Notion answers with an
// offset where a zone was written. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/json.hpp"

namespace notion {

using common::Json;

/// {start, end?, time_zone?} of docs/kinds.md as Notion's date.
Json to_notion_date(const Json& value);
/// The way back. Notion does not repeat the zone it was given: if the local times are those of
/// `sent` (the value just written, or null), so is the zone; else times keep their offset.
Json from_notion_date(const Json& date, const Json& sent);

/// "2026-11-23" and a number of days; empty if it is no day.
std::string add_days(std::string_view day, int days);

}  // namespace notion
