// POST /control/google/<action>, JSON in and out; `user` is an id or e-mail, `calendar` an id or
// "primary" (the default); what changes an event answers it as it is stored then:
//   users                                       everybody with their grants
//   calendars     {user}                        a person's calendars
//   events        {user, calendar, deleted}     events as they are kept, series not unrolled
//   create_event  {user, calendar, event}       as a person at the calendar; answers the event
//   edit_event    {user, calendar, id, changes} changes as in a PATCH
//   delete_event  {user, calendar, id}
//   move_event    {user, calendar, id, to}      to another calendar, or {by_ms}: in time
//   edit_instance   {user, calendar, id, slot, changes}   one occurrence of the series `id`;
//   `slot`:
//                                               its original start, an instant, a time in the
//                                               series' zone or the date of a whole day
//   cancel_instance {user, calendar, id, slot}
//   split_series    {user, calendar, id, slot, changes}   "this and following"; answers {series,
//                                               following}; all of them: edit_event
//   end_series      {user, calendar, id, slot}  deletes this and following
//   empty_calendar  {user, calendar, silently}  deletes every event; silently: they leave no trace
//                                               and sync tokens end
//   delete_calendar {user, calendar}
//   share         {user, calendar, with, role}  the owner lets another person in
//   set_time_zone {user, calendar, time_zone}   of the calendar and, for primary, the account
//   expire_sync_tokens   {user, calendar}       every token handed out so far answers 410;
//                                               {at_page}: from that page (1, 2 ...) of the next
//                                               delta on
//   expire_access_tokens {user}                 none: everybody's
//   settings      see settings.hpp              answers all of them
//   channels      {user}                        open channels; none: everybody's
//   expire_channel {channel}                    ends at once; nobody is told
//   notify        {channel, state, number, repeat, times, address, token, resource_id,
//                 resource_uri, expires_ms}     sends a message as of that channel: "exists" with
//                                               the next number unless said (repeat: with the last
//                                               one). A forged one says another token or resource;
//                                               a channel that is not open needs an address.
//   deliveries    {since}                       counters and tries, see common/deliveries.hpp
//   delivery_settings                           see DeliverySettings; answers all of them
//   flush_deliveries, clear_deliveries          see Deliveries
#include <nlohmann/json.hpp>
#include <vector>

#include "simulators/google/event.hpp"
#include "simulators/google/google.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators {
namespace {

Response mistake(const std::string& sentence) {
  return json_response(400, {{"error", sentence}});
}

Response as_reply(const google::Answer& answer) {
  return json_response(answer.status, answer.body);
}

}  // namespace

Response Google::control(std::string_view action, const Json& body) {
  if (auto response = channels_.control(action, body)) return *response;
  Response response = controlled(action, body);
  channels_.notify_changes();
  return response;
}

Response Google::controlled(std::string_view action, const Json& body) {
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
  if (action == "delete_event") {
    return as_reply(api_.remove_as_person(*calendar, email, body.at("id")));
  }
  if (action == "move_event") return move_event(*calendar, email, body);
  if (action == "edit_instance" || action == "cancel_instance" || action == "split_series" ||
      action == "end_series") {
    return control_series(action, *calendar, email, body);
  }
  return control_calendar(action, *calendar, body);
}

Response Google::move_event(google::Calendar& calendar, const std::string& email,
                            const Json& body) {
  const std::string id = body.at("id");
  if (body.contains("by_ms")) {
    return as_reply(api_.shift_as_person(calendar, email, id, body["by_ms"].get<std::int64_t>()));
  }
  google::Calendar* to = model_.calendar(body.at("to").get<std::string>(), email);
  if (to == nullptr) return mistake("no calendar '" + body["to"].get<std::string>() + "'");
  return as_reply(api_.move_as_person(calendar, *to, email, id));
}

Response Google::control_series(std::string_view action, google::Calendar& calendar,
                                const std::string& email, const Json& body) {
  const std::string id = body.at("id");
  const std::string slot = body.at("slot");
  if (action == "split_series") {
    return as_reply(
        api_.split_as_person(calendar, email, id, slot, body.value("changes", Json::object())));
  }
  if (action == "end_series") {
    return as_reply(api_.end_series_as_person(calendar, email, id, slot));
  }
  const auto instance = api_.instance_id(calendar, id, slot);
  if (!instance) return mistake("no series '" + id + "' with a slot " + slot);
  if (action == "cancel_instance")
    return as_reply(api_.remove_as_person(calendar, email, *instance));
  return as_reply(api_.patch_as_person(calendar, email, *instance, body.at("changes")));
}

Response Google::control_calendar(std::string_view action, google::Calendar& calendar,
                                  const Json& body) {
  if (action == "share") {
    const Person* other = find_person(body.at("with").get<std::string>());
    if (other == nullptr) return mistake("unknown user in 'with'");
    model_.share(calendar, std::string(other->email), body.at("role"));
  } else if (action == "set_time_zone") {
    const std::string zone = body.at("time_zone");
    if (!google::known_zone(zone)) return mistake("unknown time zone '" + zone + "'");
    calendar.fields["timeZone"] = zone;
    calendar.change = model_.next_change();
    for (google::User& user : model_.users) {
      if (user.email == calendar.id) user.time_zone = zone;
    }
  } else if (action == "expire_sync_tokens") {
    if (body.contains("at_page")) {
      calendar.expiring_page = body["at_page"].get<std::int64_t>();
    } else {
      calendar.sync_floor = model_.next_change();
    }
  } else if (action == "empty_calendar") {
    empty(calendar, body.value("silently", false));
  } else if (action == "delete_calendar") {
    if (calendar.id == calendar.owner) return mistake("a primary calendar cannot be deleted");
    model_.remove_calendar(calendar.id);
  } else {
    return json_response(404, {{"error", "no such action"}});
  }
  return json_response(200, {{"ok", true}});
}

void Google::empty(google::Calendar& calendar, bool silently) {
  if (silently) {
    calendar.events.clear();
    calendar.order.clear();
    calendar.sync_floor = model_.next_change();
    return;
  }
  std::vector<std::string> ids;
  for (const auto& [id, event] : calendar.events) {
    if (event.master_id().empty() && !event.cancelled()) ids.push_back(id);
  }
  for (const std::string& id : ids) api_.remove_as_person(calendar, calendar.owner, id);
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
