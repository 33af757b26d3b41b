#include "simulators/google/listing_query.hpp"

#include <algorithm>
#include <charconv>

#include "simulators/google/base64url.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

std::optional<Json> read_token(const std::string& token) {
  const auto text = base64_decode(token);
  if (!text) return std::nullopt;
  Json document = parse_json(*text);
  if (!document.is_object()) return std::nullopt;
  return document;
}

std::optional<PageToken> read_page_token(const std::string& text) {
  const auto document = read_token(text);
  if (!document || !document->contains("page")) return std::nullopt;
  try {
    return PageToken{document->at("page"),   document->at("id"),     document->at("since"),
                     document->at("empty"),  document->at("number"), document->at("issued"),
                     document->at("listing")};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<std::int64_t> instant_in(const Json& document, const char* key) {
  const auto found = document.find(key);
  if (found == document.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::optional<SyncToken> read_sync_token(const std::string& text) {
  const auto document = read_token(text);
  if (!document || !document->contains("sync")) return std::nullopt;
  try {
    return SyncToken{document->at("sync"), document->at("issued"), document->at("listing"),
                     instant_in(*document, "from"), instant_in(*document, "to")};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<Problem> read_instant_parameter(const Request& request, const char* name,
                                              std::optional<std::int64_t>& into) {
  const auto text = request.parameter(name);
  if (!text) return std::nullopt;
  into = read_instant(*text);
  if (!into) return Problem{400, "badRequest", "Bad Request", "global", "parameter", name};
  return std::nullopt;
}

std::optional<Problem> read_properties(const Request& request, const char* name,
                                       std::vector<std::pair<std::string, std::string>>& into) {
  for (const std::string& text : request.parameters(name)) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Problem{400, "invalid", "Invalid value for: " + text, "global", "parameter", name};
    }
    into.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return std::nullopt;
}

// Everything that must be the same on every page and in every delta, in one string.
std::string listing_of(const Request& request, const Calendar& calendar) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : request.query) {
    const bool free = name == "pageToken" || name == "syncToken" || name == "maxResults" ||
                      name == "showDeleted" || name == "fields" || name == "alt" ||
                      name == "prettyPrint" || name == "key" || name == "quotaUser" ||
                      name == "timeMin" || name == "timeMax";
    if (!free) parts.push_back(name + "=" + value);
  }
  std::sort(parts.begin(), parts.end());
  std::string listing = calendar.id;
  for (const std::string& part : parts) listing += "&" + part;
  return listing;
}

std::optional<Problem> read_max_results(const Request& request, const Settings& settings,
                                        std::size_t& into) {
  into = std::min(into, settings.largest_page);
  const auto text = request.parameter("maxResults");
  if (!text) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 1) {
    return invalid_parameter("maxResults", "Invalid integer value: '" + *text + "'.");
  }
  into = std::min(static_cast<std::size_t>(value), settings.largest_page);
  return std::nullopt;
}

std::optional<Problem> read_sync(const Request& request, const Calendar& calendar,
                                 const Settings& settings, std::int64_t now_ms,
                                 ListingQuery& query) {
  const auto text = request.parameter("syncToken");
  if (!text) return std::nullopt;
  for (const char* name : {"iCalUID", "orderBy", "privateExtendedProperty", "q",
                           "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}) {
    if (request.parameter(name)) {
      return invalid_parameter(name, std::string("The parameter ") + name +
                                         " cannot be used together with a sync token.");
    }
  }
  if (request.parameter("showDeleted") == "false") {
    return invalid_parameter("showDeleted",
                             "showDeleted cannot be false together with a sync token.");
  }
  query.sync = read_sync_token(*text);
  if (!query.sync) return invalid_token("syncToken", "Invalid sync token value.");
  if (query.sync->listing != query.listing) {
    return invalid_parameter("syncToken", "The parameters differ from those of the full listing.");
  }
  const bool old = now_ms - query.sync->issued_ms > settings.sync_token_life_s * 1000;
  if (old || query.sync->change < calendar.sync_floor) return full_sync_required();
  query.time_min_ms = query.sync->time_min_ms;
  query.time_max_ms = query.sync->time_max_ms;
  return std::nullopt;
}

std::optional<Problem> read_page(const Request& request, const Settings& settings,
                                 std::int64_t now_ms, ListingQuery& query) {
  const auto text = request.parameter("pageToken");
  if (!text) return std::nullopt;
  query.page = read_page_token(*text);
  const bool good = query.page && query.page->listing == query.listing &&
                    now_ms - query.page->issued_ms <= settings.page_token_life_s * 1000;
  if (!good) return invalid_token("pageToken", "Invalid page token value.");
  return std::nullopt;
}

std::optional<Problem> read_window(const Request& request, const Settings& settings,
                                   std::int64_t now_ms, ListingQuery& query) {
  if (auto problem = read_instant_parameter(request, "timeMin", query.time_min_ms)) return problem;
  if (auto problem = read_instant_parameter(request, "timeMax", query.time_max_ms)) return problem;
  if (auto problem = read_instant_parameter(request, "updatedMin", query.updated_min_ms))
    return problem;
  if (query.time_min_ms && query.time_max_ms && *query.time_min_ms >= *query.time_max_ms) {
    return Problem{400,        "timeRangeEmpty", "The specified time range is empty.",
                   "calendar", "parameter",      "timeMax"};
  }
  if (query.updated_min_ms &&
      *query.updated_min_ms < now_ms - settings.updated_min_reach_s * 1000) {
    return Problem{410,
                   "updatedMinTooLongAgo",
                   "The requested minimum modification time lies too far in the past.",
                   "calendar",
                   "parameter",
                   "updatedMin"};
  }
  return std::nullopt;
}

std::optional<Problem> read_order(const Request& request, ListingQuery& query) {
  query.order_by = request.parameter("orderBy").value_or("");
  if (!query.order_by.empty() && query.order_by != "updated" && query.order_by != "startTime") {
    return invalid_parameter("orderBy", "Invalid string value: '" + query.order_by + "'.");
  }
  if (query.order_by == "startTime" && !query.single) {
    return Problem{
        400,      "badRequest", "The requested ordering is not available for the particular query.",
        "global", "parameter",  "orderBy"};
  }
  return std::nullopt;
}

}  // namespace

Problem full_sync_required() {
  return {410,        "fullSyncRequired", "Sync token is no longer valid, a full sync is required.",
          "calendar", "parameter",        "syncToken"};
}

std::string PageToken::write() const {
  return base64url(to_text(Json{{"page", key},
                                {"id", id},
                                {"since", since},
                                {"empty", after_empty},
                                {"number", number},
                                {"issued", issued_ms},
                                {"listing", listing}}));
}

std::string SyncToken::write() const {
  Json document{{"sync", change}, {"issued", issued_ms}, {"listing", listing}};
  if (time_min_ms) document["from"] = *time_min_ms;
  if (time_max_ms) document["to"] = *time_max_ms;
  return base64url(to_text(document));
}

ReadQuery read_listing_query(const Request& request, const Calendar& calendar,
                             const Settings& settings, std::int64_t now_ms) {
  ReadQuery read;
  ListingQuery& query = read.query;
  query.single = request.parameter("singleEvents") == "true";
  query.show_deleted = request.parameter("showDeleted") == "true";
  query.words = request.parameter("q").value_or("");
  query.ical_uid = request.parameter("iCalUID").value_or("");
  query.time_zone = request.parameter("timeZone").value_or(calendar.time_zone());
  query.listing = listing_of(request, calendar);
  if (!known_zone(query.time_zone)) {
    read.problem = invalid_parameter("timeZone", "Invalid time zone: " + query.time_zone);
    return read;
  }
  const auto problems = {
      read_max_results(request, settings, query.max_results),
      read_sync(request, calendar, settings, now_ms, query),
      read_page(request, settings, now_ms, query),
      read_window(request, settings, now_ms, query),
      read_order(request, query),
      read_properties(request, "privateExtendedProperty", query.private_properties),
      read_properties(request, "sharedExtendedProperty", query.shared_properties),
  };
  for (const auto& problem : problems) {
    if (!read.problem) read.problem = problem;
  }
  query.can_sync = query.order_by.empty() && query.words.empty() && query.ical_uid.empty() &&
                   !query.updated_min_ms && query.private_properties.empty() &&
                   query.shared_properties.empty();
  return read;
}

}  // namespace mortise::simulators::google
