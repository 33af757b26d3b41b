#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<core::Channel> SqlChannels::find(const std::string& id) const {
  return read_one<core::Channel>(reading_, "WHERE id = ?1", id);
}

Result<std::vector<core::Channel>> SqlChannels::of_connection(
    const std::string& connection_id) const {
  return read_all<core::Channel>(reading_, "WHERE connection_id = ?1 ORDER BY opened_ms, id",
                                 connection_id);
}

}  // namespace mortise::store
