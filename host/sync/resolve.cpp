// Ids that the service did not say at creation, and versions that somebody else moved: read when
// first needed, one listing per container.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/hash.hpp"
#include "sync/execution.hpp"
#include "sync/match.hpp"

namespace mortise::sync {
namespace {

using core::Pair;
using core::PairState;

Pair* find_pair(Snapshot& snapshot, const std::string& key) {
  auto found = std::find_if(snapshot.pairs.begin(), snapshot.pairs.end(),
                            [&](const Pair& each) { return each.key == key; });
  return found == snapshot.pairs.end() ? nullptr : &*found;
}

bool unknown(const Pair* pair) {
  return pair != nullptr && pair->state == PairState::id_unknown;
}

/// The containers that must be listed before these changes can be said, in order of need.
std::vector<std::string> containers_to_read(const Snapshot& snapshot,
                                            const core::ChangeList& changes) {
  std::vector<std::string> containers;
  std::unordered_set<std::string> seen;
  const auto need = [&](const std::string& parent_key) {
    if (seen.insert(parent_key).second) containers.push_back(parent_key);
  };
  std::map<std::string_view, const Pair*> pairs;
  for (const Pair& pair : snapshot.pairs) {
    if (pair.state == PairState::id_unknown) pairs.emplace(pair.key, &pair);
  }
  for (const core::Action& action : changes.actions) {
    if (action.kind == core::ActionKind::create) pairs.erase(action.key);  // the old one's id
  }
  const auto unknown_pair = [&](const std::string& key) {
    auto found = pairs.find(key);
    return found == pairs.end() ? nullptr : found->second;
  };
  for (const core::Action& action : changes.actions) {
    if (action.kind == core::ActionKind::update || action.kind == core::ActionKind::remove) {
      if (const Pair* pair = unknown_pair(action.key)) need(pair->parent_key);
      continue;
    }
    if (action.kind != core::ActionKind::create) continue;
    if (const Pair* parent = unknown_pair(action.parent_key)) need(parent->parent_key);
    if (const Pair* sibling = unknown_pair(action.after_key)) need(sibling->parent_key);
  }
  return containers;
}

}  // namespace

Task<Status> Execution::resolve_ids(Snapshot& snapshot, const core::ChangeList& changes) {
  const std::vector<std::string> containers = containers_to_read(snapshot, changes);
  for (const std::string& parent_key : containers) {
    Task<Status> resolving = resolve_children(snapshot, parent_key);
    Status status = co_await resolving;
    if (!status) co_return status;
  }
  co_return Status();
}

Task<Status> Execution::resolve_children(Snapshot& snapshot, std::string parent_key) {
  std::string container_id = snapshot.connection.target.id;
  std::string container_kind = snapshot.connection.target.kind;
  if (!parent_key.empty()) {
    if (Pair* parent = find_pair(snapshot, parent_key); unknown(parent)) {
      const std::string above = parent->parent_key;
      Task<Status> resolving = resolve_children(snapshot, above);
      Status status = co_await resolving;
      if (!status) co_return status;
    }
    const Pair* parent = find_pair(snapshot, parent_key);
    if (parent == nullptr || parent->remote_id.empty()) co_return Status();  // gone: news says so
    container_id = parent->remote_id;
    container_kind = parent->kind;
  }
  std::vector<Pair*> ours;
  std::unordered_set<std::string> taken;
  for (Pair& pair : snapshot.pairs) {
    if (pair.parent_key != parent_key) continue;
    if (pair.state == PairState::id_unknown) ours.push_back(&pair);
    if (!pair.remote_id.empty()) taken.insert(pair.remote_id);
  }
  if (ours.empty()) co_return Status();
  std::sort(ours.begin(), ours.end(),
            [](const Pair* a, const Pair* b) { return a->ordinal < b->ordinal; });

  Task<Result<Report>> listing = list_children(snapshot, container_id, container_kind);
  Result<Report> report = co_await listing;
  if (!report) {
    if (report.error().code != Code::not_found) co_return Status(report.error());
    news_[parent_key] = core::RemoteNews::gone;
    news_changed_ = true;
    co_return Status();
  }
  std::erase_if(report->items, [&](const ports::Item& item) {
    return item.state != ports::ItemState::present || taken.contains(item.id);
  });
  std::vector<Face> our_faces, their_faces;
  for (const Pair* pair : ours) our_faces.push_back({pair->kind, pair->fields});
  for (const ports::Item& item : report->items) their_faces.push_back({item.kind, item.fields});
  ports::Changes changes;
  std::unordered_set<const Pair*> found;
  for (const auto& [mine, its] : match(our_faces, their_faces, Leftovers::pair_in_order)) {
    Pair& pair = *ours[mine];
    const ports::Item& item = report->items[its];
    pair.state = PairState::paired;
    pair.remote_id = item.id;
    pair.remote_parent_id = container_id;
    pair.version = item.version;
    pair.memo = item.memo;
    pair.url = item.url;
    pair.seen_hash = core::content_hash(item.fields);
    changes.push_back(ports::put(pair));
    found.insert(&pair);
  }
  for (const Pair* pair : ours) {
    if (found.contains(pair)) continue;
    news_[pair->key] = core::RemoteNews::gone;
    news_changed_ = true;
  }
  if (changes.empty()) co_return Status();
  co_return ports_.store.commit(std::move(changes));
}

Task<Status> Execution::refresh_versions(const Snapshot& snapshot) {
  ports::Call call = call_for(snapshot, ports::Operation::get);
  std::map<std::string, const Pair*> by_id;
  for (const std::string& key : stale_) {
    const Pair* pair = snapshot.pair(key);
    if (pair == nullptr || pair->remote_id.empty()) continue;
    by_id[pair->remote_id] = pair;
    call.ids.push_back(pair->remote_id);
  }
  stale_.clear();
  if (call.ids.empty()) co_return Status();
  Task<Result<Report>> getting = exchange_->drive(std::move(call));
  Result<Report> report = co_await getting;
  if (!report) co_return Status(report.error());
  ports::Changes changes;
  for (const ports::Item& item : report->items) {
    auto found = by_id.find(item.id);
    if (found == by_id.end()) continue;
    if (item.state == ports::ItemState::present) {
      Pair pair = *found->second;
      pair.version = item.version;
      if (!item.memo.empty()) pair.memo = item.memo;
      changes.push_back(ports::put(std::move(pair)));
    } else {
      news_[found->second->key] = core::RemoteNews::gone;
    }
  }
  if (changes.empty()) co_return Status();
  co_return ports_.store.commit(std::move(changes));
}

Task<Result<Report>> Execution::list_children(const Snapshot& snapshot, std::string container_id,
                                              std::string container_kind) {
  ports::Call call = call_for(snapshot, ports::Operation::list);
  call.container_id = std::move(container_id);
  call.container_kind = std::move(container_kind);
  Task<Result<Report>> driving = exchange_->drive(std::move(call));
  Result<Report> report = co_await driving;
  co_return report;
}

}  // namespace mortise::sync
