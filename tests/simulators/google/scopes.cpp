// The scopes that the simulation knows, as the consent page says them.
#include <map>

#include "simulators/google/oauth.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::string_view kPrefix = "https://www.googleapis.com/auth/";

}  // namespace

std::string full_scope(const std::string& scope) {
  if (scope == "email" || scope == "profile") return std::string(kPrefix) + "userinfo." + scope;
  return scope;
}

bool is_identity_scope(const std::string& scope) {
  return scope == "openid" || scope == std::string(kPrefix) + "userinfo.email" ||
         scope == std::string(kPrefix) + "userinfo.profile";
}

std::string scope_sentence(const std::string& scope) {
  static const std::map<std::string, std::string> kSentences = {
      {"userinfo.email", "See your primary Google Account email address"},
      {"userinfo.profile", "See your personal info, including any you've made publicly available"},
      {"calendar", "See, edit, share, and permanently delete all the calendars you can access"},
      {"calendar.readonly", "See and download any calendar you can access"},
      {"calendar.events", "View and edit events on all your calendars"},
      {"calendar.events.readonly", "View events on all your calendars"},
      {"calendar.events.owned", "See, create, change, and delete events on calendars you own"},
      {"calendar.events.owned.readonly", "See the events on calendars you own"},
      {"calendar.app.created",
       "Make secondary calendars, and see, create, change, and delete events on them"},
      {"calendar.calendars",
       "See and change the properties of calendars, and create secondary ones"},
      {"calendar.calendars.readonly", "See the title, description, and time zone of calendars"},
      {"calendar.calendarlist", "See, add, and remove calendars you're subscribed to"},
      {"calendar.calendarlist.readonly", "See the list of calendars you're subscribed to"},
      {"calendar.settings.readonly", "View your calendar settings"},
      {"calendar.freebusy", "View your availability in your calendars"},
      {"calendar.events.freebusy", "See the availability on calendars you have access to"},
      {"calendar.acls", "See and change the sharing permissions of calendars you own"},
      {"calendar.acls.readonly", "See the sharing permissions of calendars you own"},
  };
  if (scope == "openid") return "Associate you with your personal info";
  if (scope.rfind(kPrefix, 0) != 0) return "";
  const auto found = kSentences.find(scope.substr(kPrefix.size()));
  return found == kSentences.end() ? "" : found->second;
}

}  // namespace mortise::simulators::google
