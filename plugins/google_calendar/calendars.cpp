#include "calendars.hpp"

#include "common/json.hpp"

namespace google_calendar {
namespace {

using common::dump;
using common::flag;
using common::Json;
using common::member;
using common::parse;
using common::text;
using mortise::Code;
using mortise::Error;
using mortise::Result;

std::string mark_of(std::string_view once_key) {
  return "mortise:" + std::string(once_key);
}

CalendarRead read_object(const Json& entry) {
  CalendarRead read;
  read.target.id = text(entry, "id");
  read.target.kind = "calendar";
  read.target.title = text(entry, "summaryOverride");
  if (read.target.title.empty()) read.target.title = text(entry, "summary");
  if (read.target.title.empty()) read.target.title = "Calendar";
  read.target.is_default = flag(entry, "primary");
  const std::string role = text(entry, "accessRole");
  read.target.read_only = !role.empty() && role != "owner" && role != "writer";
  read.description = text(entry, "description");
  read.zone = text(entry, "timeZone");
  return read;
}

std::string identity_of(const Json& claims) {
  const std::string id = text(claims, "sub");
  if (id.empty()) return {};
  Json identity{{"id", id}};
  for (const char* name : {"email", "name"}) {
    if (std::string value = text(claims, name); !value.empty()) identity[name] = std::move(value);
  }
  return dump(identity);
}

}  // namespace

Result<CalendarPage> read_calendars(std::string_view text_in) {
  const Json document = parse(text_in);
  if (!member(document, "items").is_array()) {
    return Error{Code::unavailable, "Google's answer is not a list of calendars that can be read"};
  }
  CalendarPage page;
  page.next_page = text(document, "nextPageToken");
  for (const Json& entry : member(document, "items")) {
    if (!text(entry, "id").empty() && !flag(entry, "deleted")) {
      page.calendars.push_back(read_object(entry));
    }
  }
  return page;
}

Result<CalendarRead> read_calendar(std::string_view text_in) {
  CalendarRead read = read_object(parse(text_in));
  if (read.target.id.empty()) {
    return Error{Code::unavailable, "Google's answer is not a calendar that can be read"};
  }
  return read;
}

std::string calendar_body(std::string_view title, std::string_view once_key,
                          std::string_view zone) {
  Json body{{"summary", title}, {"description", "Your plans. (" + mark_of(once_key) + ")"}};
  if (!zone.empty()) body["timeZone"] = zone;  // else Google takes UTC
  return dump(body);
}

bool is_made_by(const CalendarRead& calendar, std::string_view once_key) {
  return !once_key.empty() && calendar.description.find(mark_of(once_key)) != std::string::npos;
}

std::string identity_of_token(std::string_view token_reply) {
  return identity_of(member(parse(token_reply), "id_token_claims"));
}

std::string identity_of_userinfo(std::string_view text_in) {
  return identity_of(parse(text_in));
}

}  // namespace google_calendar
