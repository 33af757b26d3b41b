#include "words.hpp"

#include <string>
#include <utility>

#include "colors.hpp"
#include "common/json.hpp"
#include "markup.hpp"
#include "people.hpp"

namespace google_calendar {
namespace {

using common::Json;
using common::list;
using common::member;
using common::text;

constexpr std::size_t kLongestDescription = 8000;
constexpr std::string_view kOwnExtras = "google_calendar";

bool is_link(const std::string& url) {
  return url.rfind("https://", 0) == 0 || url.rfind("http://", 0) == 0;
}

Json text_or_null(std::string value) {
  return value.empty() ? Json() : Json(std::move(value));
}

Json spell_links(const Json& fields) {
  const Json& links = list(fields, "links");
  if (links.empty()) return nullptr;
  const std::string url = text(links.front(), "href");
  if (!is_link(url)) return nullptr;
  Json source{{"url", url}};
  if (const std::string title = text(links.front(), "title"); !title.empty())
    source["title"] = title;
  return source;
}

Json spell_recurrence(const Json& fields) {
  Json lines = Json::array();
  for (const Json& line : list(fields, "recurrence")) {
    if (line.is_string()) lines.push_back(line);
  }
  return lines.empty() ? Json() : lines;
}

}  // namespace

const char* google_name(std::string_view word) {
  if (word == "title") return "summary";
  if (word == "color") return "colorId";
  if (word == "alerts") return "reminders";
  if (word == "participants") return "attendees";
  if (word == "links") return "source";
  if (word == "description") return "description";
  if (word == "location") return "location";
  if (word == "recurrence") return "recurrence";
  return "status";
}

Json spell(std::string_view word, const Json& fields, bool patch, const Json& current) {
  if (word == "title" || word == "location") return text_or_null(text(fields, word));
  if (word == "description") {
    return text_or_null(description_of(text(fields, word), kLongestDescription));
  }
  if (word == "color") return text_or_null(color_id(text(fields, word)));
  if (word == "alerts") return reminders_of(member(fields, word), patch);
  if (word == "links") return spell_links(fields);
  if (word == "recurrence") return spell_recurrence(fields);
  if (word == "participants") {
    Json attendees = attendees_of(list(fields, word), list(current, "attendees"));
    return attendees.empty() && !patch ? Json() : attendees;
  }
  // A cancelled event is a deleted one with Google: the nearest that can be seen is "tentative".
  const std::string status = text(fields, word);
  return status == "tentative" || status == "cancelled" ? "tentative" : "confirmed";
}

Json spell_transparency(const Json& fields) {
  const Json& own = member(member(fields, "x"), kOwnExtras);
  return text(own, "transparency") == "transparent" ? "transparent" : "opaque";
}

void read_words(const Json& event, Json& fields) {
  const auto put = [&](const char* word, std::string value) {
    if (!value.empty()) fields[word] = std::move(value);
  };
  put("title", text(event, "summary"));
  put("description", plain_of(text(event, "description")));
  put("location", text(event, "location"));
  put("color", color_name(text(event, "colorId")));
  if (text(event, "status") == "tentative") fields["status"] = "tentative";
  if (Json alerts = alerts_of(member(event, "reminders")); !alerts.is_null()) {
    fields["alerts"] = std::move(alerts);
  }
  if (Json people = participants_of(list(event, "attendees")); !people.empty()) {
    fields["participants"] = std::move(people);
  }
  const Json& source = member(event, "source");
  if (const std::string url = text(source, "url"); !url.empty()) {
    Json link{{"href", url}};
    if (const std::string title = text(source, "title"); !title.empty()) link["title"] = title;
    fields["links"] = Json::array({std::move(link)});
  }
  Json lines = spell_recurrence(event);
  if (!lines.is_null()) fields["recurrence"] = std::move(lines);
  if (text(event, "transparency") == "transparent") {
    fields["x"][std::string(kOwnExtras)]["transparency"] = "transparent";
  }
}

}  // namespace google_calendar
