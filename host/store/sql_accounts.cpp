#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<core::Account> SqlAccounts::find(const std::string& id) const {
  return read_one<core::Account>(reading_, "WHERE id = ?1", id);
}

Result<ports::Page<core::Account>> SqlAccounts::list(const ports::PageRequest& page) const {
  return read_page<core::Account>(reading_, "", {"created_ms", "id"}, page);
}

}  // namespace mortise::store
