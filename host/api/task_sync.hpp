// How tasks stand in the services that their plan was exported to: what a badge shows.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/services.hpp"
#include "core/json.hpp"
#include "core/sync_records.hpp"

namespace mortise::api {

/// For the tasks of one plan. Reads the store once per connection, and per task its pairs and what
/// last became of it.
class TaskSync {
 public:
  TaskSync(const ports::Store& store, const core::Plan& plan);
  /// A JSON array: per connection state (synced, pending, asks, failed, paused), url, synced_at,
  /// received_at, conflict_id, error.
  core::Json of(const core::Task& task) const;

 private:
  struct Link {
    core::Connection connection;
    std::vector<core::RunItem> failures;  ///< of the newest finished run
    std::set<std::string> gone;           ///< keys of what a run asks to remove here
    /// When the newest runs about the plan began, and the newest that brought all of it over. A run
    /// knows tasks as they were then, or later: nothing is concluded from when it ended.
    std::set<core::Instant> begun_ms = {};
    std::optional<core::Instant> brought_ms = {};
    core::Instant brought_end_ms = 0;  ///< when that one ended
    bool looked = false;  ///< a run has looked at everything since the place was chosen
  };
  static bool is_none(const Link& link, const core::Task& task,
                      const std::vector<core::Pair>& pairs);
  static bool is_there(const Link& link, const core::Task& task, const core::Pair& pair);
  core::Json in(const Link& link, const core::Task& task,
                const std::vector<core::Pair>& pairs) const;
  void add_news(const Link& link, const core::Task& task, core::Json& one) const;

  const ports::Store& store_;
  std::vector<Link> links_;
};

}  // namespace mortise::api
