#include <algorithm>
#include <tuple>

#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {
namespace {

/// Which of several pairs of one thing speaks for it (ports::Pairs::by_key).
Result<core::Pair> foremost(Result<std::vector<core::Pair>> pairs) {
  if (!pairs) return pairs.error();
  if (pairs->empty()) {
    return Error{Code::not_found, "find pair: there is none with this id"};
  }
  const auto before = [](const core::Pair& a, const core::Pair& b) {
    return std::tie(a.state, b.synced_ms, a.plan_id, a.key) <
           std::tie(b.state, a.synced_ms, b.plan_id, b.key);
  };
  return std::move(*std::min_element(pairs->begin(), pairs->end(), before));
}

}  // namespace

Result<std::vector<core::Pair>> SqlPairs::of_plan(const std::string& connection_id,
                                                  const std::string& plan_id) const {
  return read_all<core::Pair>(reading_, "WHERE connection_id = ?1 AND plan_id = ?2 ORDER BY key",
                              connection_id, plan_id);
}

Result<std::vector<core::Pair>> SqlPairs::of_connection(const std::string& connection_id) const {
  return read_all<core::Pair>(reading_, "WHERE connection_id = ?1 ORDER BY plan_id, key",
                              connection_id);
}

Result<core::Pair> SqlPairs::by_remote(const std::string& connection_id,
                                       const std::string& remote_id) const {
  return foremost(read_all<core::Pair>(
      reading_, "WHERE connection_id = ?1 AND remote_id = ?2 AND remote_id <> ''", connection_id,
      remote_id));
}

Result<core::Pair> SqlPairs::by_key(const std::string& connection_id,
                                    const std::string& key) const {
  return foremost(read_all<core::Pair>(
      reading_, "WHERE key = ?1 AND connection_id = ?2 AND key <> ''", key, connection_id));
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
