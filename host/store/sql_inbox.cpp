#include "store/read.hpp"
#include "store/sql_ports.hpp"
#include "store/two_way_tables.hpp"

namespace mortise::store {

Result<std::vector<core::Notification>> SqlInbox::pending(const std::string& connection_id) const {
  return read_all<core::Notification>(
      reading_, "WHERE connection_id = ?1 AND handled_ms IS NULL ORDER BY received_ms, id",
      connection_id);
}

namespace {

/// When the one that was found came; nothing if there is none.
Result<std::optional<core::Instant>> received(const Result<core::Notification>& found) {
  if (found) return std::optional(found->received_ms);
  if (found.error().code == Code::not_found) return std::optional<core::Instant>();
  return found.error();
}

}  // namespace

Result<std::optional<core::Instant>> SqlInbox::oldest_pending(
    const std::string& connection_id) const {
  return received(read_one<core::Notification>(
      reading_, "WHERE connection_id = ?1 AND handled_ms IS NULL ORDER BY received_ms, id LIMIT 1",
      connection_id));
}

Result<std::optional<core::Instant>> SqlInbox::latest(const std::string& connection_id) const {
  return received(read_one<core::Notification>(
      reading_, "WHERE connection_id = ?1 ORDER BY received_ms DESC LIMIT 1", connection_id));
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
