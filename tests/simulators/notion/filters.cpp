// Filters of a query: one function per family of operators.
#include <algorithm>
#include <cctype>
#include <optional>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

[[noreturn]] void unknown_operator(const std::string& op) {
  invalid("body failed validation: body.filter." + op + " is not an operator of this property.");
}

std::optional<bool> existence(const std::string& op, const Json& value, bool empty) {
  if (op != "is_empty" && op != "is_not_empty") return std::nullopt;
  if (value != true) bad("body.filter." + op, "`true`", value);
  return op == "is_empty" ? empty : !empty;
}

bool text_matches(const std::string& have, const std::string& op, const Json& value) {
  if (const auto known = existence(op, value, have.empty())) return *known;
  if (!value.is_string()) bad("body.filter." + op, "a string", value);
  const std::string text = lower(have), want = lower(value.get<std::string>());
  if (op == "equals") return have == value.get_ref<const std::string&>();
  if (op == "does_not_equal") return have != value.get_ref<const std::string&>();
  if (op == "contains") return text.find(want) != std::string::npos;
  if (op == "does_not_contain") return text.find(want) == std::string::npos;
  if (op == "starts_with") return text.starts_with(want);
  if (op == "ends_with") return text.ends_with(want);
  unknown_operator(op);
}

bool number_matches(const Json& have, const std::string& op, const Json& value) {
  if (const auto known = existence(op, value, have.is_null())) return *known;
  if (!value.is_number()) bad("body.filter." + op, "a number", value);
  if (op == "does_not_equal") return have.is_null() || have.get<double>() != value.get<double>();
  if (have.is_null()) return false;
  const double a = have.get<double>(), b = value.get<double>();
  if (op == "equals") return a == b;
  if (op == "greater_than") return a > b;
  if (op == "less_than") return a < b;
  if (op == "greater_than_or_equal_to") return a >= b;
  if (op == "less_than_or_equal_to") return a <= b;
  unknown_operator(op);
}

bool option_matches(const Json& have, const std::string& op, const Json& value) {
  if (const auto known = existence(op, value, have.is_null())) return *known;
  const Json name = have.is_null() ? Json(nullptr) : have["name"];
  const bool among = value.is_array() ? std::ranges::count(value, name) > 0 : name == value;
  if (op == "equals") return among;
  if (op == "does_not_equal") return !among;
  unknown_operator(op);
}

bool list_matches(const Json& have, const char* key, const std::string& op, const Json& value) {
  if (const auto known = existence(op, value, have.empty())) return *known;
  const Json want = std::string_view(key) == "id" && value.is_string()
                        ? Json(normal_id(value.get<std::string>()))
                        : value;
  const bool found = std::ranges::any_of(have, [&](const Json& item) { return item[key] == want; });
  if (op == "contains") return found;
  if (op == "does_not_contain") return !found;
  unknown_operator(op);
}

/// A filter's date in milliseconds and whether it names a whole day; relative words follow
/// `now_ms`.
std::pair<std::int64_t, bool> read_bound(const Json& value, std::int64_t now_ms) {
  if (!value.is_string()) bad("body.filter", "a valid ISO 8601 date string", value);
  const auto& text = value.get_ref<const std::string&>();
  const std::int64_t today = now_ms - ((now_ms % kDayMs) + kDayMs) % kDayMs;
  static const std::map<std::string, int> days = {{"today", 0},
                                                  {"tomorrow", 1},
                                                  {"yesterday", -1},
                                                  {"one_week_ago", -7},
                                                  {"one_week_from_now", 7},
                                                  {"one_month_ago", -30},
                                                  {"one_month_from_now", 30}};
  if (const auto found = days.find(text); found != days.end())
    return {today + found->second * kDayMs, true};
  const auto at = parse_time(text);
  if (!at) bad("body.filter", "a valid ISO 8601 date string", value);
  return {*at, text.size() == 10};
}

/// The days [from, to) that "past_week" and its like mean.
std::optional<std::pair<int, int>> span_of(const std::string& op) {
  static const std::map<std::string, std::pair<int, int>> spans = {
      {"past_week", {-7, 1}}, {"past_month", {-30, 1}}, {"past_year", {-365, 1}},
      {"this_week", {-3, 4}}, {"next_week", {0, 8}},    {"next_month", {0, 31}},
      {"next_year", {0, 366}}};
  const auto found = spans.find(op);
  return found == spans.end() ? std::nullopt : std::optional(found->second);
}

