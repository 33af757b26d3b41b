#include "core/reconcile.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/hash.hpp"

namespace mortise::core {
namespace {

bool exists_there(const Pair& pair) {
  return pair.state != PairState::tombstone;
}

Action removal(const Pair& pair) {
  return {.kind = ActionKind::remove,
          .key = pair.key,
          .item_kind = pair.kind,
          .parent_key = pair.parent_key,
          .after_key = {},
          .title = {},
          .fields = {},
          .changed = {},
          .generation = pair.generation,
          .base = pair};
}

Action creation(const WantedItem& item, const Pair* previous) {
  return {.kind = ActionKind::create,
          .key = item.key,
          .item_kind = item.kind,
          .parent_key = item.parent_key,
          .after_key = item.after_key,
          .title = item.title,
          .fields = item.fields,
          .changed = {},
          .generation = previous == nullptr ? 0 : previous->generation + 1,
          .base = previous == nullptr ? std::nullopt : std::optional<Pair>(*previous)};
}

/// Everything one reconcile() call works with.
class Decision {
 public:
  Decision(const std::vector<WantedItem>& wanted, const std::vector<Pair>& base,
           const std::map<std::string, RemoteNews>& news)
      : wanted_(wanted), base_(base), news_(news) {
    for (const Pair& pair : base_) pairs_.emplace(pair.key, &pair);
    for (const WantedItem& item : wanted_) wanted_keys_.emplace(item.key, &item);
  }

  ChangeList run(const ReconcileRules& rules) {
    find_needed_containers();
    decide_wanted();
    decide_unwanted();
    ChangeList changes;
    changes.unchanged = unchanged_;
    changes.refuse = guard(rules);
    changes.actions = std::move(removals_);
    std::move(writes_.begin(), writes_.end(), std::back_inserter(changes.actions));
    return changes;
  }

 private:
  /// Whether the item is known not to exist: the service said so of it, or of what it stood in.
  bool gone(const std::string& key) const {
    for (const std::string* each = &key; !each->empty();) {
      auto found = news_.find(*each);
      if (found != news_.end() && found->second == RemoteNews::gone) return true;
      const Pair* pair = pair_of(*each);
      if (pair == nullptr) return false;
      each = &pair->parent_key;
    }
    return false;
  }

  const Pair* pair_of(const std::string& key) const {
    auto found = pairs_.find(key);
    return found == pairs_.end() || !exists_there(*found->second) ? nullptr : found->second;
  }

  static bool moved(const WantedItem& item, const Pair& pair) {
    return pair.kind != item.kind || pair.parent_key != item.parent_key;
  }

  static bool edited(const WantedItem& item, const Pair& pair) {
    return pair.sent_hash != content_hash(item.fields);
  }

  /// A container that is gone is made anew only for content that has something new to say.
  void find_needed_containers() {
    for (auto item = wanted_.rbegin(); item != wanted_.rend(); ++item) {
      const Pair* pair = pair_of(item->key);
      const bool says_something = pair == nullptr || moved(*item, *pair) || edited(*item, *pair) ||
                                  needed_.contains(item->key);
      if (says_something && gone(item->parent_key)) needed_.insert(item->parent_key);
    }
  }

  void decide_wanted() {
    for (const WantedItem& item : wanted_) {
      if (const Pair* pair = pair_of(item.key)) {
        decide_existing(item, *pair);
      } else {
        auto previous = pairs_.find(item.key);
        writes_.push_back(creation(item, previous == pairs_.end() ? nullptr : previous->second));
      }
    }
  }

  void decide_existing(const WantedItem& item, const Pair& pair) {
    if (replaced_.contains(item.parent_key)) {
      // The old one went with its old container, unless it stood elsewhere.
      if (moved(item, pair) && !gone(item.key) && !leaves_with_container(pair)) {
        removals_.push_back(removal(pair));
      }
      recreate(item, pair);
    } else if (gone(item.key)) {
      if (edited(item, pair) || moved(item, pair) || needed_.contains(item.key)) {
        recreate(item, pair);
      } else {
        ++unchanged_;
      }
    } else if (moved(item, pair)) {
      if (!leaves_with_container(pair)) removals_.push_back(removal(pair));
      recreate(item, pair);
    } else if (edited(item, pair)) {
      update(item, pair);
    } else {
      ++unchanged_;
    }
  }

