#include "api/task_sync.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/names.hpp"
#include "core/places.hpp"
#include "core/schedule.hpp"
#include "core/time.hpp"

namespace mortise::api {

using core::Json;

namespace {

// What became of a task last stands in its newest lines; a received change is written to the other
// services right after it.
constexpr std::size_t kNewestLines = 8;

/// Connections keep several plans in step: that many of their runs are looked through for one.
constexpr std::size_t kNewestRuns = 50;

/// Those about the plan, newest first.
std::vector<core::Run> runs_about(const ports::Runs& runs, const core::Plan& plan,
                                  const core::Connection& connection) {
  const bool travels = !core::left_out(connection, plan.id);
  std::vector<core::Run> about;
  auto recent = runs.list(plan.account_id, connection.id, {kNewestRuns, ""});
  if (!recent) return about;
  for (core::Run& run : recent->items) {
    if (run.plan_id.empty() ? travels : run.plan_id == plan.id) about.push_back(std::move(run));
  }
  return about;
}

/// Whether every task as it was when the run began is there now, or among what failed.
bool brought_all(const core::Run& run, const core::Connection& connection) {
  const bool writes =
      run.kind == core::RunKind::export_plan || connection.direction != core::Direction::pull;
  // A partial run that names no failure was cut off.
  const bool ended = run.state == core::RunState::succeeded ||
                     (run.state == core::RunState::partial && run.counts.failed > 0);
  return writes && ended && run.started_ms;
}

/// What the newest finished one of these runs did not manage.
std::vector<core::RunItem> failures_of(const ports::Runs& runs,
                                       const std::vector<core::Run>& about) {
  std::vector<core::RunItem> failures;
  const auto newest = std::find_if(about.begin(), about.end(),
                                   [](const core::Run& run) { return is_finished(run.state); });
  if (newest == about.end()) return failures;
  if (newest->counts.failed + newest->counts.parked + newest->counts.uncertain == 0) {
    return failures;
  }
  ports::PageRequest page{200, ""};
  do {
    const auto items = runs.items(newest->id, page);
    if (!items) break;
    for (const core::RunItem& item : items->items) {
      if (item.result != "done") failures.push_back(item);
    }
    page.cursor = items->next_cursor;
  } while (!page.cursor.empty());
  return failures;
}

bool asks_about(const core::Run& run, const std::string& plan_id) {
  if (run.state != core::RunState::waiting || run.waiting_for != core::RunWait::approval) {
    return false;
  }
  const Json guard = Json::parse(run.guard, nullptr, false);
  return guard.is_object() && guard.value("plan_id", "") == plan_id;
}

/// What is gone there, while a run asks whether it shall go here.
std::set<std::string> gone_there(const ports::Store& store, const core::Plan& plan,
                                 const std::string& connection_id) {
  std::set<std::string> gone;
  const auto runs = store.runs().unfinished(connection_id);
  const bool asks = runs && std::any_of(runs->begin(), runs->end(), [&](const core::Run& run) {
                      return asks_about(run, plan.id);
                    });
  if (!asks) return gone;
  const auto sightings = store.sightings().of_connection(connection_id);
  const auto pairs = store.pairs().of_plan(connection_id, plan.id);
  if (!sightings || !pairs) return gone;
  std::set<std::string> lost;  // remote ids
  for (const core::Sighting& seen : *sightings) {
    if (seen.state == core::ItemState::deleted || seen.state == core::ItemState::absent) {
      lost.insert(seen.remote_id);
    }
  }
  const core::Contents contents(*pairs);
  for (const core::Pair& pair : *pairs) {
    if (lost.count(pair.remote_id) == 0) continue;
    gone.insert(pair.key);
    for (const core::Pair* inside : contents.of(pair.key)) gone.insert(inside->key);
  }
  return gone;
}

}  // namespace

TaskSync::TaskSync(const ports::Store& store, const core::Plan& plan) : store_(store) {
  const auto connections = store.connections().list(plan.account_id);
  if (!connections) return;
  for (const core::Connection& connection : *connections) {
    if (connection.status == core::ConnectionStatus::disconnected) continue;
    const auto plans = store.pairs().plans(connection.id);
    if (!plans || std::find(plans->begin(), plans->end(), plan.id) == plans->end()) continue;
    const std::vector<core::Run> about = runs_about(store.runs(), plan, connection);
    Link link{connection, failures_of(store.runs(), about), gone_there(store, plan, connection.id)};
    for (const core::Run& run : about) {
      if (run.started_ms) link.begun_ms.insert(*run.started_ms);
      if (link.brought_ms || !brought_all(run, connection)) continue;
      link.brought_ms = run.started_ms;
      link.brought_end_ms = run.finished_ms.value_or(*run.started_ms);
    }
    const auto state = store.sync_states().find(connection.id);
    link.looked = state && state->complete_ms;
    links_.push_back(std::move(link));
  }
}

Json TaskSync::of(const core::Task& task) const {
  Json out = Json::array();
  if (links_.empty()) return out;
  const auto pairs = store_.pairs().of_key("task:" + task.id);
  for (const Link& link : links_) {
    Json one = in(link, task, pairs ? *pairs : std::vector<core::Pair>{});
    add_news(link, task, one);
    out.push_back(std::move(one));
  }
  return out;
}

/// Whether a run brought everything and made no item of the task as it is now: by the mapping there
/// is none to make. What a person kept here since, or what was left behind with its place (its
/// tombstone has no time), is yet to be made anew.
bool TaskSync::is_none(const Link& link, const core::Task& task,
                       const std::vector<core::Pair>& pairs) {
  if (!link.brought_ms || task.updated_ms > *link.brought_ms) return false;
  return std::none_of(pairs.begin(), pairs.end(), [&](const core::Pair& pair) {
    if (pair.connection_id != link.connection.id) return false;
    if (pair.state != core::PairState::tombstone) return true;
    return pair.synced_ms > link.brought_end_ms || (pair.synced_ms == 0 && !link.looked);
  });
}

/// Whether the task as it is now, and not an earlier one, is what stands there.
bool TaskSync::is_there(const Link& link, const core::Task& task, const core::Pair& pair) {
  if (link.brought_ms && task.updated_ms <= *link.brought_ms) return true;
  const auto later = link.begun_ms.upper_bound(pair.synced_ms);
  // The run that wrote it was pruned, or is none of the newest ones.
  if (later == link.begun_ms.begin()) return task.updated_ms <= pair.synced_ms;
  return task.updated_ms <= *std::prev(later);
}

Json TaskSync::in(const Link& link, const core::Task& task,
                  const std::vector<core::Pair>& pairs) const {
  const core::Connection& connection = link.connection;
  Json one = {{"connection_id", connection.id}, {"connector", connection.connector}};
  std::string_view state = is_none(link, task, pairs) ? "left_out" : "pending";
  for (const core::Pair& pair : pairs) {
    if (pair.connection_id != connection.id || pair.state == core::PairState::tombstone) continue;
    if (is_there(link, task, pair)) state = "synced";
    if (link.gone.count(pair.key) > 0) state = "asks";
    if (!pair.url.empty()) one["url"] = pair.url;
    one["synced_at"] = core::format_instant(pair.synced_ms);
  }
  for (const core::RunItem& item : link.failures) {
    if (item.key != "task:" + task.id || item.at_ms < task.updated_ms) continue;
    state = "failed";
    one["error"] = {{"code", item.code}, {"message", item.message}};
  }
  if (connection.status != core::ConnectionStatus::connected) {
    state = "paused";
    one["error"] = {{"code", core::name_of(connection.status)}, {"message", connection.reason}};
  }
  one["state"] = state;
  return one;
}

/// What came from there and was not edited since.
void TaskSync::add_news(const Link& link, const core::Task& task, Json& one) const {
  const core::Connection& connection = link.connection;
  const auto conflicts =
      store_.conflicts().list(connection.account_id, connection.id, task.id, {1, ""});
  if (conflicts && !conflicts->items.empty()) {
    const core::Conflict& newest = conflicts->items.front();
    if (!newest.undone_ms && newest.at_ms >= task.updated_ms) one["conflict_id"] = newest.id;
  }
  const auto lines = store_.runs().items_of_key("task:" + task.id, {kNewestLines, ""});
  for (std::size_t i = 0; lines && i < lines->items.size(); ++i) {
    const core::RunItem& line = lines->items[i];
    if (line.task_rev != task.rev || (line.action != "receive" && line.action != "appear"))
      continue;
    const auto run = store_.runs().find(line.run_id);
    if (!run || run->connection_id != connection.id) continue;
    one["received_at"] = core::format_instant(line.at_ms);
    if (one["state"] == "pending" && one.contains("synced_at"))
      one["state"] = "synced";  // it is as it is because it is so there
    break;
  }
}

}  // namespace mortise::api
