#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<core::Conflict> SqlConflicts::find(const std::string& id) const {
  return read_one<core::Conflict>(reading_, "WHERE id = ?1", id);
}

/// The narrowest id is searched; a plus keeps the others from being: they only filter.
Result<ports::Page<core::Conflict>> SqlConflicts::list(const std::string& account_id,
                                                       const std::string& connection_id,
                                                       const std::string& task_id,
                                                       const ports::PageRequest& page) const {
  const Sorting newest_first{"at_ms", "id", Order::falling};
  if (!task_id.empty()) {
    return read_page<core::Conflict>(reading_,
                                     "task_id = ?1 AND (?2 = '' OR +connection_id = ?2) "
                                     "AND (?3 = '' OR +account_id = ?3)",
                                     newest_first, page, task_id, connection_id, account_id);
  }
  if (!connection_id.empty()) {
    return read_page<core::Conflict>(reading_,
                                     "connection_id = ?1 AND (?2 = '' OR +account_id = ?2)",
                                     newest_first, page, connection_id, account_id);
  }
  if (!account_id.empty()) {
    return read_page<core::Conflict>(reading_, "account_id = ?1", newest_first, page, account_id);
  }
  return read_page<core::Conflict>(reading_, "", newest_first, page);
}

}  // namespace mortise::store
