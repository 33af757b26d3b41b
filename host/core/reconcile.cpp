#include "core/reconcile.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "core/item_key.hpp"
#include "core/places.hpp"

namespace mortise::core {
namespace {

bool exists_there(const Pair& pair) {
  return pair.state != PairState::tombstone;
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
          .base = previous == nullptr ? std::nullopt : std::optional<Pair>(*previous),
          .slot = item.slot,
          .task_id = item.task_id};
}

/// Everything one reconcile() call works with.
class Decision {
 public:
  Decision(const std::vector<WantedItem>& wanted, const std::vector<Pair>& base, const News& news,
           const ReconcileRules& rules)
      : wanted_(wanted), base_(base), news_(news), rules_(rules), places_(base) {
    for (const Pair& pair : base_) pairs_.emplace(pair.key, &pair);
    for (const WantedItem& item : wanted_) wanted_keys_.emplace(item.key, &item);
  }

  ChangeList run() {
    find_needed_containers();
    decide_wanted();
    decide_unwanted();
    ChangeList changes;
    changes.unchanged = unchanged_;
    changes.refuse = guard_here();
    if (!changes.refuse && rules_.writes) changes.refuse = guard_there();
    changes.receive = std::move(receive_);
    changes.actions = std::move(removals_);
    std::move(writes_.begin(), writes_.end(), std::back_inserter(changes.actions));
    return changes;
  }

 private:
  const RemoteNews* news_of(const std::string& key) const {
    auto found = news_.find(key);
    return found == news_.end() ? nullptr : &found->second;
  }

  /// Whether the item, or something that it stands in, is it; asked from the inside out.
  template <typename Is>
  bool any_outwards(const std::string& key, const Is& is_it) const {
    for (const std::string* each = &key; !each->empty();) {
      if (is_it(*each)) return true;
      const Pair* pair = pair_of(*each);
      if (pair == nullptr) return false;
      each = &container_of(*pair);
    }
    return false;
  }

  /// The news of an item that does not exist any more, or of what it stood in; null if it exists.
  const RemoteNews* end_of(const std::string& key) const {
    const RemoteNews* end = nullptr;
    any_outwards(key, [&](const std::string& each) {
      const RemoteNews* news = news_of(each);
      if (news != nullptr && news->state != RemoteState::edited) end = news;
      return end != nullptr;
    });
    return end;
  }

  /// Where it stands; where that is not known, what it was put into.
  const std::string& container_of(const Pair& pair) const {
    const std::string* place = places_.of(pair);
    return place == nullptr ? pair.parent_key : *place;
  }

  bool gone(const std::string& key) const { return end_of(key) != nullptr; }

  const RemoteNews* edit_of(const std::string& key) const {
    if (!rules_.pull || gone(key)) return nullptr;
    return news_of(key);
  }

  const Pair* pair_of(const std::string& key) const {
    auto found = pairs_.find(key);
    return found == pairs_.end() || !exists_there(*found->second) ? nullptr : found->second;
  }

  /// A container is none, and an occurrence goes with its series.
  static bool is_task(const WantedItem& item) { return !item.task_id.empty() && item.slot.empty(); }

  static bool moved(const WantedItem& item, const Pair& pair) {
    return pair.kind != item.kind || pair.parent_key != item.parent_key;
  }

  static bool edited(const WantedItem& item, const Pair& pair) {
    return pair.sent_hash != content_hash(item.fields);
  }

