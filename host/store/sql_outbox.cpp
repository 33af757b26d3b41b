#include "store/auth_tables.hpp"
#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<ports::Page<core::Event>> SqlOutbox::list(const std::string& account_id,
                                                 const ports::PageRequest& page) const {
  const Sorting newest_first{"at_ms", "id", Order::falling};
  if (account_id.empty()) return read_page<core::Event>(reading_, "", newest_first, page);
  return read_page<core::Event>(reading_, "account_id = ?1", newest_first, page, account_id);
}

}  // namespace mortise::store
