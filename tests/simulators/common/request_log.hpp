// What the providers were asked: a log without secrets, and counters.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "simulators/common/http.hpp"
#include "simulators/common/provider.hpp"

namespace mortise::simulators {

/// One request of an API and what became of it.
struct LogEntry {
  std::int64_t number = 0;
  std::int64_t at_ms = 0;
  std::string provider, route, caller;
  bool write = false;
  bool token = false;
  Request request;
  int status = 0;        ///< 0: no answer was sent
  bool applied = false;  ///< the call was carried out and succeeded, whatever the client heard
  std::string fault;     ///< name of the fault, or ""
  std::string reply;     ///< the body the client should have seen
};

/// Thread-safe. Holds the newest entries up to 64 MiB; counters run on.
class RequestLog {
 public:
  /// Takes `entry` without its secrets: Authorization is reduced to its scheme, and of token calls
  /// neither tokens, codes nor client secrets are kept.
  void add(LogEntry entry);
  /// Entries after `since`, oldest first.
  Json entries(std::int64_t since, std::string_view provider, bool with_replies) const;
  /// {provider: {reads, writes, applied_writes, tokens, refused, faults, routes: {"POST /v1/pages":
  /// {count, statuses}}}}
  Json counters() const;
  void clear();
  void clear_counters();

 private:
  struct RouteCount {
    std::int64_t count = 0;
    std::map<int, std::int64_t> statuses;
  };
  struct Count {
    std::int64_t reads = 0, writes = 0, applied_writes = 0, tokens = 0, refused = 0, faults = 0;
    std::map<std::string, RouteCount> routes;
  };
  mutable std::mutex mutex_;
  std::deque<LogEntry> entries_;
  std::size_t held_bytes_ = 0;
  std::int64_t last_number_ = 0;
  std::map<std::string, Count> counts_;
};

}  // namespace mortise::simulators
