// Records with every field set to something that would be noticed if it were lost or swapped.
#pragma once

#include <string>

#include "core/auth_records.hpp"
#include "core/records.hpp"
#include "core/sync_records.hpp"

namespace mortise::contract {

/// Accents, another script, beyond the basic plane, a NUL, quotes and what SQL cares about.
inline std::string odd_text(const std::string& mark) {
  using namespace std::string_literals;
  return mark + " \u00e9\u0436\u4e2d\U0001F600 \0 '\"; DROP TABLE task; -- \n\t%_\\"s;
}

inline core::Account account(const std::string& id, core::Instant created_ms = 1000) {
  core::Account value;
  value.id = id;
  value.tier = "starter";
  value.email = odd_text("email");
  value.phone = "+34 600 000 000";
  value.zone = "Europe/Madrid";
  value.locale = "es-ES";
  value.created_ms = created_ms;
  value.updated_ms = created_ms + 1;
  return value;
}

inline core::Plan plan(const std::string& id, const std::string& account_id = "acc",
                       core::Instant created_ms = 1000) {
  core::Plan value;
  value.id = id;
  value.external_id = "ext-" + id;
  value.account_id = account_id;
  value.title = odd_text("title");
  value.topic = "Swift";
  value.skill_level = "beginner";
  value.weekly_time_s = 36000;
  value.start = "2026-11-21";
  value.deadline = "2027-02-20";
  value.learning_style = "visual";
  value.zone = "Asia/Tokyo";
  value.source = R"({"from":"roadmap"})";
  value.modules = {{"mod_1", odd_text("module"), {{"wek_1", 1, "first"}, {"wek_2", 2, ""}}},
                   {"mod_2", "", {}}};
  value.created_ms = created_ms;
  value.updated_ms = created_ms + 1;
  return value;
}

inline core::Task task(const std::string& id, const std::string& plan_id = "pln",
                       std::int64_t position = 10, const std::string& account_id = "acc") {
  core::Task value;
  value.id = id;
  value.external_id = "ext-" + id;
  value.account_id = account_id;
  value.plan_id = plan_id;
  value.week_id = "wek_1";
  value.position = position;
  value.title = odd_text("title");
  value.notes = odd_text("notes");
  value.link = "https://example.com/?a=1&b=2";
  value.duration_s = 5760;
  value.due = "2026-11-23";
  value.status = core::TaskStatus::doing;
  value.kind = core::TaskKind::appointment;
  value.schedule = {core::ScheduleKind::timed, core::ScheduleOrigin::person, "2026-11-23T18:00:00",
                    "2026-11-24", "America/New_York"};
  value.reminders = {{"popup", 30}, {"email", 1440}};
  value.recurrence = {"RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20261130"};
  value.overrides = {{"2026-11-23T18:00:00", false, R"({"title":"once"})"},
                     {"2026-12-07T18:00:00", true, "{}"}};
  value.location = "Room \"5\"";
  value.attendees = {{"a@example.com", odd_text("name")}, {"b@example.com", ""}};
  value.meeting_link = "https://meet.example.com/x";
  value.color = "tomato";
  value.extra = R"({"score":7})";
  value.created_ms = -5;  // before 1970 is a time too
  value.updated_ms = 2000;
  return value;
}

inline core::Connection connection(const std::string& id, const std::string& account_id = "acc",
                                   core::Instant created_ms = 1000) {
  core::Connection value;
  value.id = id;
  value.account_id = account_id;
  value.connector = "notion";
  value.status = core::ConnectionStatus::needs_reconnect;
  value.reason = "invalid_grant";
  value.identity = {"bot-1", "me@example.com", odd_text("name"), "ws-1", "Workspace"};
  value.target = {"page-1", "page", odd_text("title"), "https://notion.so/page-1"};
  value.features = {"calendar", "push"};
  value.settings = R"({"mapping":{"layout":"pages"}})";
  value.auto_sync = false;
  value.direction = core::Direction::pull;
  value.interval_s = 600;
  value.left_out_plans = {"pln_7", "pln_8"};
  value.generation = 3;
  value.last_sync_ms = 4000;
  value.created_ms = created_ms;
  value.updated_ms = 6000;
  return value;
}

inline core::Pair pair(const std::string& connection_id, const std::string& plan_id,
                       const std::string& key) {
  using namespace std::string_literals;
  core::Pair value;
  value.connection_id = connection_id;
  value.plan_id = plan_id;
  value.key = key;
  value.kind = "row";
  value.parent_key = "table:" + plan_id;
  value.remote_id = "remote-" + key;
  value.remote_parent_id = "parent-" + key;
  value.ordinal = 4;
  value.state = core::PairState::id_unknown;
  value.fields = R"({"title":"x"})";
  value.seen = R"({"title":"X"})";
  value.sent_hash = "aa";
  value.seen_hash = "bb";
  value.version = "\"etag-1\"";
  value.memo = "memo \0\xff\xfe bytes"s;
  value.url = "https://notion.so/x";
  value.generation = 2;
  value.synced_ms = 7000;
  value.appeared = true;
  return value;
}

inline core::Intent intent(const std::string& id, const std::string& connection_id) {
  core::Intent value;
  value.id = id;
  value.run_id = "run_1";
  value.connection_id = connection_id;
  value.plan_id = "pln";
  value.key = "task:tsk_1";
  value.kind = "todo";
  value.parent_key = "week:wek_1";
  value.parent_id = "block-1";
  value.action = core::WriteAction::update;
  value.once_key = "once";
  value.remote_id = "remote";
  value.expect_version = "v7";
  value.generation = 5;
  value.ordinal = 6;
  value.fields = R"({"text":"y"})";
  value.sent = true;
  value.at_ms = 8000;
  return value;
}

inline core::Run run(const std::string& id, const std::string& account_id = "acc",
                     const std::string& connection_id = "cnn", core::Instant created_ms = 1000) {
  core::Run value;
  value.id = id;
  value.account_id = account_id;
  value.connection_id = connection_id;
  value.plan_id = "pln";
  value.kind = core::RunKind::sync;
  value.trigger = core::RunTrigger::reconnect;
  value.state = core::RunState::waiting;
  value.waiting_for = core::RunWait::approval;
  value.waiting_until_ms = 9000;
  value.cancel_requested = true;
  value.approved = true;
  value.guard = R"({"refuse":"mass_removal"})";
  value.counts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
  value.error_code = "rate_limited";
  value.error_reason = "budget";
  value.error_message = odd_text("message");
  value.usage = core::UsageState::reserved;
  value.usage_month = "2026-11";
  value.script_revision = "rev-1";
  value.url = "https://notion.so/y";
  value.request_id = "req-1";
  value.created_ms = created_ms;
  value.started_ms = 1001;
  value.finished_ms = 1002;
  return value;
}

inline core::RunItem run_item(const std::string& run_id, const std::string& key) {
  core::RunItem value;
  value.run_id = run_id;
  value.key = key;
  value.kind = "row";
  value.title = odd_text("title");
  value.action = "create";
  value.result = "failed";
  value.code = "conflict";
  value.message = "it moved";
  value.url = "https://notion.so";
  value.cause = "ntf_1";
  value.provider_request = "provider-1";
  value.task_rev = 12;
  value.at_ms = 10'000;
  return value;
}

inline core::Sighting sighting(const std::string& connection_id, const std::string& remote_id) {
  using namespace std::string_literals;
  core::Sighting value;
  value.connection_id = connection_id;
  value.remote_id = remote_id;
  value.state = core::ItemState::out_of_scope;
  value.kind = "event";
  value.key = "task:tsk_1";
  value.parent_id = "calendar";
  value.series = "series-1";
  value.slot = "2026-11-23T18:00:00";
  value.version = "\"etag\"";
  value.fields = R"({"title":"z"})";
  value.memo = "memo \0\xff bytes"s;
  value.url = "https://calendar.google.com/x";
  value.edited_ms = 11;
  value.seen_ms = 12;
  value.cause = "poll";
  return value;
}

inline core::Conflict conflict(const std::string& id, const std::string& account_id = "acc",
                               const std::string& connection_id = "cnn",
                               const std::string& task_id = "tsk", core::Instant at_ms = 1000) {
  core::Conflict value;
  value.id = id;
  value.account_id = account_id;
  value.connection_id = connection_id;
  value.plan_id = "pln";
  value.task_id = task_id;
  value.key = "task:" + task_id;
  value.title = odd_text("title");
  value.run_id = "run_1";
  value.policy = "newest";
  value.fields = R"([{"field":"title"}])";
  value.undo = R"({"title":"before"})";
  value.at_ms = at_ms;
  value.undone_ms = 77;
  return value;
}

inline core::Channel channel(const std::string& id, const std::string& connection_id = "cnn",
                             core::Instant opened_ms = 1000) {
  core::Channel value;
  value.id = id;
  value.connection_id = connection_id;
  value.target_id = "primary";
  value.state = core::ChannelState::closing;
  value.secret = core::Secret(odd_text("secret"));
  value.resource = "resource-1";
  value.opened_ms = opened_ms;
  value.expires_ms = 2000;
  value.notified_ms = 1500;
  value.failures = 2;
  value.error_message = odd_text("message");
  return value;
}

inline core::Notification notification(const std::string& id, const std::string& connection_id,
                                       core::Instant received_ms) {
  core::Notification value;
  value.id = id;
  value.connector = "google-calendar";
  value.connection_id = connection_id;
  value.channel_id = "channel-1";
  value.provider_id = "provider-" + id;
  value.hint = {"item-1", odd_text("item")};
  value.received_ms = received_ms;
  return value;
}

inline core::Event event(const std::string& id, const std::string& account_id,
                         core::Instant at_ms) {
  return {id, "run.finished", account_id, R"({"run":"run_1"})", at_ms};
}

}  // namespace mortise::contract
