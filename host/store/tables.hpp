// Which record lives in which table: name, key, columns. Order of columns is order of parameters; a
// sealed column comes after the key that it is bound to.
#pragma once

#include <array>
#include <string_view>

#include "core/auth_records.hpp"
#include "core/records.hpp"
#include "core/sync_records.hpp"
#include "store/row.hpp"

namespace mortise::store {

/// kName: the table; kFrom: what SELECT reads from; kWord: what messages call a row; kKey: the key
/// columns; kRevised: whether rows have a `rev`; columns(): visits all columns.
template <class Record>
struct Table;

struct RevisedTable {
  static constexpr bool kRevised = true;
};
struct UnrevisedTable {
  static constexpr bool kRevised = false;
};

template <>
struct Table<core::Account> : RevisedTable {
  static constexpr std::string_view kName = "account", kFrom = kName, kWord = "account";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Account& account) { return account.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& account) {
    visit("id", account.id);
    visit("tier", account.tier);
    visit("email", account.email);
    visit("phone", account.phone);
    visit("zone", account.zone);
    visit("locale", account.locale);
    visit.revision(account.rev);
    visit("created_ms", account.created_ms);
    visit("updated_ms", account.updated_ms);
  }
};

template <>
struct Table<core::Plan> : RevisedTable {
  static constexpr std::string_view kName = "plan", kWord = "plan";
  static constexpr std::string_view kFrom = "plan JOIN plan_tasks ON plan_tasks.plan_id = plan.id";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Plan& plan) { return plan.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& plan) {
    visit("id", plan.id);
    visit("external_id", plan.external_id);
    visit("account_id", plan.account_id);
    visit("title", plan.title);
    visit("topic", plan.topic);
    visit("skill_level", plan.skill_level);
    visit("weekly_time_s", plan.weekly_time_s);
    visit("start", plan.start);
    visit("deadline", plan.deadline);
    visit("learning_style", plan.learning_style);
    visit("zone", plan.zone);
    visit("source", plan.source);
    visit("modules", plan.modules);
    visit.revision(plan.rev);
    visit("tasks_rev", plan.tasks_rev, Role::computed);
    visit("created_ms", plan.created_ms);
    visit("updated_ms", plan.updated_ms);
    visit("deleted_ms", plan.deleted_ms);
  }
};

template <>
struct Table<core::Task> : RevisedTable {
  static constexpr std::string_view kName = "task", kFrom = kName, kWord = "task";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Task& task) { return task.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& task) {
    visit("id", task.id);
    visit("external_id", task.external_id);
    visit("account_id", task.account_id);
    visit("plan_id", task.plan_id);
    visit("week_id", task.week_id);
    visit("position", task.position);
    visit("title", task.title);
    visit("notes", task.notes);
    visit("link", task.link);
    visit("duration_s", task.duration_s);
    visit("due", task.due);
    visit("status", task.status);
    visit("kind", task.kind);
    visit("schedule_kind", task.schedule.kind);
    visit("schedule_origin", task.schedule.origin);
    visit("schedule_start", task.schedule.start);
    visit("schedule_end", task.schedule.end);
    visit("schedule_zone", task.schedule.zone);
    visit("reminders", task.reminders);
    visit("recurrence", task.recurrence);
    visit("overrides", task.overrides);
    visit("location", task.location);
    visit("attendees", task.attendees);
    visit("meeting_link", task.meeting_link);
    visit("color", task.color);
    visit("extra", task.extra);
    visit.revision(task.rev);
    visit("created_ms", task.created_ms);
    visit("updated_ms", task.updated_ms);
    visit("deleted_ms", task.deleted_ms);
  }
};

template <>
struct Table<core::Connection> : RevisedTable {
  static constexpr std::string_view kName = "connection", kFrom = kName, kWord = "connection";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Connection& connection) { return connection.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& connection) {
    visit("id", connection.id);
    visit("account_id", connection.account_id);
    visit("connector", connection.connector);
    visit("status", connection.status);
    visit("reason", connection.reason);
    visit("identity_id", connection.identity.id);
    visit("identity_email", connection.identity.email);
    visit("identity_name", connection.identity.name);
    visit("identity_workspace_id", connection.identity.workspace_id);
    visit("identity_workspace_name", connection.identity.workspace_name);
    visit("target_id", connection.target.id);
    visit("target_kind", connection.target.kind);
    visit("target_title", connection.target.title);
    visit("target_url", connection.target.url);
    visit("features", connection.features);
    visit("settings", connection.settings);
    visit("auto_sync", connection.auto_sync);
    visit("direction", connection.direction);
    visit("interval_s", connection.interval_s);
    visit("left_out_plans", connection.left_out_plans);
    visit("generation", connection.generation);
    visit("last_sync_ms", connection.last_sync_ms);
    visit.revision(connection.rev);
    visit("created_ms", connection.created_ms);
    visit("updated_ms", connection.updated_ms);
  }
};

