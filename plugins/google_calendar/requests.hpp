// The requests of the Calendar API that the connector sends, each by its name. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <mortise/text.hpp>
#include <mortise/values.hpp>

namespace google_calendar {

/// Sent side by side in one step.
inline constexpr std::size_t kMostAtOnce = 10;

/// All of them may be repeated: an insert says its own id, a patch sets values.
inline mortise::Request request(std::string method, std::string target, std::string body = {}) {
  mortise::Request made;
  made.method = std::move(method);
  made.target = "/calendar/v3" + std::move(target);
  if (!body.empty()) made.headers.push_back({"Content-Type", "application/json"});
  made.body = std::move(body);
  made.repeatable = true;
  return made;
}
/// Fails with 412 if the event is no longer at `version`; empty: whatever it is.
inline mortise::Request guarded(mortise::Request request, const std::string& version) {
  if (!version.empty()) request.headers.push_back({"If-Match", version});
  return request;
}

inline std::string events_path(std::string_view calendar) {
  return "/calendars/" + mortise::percent_encode(calendar) + "/events";
}
inline std::string event_path(std::string_view calendar, std::string_view id) {
  return events_path(calendar) + "/" + mortise::percent_encode(id);
}

// Nobody gets mail because a plan moved.
inline constexpr std::string_view kQuietly = "?sendUpdates=none";

inline mortise::Request insert(std::string_view calendar, std::string body) {
  return request("POST", events_path(calendar) + std::string(kQuietly), std::move(body));
}
inline mortise::Request patch(std::string_view calendar, std::string_view id, std::string body) {
  return request("PATCH", event_path(calendar, id) + std::string(kQuietly), std::move(body));
}
inline mortise::Request replace(std::string_view calendar, std::string_view id, std::string body) {
  return request("PUT", event_path(calendar, id) + std::string(kQuietly), std::move(body));
}
inline mortise::Request remove(std::string_view calendar, std::string_view id) {
  return request("DELETE", event_path(calendar, id) + std::string(kQuietly));
}
/// `zone`: the times are shown in it; empty: in the calendar's.
inline mortise::Request read(std::string_view calendar, std::string_view id,
                             const std::string& zone = {}) {
  std::string target = event_path(calendar, id);
  if (!zone.empty()) target += "?timeZone=" + mortise::percent_encode(zone);
  return request("GET", std::move(target));
}

/// events.list. A delta must ask as the first listing did. An event may be some 64 KB (its guests,
/// a description, properties of 32 kB): 250 of them, Google's own choice, are an answer that the
/// host takes, and the 2,500 that may be had are not.
struct Listing {
  std::string zone = {};
  std::string key = {};  ///< only what carries this key
  std::string sync_token = {};
  std::string page_token = {};
};
inline mortise::Request list_events(std::string_view calendar, const Listing& listing) {
  std::string target = events_path(calendar) + "?maxResults=250";
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) target += "&" + std::string(name) + "=" + mortise::percent_encode(value);
  };
  if (listing.key.empty()) add("showDeleted", "true");
  add("timeZone", listing.zone);
  add("privateExtendedProperty", listing.key.empty() ? "" : "mortiseKey=" + listing.key);
  add("syncToken", listing.sync_token);
  add("pageToken", listing.page_token);
  return request("GET", std::move(target));
}

/// events.instances: the occurrence that began, or was to begin, at `original_start`; also a
/// cancelled one.
inline mortise::Request instances(std::string_view calendar, std::string_view series,
                                  const std::string& original_start, const std::string& zone,
                                  const std::string& page_token = {}) {
  std::string target = event_path(calendar, series) + "/instances?showDeleted=true&originalStart=" +
                       mortise::percent_encode(original_start);
  if (!zone.empty()) target += "&timeZone=" + mortise::percent_encode(zone);
  if (!page_token.empty()) target += "&pageToken=" + mortise::percent_encode(page_token);
  return request("GET", std::move(target));
}

/// Opens a channel. Its id may be used once only: not to be repeated.
inline mortise::Request watch(std::string_view calendar, std::string body) {
  mortise::Request made = request("POST", events_path(calendar) + "/watch", std::move(body));
  made.repeatable = false;
  return made;
}
inline mortise::Request stop(std::string body) {
  return request("POST", "/channels/stop", std::move(body));
}

inline mortise::Request list_calendars(std::string_view least_role, const std::string& page_token) {
  std::string target =
      "/users/me/calendarList?maxResults=250&minAccessRole=" + std::string(least_role);
  if (!page_token.empty()) target += "&pageToken=" + mortise::percent_encode(page_token);
  return request("GET", std::move(target));
}
/// Makes another calendar each time: not to be repeated blindly.
inline mortise::Request make_calendar(std::string body) {
  mortise::Request made = request("POST", "/calendars", std::move(body));
  made.repeatable = false;
  return made;
}
inline mortise::Request who_am_i() {
  mortise::Request made;
  made.origin = "openid";
  made.target = "/v1/userinfo";
  made.repeatable = true;
  return made;
}

}  // namespace google_calendar
