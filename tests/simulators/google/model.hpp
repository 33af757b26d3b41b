// What the simulated Google remembers: people, calendars, lists and events. Plain values; the rules
// live in event.hpp (one event) and in the *_api files (operations).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "simulators/common/http.hpp"
#include "simulators/common/ids.hpp"

namespace mortise::simulators::google {

/// A Google account.
struct User {
  std::string sub;
  std::string email;
  std::string name;
  std::string time_zone;
};

/// One event of one calendar. `fields` is the resource without what depends on the viewer
/// (reminders, source) or is derived when shown (etag, updated, htmlLink).
struct Event {
  std::string id;
  Json fields = Json::object();
  std::map<std::string, Json> reminders;  ///< by e-mail; absent: the calendar's default
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::uint64_t change = 0;  ///< place in the order of all changes; also makes the ETag

  bool cancelled() const;
  bool recurring() const;
  std::string master_id() const;  ///< "" unless it is an exception of a series
};

struct Calendar {
  std::string id;
  std::string owner;                         ///< e-mail
  std::string client_id;                     ///< the app that created it, "" for a person
  Json fields = Json::object();              ///< summary, description, location, timeZone
  std::map<std::string, std::string> roles;  ///< e-mail -> access role, the owner's included
  std::map<std::string, Event> events;
  std::map<std::uint64_t, std::string> order;  ///< change -> event id
  std::uint64_t change = 0;
  std::uint64_t sync_floor = 0;  ///< sync tokens older than this answer 410
  /// The next delta's page of this number (from 1) answers 410 and ends its token; 0: none does.
  std::int64_t expiring_page = 0;

  std::string time_zone() const;
  std::string role_of(const std::string& email) const;
};

/// A calendar in somebody's list.
struct ListEntry {
  Json fields =
      Json::object();  ///< summaryOverride, colorId, selected, hidden, defaultReminders ...
  bool deleted = false;
  std::uint64_t change = 0;
};

/// Not thread-safe: the Google object serialises access.
class Model {
 public:
  std::vector<User> users;
  std::map<std::string, Calendar> calendars;
  std::map<std::string, std::map<std::string, ListEntry>> lists;  ///< by e-mail, then calendar id

  const User* user(const std::string& email_or_sub) const;
  /// Adds an account with its primary calendar; answers the existing one if the e-mail is known.
  const User& add_user(User user);
  /// "primary" or an id; nullptr if there is none or `email` has no role in it.
  Calendar* calendar(const std::string& id, const std::string& email);
  /// The calendar in that person's list; nullptr if it is not there.
  const ListEntry* entry(const std::string& email, const std::string& calendar_id) const;
  Calendar& add_calendar(Calendar calendar);
  void share(Calendar& calendar, const std::string& email, const std::string& role);
  /// The calendar goes; lists keep a deleted entry, which deltas show.
  void remove_calendar(std::string id);

  /// Marks the event as just changed (its ETag and its place in delta lists move).
  void touch(Calendar& calendar, Event& event);
  std::uint64_t next_change() { return ++last_change_; }
  std::uint64_t last_change() const { return last_change_; }

  Json save() const;
  void load(const Json& saved);

 private:
  std::uint64_t last_change_ = 1000;
};

/// An ETag; the quotes are part of the value.
std::string etag_of(std::uint64_t change);

/// The string at `key`, or "".
std::string text_of(const Json& object, const char* key);

}  // namespace mortise::simulators::google
