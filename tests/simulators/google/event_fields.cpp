// Everything about writing an event except its times: sorts, limits, enumerations, defaults.
#include <algorithm>
#include <string_view>

#include "simulators/google/event.hpp"
#include "simulators/google/recurrence.hpp"

namespace mortise::simulators::google {
namespace {

using Check = std::optional<Problem> (*)(const Json& value, const std::string& name);

// Not in the reference, but the product refuses longer descriptions.
constexpr std::size_t kDescriptionCharacters = 8192;
constexpr std::size_t kReminderOverrides = 5;
constexpr int kReminderMinutes = 40320;
constexpr std::size_t kAttendees = 300;
constexpr std::size_t kAttachments = 25;
constexpr std::size_t kPropertyKey = 44;
constexpr std::size_t kPropertyValue = 1024;
constexpr std::size_t kProperties = 300;
constexpr std::size_t kPropertiesBytes = 32 * 1024;

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool one_of(const Json& value, std::initializer_list<std::string_view> words) {
  return value.is_string() &&
         std::find(words.begin(), words.end(), value.get_ref<const std::string&>()) != words.end();
}

Problem bad(const std::string& name) {
  return invalid("Invalid value for: " + name);
}

std::optional<Problem> a_text(const Json& value, const std::string& name) {
  if (!value.is_string()) return bad(name);
  return std::nullopt;
}

std::optional<Problem> a_flag(const Json& value, const std::string& name) {
  if (!value.is_boolean()) return bad(name);
  return std::nullopt;
}

std::optional<Problem> a_description(const Json& value, const std::string& name) {
  if (!value.is_string()) return bad(name);
  if (characters(value.get_ref<const std::string&>()) > kDescriptionCharacters) {
    return invalid("The description is too long.");
  }
  return std::nullopt;
}

std::optional<Problem> a_status(const Json& value, const std::string& name) {
  if (!one_of(value, {"confirmed", "tentative", "cancelled"})) return bad(name);
  return std::nullopt;
}

std::optional<Problem> a_transparency(const Json& value, const std::string& name) {
  if (!one_of(value, {"opaque", "transparent"})) return bad(name);
  return std::nullopt;
}

std::optional<Problem> a_visibility(const Json& value, const std::string& name) {
  if (!one_of(value, {"default", "public", "private", "confidential"})) return bad(name);
  return std::nullopt;
}

std::optional<Problem> a_color(const Json& value, const std::string&) {
  if (!one_of(value, {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"})) {
    return invalid("Invalid event color id.");
  }
  return std::nullopt;
}

std::optional<Problem> a_source(const Json& value, const std::string& name) {
  if (!value.is_object()) return bad(name);
  const std::string url = text_of(value, "url");
  if (url.rfind("http://", 0) != 0 && url.rfind("https://", 0) != 0) return bad("source.url");
  if (value.contains("title") && !value["title"].is_string()) return bad("source.title");
  return std::nullopt;
}

std::optional<Problem> some_attendees(const Json& value, const std::string& name) {
  if (!value.is_array()) return bad(name);
  if (value.size() > kAttendees) return invalid("Too many attendees.");
  for (const Json& attendee : value) {
    const std::string email = attendee.is_object() ? text_of(attendee, "email") : "";
    if (email.empty()) return missing("Missing attendee email.");
    const auto at = email.find('@');
    if (at == 0 || at == std::string::npos || at + 1 == email.size() ||
        email.find_first_of(" <>,") != std::string::npos) {
      return invalid("Invalid attendee email.");
    }
    if (attendee.contains("responseStatus") &&
        !one_of(attendee["responseStatus"], {"needsAction", "declined", "tentative", "accepted"})) {
      return bad("attendees.responseStatus");
    }
  }
  return std::nullopt;
}

std::optional<Problem> one_reminder(const Json& reminder) {
  if (!reminder.is_object() || !reminder.contains("method") || !reminder.contains("minutes")) {
    return missing("Missing reminder method or minutes.");
  }
  if (!one_of(reminder["method"], {"email", "popup"})) return bad("reminders.overrides.method");
  const Json& minutes = reminder["minutes"];
  if (!minutes.is_number_integer() || minutes < 0 || minutes > kReminderMinutes) {
    return bad("reminders.overrides.minutes");
  }
  return std::nullopt;
}

std::optional<Problem> some_reminders(const Json& value, const std::string& name) {
  if (!value.is_object()) return bad(name);
  const auto overrides = value.find("overrides");
  if (value.contains("useDefault") && !value["useDefault"].is_boolean())
    return bad("reminders.useDefault");
  if (overrides == value.end()) return std::nullopt;
  if (!overrides->is_array()) return bad("reminders.overrides");
  if (overrides->size() > kReminderOverrides) {
    return invalid("An event may have at most 5 reminder overrides.");
  }
  if (!overrides->empty() && value.value("useDefault", false)) {
    return Problem{400, "cannotUseDefaultRemindersAndSpecifyOverride",
                   "Cannot specify both default reminders and overrides at the same time.",
                   "calendar"};
  }
  for (const Json& reminder : *overrides) {
    if (auto problem = one_reminder(reminder)) return problem;
  }
  return std::nullopt;
}

std::optional<Problem> some_properties(const Json& value, const std::string& name) {
  if (!value.is_object()) return bad(name);
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const auto& [kind, properties] : value.items()) {
    if ((kind != "private" && kind != "shared") || !properties.is_object())
      return bad(name + "." + kind);
    for (const auto& [key, content] : properties.items()) {
      if (!content.is_string()) return bad(name + "." + kind + "." + key);
      const auto& text = content.get_ref<const std::string&>();
      if (key.empty() || characters(key) > kPropertyKey || characters(text) > kPropertyValue) {
        return invalid(
            "Invalid extended property: the key may have 44 characters, the value 1024.");
      }
      bytes += key.size() + text.size();
      ++count;
    }
  }
  if (count > kProperties || bytes > kPropertiesBytes) {
    return invalid("Too many extended properties: 300 and 32 kB in all.");
  }
  return std::nullopt;
}

std::optional<Problem> some_attachments(const Json& value, const std::string& name) {
  if (!value.is_array()) return bad(name);
  if (value.size() > kAttachments) return invalid("An event may have at most 25 attachments.");
  for (const Json& attachment : value) {
    if (!attachment.is_object() || text_of(attachment, "fileUrl").empty()) {
      return missing("Missing attachment fileUrl.");
    }
  }
  return std::nullopt;
}

struct Rule {
  const char* name;
  Check check;
  const char* silent;  // the JSON of a default, which Google leaves out of replies
};

constexpr Rule kRules[] = {
    {"summary", a_text, "\"\""},
    {"description", a_description, "\"\""},
    {"location", a_text, "\"\""},
    {"status", a_status, nullptr},
    {"transparency", a_transparency, "\"opaque\""},
    {"visibility", a_visibility, "\"default\""},
    {"colorId", a_color, nullptr},
    {"source", a_source, nullptr},
    {"attendees", some_attendees, "[]"},
    {"extendedProperties", some_properties, "{}"},
    {"attachments", some_attachments, "[]"},
    {"guestsCanInviteOthers", a_flag, "true"},
    {"guestsCanSeeOtherGuests", a_flag, "true"},
    {"guestsCanModify", a_flag, "false"},
    {"anyoneCanAddSelf", a_flag, "false"},
    {"endTimeUnspecified", a_flag, "false"},
};

void settle_attendees(Json& attendees, const Writer& writer) {
  for (Json& attendee : attendees) {
    const std::string email = text_of(attendee, "email");
    attendee.erase("self");
    attendee.erase("organizer");
    if (email == writer.calendar.owner) attendee["organizer"] = true;
    if (email == writer.email) attendee["self"] = true;
    if (!attendee.contains("responseStatus")) attendee["responseStatus"] = "needsAction";
  }
}

void settle_properties(Json& properties) {
  for (const char* kind : {"private", "shared"}) {
    if (properties.contains(kind) && properties[kind].empty()) properties.erase(kind);
  }
}

std::optional<Problem> write_sequence(Event& event, const Json& wanted) {
  const auto sequence = wanted.find("sequence");
  if (sequence == wanted.end()) return std::nullopt;
  if (!sequence->is_number_integer()) return bad("sequence");
  if (sequence->get<std::int64_t>() < event.fields.value("sequence", std::int64_t{0})) {
    return invalid(
        "Invalid sequence value. The specified sequence number is below the current sequence "
        "number "
        "of the resource. Re-fetch the resource and use its sequence number on the following "
        "request.");
  }
  event.fields["sequence"] = *sequence;
  return std::nullopt;
}

std::optional<Problem> write_recurrence(Event& event, const Json& wanted) {
  event.fields.erase("recurrence");
  const auto lines = wanted.find("recurrence");
  if (lines == wanted.end() || lines->empty()) return std::nullopt;
  event.fields["recurrence"] = *lines;
  return check_recurrence(event);
}

std::optional<Problem> write_conference(Event& event, const Json& wanted, const Writer& writer) {
  if (!writer.conference) return std::nullopt;
  event.fields.erase("hangoutLink");
  event.fields.erase("conferenceData");
  const auto conference = wanted.find("conferenceData");
  if (conference == wanted.end()) return std::nullopt;
  if (!conference->is_object()) return bad("conferenceData");
  event.fields["conferenceData"] = *conference;
  const auto create = conference->find("createRequest");
  if (create == conference->end()) return std::nullopt;
  if (text_of(*create, "requestId").empty()) return missing("Missing conference request id.");
  const std::string link = "https://meet.google.com/sim-" + event.id.substr(0, 12);
  Json& made = event.fields["conferenceData"];
  made["createRequest"]["status"] = Json{{"statusCode", "success"}};
  made["conferenceId"] = "sim-" + event.id.substr(0, 12);
  made["entryPoints"] =
      Json::array({Json{{"entryPointType", "video"}, {"uri", link}, {"label", link.substr(8)}}});
  event.fields["hangoutLink"] = link;
  return std::nullopt;
}

}  // namespace

Json merged(Json current, const Json& patch) {
  for (const auto& [key, value] : patch.items()) {
    if (value.is_null()) {
      current.erase(key);
    } else if (value.is_object()) {
      const bool both = current.contains(key) && current[key].is_object();
      current[key] = merged(both ? current[key] : Json::object(), value);
    } else {
      current[key] = value;
    }
  }
  return current;
}

Json without_nulls(const Json& document) {
  return merged(Json::object(), document);
}

bool valid_event_id(const std::string& id) {
  return id.size() >= 5 && id.size() <= 1024 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'v') || (c >= '0' && c <= '9');
         });
}

