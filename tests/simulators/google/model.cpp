#include "simulators/google/model.hpp"

#include <algorithm>

namespace mortise::simulators::google {
namespace {

Json saved_event(const Event& event) {
  return Json{{"id", event.id},
              {"fields", event.fields},
              {"reminders", event.reminders},
              {"created_ms", event.created_ms},
              {"updated_ms", event.updated_ms},
              {"start_ms", event.start_ms},
              {"end_ms", event.end_ms},
              {"change", event.change}};
}

Event loaded_event(const Json& saved) {
  Event event;
  event.id = saved.at("id").get<std::string>();
  event.fields = saved.at("fields");
  event.reminders = saved.at("reminders").get<std::map<std::string, Json>>();
  event.created_ms = saved.at("created_ms").get<std::int64_t>();
  event.updated_ms = saved.at("updated_ms").get<std::int64_t>();
  event.start_ms = saved.at("start_ms").get<std::int64_t>();
  event.end_ms = saved.at("end_ms").get<std::int64_t>();
  event.change = saved.at("change").get<std::uint64_t>();
  return event;
}

Json saved_calendar(const Calendar& calendar) {
  Json events = Json::array();
  for (const auto& [id, event] : calendar.events) events.push_back(saved_event(event));
  return Json{{"id", calendar.id},
              {"owner", calendar.owner},
              {"client_id", calendar.client_id},
              {"fields", calendar.fields},
              {"roles", calendar.roles},
              {"change", calendar.change},
              {"sync_floor", calendar.sync_floor},
              {"expiring_page", calendar.expiring_page},
              {"events", std::move(events)}};
}

Calendar loaded_calendar(const Json& saved) {
  Calendar calendar;
  calendar.id = saved.at("id").get<std::string>();
  calendar.owner = saved.at("owner").get<std::string>();
  calendar.client_id = saved.at("client_id").get<std::string>();
  calendar.fields = saved.at("fields");
  calendar.roles = saved.at("roles").get<std::map<std::string, std::string>>();
  calendar.change = saved.at("change").get<std::uint64_t>();
  calendar.sync_floor = saved.at("sync_floor").get<std::uint64_t>();
  calendar.expiring_page = saved.value("expiring_page", std::int64_t{0});
  for (const Json& entry : saved.at("events")) {
    Event event = loaded_event(entry);
    calendar.order[event.change] = event.id;
    calendar.events[event.id] = std::move(event);
  }
  return calendar;
}

}  // namespace

bool Event::cancelled() const {
  return text_of(fields, "status") == "cancelled";
}
bool Event::recurring() const {
  return fields.contains("recurrence");
}
std::string Event::master_id() const {
  return text_of(fields, "recurringEventId");
}

std::string Calendar::time_zone() const {
  return text_of(fields, "timeZone");
}

std::string Calendar::role_of(const std::string& email) const {
  const auto own = roles.find(email);
  if (own != roles.end()) return own->second;
  const auto everyone = roles.find("*");
  return everyone == roles.end() ? "" : everyone->second;
}

const User* Model::user(const std::string& email_or_sub) const {
  const auto found = std::find_if(users.begin(), users.end(), [&](const User& user) {
    return user.email == email_or_sub || user.sub == email_or_sub;
  });
  return found == users.end() ? nullptr : &*found;
}

const User& Model::add_user(User user) {
  if (const User* known = this->user(user.email)) return *known;
  users.push_back(std::move(user));
  const User& added = users.back();
  Calendar primary;
  primary.id = primary.owner = added.email;
  primary.fields = Json{{"summary", added.email}, {"timeZone", added.time_zone}};
  add_calendar(std::move(primary));
  return added;
}

Calendar* Model::calendar(const std::string& id, const std::string& email) {
  const auto found = calendars.find(id == "primary" ? email : id);
  if (found == calendars.end() || found->second.role_of(email).empty()) return nullptr;
  return &found->second;
}

const ListEntry* Model::entry(const std::string& email, const std::string& calendar_id) const {
  const auto entries = lists.find(email);
  if (entries == lists.end()) return nullptr;
  const auto found = entries->second.find(calendar_id);
  return found == entries->second.end() || found->second.deleted ? nullptr : &found->second;
}

Calendar& Model::add_calendar(Calendar calendar) {
  const std::string id = calendar.id;
  calendar.change = next_change();
  Calendar& added = calendars[id] = std::move(calendar);
  if (!added.owner.empty()) share(added, added.owner, "owner");
  return added;
}

void Model::share(Calendar& calendar, const std::string& email, const std::string& role) {
  calendar.roles[email] = role;
  ListEntry& entry = lists[email][calendar.id];
  if (entry.change == 0) {
    const bool primary = calendar.id == email;
    entry.fields["colorId"] = primary ? "14" : "16";
    entry.fields["selected"] = true;
    entry.fields["defaultReminders"] =
        primary ? Json::array({Json{{"method", "popup"}, {"minutes", 10}}}) : Json::array();
  }
  entry.deleted = false;
  entry.change = next_change();
}

void Model::remove_calendar(std::string id) {
  if (calendars.erase(id) == 0) return;
  for (auto& [email, entries] : lists) {
    const auto listed = entries.find(id);
    if (listed == entries.end()) continue;
    listed->second.deleted = true;
    listed->second.change = next_change();
  }
}

void Model::touch(Calendar& calendar, Event& event) {
  calendar.order.erase(event.change);
  event.change = next_change();
  calendar.order[event.change] = event.id;
}

Json Model::save() const {
  Json saved{{"last_change", last_change_},
             {"users", Json::array()},
             {"calendars", Json::array()},
             {"lists", Json::object()}};
  for (const User& user : users) {
    saved["users"].push_back(Json{{"sub", user.sub},
                                  {"email", user.email},
                                  {"name", user.name},
                                  {"time_zone", user.time_zone}});
  }
  for (const auto& [id, calendar] : calendars)
    saved["calendars"].push_back(saved_calendar(calendar));
  for (const auto& [email, entries] : lists) {
    for (const auto& [id, entry] : entries) {
      saved["lists"][email][id] =
          Json{{"fields", entry.fields}, {"deleted", entry.deleted}, {"change", entry.change}};
    }
  }
  return saved;
}

void Model::load(const Json& saved) {
  *this = Model{};
  last_change_ = saved.at("last_change").get<std::uint64_t>();
  for (const Json& entry : saved.at("users")) {
    users.push_back({entry.at("sub").get<std::string>(), entry.at("email").get<std::string>(),
                     entry.at("name").get<std::string>(),
                     entry.at("time_zone").get<std::string>()});
  }
  for (const Json& entry : saved.at("calendars")) {
    Calendar calendar = loaded_calendar(entry);
    calendars[calendar.id] = std::move(calendar);
  }
  for (const auto& [email, entries] : saved.at("lists").items()) {
    for (const auto& [id, entry] : entries.items()) {
      lists[email][id] = {entry.at("fields"), entry.at("deleted").get<bool>(),
                          entry.at("change").get<std::uint64_t>()};
    }
  }
}

std::string etag_of(std::uint64_t change) {
  return "\"" + std::to_string(3'400'000'000'000'000ULL + change * 2) + "\"";
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace mortise::simulators::google
