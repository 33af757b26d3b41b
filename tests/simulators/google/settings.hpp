// How the simulated Google behaves beyond the common faults and limits: POST
// /control/google/settings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "simulators/common/http.hpp"

namespace mortise::simulators::google {

struct Settings {
  /// What pages of events.list look like: "full", "short" (half of maxResults) or "empty" (before
  /// every page with items comes one without, with a nextPageToken).
  std::string pages = "full";
  /// No page of a listing holds more, whatever maxResults says.
  std::size_t largest_page = 2'500;
  /// How a full rate window is answered: 403 (with limit_reason) or 429 (rateLimitExceeded).
  int limit_status = 403;
  /// "userRateLimitExceeded" or "rateLimitExceeded": Google says either with 403.
  std::string limit_reason = "userRateLimitExceeded";
  /// Sync tokens older than this answer 410 fullSyncRequired.
  std::int64_t sync_token_life_s = 30 * 86'400;
  /// Page tokens older than this answer 400.
  std::int64_t page_token_life_s = 3'600;
  /// An updatedMin further back than this answers 410 updatedMinTooLongAgo.
  std::int64_t updated_min_reach_s = 28 * 86'400;
  /// Channels live at most so long, and so long if their app says nothing.
  std::int64_t channel_life_s = 7 * 86'400;
  /// Channels may have http addresses on this machine; elsewhere https is a must.
  bool allow_http_addresses = true;
  /// The sync message of a new channel is answered before the app hears that it is open.
  bool sync_before_reply = false;
  /// A series that gets another rhythm forgets its exceptions. (Google's own pages say so of its
  /// start and its rule; where it only ends earlier, what remains of them stays.)
  bool rules_reset_exceptions = true;
  /// Refresh tokens a person may have for one client; the oldest vanish silently.
  int refresh_tokens = 100;

  Json to_json() const;
  /// Takes over what `json` names; answers a sentence if something in it is wrong.
  std::string merge(const Json& json);
};

}  // namespace mortise::simulators::google
