#include "replies.hpp"

#include <algorithm>
#include <array>

#include "common/json.hpp"
#include "markup.hpp"

namespace google_calendar {
namespace {

using common::Json;
using common::list;
using common::member;
using common::parse;
using common::text;
using mortise::Code;
using mortise::Error;
using mortise::Reply;

constexpr std::size_t kLongestMessage = 400;

struct Said {
  std::string reason, message;
  std::string location;  ///< the parameter or header that is refused
};

Said said_in(const Reply& reply) {
  const Json body = parse(reply.body);
  const Json& error = member(body, "error");
  Said said;
  const Json& errors = list(error, "errors");
  if (!errors.empty()) {
    said.reason = text(errors.front(), "reason");
    said.location = text(errors.front(), "location");
  }
  said.message = text(error, "message");
  if (error.is_string()) {  // the OAuth endpoints' shape
    said.reason = error.get<std::string>();
    said.message = text(body, "error_description");
  }
  for (char& c : said.message) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  said.message = std::string(first_characters(said.message, kLongestMessage));
  return said;
}

/// A refusal in Google's own form, not one of a network's edge or a proxy.
bool from_google(const Reply& reply) {
  return !member(parse(reply.body), "error").is_null();
}

struct Known {
  std::string_view reason;  ///< Google's word
  Code code;
  std::string_view ours;  ///< Error::reason
  std::string_view words;
  bool all = false;
};

// Sources: Google's guide "Resolve errors" and the reasons of section 403 there. What is used up
// for hours or for the day passes: the write is not refused, it waits.
constexpr std::array<Known, 8> kKnown = {{
    {"quotaExceeded", Code::rate_limited, "service_quota",
     "Google limits how many events an account may add in a short time; try again in some hours",
     true},
    {"dailyLimitExceeded", Code::rate_limited, "service_quota",
     "this app has used up its calls to Google Calendar for today; try again tomorrow", true},
    {"userRateLimitExceeded", Code::rate_limited, "rate_limited",
     "too many requests for this account", true},
    {"rateLimitExceeded", Code::rate_limited, "rate_limited", "too many requests", true},
    {"requiredAccessLevel", Code::forbidden, "target_read_only",
     "this account may not write to that calendar", true},
    {"insufficientPermissions", Code::forbidden, "missing_scope",
     "the permission for this was not given; connect again and tick all boxes", true},
    {"forbiddenForNonOrganizer", Code::forbidden, "organizer_only",
     "only the organizer may change this event"},
    {"fullSyncRequired", Code::stale, "", "Google asks for a full listing"},
}};

const Known* known(std::string_view reason) {
  const auto* found = std::find_if(kKnown.begin(), kKnown.end(),
                                   [&](const Known& each) { return each.reason == reason; });
  return found == kKnown.end() ? nullptr : found;
}

Code code_of(int status) {
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::forbidden;
    case 404:
      return Code::not_found;
    case 409:
    case 412:
      return Code::conflict;
    case 410:
      return Code::stale;
    case 413:
      return Code::too_large;
    case 429:
      return Code::rate_limited;
    default:
      return status >= 500 || status < 400 ? Code::unavailable : Code::invalid;
  }
}

}  // namespace

std::string reason_of(const Reply& reply) {
  return said_in(reply).reason;
}

Error error_of(const Reply& reply, std::string_view what) {
  if (reply.error) return *reply.error;
  const Said said = said_in(reply);
  std::string message(what);
  if (const Known* meant = known(said.reason); meant != nullptr && reply.status < 500) {
    message += ": " + std::string(meant->words);
    return {meant->code, std::move(message), std::string(meant->ours)};
  }
  message += ": Google answered " + std::to_string(reply.status);
  const bool final_word = reply.status == 401 || reply.status == 413 || reply.status == 429;
  if (!final_word && !from_google(reply)) return {Code::unavailable, std::move(message)};
  if (!said.message.empty()) message += ": " + said.message;
  return {code_of(reply.status), std::move(message)};
}

bool not_there(const Reply& reply) {
  return !reply.error && (reply.status == 404 || reply.status == 410) && from_google(reply);
}

bool refuses_cursor(const Reply& reply) {
  return !reply.error && reply.status == 400 && said_in(reply).location == "syncToken";
}

bool refused_alone(const Reply& reply) {
  if (reply.error || (reply.status != 400 && reply.status != 403)) return false;
  return from_google(reply) && !concerns_all(reply);
}

bool may_have_worked(const Reply& reply) {
  return reply.error ? reply.maybe_sent : reply.status >= 500;
}

bool concerns_all(const Reply& reply) {
  if (reply.error || reply.status >= 500 || reply.status == 401 || reply.status == 429) return true;
  const Known* meant = reply.success() ? nullptr : known(reason_of(reply));
  return meant != nullptr && meant->all;
}

}  // namespace google_calendar
