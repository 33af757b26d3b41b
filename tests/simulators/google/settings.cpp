#include "simulators/google/settings.hpp"

#include <nlohmann/json.hpp>

namespace mortise::simulators::google {

Json Settings::to_json() const {
  return Json{{"pages", pages},
              {"largest_page", largest_page},
              {"limit_status", limit_status},
              {"limit_reason", limit_reason},
              {"sync_token_life_s", sync_token_life_s},
              {"page_token_life_s", page_token_life_s},
              {"updated_min_reach_s", updated_min_reach_s},
              {"channel_life_s", channel_life_s},
              {"allow_http_addresses", allow_http_addresses},
              {"sync_before_reply", sync_before_reply},
              {"rules_reset_exceptions", rules_reset_exceptions},
              {"refresh_tokens", refresh_tokens}};
}

std::string Settings::merge(const Json& json) {
  Settings merged = *this;
  try {
    for (const auto& [key, value] : json.items()) {
      if (key == "pages") {
        value.get_to(merged.pages);
      } else if (key == "largest_page") {
        value.get_to(merged.largest_page);
      } else if (key == "limit_status") {
        value.get_to(merged.limit_status);
      } else if (key == "limit_reason") {
        value.get_to(merged.limit_reason);
      } else if (key == "sync_token_life_s") {
        value.get_to(merged.sync_token_life_s);
      } else if (key == "page_token_life_s") {
        value.get_to(merged.page_token_life_s);
      } else if (key == "updated_min_reach_s") {
        value.get_to(merged.updated_min_reach_s);
      } else if (key == "channel_life_s") {
        value.get_to(merged.channel_life_s);
      } else if (key == "allow_http_addresses") {
        value.get_to(merged.allow_http_addresses);
      } else if (key == "sync_before_reply") {
        value.get_to(merged.sync_before_reply);
      } else if (key == "rules_reset_exceptions") {
        value.get_to(merged.rules_reset_exceptions);
      } else if (key == "refresh_tokens") {
        value.get_to(merged.refresh_tokens);
      } else {
        return "unknown setting " + key;
      }
    }
  } catch (const Json::exception& problem) {
    return problem.what();
  }
  if (merged.pages != "full" && merged.pages != "short" && merged.pages != "empty") {
    return "pages is full, short or empty";
  }
  if (merged.limit_status != 403 && merged.limit_status != 429) return "limit_status is 403 or 429";
  if (merged.limit_reason != "userRateLimitExceeded" &&
      merged.limit_reason != "rateLimitExceeded") {
    return "limit_reason is userRateLimitExceeded or rateLimitExceeded";
  }
  if (merged.largest_page < 1) return "largest_page is at least 1";
  if (merged.channel_life_s < 1) return "channel_life_s is at least 1";
  *this = merged;
  return {};
}

}  // namespace mortise::simulators::google
