#include "core/zones.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <vector>

#include "core/words.hpp"

namespace mortise::core {
namespace {

// The zone, or null: unknown, or no tz data on this system.
const date::time_zone* find_zone(std::string_view name) noexcept {
  try {
    const std::vector<date::time_zone>& zones = date::get_tzdb().zones;
    const auto place = std::lower_bound(
        zones.begin(), zones.end(), name,
        [](const date::time_zone& zone, std::string_view wanted) { return zone.name() < wanted; });
    return place != zones.end() && place->name() == name ? &*place : nullptr;
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::vector<std::string_view> zone_names() noexcept {
  std::vector<std::string_view> names;
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) names.push_back(zone.name());
  } catch (const std::exception&) {
    names.clear();
  }
  return names;
}

Error unknown_zone(std::string_view name) {
  const std::optional<std::string> nearest = nearest_zone(name);
  return {Code::invalid, fmt::format("\"{}\" is not a time zone{}", name.substr(0, 64),
                                     nearest ? fmt::format("; did you mean {}?", *nearest) : "")};
}

std::string_view city_of(std::string_view name) {
  return name.substr(name.rfind('/') + 1);
}

date::year_month month_at(LocalSeconds local) {
  const date::year_month_day day{date::sys_days(date::days(day_of_local(local)))};
  return day.year() / day.month();
}

// The system's files name the changes of clocks up to 2037 and say by a rule what follows, which
// the date library does not read. Such rules count weekdays in months, and none is about January or
// February: so a later year, from March on, has its changes on the days of a named year whose March
// begins on the same weekday. Answers how far back that year is.
std::chrono::seconds beyond_names(date::sys_seconds at) {
  constexpr date::year kLastNamed{2037}, kAnyNamed{2030};
  constexpr std::array<int, 7> kNamed = {2037, 2032, 2033, 2034, 2035, 2030, 2031};  // from Sunday
  const date::year_month_day day{date::floor<date::days>(at)};
  if (day.year() <= kLastNamed) return std::chrono::seconds(0);
  if (day.month() <= date::February) {
    return date::sys_days(day.year() / 1 / 1) - date::sys_days(kAnyNamed / 1 / 1);
  }
  const date::sys_days march(day.year() / 3 / 1);
  const date::year named(kNamed[date::weekday(march).c_encoding()]);
  return march - date::sys_days(named / 3 / 1);
}

// Whether the zone's file names no change at or after `at`.
bool names_end(const date::time_zone& zone, date::sys_seconds at) {
  return zone.get_info(at).end > date::sys_days(date::year(9'000) / 1 / 1);
}

// How far back to ask the zone about something at `at`, or near it.
std::chrono::seconds back_from(const date::time_zone& zone, date::sys_seconds at) {
  const std::chrono::seconds back = beyond_names(at);
  return back.count() != 0 && names_end(zone, at) ? back : std::chrono::seconds(0);
}

}  // namespace

bool zone_exists(std::string_view name) {
  return find_zone(name) != nullptr;
}

std::optional<std::string> nearest_zone(std::string_view name) {
  std::string spelled(name.substr(0, 64));
  std::replace(spelled.begin(), spelled.end(), ' ', '_');
  const std::vector<std::string_view> names = zone_names();
  if (const auto nearest = nearest_word(spelled, names)) return std::string(*nearest);
  std::vector<std::string_view> cities;
  cities.reserve(names.size());
  for (const std::string_view full : names) cities.push_back(city_of(full));
  const auto city = nearest_word(city_of(spelled), cities);
  if (!city) return std::nullopt;
  const auto place = std::find(cities.begin(), cities.end(), *city);
  return std::string(names[static_cast<std::size_t>(place - cities.begin())]);
}

const std::string& zone_of(const Account& account, const std::string& host_zone) {
  return account.zone.empty() ? host_zone : account.zone;
}

const std::string& zone_of(const Plan& plan, const Account& account, const std::string& host_zone) {
  return plan.zone.empty() ? zone_of(account, host_zone) : plan.zone;
}

Result<Instant> to_instant(LocalSeconds local, std::string_view zone) {
  const date::time_zone* const found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  try {
    // For a gap `first` is the offset before it: reading the clock by it shifts forward by the gap.
    // For an ambiguous time it is the offset of the earlier of the two.
    const std::chrono::seconds at(local);
    const date::local_info info =
        found->get_info(date::local_seconds(at - back_from(*found, date::sys_seconds(at))));
    return (local - info.first.offset.count()) * kMillisPerSecond;
  } catch (const std::exception& error) {
    return Error{Code::internal, fmt::format("reading zone {}: {}", zone, error.what())};
  }
}

Result<LocalSeconds> to_local(Instant instant, std::string_view zone) {
  const date::time_zone* const found = find_zone(zone);
  if (found == nullptr) return unknown_zone(zone);
  try {
    const auto at = date::floor<std::chrono::seconds>(
        date::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(instant)));
    const date::sys_info info = found->get_info(at - back_from(*found, at));
    return (at.time_since_epoch() + info.offset).count();
  } catch (const std::exception& error) {
    return Error{Code::internal, fmt::format("reading zone {}: {}", zone, error.what())};
  }
}

Result<std::string> month_of(Instant instant, std::string_view zone) {
  const Result<LocalSeconds> local = to_local(instant, zone);
  if (!local) return local.error();
  return format_day(day_of_local(*local)).substr(0, 7);
}

Result<Instant> month_end(Instant instant, std::string_view zone) {
  const Result<LocalSeconds> local = to_local(instant, zone);
  if (!local) return local.error();
  const date::year_month next = month_at(*local) + date::months(1);
  return to_instant(midnight(date::sys_days(next / 1).time_since_epoch().count()), zone);
}

}  // namespace mortise::core
