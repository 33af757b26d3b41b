// Rate limits as settings, and the sliding windows that enforce them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "simulators/common/http.hpp"

namespace mortise::simulators {

/// Requests a window; 0 means no limit. The defaults are the providers' published ones.
struct Limits {
  int notion_per_connection = 180;
  int notion_workspace = 0;  ///< all connections of one workspace together; not published by Notion
  int notion_window_ms = 60'000;
  int notion_query_rows = 10'000;  ///< at most so many rows in one chain of a query's pages
  int notion_page_rows = 100;      ///< at most so many results on a page, whatever page_size says
  int google_per_user = 600;
  int google_project = 10'000;
  int google_window_ms = 60'000;

  Json to_json() const;
  /// Takes over what `json` names; answers a sentence if something in it is wrong.
  std::string merge(const Json& json);
};

/// Sliding windows by name. Not thread-safe: used under the world's lock.
class RateWindows {
 public:
  /// Counts a request at `now_ms` against `name`; if the window is full nothing is counted and the
  /// milliseconds until a place is free come back.
  std::optional<std::int64_t> refuse(const std::string& name, std::int64_t now_ms, int limit,
                                     int window_ms);
  void clear() { sent_.clear(); }

 private:
  std::map<std::string, std::deque<std::int64_t>> sent_;
};

}  // namespace mortise::simulators
