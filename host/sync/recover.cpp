// What an earlier process, or an answer that never came, left in the journal: found out by looking,
// never by repeating blindly.
#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "core/ids.hpp"
#include "core/item_key.hpp"
#include "sync/execution.hpp"
#include "sync/match.hpp"
#include "sync/scene.hpp"

namespace mortise::sync {
namespace {

using core::Intent;
using core::Pair;
using core::PairState;

bool is_creation(const Intent& intent) {
  return intent.sent && intent.action == core::WriteAction::create;
}

/// What is edited so much later than it was made is not how the service spells what we sent: longer
/// than a request lives, and a minute by which edit times may be rounded.
constexpr std::int64_t kMadeWithinMs = 2 * 60'000;

/// Whether a person has made something else of what we sent.
bool edited_since(const Intent& intent, const ports::Item& item) {
  return item.edited_ms > intent.at_ms + kMadeWithinMs &&
         core::content_hash(item.fields) != core::content_hash(intent.fields);
}

Pair adopted(const Intent& intent, const ports::Item& item, core::Instant now_ms) {
  Pair pair;
  pair.connection_id = intent.connection_id;
  pair.plan_id = intent.plan_id;
  pair.key = intent.key;
  pair.kind = intent.kind;
  pair.parent_key = intent.parent_key;
  pair.remote_id = item.id;
  pair.remote_parent_id = item.parent_id;
  pair.ordinal = item.ordinal;
  agree(pair, intent.fields, edited_since(intent, item) ? core::JsonText() : item.fields);
  pair.version = item.version;
  pair.memo = item.memo;
  pair.url = item.url;
  pair.generation = intent.generation;
  pair.synced_ms = now_ms;
  return pair;
}

}  // namespace

std::set<std::string> living_keys(const std::vector<Pair>& pairs) {
  std::set<std::string> keys;
  for (const Pair& pair : pairs) {
    if (pair.state != PairState::tombstone) keys.insert(pair.key);
  }
  return keys;
}

bool harmless(const Intent& intent, const ports::Manifest& manifest) {
  const ports::Kind* kind = manifest.kind(intent.kind);
  return !is_creation(intent) || (kind != nullptr && kind->client_ids);
}

/// Those of the plan under way.
Result<std::vector<Intent>> Execution::open_intents() const {
  auto intents = ports_.store.journal().open_intents(run_.connection_id);
  if (intents) {
    std::erase_if(*intents, [&](const Intent& intent) { return intent.plan_id != plan_id_; });
  }
  return intents;
}

/// Creations that may have happened and that are settled by repeating them, which nobody may want
/// any more by then: they stay in the journal until there is a pair, or somebody has looked.
/// (An occurrence goes with its series.)
std::vector<Intent> Execution::take_repeatable(std::vector<Intent>& intents,
                                               const ports::Manifest& manifest) {
  const auto repeatable = [&](const Intent& intent) {
    return is_creation(intent) && core::slot_of(intent.key).empty() && harmless(intent, manifest);
  };
  const auto first = std::stable_partition(intents.begin(), intents.end(),
                                           [&](const Intent& each) { return !repeatable(each); });
  std::vector<Intent> taken(std::make_move_iterator(first), std::make_move_iterator(intents.end()));
  intents.erase(first, intents.end());
  return taken;
}

/// Of such creations, those that nobody wants any more are looked for, to be taken away; and all,
/// where nothing is written. Answers whether there were any, or any that have their pair by now.
Task<Result<bool>> Execution::settle_repeatable(const Snapshot& snapshot, const Wanted& wanted,
                                                std::vector<Intent> doubts) {
  if (doubts.empty()) co_return false;
  const auto has_pair = [&](const Intent& intent) {  // or one that was made later
    const Pair* pair = snapshot.pair(intent.key);
    return pair != nullptr && pair->state != PairState::tombstone &&
           pair->generation >= intent.generation;
  };
  std::unordered_set<std::string> open;
  for (const core::WantedItem& item : wanted.items) open.insert(item.key);
  for (const ports::ParkedItem& item : wanted.parked) open.insert(item.key);
  std::vector<Intent> settled, unwanted;
  for (Intent& intent : doubts) {
    if (has_pair(intent)) {
      settled.push_back(std::move(intent));
    } else if (!snapshot.writes || !open.contains(intent.key)) {
      unwanted.push_back(std::move(intent));
    }
  }
  if (settled.empty() && unwanted.empty()) co_return false;
  if (Status status = settle_intents(snapshot, settled, {}); !status)
    co_return std::move(status).error();
  Task<Status> looking = look_for(snapshot, std::move(unwanted));
  Status looked = co_await looking;
  if (!looked) co_return std::move(looked).error();
  co_return true;
}

/// Finds out which of these creations were carried out: they get their pair.
Task<Status> Execution::look_for(const Snapshot& snapshot, std::vector<Intent> intents) {
  const ports::Manifest& manifest = snapshot.connector->manifest();
  std::vector<Intent> by_key, by_listing;
  for (Intent& intent : intents) {
    const ports::Kind* kind = manifest.kind(intent.kind);
    const bool finds = kind != nullptr && kind->find && manifest.operations.find;
    (finds ? by_key : by_listing).push_back(std::move(intent));
  }
  // Containers are found by listing, and what stands in them may be found by key: listing first.
  Task<Status> listing = recover_by_listing(snapshot, std::move(by_listing));
  Status listed = co_await listing;
  if (!listed) co_return listed;
  Task<Status> finding = recover_by_key(snapshot, std::move(by_key));
  Status found = co_await finding;
  co_return found;
}

Task<Status> Execution::recover(Snapshot& snapshot, std::vector<Intent> intents) {
  std::sort(intents.begin(), intents.end(), [](const Intent& a, const Intent& b) {
    return std::tie(a.ordinal, a.id) < std::tie(b.ordinal, b.id);
  });
  const ports::Manifest& manifest = snapshot.connector->manifest();
  std::vector<Intent> settled, unknown, removals;
  for (Intent& intent : intents) {
    if (harmless(intent, manifest)) {
      const bool can_look = intent.sent && manifest.operations.get;
      if (can_look && intent.action == core::WriteAction::update) {
        attempted_.emplace(intent.key, intent.fields);
        stale_.insert(intent.key);
      }
      if (can_look && intent.action == core::WriteAction::remove) removals.push_back(intent);
      settled.push_back(std::move(intent));
    } else {
      unknown.push_back(std::move(intent));
    }
  }
  // An update that was carried out is no edit of the service; only the journal knows of it.
  Task<Status> looking = look_again(snapshot);
  Status looked = co_await looking;
  if (!looked) co_return looked;
  Task<Status> missing = recover_removals(snapshot, std::move(removals));
  Status missed = co_await missing;
  if (!missed) co_return missed;
  if (Status status = settle_intents(snapshot, settled, {}); !status) co_return status;
  Task<Status> looking_for = look_for(snapshot, std::move(unknown));
  Status found = co_await looking_for;
  co_return found;
}

/// A removal that was carried out is none of the service's: whoever wants the item again by now
/// makes it anew. (An occurrence that is called off can be written as it is.)
Task<Status> Execution::recover_removals(const Snapshot& snapshot, std::vector<Intent> intents) {
  std::erase_if(intents, [](const Intent& each) {
    return each.remote_id.empty() || !core::slot_of(each.key).empty();
  });
  if (intents.empty()) co_return Status();
  ports::Call call = call_for(snapshot, ports::Operation::get);
  for (const Intent& intent : intents) call.ids.push_back(intent.remote_id);
  Task<Result<Report>> getting = exchange_->drive(std::move(call));
  Result<Report> report = co_await getting;
  if (!report) co_return Status(report.error());
  std::unordered_set<std::string> gone;
  for (const ports::Item& item : report->items) {
    if (!exists(item)) gone.insert(item.id);
  }
  auto pairs = ports_.store.pairs().of_plan(run_.connection_id, plan_id_);
  if (!pairs) co_return Status(pairs.error());
  const core::Contents contents(*pairs);
  const core::Instant now_ms = ports_.clock.now_ms();
  co_return save_run([&](ports::Changes& changes, core::Run& run) {
    for (const Intent& intent : intents) {
      const auto is_it = [&](const Pair& pair) {
        return pair.key == intent.key && pair.remote_id == intent.remote_id &&
               pair.state != PairState::tombstone;
      };
      const auto pair = std::find_if(pairs->begin(), pairs->end(), is_it);
      if (pair == pairs->end() || !gone.contains(intent.remote_id)) continue;
      for (const Pair* each : contents.of(intent.key)) bury(*each, now_ms, changes);
      bury(*pair, now_ms, changes);
      changes.push_back(ports::put(found_out(intent, "remove", "removed", pair->url)));
      ++run.counts.done;
    }
  });
}

Task<Status> Execution::recover_by_key(const Snapshot& snapshot, std::vector<Intent> intents) {
  std::map<std::string, std::vector<Intent>> containers;  // by the container's id
  for (Intent& intent : intents) {
    std::string container = intent.parent_id;
    if (container.empty()) {
      auto pairs = ports_.store.pairs().of_plan(run_.connection_id, plan_id_);
      if (!pairs) co_return Status(pairs.error());
      for (const Pair& pair : *pairs) {
        if (pair.key == intent.parent_key) container = pair.remote_id;
      }
    }
    containers[container].push_back(std::move(intent));
  }
  for (const auto& [container, members] : containers) {
    std::map<std::string, ports::Item> found;
    if (!container.empty()) {
      ports::Call call = call_for(snapshot, ports::Operation::find);
      call.container_id = container;
      for (const Intent& intent : members) call.ids.push_back(intent.key);
      Task<Result<Report>> finding = exchange_->drive(std::move(call));
      Result<Report> report = co_await finding;
      if (!report && report.error().code != Code::not_found) co_return Status(report.error());
      if (report) {
        for (ports::Item& item : report->items) {
          if (item.state == ports::ItemState::present) found.emplace(item.key, std::move(item));
        }
      }
    }
    if (Status settled = settle_intents(snapshot, members, found); !settled) co_return settled;
  }
  co_return Status();
}

Task<Status> Execution::recover_by_listing(const Snapshot& snapshot, std::vector<Intent> intents) {
  // Parents come first in the journal; what is adopted on one level gives the ids of the next.
  std::vector<Intent> open = std::move(intents);
  while (!open.empty()) {
    const std::string parent_key = open.front().parent_key;
    std::vector<Intent> members, rest;
    for (Intent& intent : open) {
      (intent.parent_key == parent_key ? members : rest).push_back(std::move(intent));
    }
    open = std::move(rest);

    auto pairs = ports_.store.pairs().of_plan(run_.connection_id, plan_id_);
    if (!pairs) co_return Status(pairs.error());
    std::string container_id = snapshot.connection.target.id;
    std::string container_kind = snapshot.connection.target.kind;
    std::unordered_set<std::string> taken;  // also by other plans, which stand in the same place
    auto all = ports_.store.pairs().of_connection(run_.connection_id);
    if (!all) co_return Status(all.error());
    for (const Pair& pair : *all) taken.insert(pair.remote_id);
    if (!parent_key.empty()) container_id.clear();
    for (const Pair& pair : *pairs) {
      if (pair.key != parent_key || pair.state == PairState::tombstone) continue;
      container_id = pair.remote_id;
      container_kind = pair.kind;
    }
    std::map<std::string, ports::Item> found;
    if (!container_id.empty()) {
      Task<Result<Report>> listing = list_children(snapshot, container_id, container_kind);
      Result<Report> report = co_await listing;
      if (!report && report.error().code != Code::not_found) co_return Status(report.error());
      std::vector<Face> ours, theirs;
      std::vector<const ports::Item*> items;
      if (report) items = each_once(report->items);
      std::erase_if(items, [&](const ports::Item* item) {
        return item->state != ports::ItemState::present || taken.contains(item->id);
      });
      // What is there and has no id yet takes its own first.
      for (const Pair& pair : *pairs) {
        if (pair.state != PairState::id_unknown || pair.parent_key != parent_key) continue;
        ours.push_back({pair.kind, pair.fields});
      }
      const std::size_t nameless = ours.size();
      for (const Intent& intent : members) ours.push_back({intent.kind, intent.fields});
      for (const ports::Item* item : items) theirs.push_back({item->kind, item->fields});
      for (const auto& [mine, its] : match(ours, theirs, Leftovers::stay)) {
        if (mine >= nameless) found.emplace(members[mine - nameless].key, *items[its]);
      }
    }
    if (Status settled = settle_intents(snapshot, members, found); !settled) co_return settled;
  }
  co_return Status();
}

/// Tells that an earlier attempt was carried out: what it was `done`.
core::RunItem Execution::found_out(const Intent& intent, const char* action, const char* done,
                                   const std::string& url) const {
  core::RunItem line;
  line.run_id = run_.id;
  line.key = intent.key;
  line.kind = intent.kind;
  line.action = action;
  line.result = "done";
  line.message = fmt::format("{} by an earlier attempt whose answer was lost", done);
  line.url = url;
  line.at_ms = ports_.clock.now_ms();
  return line;
}

Status Execution::settle_intents(const Snapshot& snapshot, const std::vector<Intent>& intents,
                                 const std::map<std::string, ports::Item>& found) {
  if (intents.empty()) return {};
  for (const Intent& intent : intents) {
    uncertain_.erase(intent.key);
    if (!found.contains(intent.key)) continue;
    lost_.erase(intent.key);  // made anew
    given_up_.erase(intent.key);
  }
  std::vector<Pair> pairs;
  if (!found.empty()) {
    auto stored = ports_.store.pairs().of_plan(run_.connection_id, plan_id_);
    if (!stored) return std::move(stored).error();
    pairs = *std::move(stored);
  }
  core::Contents contents(pairs);
  const auto with = [&](ports::Changes& changes, core::Run& run) {
    for (const Intent& intent : intents) {
      auto item = found.find(intent.key);
      if (item != found.end()) {
        const auto old = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& pair) {
          return pair.key == intent.key && pair.state != PairState::tombstone &&
                 pair.remote_id != item->second.id;
        });
        if (old != pairs.end()) leave_behind(*old, contents, changes);
        const Pair pair = adopted(intent, item->second, ports_.clock.now_ms());
        changes.push_back(ports::put(pair));
        Scene scene(about(snapshot), {pair}, {});
        scene.note(item->second);
        for (ports::Change& seen : scene.take_changes()) changes.push_back(std::move(seen));
        changes.push_back(ports::put(found_out(intent, "adopt", "made", item->second.url)));
        ++run.counts.done;
      }
      changes.push_back(ports::EraseIntent{intent.id});
    }
    if (run.counts.done > 0) settle_usage(changes, run, core::UsageState::committed);
  };
  return save_run(with);
}

}  // namespace mortise::sync
