#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<std::vector<core::Intent>> SqlJournal::open_intents(const std::string& connection_id) const {
  return read_all<core::Intent>(reading_, "WHERE connection_id = ?1 ORDER BY number",
                                connection_id);
}

}  // namespace mortise::store
