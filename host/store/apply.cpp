#include "store/apply.hpp"

#include <variant>

#include "store/auth_tables.hpp"
#include "store/erase_account.hpp"
#include "store/execute.hpp"
#include "store/prune.hpp"
#include "store/two_way_tables.hpp"
#include "store/write.hpp"

namespace mortise::store {
namespace {

Status touch_plan(Database& database, const std::string& plan_id) {
  return execute(database, "UPDATE plan_tasks SET tasks_rev = tasks_rev + 1 WHERE plan_id = ?1",
                 plan_id);
}

class Applier {
 public:
  Applier(Database& database, const Sealer& sealer) : database_(database), sealer_(sealer) {}

  template <class Record>
  Status operator()(const ports::Put<Record>& put) {
    if constexpr (Table<Record>::kRevised) {
      return put_revised(database_, sealer_, put.value);
    } else {
      return put_plain(database_, sealer_, put.value);
    }
  }

  Status operator()(const ports::Put<core::Plan>& put) {
    if (auto status = put_revised(database_, sealer_, put.value); !status) return status;
    if (put.value.rev != 0) return {};
    return execute(database_, "INSERT INTO plan_tasks (plan_id, tasks_rev) VALUES (?1, 0)",
                   put.value.id);
  }

  Status operator()(const ports::Put<core::Task>& put) {
    const core::Task& task = put.value;
    std::string old_plan;
    if (task.rev != 0) {
      auto statement = database_.prepare("SELECT plan_id FROM task WHERE id = ?1");
      if (!statement) return statement.error();
      statement->bind_text(1, task.id);
      const auto row = statement->step();
      if (!row) return row.error();
      if (*row) old_plan = statement->text(0);
    }
    if (auto status = put_revised(database_, sealer_, task); !status) return status;
    if (!old_plan.empty() && old_plan != task.plan_id) {
      if (auto status = touch_plan(database_, old_plan); !status) return status;
    }
    return touch_plan(database_, task.plan_id);
  }

  Status operator()(const ports::ErasePair& erase) {
    return execute(database_,
                   "DELETE FROM pair WHERE connection_id = ?1 AND plan_id = ?2 AND key = ?3",
                   erase.connection_id, erase.plan_id, erase.key);
  }
  Status operator()(const ports::SetPairState& set) {
    return execute(database_, "UPDATE pair SET state = ?3 WHERE connection_id = ?1 AND state = ?2",
                   set.connection_id, std::string(core::name_of(set.from)),
                   std::string(core::name_of(set.to)));
  }
  Status operator()(const ports::EraseIntent& erase) {
    return execute(database_, "DELETE FROM intent WHERE id = ?1", erase.id);
  }
  Status operator()(const ports::EraseGrant& erase) {
    return execute(database_, "DELETE FROM access_grant WHERE connection_id = ?1",
                   erase.connection_id);
  }
  Status operator()(const ports::EraseSecret& erase) {
    return execute(database_, "DELETE FROM named_secret WHERE name = ?1", erase.name);
  }
  Status operator()(const ports::EraseIdempotency& erase) {
    return execute(database_, "DELETE FROM idempotency WHERE scope = ?1 AND key = ?2", erase.scope,
                   erase.key);
  }
  Status operator()(const ports::EraseSession& erase) {
    if (auto status = execute(database_, "DELETE FROM user_session WHERE id = ?1", erase.id);
        !status) {
      return status;
    }
    return execute(database_, "DELETE FROM connect_session WHERE id = ?1", erase.id);
  }
  Status operator()(const ports::EraseSighting& erase) {
    return execute(database_, "DELETE FROM sighting WHERE connection_id = ?1 AND remote_id = ?2",
                   erase.connection_id, erase.remote_id);
  }
  Status operator()(const ports::EraseSightings& erase) {
    return execute(database_, "DELETE FROM sighting WHERE connection_id = ?1", erase.connection_id);
  }
  Status operator()(const ports::EraseBookmarks& erase) {
    return execute(database_, "DELETE FROM bookmark WHERE connection_id = ?1", erase.connection_id);
  }
  Status operator()(const ports::EraseChannel& erase) {
    return execute(database_, "DELETE FROM channel WHERE id = ?1", erase.id);
  }

