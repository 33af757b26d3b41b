#include "net/exchange_log.hpp"

#include <nlohmann/json.hpp>

#include "core/time.hpp"

namespace mortise::net {
namespace {

constexpr std::size_t kLines = 200;
constexpr std::size_t kRuns = 500;
constexpr std::size_t kTargetBytes = 300;

core::Json line_json(const ExchangeLine& line) {
  core::Json json = {{"at", core::format_instant(line.at_ms)},
                     {"method", line.method},
                     {"origin", line.origin},
                     {"target", line.target},
                     {"attempt", line.attempt},
                     {"took_ms", line.took_ms},
                     {"sent_bytes", line.sent_bytes},
                     {"received_bytes", line.received_bytes}};
  if (line.status != 0) json["status"] = line.status;
  if (!line.error.empty()) json["error"] = line.error;
  if (!line.request.empty()) json["request"] = line.request;
  return json;
}

/// "a@b.c" as it stands in a path, also percent-encoded.
bool is_mail(const std::string& segment) {
  return segment.find('@') != std::string::npos || segment.find("%40") != std::string::npos;
}

}  // namespace

std::string redact_target(const std::string& target) {
  const std::size_t query = std::min(target.find('?'), target.size());
  std::string out;
  for (std::size_t from = 0; from < query;) {
    const std::size_t to = std::min(target.find('/', from + 1), query);
    const std::string segment = target.substr(from, to - from);
    out += is_mail(segment) ? "/{mail}" : segment;
    from = to;
  }
  for (std::size_t from = query; from < target.size();) {
    const std::size_t to = std::min(target.find('&', from + 1), target.size());
    const std::size_t value = std::min(target.find('=', from), to);
    out += target.substr(from, value - from);
    from = to;
  }
  return out.substr(0, kTargetBytes);
}

void ExchangeLog::add(const std::string& run_id, ExchangeLine line) {
  if (run_id.empty()) return;
  line.target = redact_target(line.target);
  const std::lock_guard lock(mutex_);
  const auto [found, fresh] = runs_.try_emplace(run_id);
  found->second.push_back(std::move(line));
  if (found->second.size() > kLines) found->second.pop_front();
  if (!fresh) return;
  order_.push_back(run_id);
  if (order_.size() > kRuns) {
    runs_.erase(order_.front());
    order_.pop_front();
  }
}

core::JsonText ExchangeLog::record(const std::string& run_id) const {
  core::Json lines = core::Json::array();
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(run_id);
  if (found != runs_.end()) {
    for (const ExchangeLine& line : found->second) lines.push_back(line_json(line));
  }
  return lines.dump(-1, ' ', false, core::Json::error_handler_t::replace);
}

}  // namespace mortise::net
