#include "people.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "common/json.hpp"

namespace google_calendar {
namespace {

using common::flag;
using common::Json;
using common::member;
using common::text;

constexpr std::size_t kMostAttendees = 200;
constexpr std::size_t kMostReminders = 5;
constexpr std::int64_t kLongestReminder = 40'320;

std::string email_of(const Json& person) {
  std::string email = text(person, "email");
  for (char& c : email) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return email;
}

bool is_owner(const Json& attendee) {
  return flag(attendee, "self") || flag(attendee, "organizer");
}

std::int64_t minutes_of(const Json& reminder) {
  const Json& minutes = member(reminder, "minutes");
  if (minutes.is_number_unsigned()) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(minutes.get<std::uint64_t>(), kLongestReminder));
  }
  if (!minutes.is_number_integer()) return 0;
  return std::clamp<std::int64_t>(minutes.get<std::int64_t>(), 0, kLongestReminder);
}

/// Both lists are of {method, minutes}: in order, each once.
std::set<std::pair<std::int64_t, std::string>> in_order(const Json& reminders) {
  std::set<std::pair<std::int64_t, std::string>> sorted;
  for (const Json& each : reminders) {
    if (!each.is_object()) continue;
    sorted.emplace(minutes_of(each), text(each, "method") == "email" ? "email" : "popup");
  }
  return sorted;
}

}  // namespace

Json participants_of(const Json& attendees) {
  std::map<std::string, std::string> people;
  for (const Json& each : attendees) {
    const std::string email = email_of(each);
    if (!email.empty() && !is_owner(each)) people.emplace(email, text(each, "displayName"));
  }
  Json list = Json::array();
  for (const auto& [email, name] : people) {
    Json person{{"email", email}};
    if (!name.empty()) person["name"] = name;
    list.push_back(std::move(person));
  }
  return list;
}

Json attendees_of(const Json& participants, const Json& current) {
  Json list = Json::array();
  std::set<std::string> named;
  for (const Json& each : current) {
    if (!is_owner(each)) continue;
    list.push_back(each);
    named.insert(email_of(each));
  }
  for (const Json& each : participants) {
    const std::string email = email_of(each);
    if (email.empty() || list.size() == kMostAttendees || !named.insert(email).second) continue;
    Json attendee{{"email", email}};
    for (const Json& known : current) {
      if (email_of(known) == email) attendee = known;
    }
    if (const std::string name = text(each, "name"); !name.empty()) attendee["displayName"] = name;
    list.push_back(std::move(attendee));
  }
  return list;
}

Json alerts_of(const Json& reminders) {
  if (!reminders.is_object() || flag(reminders, "useDefault")) return nullptr;
  Json list = Json::array();
  for (const auto& [minutes, method] : in_order(common::list(reminders, "overrides"))) {
    list.push_back({{"method", method}, {"minutes", minutes}});
  }
  return list;
}

Json reminders_of(const Json& alerts, bool patch) {
  if (!alerts.is_array()) {
    Json standard{{"useDefault", true}};
    if (patch) standard["overrides"] = nullptr;
    return standard;
  }
  Json overrides = Json::array();
  for (const auto& [minutes, method] : in_order(alerts)) {
    if (overrides.size() == kMostReminders) break;
    overrides.push_back({{"method", method}, {"minutes", minutes}});
  }
  return {{"useDefault", false}, {"overrides", std::move(overrides)}};
}

}  // namespace google_calendar
