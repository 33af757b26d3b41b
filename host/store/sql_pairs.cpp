#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {
Result<std::vector<core::Pair>> SqlPairs::of_plan(const std::string& connection_id,
                                                  const std::string& plan_id) const {
  return read_all<core::Pair>(reading_, "WHERE connection_id = ?1 AND plan_id = ?2 ORDER BY key",
                              connection_id, plan_id);
}

Result<std::vector<core::Pair>> SqlPairs::of_connection(const std::string& connection_id) const {
  return read_all<core::Pair>(reading_, "WHERE connection_id = ?1 ORDER BY plan_id, key",
                              connection_id);
}

Result<std::vector<core::Pair>> SqlPairs::of_key(const std::string& key) const {
  return read_all<core::Pair>(reading_, "WHERE key = ?1 ORDER BY connection_id, plan_id", key);
}

Result<std::vector<std::string>> SqlPairs::plans(const std::string& connection_id) const {
  // Hops from plan to plan instead of walking all pairs: a plan has thousands.
  return read_texts(reading_,
                    "WITH RECURSIVE hop (plan_id) AS ("
                    "  SELECT min(plan_id) FROM pair WHERE connection_id = ?1"
                    "  UNION ALL"
                    "  SELECT (SELECT min(plan_id) FROM pair WHERE connection_id = ?1"
                    "          AND plan_id > hop.plan_id) FROM hop WHERE hop.plan_id IS NOT NULL) "
                    "SELECT plan_id FROM hop WHERE plan_id IS NOT NULL",
                    connection_id);
}

}  // namespace mortise::store
