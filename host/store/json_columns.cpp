#include "store/json_columns.hpp"

#include <nlohmann/json.hpp>

#include "core/json.hpp"

namespace mortise::store {
namespace {

using core::Json;

constexpr std::size_t kColumnLimit = std::size_t{64} * 1024 * 1024;

Json encode(const std::string& text) {
  return text;
}
Json encode(const core::Reminder& reminder) {
  return {{"method", reminder.method}, {"minutes_before", reminder.minutes_before}};
}
Json encode(const core::Attendee& attendee) {
  return {{"email", attendee.email}, {"name", attendee.name}};
}
Json encode(const core::Override& changed) {
  return {{"slot", changed.slot}, {"cancelled", changed.cancelled}, {"changes", changed.changes}};
}
Json encode(const core::Week& week) {
  return {{"id", week.id}, {"number", week.number}, {"milestone", week.milestone}};
}
Json encode(const core::Module& module) {
  Json weeks = Json::array();
  for (const core::Week& week : module.weeks) weeks.push_back(encode(week));
  return {{"id", module.id}, {"title", module.title}, {"weeks", std::move(weeks)}};
}

void decode(const Json& json, std::string& text) {
  text = json.get<std::string>();
}
void decode(const Json& json, core::Reminder& reminder) {
  reminder = {json.at("method").get<std::string>(), json.at("minutes_before").get<std::int64_t>()};
}
void decode(const Json& json, core::Attendee& attendee) {
  attendee = {json.at("email").get<std::string>(), json.at("name").get<std::string>()};
}
void decode(const Json& json, core::Override& changed) {
  changed = {json.at("slot").get<std::string>(), json.at("cancelled").get<bool>(),
             json.at("changes").get<std::string>()};
}
void decode(const Json& json, core::Week& week) {
  week = {json.at("id").get<std::string>(), json.at("number").get<std::int64_t>(),
          json.at("milestone").get<std::string>()};
}
void decode(const Json& json, core::Module& module) {
  module.id = json.at("id").get<std::string>();
  module.title = json.at("title").get<std::string>();
  for (const Json& week : json.at("weeks")) decode(week, module.weeks.emplace_back());
}

template <class T>
Result<std::string> write_list(const std::vector<T>& list) {
  if (list.empty()) return std::string("[]");
  Json json = Json::array();
  for (const T& item : list) json.push_back(encode(item));
  return core::canonical_json(json);
}

template <class T>
Status read_list(std::string_view text, std::vector<T>& list) {
  list.clear();
  if (text == "[]") return {};
  const auto json = core::parse_json(text, kColumnLimit);
  if (!json) return Error{Code::internal, "store: " + json.error().message};
  try {
    for (const Json& item : *json) decode(item, list.emplace_back());
  } catch (const Json::exception&) {
    return Error{Code::internal, "store: a list has another shape than this program writes"};
  }
  return {};
}

}  // namespace

Result<std::string> to_column(const std::vector<std::string>& list) {
  return write_list(list);
}
Result<std::string> to_column(const std::vector<core::Reminder>& list) {
  return write_list(list);
}
Result<std::string> to_column(const std::vector<core::Attendee>& list) {
  return write_list(list);
}
Result<std::string> to_column(const std::vector<core::Override>& list) {
  return write_list(list);
}
Result<std::string> to_column(const std::vector<core::Module>& list) {
  return write_list(list);
}

Status from_column(std::string_view text, std::vector<std::string>& list) {
  return read_list(text, list);
}
Status from_column(std::string_view text, std::vector<core::Reminder>& list) {
  return read_list(text, list);
}
Status from_column(std::string_view text, std::vector<core::Attendee>& list) {
  return read_list(text, list);
}
Status from_column(std::string_view text, std::vector<core::Override>& list) {
  return read_list(text, list);
}
Status from_column(std::string_view text, std::vector<core::Module>& list) {
  return read_list(text, list);
}

}  // namespace mortise::store
