#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include <fmt/format.h>

#include "sync/wanted.hpp"

namespace mortise::sync {
namespace {

using core::Json;

/// About what one exchange takes when nothing waits for a budget.
constexpr std::int64_t kExchangeMs = 350;
/// The id of what a run would make before: the target, or the container of a later batch.
constexpr const char* kNotYet = "new";

std::string_view word(core::ActionKind kind) {
  switch (kind) {
    case core::ActionKind::create:
      return "create";
    case core::ActionKind::update:
      return "update";
    case core::ActionKind::remove:
    case core::ActionKind::forget:
      return "remove";
  }
  return "";
}

/// The named members of a JSON object, all of them if `names` is empty.
core::JsonText only(const core::JsonText& fields, const std::vector<std::string>& names) {
  if (names.empty()) return fields.empty() ? "{}" : fields;
  const Json all = Json::parse(fields, nullptr, false);
  Json some = Json::object();
  for (const std::string& name : names) {
    if (all.is_object() && all.contains(name)) some[name] = all[name];
  }
  return some.dump();
}

ports::PreviewItem item_of(const core::Action& action) {
  ports::PreviewItem item;
  item.key = action.key;
  item.kind = action.item_kind;
  item.title = action.title;
  item.action = word(action.kind);
  const bool existed = action.base && action.kind != core::ActionKind::create;
  item.before = existed ? only(action.base->fields, action.changed) : "{}";
  item.after = only(action.fields, action.changed);
  return item;
}

/// What was seen there and would change here.
ports::PreviewItem item_of(const core::Receive& news) {
  ports::PreviewItem item;
  item.key = news.key;
  item.kind = news.base.kind;
  item.title = news.title;
  item.action = news.kind == core::ReceiveKind::take_away ? "take_away"
                : news.kind == core::ReceiveKind::restore ? "restore"
                                                          : "receive";
  std::vector<std::string> names;
  const Json taken = Json::parse(news.merged.take, nullptr, false);
  for (const auto& [name, ignored] : taken.items()) names.push_back(name);
  item.before = names.empty() ? "{}" : only(news.input.here, names);
  item.after = news.merged.take;
  return item;
}

/// How long so many requests take: one after the other, and never faster than the tightest budget.
std::int64_t seconds_for(std::int64_t requests, const ports::Manifest& manifest) {
  std::int64_t ms = requests * kExchangeMs;
  for (const ports::Budget& budget : manifest.budgets) {
    if (budget.requests <= 0 || requests <= budget.requests) continue;
    ms = std::max(ms, (requests - 1) / budget.requests * budget.window_ms);
  }
  return (ms + 999) / 1000;
}

/// The writes as a run hands them over (Execution::act_phase).
std::vector<std::vector<ports::Write>> batches_of(const core::ChangeList& changes, Writes all,
                                                  const Snapshot& snapshot) {
  std::vector<std::vector<ports::Write>> batches;
  std::unordered_set<std::string> made, making;  // by earlier batches, by this one
  for (const bool removals : {true, false}) {
    std::size_t room = 0;
    for (std::size_t i = 0; i < all.writes.size(); ++i) {
      ports::Write& write = all.writes[i];
      const bool removes = changes.actions[all.index[i]].kind == core::ActionKind::remove;
      if (removes != removals) continue;
      if (room == 0) {
        room = largest_batch(snapshot);
        batches.emplace_back();
        made.merge(making);
      }
      --room;
      if (write.action == core::WriteAction::create) making.insert(write.key);
      if (write.parent_id.empty() && made.contains(write.parent_key)) write.parent_id = kNotYet;
      if (write.after_id.empty() && made.contains(write.after_key)) write.after_id = kNotYet;
      batches.back().push_back(std::move(write));
    }
  }
  return batches;
}

void add_cost(ports::Preview& preview, const Snapshot& snapshot, ports::Call call,
              std::vector<std::vector<ports::Write>> batches) {
  call.operation = ports::Operation::estimate;
  for (std::vector<ports::Write>& batch : batches) {
    call.writes = std::move(batch);
    ports::Step step;
    step.estimated_writes = static_cast<std::uint32_t>(call.writes.size());
    if (snapshot.connector->manifest().operations.estimate) {
      ports::Started started = snapshot.connector->begin(call);
      if (!started.step.error && started.step.done()) step = std::move(started.step);
    }
    preview.writes += step.estimated_writes;
    preview.reads += step.estimated_reads;
  }
  preview.seconds = seconds_for(preview.writes + preview.reads, snapshot.connector->manifest());
}

}  // namespace

Result<ports::Preview> preview(const Ports& ports, const Options& options,
                               const std::string& connection_id, const std::string& plan_id,
                               std::shared_ptr<const ports::Mapping> mapping) {
  auto snapshot = load_snapshot(ports, options, connection_id, plan_id, std::move(mapping));
  if (!snapshot) return std::move(snapshot).error();
  const bool makes_target = snapshot->connection.target.id.empty();
  if (makes_target) snapshot->connection.target.id = kNotYet;  // made first, by a write of its own
  auto wanted = map_plan(*snapshot, options);
  if (!wanted) return std::move(wanted).error();
  const core::Instant now_ms = ports.clock.now_ms();
  const core::ChangeList changes = decide(*snapshot, *wanted, {}, options, now_ms);

  ports::Preview preview;
  for (const core::Receive& news : changes.receive) {
    if (news.kind == core::ReceiveKind::agree) continue;
    ++preview.receive;
    preview.items.push_back(item_of(news));
  }
  for (const core::Action& action : changes.actions) {
    preview.create += action.kind == core::ActionKind::create;
    preview.update += action.kind == core::ActionKind::update;
    preview.remove +=
        action.kind == core::ActionKind::remove || action.kind == core::ActionKind::forget;
    preview.items.push_back(item_of(action));
  }
  preview.unchanged = changes.unchanged - static_cast<std::int64_t>(wanted->parked.size());
  preview.parked = static_cast<std::int64_t>(wanted->parked.size());
  preview.parked_items = wanted->parked;
  if (changes.refuse) preview.guard = changes.refuse->message;

  ports::Call call;
  call.now_ms = now_ms;
  call.settings = snapshot->connector_settings;
  call.target = snapshot->connection.target;
  add_cost(preview, *snapshot, std::move(call),
           batches_of(changes, writes_of(changes, *snapshot, options), *snapshot));
  if (makes_target && !changes.empty()) ++preview.writes;
  const std::string here =
      preview.receive > 0 ? fmt::format("; {} to change here", preview.receive) : std::string();
  preview.summary = fmt::format("{}{}; {} writes, {} reads, about {} s", core::summary(changes),
                                here, preview.writes, preview.reads, preview.seconds);
  return preview;
}

}  // namespace mortise::sync
