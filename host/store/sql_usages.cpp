#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<core::Usage> SqlUsages::find(const std::string& account_id, const std::string& month) const {
  auto found =
      read_one<core::Usage>(reading_, "WHERE account_id = ?1 AND month = ?2", account_id, month);
  if (found || found.error().code != Code::not_found) return found;
  core::Usage unused;
  unused.account_id = account_id;
  unused.month = month;
  return unused;
}

}  // namespace mortise::store