template <>
struct Table<core::Pair> : UnrevisedTable {
  static constexpr std::string_view kName = "pair", kFrom = kName, kWord = "pair";
  static constexpr std::array<std::string_view, 3> kKey = {"connection_id", "plan_id", "key"};
  static std::string key(const core::Pair& pair) { return pair.key; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& pair) {
    visit("connection_id", pair.connection_id);
    visit("plan_id", pair.plan_id);
    visit("key", pair.key);
    visit("kind", pair.kind);
    visit("parent_key", pair.parent_key);
    visit("remote_id", pair.remote_id);
    visit("remote_parent_id", pair.remote_parent_id);
    visit("ordinal", pair.ordinal);
    visit("state", pair.state);
    visit("fields", pair.fields);
    visit("seen", pair.seen);
    visit("sent_hash", pair.sent_hash);
    visit("seen_hash", pair.seen_hash);
    visit("version", pair.version);
    visit.bytes("memo", pair.memo);
    visit("url", pair.url);
    visit("generation", pair.generation);
    visit("synced_ms", pair.synced_ms);
    visit("appeared", pair.appeared);
  }
};

template <>
struct Table<core::Intent> : UnrevisedTable {
  static constexpr std::string_view kName = "intent", kFrom = kName, kWord = "intent";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Intent& intent) { return intent.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& intent) {
    visit("id", intent.id);
    visit("run_id", intent.run_id);
    visit("connection_id", intent.connection_id);
    visit("plan_id", intent.plan_id);
    visit("key", intent.key);
    visit("kind", intent.kind);
    visit("parent_key", intent.parent_key);
    visit("parent_id", intent.parent_id);
    visit("action", intent.action);
    visit("once_key", intent.once_key);
    visit("remote_id", intent.remote_id);
    visit("expect_version", intent.expect_version);
    visit("generation", intent.generation);
    visit("ordinal", intent.ordinal);
    visit("fields", intent.fields);
    visit("sent", intent.sent);
    visit("at_ms", intent.at_ms);
  }
};

template <>
struct Table<core::Run> : RevisedTable {
  static constexpr std::string_view kName = "run", kFrom = kName, kWord = "run";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Run& run) { return run.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& run) {
    visit("id", run.id);
    visit("account_id", run.account_id);
    visit("connection_id", run.connection_id);
    visit("plan_id", run.plan_id);
    visit("kind", run.kind);
    visit("started_by", run.trigger);
    visit("state", run.state);
    visit("waiting_for", run.waiting_for);
    visit("waiting_until_ms", run.waiting_until_ms);
    visit("cancel_requested", run.cancel_requested);
    visit("approved", run.approved);
    visit("guard", run.guard);
    visit("count_create", run.counts.create);
    visit("count_update", run.counts.update);
    visit("count_remove", run.counts.remove);
    visit("count_unchanged", run.counts.unchanged);
    visit("count_done", run.counts.done);
    visit("count_failed", run.counts.failed);
    visit("count_parked", run.counts.parked);
    visit("count_uncertain", run.counts.uncertain);
    visit("count_received", run.counts.received);
    visit("count_conflicts", run.counts.conflicts);
    visit("count_writes", run.counts.writes);
    visit("count_reads", run.counts.reads);
    visit("count_retries", run.counts.retries);
    visit("error_code", run.error_code);
    visit("error_reason", run.error_reason);
    visit("error_message", run.error_message);
    visit("usage_state", run.usage);
    visit("usage_month", run.usage_month);
    visit("script_revision", run.script_revision);
    visit("url", run.url);
    visit("request_id", run.request_id);
    visit.revision(run.rev);
    visit("created_ms", run.created_ms);
    visit("started_ms", run.started_ms);
    visit("finished_ms", run.finished_ms);
  }
};

template <>
struct Table<core::RunItem> : UnrevisedTable {
  static constexpr std::string_view kName = "run_item", kFrom = kName, kWord = "run item";
  static constexpr std::array<std::string_view, 3> kKey = {"run_id", "key", "action"};
  static std::string key(const core::RunItem& item) {
    return item.run_id + "/" + item.key + "/" + item.action;
  }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& item) {
    visit("run_id", item.run_id);
    visit("key", item.key);
    visit("kind", item.kind);
    visit("title", item.title);
    visit("action", item.action);
    visit("result", item.result);
    visit("code", item.code);
    visit("message", item.message);
    visit("url", item.url);
    visit("cause", item.cause);
    visit("provider_request", item.provider_request);
    visit("task_rev", item.task_rev);
    visit("plan_rev", item.plan_rev);
    visit("at_ms", item.at_ms);
  }
};

template <>
struct Table<core::Usage> : RevisedTable {
  static constexpr std::string_view kName = "usage", kFrom = kName, kWord = "usage";
  static constexpr std::array<std::string_view, 2> kKey = {"account_id", "month"};
  static std::string key(const core::Usage& usage) { return usage.account_id + "/" + usage.month; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& usage) {
    visit("account_id", usage.account_id);
    visit("month", usage.month);
    visit("reserved", usage.reserved);
    visit("committed", usage.committed);
    visit.revision(usage.rev);
  }
};

}  // namespace mortise::store