  /// Whether a person changed it here: what stands beside it may move it.
  bool edited_by_person(const WantedItem& item, const Pair& pair) const {
    if (!edited(item, pair)) return false;
    const std::vector<std::string>& placing = merge_rules(item.kind).placing;
    const auto names = changed_fields(pair.fields, item.fields);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::find(placing.begin(), placing.end(), name) == placing.end();
    });
  }

  /// A container that is gone is made anew only for content that has something new to say.
  void find_needed_containers() {
    for (auto item = wanted_.rbegin(); item != wanted_.rend(); ++item) {
      const Pair* pair = pair_of(item->key);
      const bool says_something = pair == nullptr || moved(*item, *pair) ||
                                  (edited_by_person(*item, *pair) && gone(item->key)) ||
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
    gone_there_ += is_task(item) && gone(item.key);
    if (const RemoteNews* news = edit_of(item.key)) {
      receive(item, pair, *news);
    } else if (is_task(item) && is_hidden(pair)) {
      decide_hidden(item, pair);
    } else if (replaced_.contains(item.parent_key) &&
               (moved(item, pair) || container_of(pair) == item.parent_key)) {
      // The old one went with its old container, unless it stood elsewhere.
      if (!gone(item.key) && !leaves_with_container(pair)) removals_.push_back(removal(pair));
      recreate(item, pair);
    } else if (gone(item.key)) {
      if (has_news(item, pair) || comes_along(item, pair)) {
        recreate(item, pair);
      } else if (rules_.pull && is_task(item) && end_of(item.key)->state != RemoteState::lost) {
        take_away(item, pair);
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

  /// Whether it has something to say that outlives its end there, or what stands in it has.
  bool has_news(const WantedItem& item, const Pair& pair) const {
    return edited_by_person(item, pair) || moved(item, pair) || needed_.contains(item.key);
  }

  /// Whether what it stands in was not found where it was, and may only be out of our sight.
  bool is_hidden(const Pair& pair) const {
    return rules_.pull && any_outwards(container_of(pair), [&](const std::string& each) {
             const RemoteNews* news = news_of(each);
             return news != nullptr && news->state == RemoteState::absent;
           });
  }

  /// It may still be there: a person is asked before it goes here, or is there a second time.
  void decide_hidden(const WantedItem& item, const Pair& pair) {
    if (has_news(item, pair)) {
      doubled_ += rules_.writes;
      recreate(item, pair);
    } else {
      ++hidden_;
      take_away(item, pair);
    }
  }

  /// Somebody dragged it into what is made anew: it goes back to where it belongs, if that exists.
  bool comes_along(const WantedItem& item, const Pair& pair) const {
    const auto is_needed = [&](const std::string& key) { return needed_.contains(key); };
    return any_outwards(container_of(pair), is_needed) &&
           (!gone(item.parent_key) || replaced_.contains(item.parent_key));
  }

  const MergeRules& merge_rules(const std::string& kind) const {
    static const MergeRules kPlain;
    auto found = rules_.merge.find(kind);
    return found == rules_.merge.end() ? kPlain : found->second;
  }

  void receive(const WantedItem& item, const Pair& pair, const RemoteNews& news) {
    const MergeInput input{pair.fields, pair.seen,      item.fields,
                           news.fields, item.edited_ms, news.edited_ms};
    Merged merged = merge(input, merge_rules(item.kind));
    // Containers are ours: what somebody called them there stays there.
    const bool takes = !item.task_id.empty() && merged.take != "{}";
    if (item.task_id.empty()) merged = {};
    receive_.push_back({takes ? ReceiveKind::change : ReceiveKind::agree, item.key, item.title,
                        pair, input, std::move(merged)});
    ++unchanged_;
  }

  void take_away(const WantedItem& item, const Pair& pair) {
    if (end_of(item.key)->state == RemoteState::absent) ++absences_;
    ++taken_away_;
    receive_.push_back({ReceiveKind::take_away, item.key, item.title, pair, {}, {}});
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
    action.resets = resets(item.kind, action.changed);
    writes_.push_back(std::move(action));
  }

  /// Pairs that nothing wants any more. A container that goes takes its content along, so that only
  /// the topmost one is removed and the rest forgotten.
  void decide_unwanted() {
    for (const Pair& pair : base_) {
      if (!exists_there(pair) || wanted_keys_.contains(pair.key)) continue;
      if (const RemoteNews* news = edit_of(pair.key); news != nullptr && revive(pair, *news)) {
        continue;
      }
      if (reset_by_update(pair)) {
        ++unchanged_;
        continue;
      }
      Action action = removal(pair);
      if (gone(pair.key) || leaves_with_container(pair)) action.kind = ActionKind::forget;
      removals_.push_back(std::move(action));
    }
  }

  /// An occurrence that goes with what its series becomes there.
  bool reset_by_update(const Pair& pair) const {
    const Pair* series = pair_of(pair.parent_key);
    const auto wanted = wanted_keys_.find(pair.parent_key);
    if (series == nullptr || wanted == wanted_keys_.end()) return false;
    return resets(series->kind, changed_fields(series->fields, wanted->second->fields));
  }

  /// Whether an update of these fields makes the service forget single occurrences.
  bool resets(const std::string& kind, const std::vector<std::string>& changed) const {
    const auto names = rules_.resets.find(kind);
    return names != rules_.resets.end() &&
           std::find_first_of(changed.begin(), changed.end(), names->second.begin(),
                              names->second.end()) != changed.end();
  }

  /// Not wanted here any more, and edited there. Answers whether that changes anything.
  bool revive(const Pair& pair, const RemoteNews& news) {
    // What was edited here before it was removed is news for there, too.
    const auto restorable = rules_.restorable.find(pair.key);
    const bool can_come_back = restorable != rules_.restorable.end();
    const Restorable here = can_come_back ? restorable->second : Restorable{pair.fields, 0};
    const MergeInput input{pair.fields, pair.seen,      here.fields,
                           news.fields, here.edited_ms, news.edited_ms};
    Merged merged = merge(input, merge_rules(pair.kind));
    if (merged.nothing_new) return false;
    if (can_come_back) {
      receive_.push_back({ReceiveKind::restore, pair.key, {}, pair, input, std::move(merged)});
      return true;
    }
    // The task is here, and shall not be there (cancelled, say): that wins, and is told.
    receive_.push_back({ReceiveKind::agree, pair.key, {}, pair, input, refused(input)});
    return true;
  }

  bool leaves_with_container(const Pair& pair) const {
    const std::string* place = places_.of(pair);
    if (place == nullptr || pair_of(*place) == nullptr) return false;
    return gone(*place) || replaced_.contains(*place) || !wanted_keys_.contains(*place);
  }

  std::int64_t existing() const {
    const auto counts = [](const Pair& pair) {
      return exists_there(pair) && !names_occurrence(pair.key);
    };
    return std::count_if(base_.begin(), base_.end(), counts) + rules_.removed_last_day;
  }

  bool too_many(std::int64_t removals) const {
    removals += rules_.removed_last_day;
    return removals >= rules_.remove_at_least &&
           removals * 100 > existing() * rules_.remove_percent;
  }

  std::optional<Refuse> guard_there() const {
    const std::int64_t count = std::count_if(
        removals_.begin(), removals_.end(),
        [&](const Action& each) { return !gone(each.key) && !names_occurrence(each.key); });
    if (count == 0 || rules_.plan_removed) return std::nullopt;
    const std::int64_t removals = count + rules_.removed_last_day;
    const bool emptied = std::none_of(wanted_.begin(), wanted_.end(),
                                      [](const WantedItem& item) { return !item.task_id.empty(); });
    if (emptied && (count > 1 || (removals > 1 && holds_ours()))) {
      return Refuse{"plan_emptied",
                    fmt::format("the plan has no tasks any more: would remove {} items at the "
                                "service. Approve to remove them, discard to leave them",
                                count),
                    removals, existing()};
    }
    if (!too_many(count)) return std::nullopt;
    return Refuse{
        "mass_removal",
        fmt::format("would remove {} of {} items at the service (more than {} %): look at the "
                    "preview, then approve or discard",
                    removals, existing(), rules_.remove_percent),
        removals, existing()};
  }

  /// Tasks of a person are at stake: what looks like a mishap there is asked about, however few.
  std::optional<Refuse> guard_here() const {
    if (hidden_ + doubled_ > 0) {
      const std::string anew =
          doubled_ == 0 ? "" : fmt::format(", and make {} that were edited anew", doubled_);
      return Refuse{kContainerLost,
                    fmt::format("a page that holds tasks was not found at the service, or is not "
                                "shared any more: would remove {} tasks here{}. Share it again, "
                                "approve to do so, or discard to keep them all and write them "
                                "there again",
                                taken_away_, anew),
                    taken_away_ + doubled_, existing()};
    }
    if (taken_away_ == 0) return std::nullopt;
    const auto refuse = [&](const char* reason, const char* what) {
      return Refuse{reason,
                    fmt::format("{}: would remove {} tasks here. Approve to remove them, discard "
                                "to keep them and write them there again",
                                what, taken_away_),
                    taken_away_, existing()};
    };
    const bool told = absences_ == 0;  // of each the service says that it was deleted
    const bool emptied = gone_there_ == tasks_there();
    if (emptied && (!told || (taken_away_ > 1 && holds_ours()))) {
      return refuse("remote_empty", "the service holds none of the plan's items any more");
    }
    if (!too_many(taken_away_)) return std::nullopt;
    return refuse("mass_removal_here", "many items were removed at the service");
  }

  /// Whether the plan is more than what people made at the service, which comes and goes there.
  bool holds_ours() const {
    return std::any_of(base_.begin(), base_.end(), [](const Pair& pair) {
      return !pair.appeared && !names_occurrence(pair.key);  // (an occurrence never says so)
    });
  }

  std::int64_t tasks_there() const {
    return std::count_if(wanted_.begin(), wanted_.end(), [&](const WantedItem& item) {
      return is_task(item) && pair_of(item.key) != nullptr;
    });
  }

  const std::vector<WantedItem>& wanted_;
  const std::vector<Pair>& base_;
  const News& news_;
  const ReconcileRules& rules_;
  const Places places_;
  std::unordered_map<std::string_view, const Pair*> pairs_;
  std::unordered_map<std::string_view, const WantedItem*> wanted_keys_;
  std::unordered_set<std::string> replaced_;
  std::unordered_set<std::string> needed_;
  std::vector<Action> removals_;
  std::vector<Action> writes_;
  std::vector<Receive> receive_;
  std::int64_t unchanged_ = 0;
  std::int64_t gone_there_ = 0;  ///< tasks, taken away here or made anew there
  std::int64_t taken_away_ = 0;
  std::int64_t absences_ = 0;  ///< of these, those that nobody said were deleted
  std::int64_t hidden_ = 0;    ///< of the taken away, those that may still be there
  std::int64_t doubled_ = 0;   ///< tasks that are made anew, and may still be there
};

}  // namespace

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
          .base = pair,
          .slot = {},
          .task_id = {}};
}