  void recreate(const WantedItem& item, const Pair& pair) {
    replaced_.insert(item.key);
    writes_.push_back(creation(item, &pair));
  }

  void update(const WantedItem& item, const Pair& pair) {
    Action action = creation(item, &pair);
    action.kind = ActionKind::update;
    action.generation = pair.generation;
    action.changed = changed_fields(pair.fields, item.fields);
    writes_.push_back(std::move(action));
  }

  /// Pairs that nothing wants any more. A container that goes takes its content along, so that only
  /// the topmost one is removed and the rest forgotten.
  void decide_unwanted() {
    for (const Pair& pair : base_) {
      if (!exists_there(pair) || wanted_keys_.contains(pair.key)) continue;
      Action action = removal(pair);
      if (gone(pair.key) || leaves_with_container(pair)) action.kind = ActionKind::forget;
      removals_.push_back(std::move(action));
    }
  }

  bool leaves_with_container(const Pair& pair) const {
    auto parent = pairs_.find(pair.parent_key);
    if (parent == pairs_.end() || !exists_there(*parent->second)) return false;
    if (gone(pair.parent_key) || replaced_.contains(pair.parent_key)) return true;
    return !wanted_keys_.contains(pair.parent_key);
  }

  std::optional<Refuse> guard(const ReconcileRules& rules) const {
    const auto existing = std::count_if(base_.begin(), base_.end(),
                                        [](const Pair& pair) { return exists_there(pair); });
    const auto removals = static_cast<std::int64_t>(removals_.size()) + rules.removed_last_day;
    const auto items = static_cast<std::int64_t>(existing) + rules.removed_last_day;
    if (rules.approved || removals_.empty() || removals < rules.remove_at_least)
      return std::nullopt;
    if (removals * 100 <= items * rules.remove_percent) return std::nullopt;
    return Refuse{
        "mass_removal",
        fmt::format("would remove {} of {} items at the service (more than {} %): look at the "
                    "preview, then approve or discard",
                    removals, items, rules.remove_percent),
        removals, items};
  }

  const std::vector<WantedItem>& wanted_;
  const std::vector<Pair>& base_;
  const std::map<std::string, RemoteNews>& news_;
  std::unordered_map<std::string_view, const Pair*> pairs_;
  std::unordered_map<std::string_view, const WantedItem*> wanted_keys_;
  std::unordered_set<std::string> replaced_;
  std::unordered_set<std::string> needed_;
  std::vector<Action> removals_;
  std::vector<Action> writes_;
  std::int64_t unchanged_ = 0;
};

}  // namespace

ChangeList reconcile(const std::vector<WantedItem>& wanted, const std::vector<Pair>& base,
                     const std::map<std::string, RemoteNews>& news, const ReconcileRules& rules) {
  return Decision(wanted, base, news).run(rules);
}

std::vector<std::string> changed_fields(const JsonText& before, const JsonText& after) {
  const Json old_fields = Json::parse(before, nullptr, false);
  const Json new_fields = Json::parse(after, nullptr, false);
  std::set<std::string> names;
  if (new_fields.is_object()) {
    for (const auto& [name, value] : new_fields.items()) {
      if (!old_fields.is_object() || !old_fields.contains(name) || old_fields[name] != value) {
        names.insert(name);
      }
    }
  }
  if (old_fields.is_object()) {
    for (const auto& [name, value] : old_fields.items()) {
      if (!new_fields.is_object() || !new_fields.contains(name)) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

std::string once_key(std::string_view installation, std::string_view connection_id,
                     std::string_view key, std::int64_t generation) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}", installation, connection_id, key, generation))
      .substr(0, 32);
}

std::string summary(const ChangeList& changes) {
  std::int64_t create = 0, update = 0, remove = 0;
  for (const Action& action : changes.actions) {
    create += action.kind == ActionKind::create;
    update += action.kind == ActionKind::update;
    remove += action.kind == ActionKind::remove || action.kind == ActionKind::forget;
  }
  return fmt::format("{} create, {} update, {} delete", create, update, remove);
}

}  // namespace mortise::core
