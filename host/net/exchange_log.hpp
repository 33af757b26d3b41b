// The last exchanges of each run, redacted: what support asks for first. Never a body, a header, a
// token or a query value.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "core/json.hpp"
#include "core/records.hpp"

namespace mortise::net {

struct ExchangeLine {
  core::Instant at_ms = 0;
  std::string method;
  std::string origin;  ///< its name in the manifest
  std::string target;  ///< as the connector asked; redacted by the log
  int attempt = 1;
  int status = 0;       ///< 0: no answer
  std::string error;    ///< code of what went wrong without an answer
  std::string request;  ///< the service's own name of it, where it gives one
  std::int64_t took_ms = 0;
  std::size_t sent_bytes = 0;
  std::size_t received_bytes = 0;
};

/// The path with names of query parameters but not their values, and mail addresses in it hidden.
std::string redact_target(const std::string& target);

/// Thread-safe. Keeps 200 lines of each of the last 500 runs.
class ExchangeLog {
 public:
  void add(const std::string& run_id, ExchangeLine line);
  /// A JSON array, oldest first; "[]" for a run it does not know.
  core::JsonText record(const std::string& run_id) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<ExchangeLine>> runs_;
  std::list<std::string> order_;  ///< run ids, oldest first
};

}  // namespace mortise::net