bool time_matches(std::optional<std::int64_t> have, const std::string& op, const Json& value,
                  std::int64_t now_ms) {
  if (const auto known = existence(op, value, !have)) return *known;
  if (!have) return false;
  const std::int64_t today = now_ms - ((now_ms % kDayMs) + kDayMs) % kDayMs;
  if (const auto span = span_of(op)) {
    return *have >= today + span->first * kDayMs && *have < today + span->second * kDayMs;
  }
  const auto [bound, whole_day] = read_bound(value, now_ms);
  const std::int64_t after = bound + (whole_day ? kDayMs : 1);
  if (op == "equals") return *have >= bound && *have < after;
  if (op == "before") return *have < bound;
  if (op == "after") return *have >= after;
  if (op == "on_or_before") return *have < after;
  if (op == "on_or_after") return *have >= bound;
  unknown_operator(op);
}

std::optional<std::int64_t> start_of(const Json& date) {
  return date.is_null() ? std::nullopt : parse_time(date["start"].get<std::string>());
}

bool value_matches(Model& model, const std::string& type, const Json& value, const Thing& row,
                   const std::string& op, const Json& bound) {
  const std::int64_t now_ms = model.world().clock.now_ms();
  if (type == "title" || type == "rich_text") return text_matches(plain_text(value), op, bound);
  if (type == "url" || type == "email" || type == "phone_number") {
    return text_matches(value.is_null() ? "" : value.get<std::string>(), op, bound);
  }
  if (type == "number" || type == "unique_id") return number_matches(value, op, bound);
  if (type == "select" || type == "status") return option_matches(value, op, bound);
  if (type == "multi_select") return list_matches(value, "name", op, bound);
  if (type == "people" || type == "relation") return list_matches(value, "id", op, bound);
  if (type == "date") return time_matches(start_of(value), op, bound, now_ms);
  if (type == "created_time") return time_matches(minute_of(row.created_ms), op, bound, now_ms);
  if (type == "last_edited_time") return time_matches(minute_of(row.edited_ms), op, bound, now_ms);
  if (type == "created_by" || type == "last_edited_by") {
    const auto& author = type == "created_by" ? row.created_by : row.edited_by;
    return list_matches(Json::array({{{"id", author}}}), "id", op, bound);
  }
  if (type == "checkbox") {
    if (!bound.is_boolean()) bad("body.filter.checkbox." + op, "a boolean", bound);
    if (op == "equals") return value == bound;
    if (op == "does_not_equal") return value != bound;
    unknown_operator(op);
  }
  if (type == "files") {
    const auto known = existence(op, bound, value.empty());
    if (!known) unknown_operator(op);
    return *known;
  }
  invalid("body failed validation: a filter cannot be on a " + type + ".");
}

bool group_matches(Model& model, Thing& source, const Thing& row, const Json& group, bool all,
                   int level) {
  check_array(group, 100, all ? "body.filter.and" : "body.filter.or");
  if (level >= 2) invalid("body failed validation: body.filter is nested deeper than two levels.");
  bool any = false, every = true;
  for (const Json& part : group) {
    // Every part is judged: a mistake in one is reported even if another has decided.
    const bool matches = row_matches(model, source, row, part, level + 1);
    any = any || matches;
    every = every && matches;
  }
  return all ? every : any;
}

}  // namespace

bool row_matches(Model& model, Thing& source, const Thing& row, const Json& filter, int level) {
  check_object(filter, "body.filter");
  if (filter.contains("and")) return group_matches(model, source, row, filter["and"], true, level);
  if (filter.contains("or")) return group_matches(model, source, row, filter["or"], false, level);
  std::string type = filter.value("timestamp", "");
  Json value = nullptr;
  if (type.empty()) {
    const std::string name = filter.value("property", "");
    const Json* property = find_property(source.body["properties"], name);
    if (property == nullptr) invalid("Could not find property with name or id: " + name);
    type = (*property)["type"];
    value = row.body["properties"].value((*property)["id"].get<std::string>(), empty_value(type));
    if (!filter.contains(type)) {
      invalid("body failed validation: the filter on " + name + " does not match its type " + type +
              ".");
    }
  } else if ((type != "created_time" && type != "last_edited_time") || !filter.contains(type)) {
    bad("body.filter.timestamp", "`created_time` or `last_edited_time`", filter["timestamp"]);
  }
  const Json& condition = filter[type];
  if (!condition.is_object() || condition.size() != 1)
    bad("body.filter." + type, "one condition", condition);
  return value_matches(model, type, value, row, condition.begin().key(), condition.begin().value());
}

}  // namespace mortise::simulators::notion
