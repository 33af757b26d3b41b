#include "simulators/common/faults.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace mortise::simulators {
namespace {

using Kind = Fault::Kind;

/// Every kind by the name it has in a rule; the status is 0 where none is sent.
const std::map<std::string, std::pair<Kind, int>>& kinds() {
  static const std::map<std::string, std::pair<Kind, int>> all = {
      {"409", {Kind::status, 409}},
      {"429", {Kind::status, 429}},
      {"529", {Kind::status, 529}},
      {"500", {Kind::status, 500}},
      {"502", {Kind::status, 502}},
      {"503", {Kind::status, 503}},
      {"504", {Kind::status, 504}},
      {"500_after", {Kind::status_after, 500}},
      {"502_after", {Kind::status_after, 502}},
      {"503_after", {Kind::status_after, 503}},
      {"504_after", {Kind::status_after, 504}},
      {"drop_before", {Kind::drop_before, 0}},
      {"drop_after", {Kind::drop_after, 0}},
      {"hold_after", {Kind::hold_after, 0}},
      {"slow_body", {Kind::slow_body, 0}},
      {"truncated_json", {Kind::truncated_json, 0}},
      {"delay_ms", {Kind::delay, 0}},
      {"html_403", {Kind::html_403, 403}},
  };
  return all;
}

/// What a chaos rule draws from unless it names its own: everything that is over by itself,
/// whoever says it (a 409 may also mean that the same will never pass).
std::vector<std::string> chaos_kinds() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kinds()) {
    const bool lasts = kind.first == Kind::hold_after || kind.first == Kind::delay || name == "409";
    if (!lasts) names.push_back(name);
  }
  return names;
}

Fault make_fault(const std::string& name, const Json& rule) {
  Fault fault;
  fault.name = name;
  std::tie(fault.kind, fault.status) = kinds().at(name);
  if (fault.status == 429 || fault.status == 529)
    fault.retry_after_s = rule.value("retry_after_s", 1);
  if (fault.status == 529 && !rule.contains("retry_after_s")) fault.retry_after_s.reset();
  fault.says_committed = rule.value("says_committed", false);
  const int usual_ms = fault.kind == Kind::slow_body ? 500 : 0;
  fault.delay_ms = rule.value("delay_ms", usual_ms);
  return fault;
}

std::string unknown_key(const Json& rule) {
  static const std::set<std::string> known = {
      "provider",      "method",         "path_prefix", "route", "write",
      "nth",           "every",          "times",       "kind",  "kinds",
      "retry_after_s", "says_committed", "delay_ms",    "seed",  "probability"};
  for (const auto& [key, value] : rule.items()) {
    if (!known.contains(key)) return key;
  }
  return {};
}

}  // namespace

Faults::Added Faults::add(const Json& json) {
  if (!json.is_object()) return {0, "a fault rule is an object"};
  if (const auto key = unknown_key(json); !key.empty()) return {0, "unknown key " + key};
  Rule rule;
  try {
    rule.provider = json.value("provider", "");
    rule.method = json.value("method", "");
    rule.path_prefix = json.value("path_prefix", "");
    rule.route = json.value("route", "");
    if (json.contains("write")) rule.write = json.at("write").get<bool>();
    rule.nth = json.value("nth", std::int64_t{0});
    rule.every = json.value("every", std::int64_t{0});
    rule.times = json.value("times", rule.nth > 0 ? std::int64_t{1} : std::int64_t{0});
    if (json.contains("probability")) rule.probability = json.at("probability").get<double>();
    rule.random.seed(json.value("seed", std::uint64_t{1}));
    const std::string kind = json.value("kind", "");
    std::vector<std::string> names{kind};
    if (kind == "chaos") names = json.value("kinds", chaos_kinds());
    for (const auto& name : names) {
      if (!kinds().contains(name)) return {0, "unknown kind '" + name + "'"};
      rule.faults.push_back(make_fault(name, json));
    }
    if (rule.faults.empty()) return {0, "kinds is empty"};
  } catch (const Json::exception& problem) {
    return {0, problem.what()};
  }
  const std::scoped_lock lock(mutex_);
  rule.id = ++last_id_;
  rule.text = json.dump();
  rules_.push_back(std::move(rule));
  return {last_id_, {}};
}

bool Faults::matches(const Rule& rule, const FaultSubject& subject) {
  return (rule.provider.empty() || rule.provider == subject.provider) &&
         (rule.method.empty() || rule.method == subject.method) &&
         (rule.route.empty() || rule.route == subject.route) &&
         (!rule.write || *rule.write == subject.write) &&
         subject.path.starts_with(rule.path_prefix);
}

bool Faults::fires(Rule& rule) {
  if (rule.times > 0 && rule.fired >= rule.times) return false;
  if (rule.nth > 0 && rule.matched < rule.nth) return false;
  if (rule.every > 0 && rule.matched % rule.every != 0) return false;
  if (rule.probability) {
    const double drawn = std::uniform_real_distribution<double>(0.0, 1.0)(rule.random);
    if (drawn >= *rule.probability) return false;
  }
  return true;
}

std::optional<Fault> Faults::next(const FaultSubject& subject) {
  const std::scoped_lock lock(mutex_);
  std::optional<Fault> chosen;
  for (Rule& rule : rules_) {
    if (!matches(rule, subject)) continue;
    ++rule.matched;
    if (chosen || !fires(rule)) continue;
    ++rule.fired;
    chosen = rule.faults.size() == 1 ? rule.faults.front()
                                     : rule.faults[rule.random() % rule.faults.size()];
  }
  return chosen;
}

void Faults::clear() {
  const std::scoped_lock lock(mutex_);
  rules_.clear();
}

bool Faults::remove(int id) {
  const std::scoped_lock lock(mutex_);
  return std::erase_if(rules_, [&](const Rule& rule) { return rule.id == id; }) > 0;
}

Json Faults::list() const {
  const std::scoped_lock lock(mutex_);
  Json all = Json::array();
  for (const Rule& rule : rules_) {
    all.push_back({{"id", rule.id},
                   {"rule", Json::parse(rule.text)},
                   {"matched", rule.matched},
                   {"fired", rule.fired}});
  }
  return all;
}

}  // namespace mortise::simulators
