#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<std::vector<core::Notification>> SqlInbox::pending(const std::string& connection_id) const {
  return read_all<core::Notification>(
      reading_, "WHERE connection_id = ?1 AND handled_ms IS NULL ORDER BY received_ms, id",
      connection_id);
}

Result<std::optional<core::Instant>> SqlInbox::oldest_pending(
    const std::string& connection_id) const {
  auto oldest = read_one<core::Notification>(
      reading_, "WHERE connection_id = ?1 AND handled_ms IS NULL ORDER BY received_ms, id LIMIT 1",
      connection_id);
  if (oldest) return std::optional(oldest->received_ms);
  if (oldest.error().code == Code::not_found) return std::optional<core::Instant>();
  return oldest.error();
}

Result<std::vector<std::string>> SqlInbox::connections_with_pending() const {
  // Hops from connection to connection instead of walking all that waits.
  return read_texts(reading_,
                    "WITH RECURSIVE hop (connection_id) AS ("
                    "  SELECT min(connection_id) FROM notification WHERE handled_ms IS NULL"
                    "  UNION ALL"
                    "  SELECT (SELECT min(connection_id) FROM notification WHERE handled_ms IS NULL"
                    "          AND connection_id > hop.connection_id) FROM hop"
                    "  WHERE hop.connection_id IS NOT NULL) "
                    "SELECT connection_id FROM hop WHERE connection_id IS NOT NULL");
}

Result<bool> SqlInbox::seen(const std::string& connector, const std::string& provider_id) const {
  const auto found = read_texts(reading_,
                                "SELECT id FROM notification WHERE connector = ?1 "
                                "AND provider_id = ?2 AND provider_id <> '' LIMIT 1",
                                connector, provider_id);
  if (!found) return found.error();
  return !found->empty();
}

}  // namespace mortise::store
