#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<std::vector<core::Sighting>> SqlSightings::of_connection(
    const std::string& connection_id) const {
  return read_all<core::Sighting>(reading_, "WHERE connection_id = ?1 ORDER BY remote_id",
                                  connection_id);
}

}  // namespace mortise::store
