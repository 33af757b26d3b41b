#include "store/auth_tables.hpp"
#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<core::Grant> SqlGrants::find(const std::string& connection_id) const {
  return read_one<core::Grant>(reading_, "WHERE connection_id = ?1", connection_id);
}

Result<std::vector<core::Grant>> SqlGrants::interrupted() const {
  return read_all<core::Grant>(reading_,
                               "WHERE refresh_intent_ms IS NOT NULL ORDER BY connection_id");
}

Result<core::NamedSecret> SqlGrants::secret(const std::string& name) const {
  return read_one<core::NamedSecret>(reading_, "WHERE name = ?1", name);
}

Result<std::vector<std::string>> SqlGrants::secret_names() const {
  return read_texts(reading_, "SELECT name FROM named_secret ORDER BY name");
}

Result<core::ConnectSession> SqlGrants::session(const std::string& id) const {
  return read_one<core::ConnectSession>(reading_, "WHERE id = ?1", id);
}

Result<core::ConnectSession> SqlGrants::session_by_state(const std::string& state_hash) const {
  return read_one<core::ConnectSession>(
      reading_, "WHERE state_hash = ?1 AND state_hash <> '' LIMIT 1", state_hash);
}

}  // namespace mortise::store
