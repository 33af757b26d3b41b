#include "store/prune.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "store/execute.hpp"

namespace mortise::store {
namespace {

constexpr std::string_view kOldestRun =
    "SELECT id FROM run WHERE state IN ('succeeded', 'partial', 'failed', 'cancelled') "
    "AND finished_ms < ?1 ORDER BY finished_ms, id LIMIT 1";

/// ?1: before when, ?2: how many.
constexpr std::string_view kRest[] = {
    "DELETE FROM event WHERE id IN ("
    "SELECT id FROM event WHERE at_ms < ?1 ORDER BY at_ms, id LIMIT ?2)",
    "DELETE FROM notification WHERE id IN ("
    "SELECT id FROM notification WHERE handled_ms IS NOT NULL AND handled_ms < ?1 "
    "ORDER BY handled_ms, id LIMIT ?2)",
    "DELETE FROM conflict WHERE id IN ("
    "SELECT id FROM conflict WHERE at_ms < ?1 ORDER BY at_ms, id LIMIT ?2)",
    // A key is "task:<id>", "task:<id>/<slot>", or of something that lives as long as its plan.
    "DELETE FROM pair WHERE (connection_id, plan_id, key) IN ("
    "SELECT connection_id, plan_id, key FROM pair WHERE state = 'tombstone' AND synced_ms < ?1 "
    "AND CASE WHEN substr(key, 1, 5) = 'task:' THEN NOT EXISTS ("
    "SELECT 1 FROM task WHERE task.id = substr(pair.key, 6, instr(pair.key || '/', '/') - 6) "
    "AND (deleted_ms IS NULL OR deleted_ms >= ?1)) "
    "ELSE NOT EXISTS (SELECT 1 FROM plan WHERE plan.id = pair.plan_id "
    "AND (deleted_ms IS NULL OR deleted_ms >= ?1)) END "
    "ORDER BY synced_ms, connection_id, plan_id, key LIMIT ?2)"};

Result<std::optional<std::string>> oldest_run(Database& database, core::Instant before_ms) {
  auto statement = database.prepare(kOldestRun);
  if (!statement) return statement.error();
  bind_all(*statement, before_ms);
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return std::optional<std::string>();
  return std::optional<std::string>(statement->text(0));
}

/// Run by run, so that one whose items are more than may go now keeps the rest for the next time.
Status prune_runs(Database& database, const ports::Prune& prune) {
  std::int64_t left = prune.at_most;
  while (left > 0) {
    const auto run = oldest_run(database, prune.before_ms);
    if (!run) return run.error();
    if (!*run) return {};
    if (auto status = execute(database,
                              "DELETE FROM run_item WHERE number IN (SELECT number FROM run_item "
                              "WHERE run_id = ?1 ORDER BY number LIMIT ?2)",
                              **run, left);
        !status) {
      return status;
    }
    left -= database.changes();
    if (left == 0) return {};
    if (auto status = execute(database, "DELETE FROM run WHERE id = ?1", **run); !status) {
      return status;
    }
    --left;
  }
  return {};
}

}  // namespace

Status prune(Database& database, const ports::Prune& prune) {
  if (auto status = prune_runs(database, prune); !status) return status;
  const std::int64_t at_most = prune.at_most > 0 ? prune.at_most : 0;
  for (const std::string_view sql : kRest) {
    if (auto status = execute(database, sql, prune.before_ms, at_most); !status) return status;
  }
  return {};
}

}  // namespace mortise::store
