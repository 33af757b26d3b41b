#include "store/erase_account.hpp"

#include <string_view>

#include "store/execute.hpp"

namespace mortise::store {
namespace {

/// ?1: the account. What refers to something goes before it.
constexpr std::string_view kAll[] = {
    "DELETE FROM pair WHERE connection_id IN (SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM intent WHERE connection_id IN (SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM sighting WHERE connection_id IN (SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM bookmark WHERE connection_id IN (SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM sync_state WHERE connection_id IN "
    "(SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM channel WHERE connection_id IN (SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM notification WHERE connection_id IN "
    "(SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM access_grant WHERE connection_id IN "
    "(SELECT id FROM connection WHERE account_id = ?1)",
    "DELETE FROM run_item WHERE run_id IN (SELECT id FROM run WHERE account_id = ?1)",
    "DELETE FROM run WHERE account_id = ?1",
    "DELETE FROM conflict WHERE account_id = ?1",
    "DELETE FROM usage WHERE account_id = ?1",
    "DELETE FROM event WHERE account_id = ?1",
    "DELETE FROM connect_session WHERE account_id = ?1",
    "DELETE FROM user_session WHERE account_id = ?1",
    "DELETE FROM task WHERE plan_id IN (SELECT id FROM plan WHERE account_id = ?1)",
    "DELETE FROM plan_tasks WHERE plan_id IN (SELECT id FROM plan WHERE account_id = ?1)",
    "DELETE FROM plan WHERE account_id = ?1",
    "DELETE FROM connection WHERE account_id = ?1",
    "DELETE FROM account WHERE id = ?1"};

}  // namespace

Status erase_account(Database& database, const std::string& account_id) {
  for (const std::string_view sql : kAll) {
    if (auto status = execute(database, sql, account_id); !status) return status;
  }
  return {};
}

}  // namespace mortise::store