  Status operator()(const ports::HandleNotifications& handle) {
    for (const std::string& id : handle.ids) {
      Status handled = execute(database_,
                               "UPDATE notification SET handled_ms = ?3 "
                               "WHERE id = ?2 AND connection_id = ?1 AND handled_ms IS NULL",
                               handle.connection_id, id, handle.at_ms);
      if (!handled) return handled;
    }
    return {};
  }
  Status operator()(const ports::EraseAccount& erase) {
    return erase_account(database_, erase.account_id);
  }
  Status operator()(const ports::Prune& change) { return prune(database_, change); }

  Status operator()(const ports::ExpectRev& expect) {
    using Of = ports::ExpectRev::Of;
    switch (expect.of) {
      case Of::account:
        return compare<core::Account>(expect);
      case Of::plan:
        return compare<core::Plan>(expect);
      case Of::task:
        return compare<core::Task>(expect);
      case Of::connection:
        return compare<core::Connection>(expect);
      case Of::grant:
        return compare<core::Grant>(expect);
      case Of::run:
        return compare<core::Run>(expect);
      case Of::conflict:
        return compare<core::Conflict>(expect);
      case Of::channel:
        return compare<core::Channel>(expect);
    }
    return Error{Code::internal, "commit: ExpectRev of an unknown kind"};
  }
  Status operator()(const ports::ExpectNoTwin& expect) {
    auto statement = database_.prepare(
        "SELECT twin.id FROM connection one JOIN connection twin "
        "ON twin.account_id = one.account_id AND twin.connector = one.connector "
        "AND twin.identity_id = one.identity_id AND twin.id <> one.id WHERE one.id = ?1");
    if (!statement) return statement.error();
    statement->bind_text(1, expect.connection_id);
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return {};
    return Error{Code::conflict,
                 "commit connection '" + expect.connection_id + "': '" +
                     std::string(statement->text(0)) + "' has its identity",
                 "rev_conflict"};
  }

 private:
  template <class Record>
  Status compare(const ports::ExpectRev& expect) {
    static const std::string kSql = "SELECT rev FROM " + std::string(Table<Record>::kName) +
                                    " WHERE " + std::string(Table<Record>::kKey[0]) + " = ?1";
    auto statement = database_.prepare(kSql);
    if (!statement) return statement.error();
    statement->bind_text(1, expect.id);
    const auto row = statement->step();
    if (!row) return row.error();
    const core::Rev stored = *row ? statement->integer(0) : 0;
    if (stored == expect.rev) return {};
    return rev_conflict(Table<Record>::kWord, expect.id, expect.rev);
  }

  Database& database_;
  const Sealer& sealer_;
};

}  // namespace

Status apply_change(Database& database, const Sealer& sealer, const ports::Change& change) {
  return std::visit(Applier(database, sealer), change);
}

bool removes_secret(const ports::Change& change) {
  return std::holds_alternative<ports::EraseGrant>(change) ||
         std::holds_alternative<ports::EraseAccount>(change) ||
         std::holds_alternative<ports::EraseSecret>(change) ||
         std::holds_alternative<ports::Put<core::NamedSecret>>(change);
}

Status purge_expired(Database& database, core::Instant before_ms) {
  for (const std::string_view sql : {"DELETE FROM connect_session WHERE expires_ms < ?1",
                                     "DELETE FROM user_session WHERE expires_ms < ?1",
                                     "DELETE FROM idempotency WHERE expires_ms < ?1"}) {
    if (auto status = execute(database, sql, before_ms); !status) return status;
  }
  return {};
}

}  // namespace mortise::store
