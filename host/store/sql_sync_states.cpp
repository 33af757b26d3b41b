#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<core::SyncState> SqlSyncStates::find(const std::string& connection_id) const {
  auto found = read_one<core::SyncState>(reading_, "WHERE connection_id = ?1", connection_id);
  if (found || found.error().code != Code::not_found) return found;
  core::SyncState unwritten;
  unwritten.connection_id = connection_id;
  return unwritten;
}

}  // namespace mortise::store
