#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<core::Connection> SqlConnections::find(const std::string& id) const {
  return read_one<core::Connection>(reading_, "WHERE id = ?1", id);
}

Result<std::vector<core::Connection>> SqlConnections::list(const std::string& account_id) const {
  return read_all<core::Connection>(reading_, "WHERE account_id = ?1 ORDER BY created_ms, id",
                                    account_id);
}

Result<std::vector<core::Connection>> SqlConnections::list_all() const {
  return read_all<core::Connection>(reading_, "ORDER BY created_ms, id");
}

}  // namespace mortise::store
