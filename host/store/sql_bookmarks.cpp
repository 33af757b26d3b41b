#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<std::vector<core::Bookmark>> SqlBookmarks::of_connection(
    const std::string& connection_id) const {
  return read_all<core::Bookmark>(reading_, "WHERE connection_id = ?1 ORDER BY container_id",
                                  connection_id);
}

}  // namespace mortise::store
