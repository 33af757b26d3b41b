#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<std::vector<core::Sighting>> SqlSightings::of_connection(
    const std::string& connection_id) const {
  return read_all<core::Sighting>(reading_, "WHERE connection_id = ?1 ORDER BY remote_id",
                                  connection_id);
}

Result<core::Sighting> SqlSightings::find(const std::string& connection_id,
                                          const std::string& remote_id) const {
  return read_one<core::Sighting>(reading_, "WHERE connection_id = ?1 AND remote_id = ?2",
                                  connection_id, remote_id);
}

}  // namespace mortise::store
