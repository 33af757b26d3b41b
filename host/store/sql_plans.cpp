#include "store/read.hpp"
#include "store/sql_ports.hpp"

namespace mortise::store {

Result<core::Plan> SqlPlans::find(const std::string& id) const {
  return read_one<core::Plan>(reading_, "WHERE id = ?1", id);
}

Result<core::Plan> SqlPlans::find_external(const std::string& account_id,
                                           const std::string& external_id) const {
  auto live = read_one<core::Plan>(
      reading_,
      "WHERE account_id = ?1 AND external_id = ?2 AND external_id <> '' AND deleted_ms IS NULL",
      account_id, external_id);
  if (live || live.error().code != Code::not_found) return live;
  return read_one<core::Plan>(reading_,
                              "WHERE account_id = ?1 AND external_id = ?2 AND external_id <> '' "
                              "AND deleted_ms IS NOT NULL ORDER BY deleted_ms DESC LIMIT 1",
                              account_id, external_id);
}

Result<ports::Page<core::Plan>> SqlPlans::list(const std::string& account_id,
                                               const ports::PageRequest& page) const {
  return read_page<core::Plan>(reading_, "account_id = ?1 AND deleted_ms IS NULL",
                               {"created_ms", "id"}, page, account_id);
}

Result<core::Task> SqlPlans::find_task(const std::string& id) const {
  return read_one<core::Task>(reading_, "WHERE id = ?1", id);
}

Result<std::vector<core::Task>> SqlPlans::tasks(const std::string& plan_id) const {
  return read_all<core::Task>(
      reading_, "WHERE plan_id = ?1 AND deleted_ms IS NULL ORDER BY position, id", plan_id);
}

Result<ports::Page<core::Task>> SqlPlans::list_tasks(const std::string& plan_id,
                                                     const ports::PageRequest& page) const {
  return read_page<core::Task>(reading_, "plan_id = ?1 AND deleted_ms IS NULL", {"position", "id"},
                               page, plan_id);
}

Result<std::vector<core::Task>> SqlPlans::removed_tasks(const std::string& plan_id,
                                                        core::Instant since_ms) const {
  return read_all<core::Task>(reading_,
                              "WHERE plan_id = ?1 AND deleted_ms IS NOT NULL AND deleted_ms >= ?2 "
                              "ORDER BY deleted_ms DESC, id DESC",
                              plan_id, since_ms);
}

}  // namespace mortise::store
