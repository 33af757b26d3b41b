#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<core::Run> SqlRuns::find(const std::string& id) const {
  return read_one<core::Run>(reading_, "WHERE id = ?1", id);
}

Result<std::vector<core::Run>> SqlRuns::unfinished() const {
  return read_all<core::Run>(
      reading_, "WHERE state IN ('queued', 'running', 'waiting') ORDER BY created_ms, id");
}

Result<std::vector<core::Run>> SqlRuns::unfinished(const std::string& connection_id) const {
  return read_all<core::Run>(reading_,
                             "WHERE connection_id = ?1 "
                             "AND state IN ('queued', 'running', 'waiting') "
                             "ORDER BY created_ms, id",
                             connection_id);
}

Result<std::vector<core::Run>> SqlRuns::newest_finished(const std::string& account_id) const {
  return read_all<core::Run>(reading_,
                             "WHERE id IN (SELECT (SELECT id FROM run "
                             "WHERE connection_id = connection.id "
                             "AND state IN ('succeeded', 'partial', 'failed', 'cancelled') "
                             "ORDER BY created_ms DESC, id DESC LIMIT 1) "
                             "FROM connection WHERE account_id = ?1) ORDER BY id",
                             account_id);
}

Result<ports::Page<core::Run>> SqlRuns::list(const std::string& account_id,
                                             const std::string& connection_id,
                                             const ports::PageRequest& page) const {
  const Sorting newest_first{"created_ms", "id", Order::falling};
  if (!account_id.empty() && !connection_id.empty()) {
    // The plus keeps the account from being searched: a connection has one account.
    return read_page<core::Run>(reading_, "connection_id = ?1 AND +account_id = ?2", newest_first,
                                page, connection_id, account_id);
  }
  if (!connection_id.empty()) {
    return read_page<core::Run>(reading_, "connection_id = ?1", newest_first, page, connection_id);
  }
  if (!account_id.empty()) {
    return read_page<core::Run>(reading_, "account_id = ?1", newest_first, page, account_id);
  }
  return read_page<core::Run>(reading_, "", newest_first, page);
}

Result<ports::Page<core::RunItem>> SqlRuns::items(const std::string& run_id,
                                                  const ports::PageRequest& page) const {
  return read_page<core::RunItem>(reading_, "run_id = ?1", {"number", "key"}, page, run_id);
}

Result<ports::Page<core::RunItem>> SqlRuns::items_of_key(const std::string& key,
                                                         const ports::PageRequest& page) const {
  // Word for word as in the index run_item_by_series.
  static constexpr std::string_view kSeries = "substr(key, 1, instr(key || '/', '/') - 1)";
  const Sorting newest_first{"number", "key", Order::falling};
  const std::string series = key.substr(0, key.find('/'));
  std::string where = std::string(kSeries) + " = ?1";
  if (series == key) return read_page<core::RunItem>(reading_, where, newest_first, page, series);
  where += " AND key = ?2";
  return read_page<core::RunItem>(reading_, where, newest_first, page, series, key);
}

}  // namespace mortise::store
