#include "store/auth_tables.hpp"
#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<core::ApiKey> SqlAccess::key(const std::string& id) const {
  return read_one<core::ApiKey>(reading_, "WHERE id = ?1", id);
}

Result<std::vector<core::ApiKey>> SqlAccess::keys() const {
  return read_all<core::ApiKey>(reading_, "ORDER BY created_ms, id");
}

Result<core::UserSession> SqlAccess::session_by_hash(const std::string& hash) const {
  return read_one<core::UserSession>(reading_, "WHERE hash = ?1 AND hash <> '' LIMIT 1", hash);
}

Result<core::IdempotencyRecord> SqlAccess::idempotency(const std::string& scope,
                                                       const std::string& key) const {
  return read_one<core::IdempotencyRecord>(reading_, "WHERE scope = ?1 AND key = ?2", scope, key);
}

}  // namespace mortise::store