std::optional<Problem> write_fields(Event& event, const Json& wanted, const Writer& writer) {
  const std::string by = text_of(event.fields.value("creator", Json::object()), "email");
  const bool creator = by.empty() || by == writer.email;
  for (const Rule& rule : kRules) {
    if (std::string_view(rule.name) == "attachments" && !writer.attachments) continue;
    if (std::string_view(rule.name) == "source" && !creator) continue;
    event.fields.erase(rule.name);
    const auto value = wanted.find(rule.name);
    if (value == wanted.end()) continue;
    if (auto problem = rule.check(*value, rule.name)) return problem;
    if (rule.silent == nullptr || *value != Json::parse(rule.silent))
      event.fields[rule.name] = *value;
  }
  if (!event.fields.contains("status")) event.fields["status"] = "confirmed";
  if (event.fields.contains("attendees")) settle_attendees(event.fields["attendees"], writer);
  if (event.fields.contains("extendedProperties")) {
    settle_properties(event.fields["extendedProperties"]);
    if (event.fields["extendedProperties"].empty()) event.fields.erase("extendedProperties");
  }
  const auto reminders = wanted.find("reminders");
  event.reminders.erase(writer.email);
  if (reminders != wanted.end()) {
    if (auto problem = some_reminders(*reminders, "reminders")) return problem;
    Json kept = *reminders;
    if (!kept.contains("useDefault")) kept["useDefault"] = false;
    if (kept.contains("overrides") && kept["overrides"].empty()) kept.erase("overrides");
    if (!kept["useDefault"].get<bool>()) event.reminders[writer.email] = std::move(kept);
  }
  if (auto problem = write_sequence(event, wanted)) return problem;
  const auto lines = wanted.find("recurrence");
  const bool recurring = lines != wanted.end() && !lines->empty();
  if (auto problem = write_times(event, wanted, writer.calendar, recurring)) return problem;
  if (auto problem = write_recurrence(event, wanted)) return problem;
  return write_conference(event, wanted, writer);
}

bool reschedules(const Event& before, const Event& after) {
  return before.start_ms != after.start_ms || before.end_ms != after.end_ms ||
         all_day(before) != all_day(after) || before.cancelled() != after.cancelled() ||
         before.fields.value("recurrence", Json()) != after.fields.value("recurrence", Json());
}

}  // namespace mortise::simulators::google
