#include "simulators/common/limits.hpp"

#include <nlohmann/json.hpp>

namespace mortise::simulators {
namespace {

std::map<std::string, int Limits::*> members() {
  return {{"notion_per_connection", &Limits::notion_per_connection},
          {"notion_workspace", &Limits::notion_workspace},
          {"notion_window_ms", &Limits::notion_window_ms},
          {"notion_query_rows", &Limits::notion_query_rows},
          {"notion_page_rows", &Limits::notion_page_rows},
          {"google_per_user", &Limits::google_per_user},
          {"google_project", &Limits::google_project},
          {"google_window_ms", &Limits::google_window_ms}};
}

}  // namespace

Json Limits::to_json() const {
  Json json = Json::object();
  for (const auto& [name, member] : members()) json[name] = this->*member;
  return json;
}

std::string Limits::merge(const Json& json) {
  if (!json.is_object()) return "limits are an object";
  Limits merged = *this;
  const auto known = members();
  for (const auto& [name, value] : json.items()) {
    const auto found = known.find(name);
    if (found == known.end()) return "unknown limit " + name;
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0) {
      return name + " must be a whole number, 0 for no limit";
    }
    merged.*found->second = value.get<int>();
  }
  *this = merged;
  return {};
}

std::optional<std::int64_t> RateWindows::refuse(const std::string& name, std::int64_t now_ms,
                                                int limit, int window_ms) {
  if (limit <= 0) return std::nullopt;
  auto& times = sent_[name];
  while (!times.empty() && times.front() <= now_ms - window_ms) times.pop_front();
  if (times.size() >= static_cast<std::size_t>(limit)) return times.front() + window_ms - now_ms;
  times.push_back(now_ms);
  return std::nullopt;
}

}  // namespace mortise::simulators
