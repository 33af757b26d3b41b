#include "simulators/common/request_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace mortise::simulators {
namespace {

constexpr std::size_t kHeldBytes = 64U << 20;
constexpr std::string_view kHidden = "(hidden)";

bool is_secret_name(std::string_view name) {
  static const std::set<std::string_view> names = {"access_token", "refresh_token", "token",
                                                   "code",         "client_secret", "code_verifier",
                                                   "id_token"};
  return names.contains(name);
}

void hide_headers(Fields& headers) {
  for (auto& [name, value] : headers) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == "cookie") value = kHidden;
    if (lower != "authorization") continue;
    value = value.substr(0, value.find(' ')) + " " + std::string(kHidden);
  }
}

/// The body of a token call with its secrets blotted out, form or JSON; unreadable ones go as a
/// whole.
std::string hide_body(const std::string& body) {
  if (body.empty()) return body;
  if (body.front() == '{') {
    Json json = parse_json(body);
    if (json.is_discarded()) return std::string(kHidden);
    for (auto& [name, value] : json.items()) {
      if (is_secret_name(name) && value.is_string()) value = kHidden;
    }
    return json.dump();
  }
  std::string out;
  for (const auto& [name, value] : parse_fields(body)) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + "=" +
           (is_secret_name(name) ? std::string(kHidden) : percent_encode(value));
  }
  return out;
}

std::size_t weight(const LogEntry& entry) {
  return 512 + entry.request.body.size() + entry.reply.size() + entry.request.path.size() * 2;
}

Json body_json(const std::string& body) {
  if (body.empty()) return nullptr;
  Json json = parse_json(body);
  return json.is_discarded() ? Json(body) : json;
}

}  // namespace

void RequestLog::add(LogEntry entry) {
  hide_headers(entry.request.headers);
  if (entry.token) {
    entry.request.body = hide_body(entry.request.body);
    entry.reply = hide_body(entry.reply);
  }
  const std::scoped_lock lock(mutex_);
  entry.number = ++last_number_;
  Count& count = counts_[entry.provider];
  ++(entry.token ? count.tokens : entry.write ? count.writes : count.reads);
  if (entry.write && entry.applied && !entry.token) ++count.applied_writes;
  if (entry.status == 429 || entry.status == 529) ++count.refused;
  if (!entry.fault.empty()) ++count.faults;
  RouteCount& route = count.routes[entry.request.method + " " + entry.route];
  ++route.count;
  ++route.statuses[entry.status];
  held_bytes_ += weight(entry);
  entries_.push_back(std::move(entry));
  while (held_bytes_ > kHeldBytes && entries_.size() > 1) {
    held_bytes_ -= weight(entries_.front());
    entries_.pop_front();
  }
}

Json RequestLog::entries(std::int64_t since, std::string_view provider, bool with_replies) const {
  const std::scoped_lock lock(mutex_);
  Json list = Json::array();
  for (const LogEntry& entry : entries_) {
    if (entry.number <= since || (!provider.empty() && entry.provider != provider)) continue;
    Json headers = Json::object();
    for (const auto& [name, value] : entry.request.headers) headers[name] = value;
    Json query = Json::array();
    for (const auto& [name, value] : entry.request.query) query.push_back({name, value});
    Json item = {{"number", entry.number},
                 {"at_ms", entry.at_ms},
                 {"provider", entry.provider},
                 {"method", entry.request.method},
                 {"path", entry.request.path},
                 {"route", entry.route},
                 {"query", query},
                 {"headers", headers},
                 {"body", body_json(entry.request.body)},
                 {"write", entry.write},
                 {"caller", entry.caller},
                 {"status", entry.status},
                 {"applied", entry.applied},
                 {"fault", entry.fault.empty() ? Json(nullptr) : Json(entry.fault)}};
    if (with_replies) item["reply"] = body_json(entry.reply);
    list.push_back(std::move(item));
  }
  return {{"requests", list}, {"last", last_number_}};
}

Json RequestLog::counters() const {
  const std::scoped_lock lock(mutex_);
  Json all = Json::object();
  for (const auto& [provider, count] : counts_) {
    Json routes = Json::object();
    for (const auto& [name, route] : count.routes) {
      Json statuses = Json::object();
      for (const auto& [status, times] : route.statuses) statuses[std::to_string(status)] = times;
      routes[name] = {{"count", route.count}, {"statuses", statuses}};
    }
    all[provider] = {{"reads", count.reads},
                     {"writes", count.writes},
                     {"applied_writes", count.applied_writes},
                     {"tokens", count.tokens},
                     {"refused", count.refused},
                     {"faults", count.faults},
                     {"routes", routes}};
  }
  return all;
}

void RequestLog::clear() {
  const std::scoped_lock lock(mutex_);
  entries_.clear();
  held_bytes_ = 0;
}

void RequestLog::clear_counters() {
  const std::scoped_lock lock(mutex_);
  counts_.clear();
}

}  // namespace mortise::simulators
