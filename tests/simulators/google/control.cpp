// POST /control/google/<action>, JSON in and out; `user` is an id or e-mail, `calendar` an id or
// "primary" (the default):
//   users                                       everybody with their grants
//   calendars     {user}                        a person's calendars
//   events        {user, calendar, deleted}     events as they are kept, series not unrolled
//   create_event  {user, calendar, event}       as a person at the calendar; answers the event
//   edit_event    {user, calendar, id, changes} changes as in a PATCH
//   delete_event  {user, calendar, id}
//   share         {user, calendar, with, role}  the owner lets another person in
//   set_time_zone {user, calendar, time_zone}   of the calendar and, for primary, the account
//   expire_sync_tokens   {user, calendar}       every token handed out so far answers 410
//   expire_access_tokens {user}                 none: everybody's
//   settings      see settings.hpp              answers all of them
#include <nlohmann/json.hpp>

#include "simulators/google/event.hpp"
#include "simulators/google/google.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators {
namespace {

Response mistake(const std::string& sentence) {
  return json_response(400, {{"error", sentence}});
}

Response as_reply(const google::Answer& answer) {
  return json_response(answer.status == 204 ? 200 : answer.status,
                       answer.body.is_null() ? Json{{"ok", true}} : answer.body);
}

}  // namespace

Response Google::control(std::string_view action, const Json& body) {
  if (action == "users") return users();
  if (action == "settings") {
    const std::string problem = settings_.merge(body);
    return problem.empty() ? json_response(200, settings_.to_json()) : mistake(problem);
  }
  const std::string who = body.value("user", "");
  const google::User* user = nullptr;
  if (const Person* person = find_person(who)) user = model_.user(std::string(person->email));
  if (action == "expire_access_tokens" && (user != nullptr || who.empty())) {
    oauth_.expire_access_tokens(user == nullptr ? "" : user->email);
    return json_response(200, {{"ok", true}});
  }
  if (user == nullptr) return mistake("unknown user '" + who + "'");
  if (action == "calendars") return calendars_of(user->email);
  return control_events(action, body);
}

Response Google::control_events(std::string_view action, const Json& body) {
  const std::string email(find_person(body.at("user").get<std::string>())->email);
  const std::string name = body.value("calendar", "primary");
  google::Calendar* calendar = model_.calendar(name, email);
  if (calendar == nullptr) return mistake("no calendar '" + name + "' for " + email);
  if (action == "events") {
    Json items = Json::array();
    for (const auto& [change, id] : calendar->order) {
      const google::Event& event = calendar->events.at(id);
      if (event.cancelled() && !body.value("deleted", false)) continue;
      items.push_back(google::show(event, *calendar, email, calendar->time_zone()));
    }
    return json_response(200, {{"items", std::move(items)}});
  }
  if (action == "create_event") {
    return as_reply(api_.insert_as_person(*calendar, email, body.at("event")));
  }
  if (action == "edit_event") {
    return as_reply(api_.patch_as_person(*calendar, email, body.at("id"), body.at("changes")));
  }
  if (action == "delete_event")
    return as_reply(api_.remove_as_person(*calendar, email, body.at("id")));
  if (action == "share") {
    const Person* other = find_person(body.at("with").get<std::string>());
    if (other == nullptr) return mistake("unknown user in 'with'");
    model_.share(*calendar, std::string(other->email), body.at("role"));
    return json_response(200, {{"ok", true}});
  }
  if (action == "set_time_zone") {
    const std::string zone = body.at("time_zone");
    if (!google::known_zone(zone)) return mistake("unknown time zone '" + zone + "'");
    calendar->fields["timeZone"] = zone;
    calendar->change = model_.next_change();
    for (google::User& user : model_.users) {
      if (user.email == calendar->id) user.time_zone = zone;
    }
    return json_response(200, {{"ok", true}});
  }
  if (action == "expire_sync_tokens") {
    calendar->sync_floor = model_.next_change();
    return json_response(200, {{"ok", true}});
  }
  return json_response(404, {{"error", "no such action"}});
}

Response Google::users() const {
  Json list = Json::array();
  for (const google::User& user : model_.users) {
    list.push_back({{"id", find_person(user.email)->id},
                    {"sub", user.sub},
                    {"email", user.email},
                    {"name", user.name},
                    {"time_zone", user.time_zone},
                    {"grants", oauth_.grants_of(user.email)}});
  }
  return json_response(200, {{"users", std::move(list)}});
}

Response Google::calendars_of(const std::string& email) const {
  Json list = Json::array();
  for (const auto& [id, calendar] : model_.calendars) {
    if (calendar.role_of(email).empty()) continue;
    list.push_back({{"id", id},
                    {"summary", google::text_of(calendar.fields, "summary")},
                    {"time_zone", calendar.time_zone()},
                    {"role", calendar.role_of(email)},
                    {"events", calendar.events.size()}});
  }
  return json_response(200, {{"calendars", std::move(list)}});
}

}  // namespace mortise::simulators
