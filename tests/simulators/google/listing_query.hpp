// The parameters of events.list, checked, and the two opaque tokens it hands out.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulators/google/calendar_api.hpp"

namespace mortise::simulators::google {

/// Where a listing goes on. Opaque to clients, dead after Settings::page_token_life_s.
struct PageToken {
  std::int64_t key = 0;     ///< the last row's place in the order ...
  std::string id;           ///< ... and its id, which breaks ties
  std::uint64_t since = 0;  ///< the newest change when the first page was made: the next sync token
  bool after_empty = false;  ///< the page before was empty by Settings::pages
  std::int64_t number = 1;   ///< of the page before, from 1
  std::int64_t issued_ms = 0;
  std::string listing;  ///< what may not differ between the pages

  std::string write() const;
};

/// What changed since. Remembers the window of the full listing.
struct SyncToken {
  std::uint64_t change = 0;
  std::int64_t issued_ms = 0;
  std::string listing;
  std::optional<std::int64_t> time_min_ms;
  std::optional<std::int64_t> time_max_ms;

  std::string write() const;
};

struct ListingQuery {
  std::size_t max_results = 250;
  bool single = false;
  bool show_deleted = false;
  std::optional<std::int64_t> time_min_ms, time_max_ms, updated_min_ms;
  std::string order_by, words, ical_uid, time_zone;
  std::vector<std::pair<std::string, std::string>> private_properties, shared_properties;
  std::optional<SyncToken> sync;
  std::optional<PageToken> page;
  /// Names calendar and parameters: tokens of another listing are refused.
  std::string listing;
  /// False if the last page brings no sync token (ordered, filtered by text or property ...).
  bool can_sync = true;
};

struct ReadQuery {
  ListingQuery query;
  std::optional<Problem> problem;
};

Problem full_sync_required();

/// Reads and checks the parameters of a call for `calendar`.
ReadQuery read_listing_query(const Request& request, const Calendar& calendar,
                             const Settings& settings, std::int64_t now_ms);

}  // namespace mortise::simulators::google