Pair tombstone(Pair pair, Instant now_ms) {
  pair.state = PairState::tombstone;
  pair.remote_id.clear();
  pair.fields = "{}";
  pair.sent_hash.clear();
  pair.seen_hash.clear();
  pair.version.clear();
  pair.memo.clear();
  pair.url.clear();
  pair.synced_ms = now_ms;
  return pair;
}

ChangeList reconcile(const std::vector<WantedItem>& wanted, const std::vector<Pair>& base,
                     const News& news, const ReconcileRules& rules) {
  return Decision(wanted, base, news, rules).run();
}

std::map<std::string, std::size_t> link_alike(
    const std::vector<WantedItem>& created, const std::vector<Stranger>& strangers,
    const std::map<std::string, std::vector<std::string>>& alike) {
  /// The fields that two equal items share, as one text; empty if one of them has no value.
  const auto face = [&](const std::string& kind, const JsonText& text) -> std::string {
    auto names = alike.find(kind);
    const Json fields = Json::parse(text, nullptr, false);
    if (names == alike.end() || names->second.empty() || !fields.is_object()) return {};
    Json values = Json::array({kind});
    for (const std::string& name : names->second) {
      auto found = fields.find(name);
      if (found == fields.end() || found->is_null()) return {};
      values.push_back(*found);
    }
    return values.dump();
  };
  std::multimap<std::string, std::size_t> faces;
  for (std::size_t i = 0; i < strangers.size(); ++i) {
    if (std::string text = face(strangers[i].kind, strangers[i].fields); !text.empty()) {
      faces.emplace(std::move(text), i);
    }
  }
  std::map<std::string, std::size_t> links;
  for (const WantedItem& item : created) {
    if (faces.empty()) break;
    auto found = faces.lower_bound(face(item.kind, item.fields));
    if (found == faces.end() || found->first != face(item.kind, item.fields)) continue;
    links.emplace(item.key, found->second);
    faces.erase(found);
  }
  return links;
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
