#include "core/merge.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace mortise::core {
namespace {

using Names = std::set<std::string>;

Json object(const JsonText& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

/// Canonical, unless it holds what canonical JSON has no form for.
JsonText text_of(const Json& json) {
  auto canonical = canonical_json(json);
  return canonical ? *std::move(canonical) : json.dump();
}

Json value(const Json& fields, const std::string& name) {
  auto found = fields.find(name);
  return found == fields.end() ? Json() : *found;
}

void copy_field(const std::string& name, const Json& from, Json& to) {
  if (auto found = from.find(name); found != from.end()) {
    to[name] = *found;
  } else {
    to.erase(name);
  }
}

Names differing(const Json& before, const Json& after) {
  Names names;
  for (const auto& [name, ignored] : before.items()) {
    if (value(before, name) != value(after, name)) names.insert(name);
  }
  for (const auto& [name, ignored] : after.items()) {
    if (value(before, name) != value(after, name)) names.insert(name);
  }
  return names;
}

Names common(const Names& some, const Names& others) {
  Names both;
  std::set_intersection(some.begin(), some.end(), others.begin(), others.end(),
                        std::inserter(both, both.end()));
  return both;
}

/// One merge() call.
class Merge {
 public:
  Merge(const MergeInput& input, const MergeRules& rules)
      : input_(input),
        rules_(rules),
        sent_(object(input.sent)),
        here_(object(input.here)),
        there_(object(input.there)),
        changed_here_(differing(sent_, here_)),
        changed_there_(differing(input.seen.empty() ? sent_ : object(input.seen), there_)) {}

  Merged run() {
    merged_.nothing_new = changed_there_.empty();
    for (const Names& unit : units()) {
      const Names here = common(disputed(unit), changed_here_);
      const Names there = common(disputed(unit), changed_there_);
      if (there.empty()) continue;
      if (here.empty()) {
        for (const std::string& name : there) take_[name] = value(there_, name);
      } else {
        settle(here, there);
      }
    }
    merged_.take = text_of(take_);
    return std::move(merged_);
  }

 private:
  /// The fields that are decided about together.
  std::vector<Names> units() const {
    Names left = changed_here_;
    left.insert(changed_there_.begin(), changed_there_.end());
    std::vector<Names> units;
    const auto keep_together = [&](const std::vector<std::string>& group) {
      Names unit = common(left, Names(group.begin(), group.end()));
      for (const std::string& name : unit) left.erase(name);
      if (!unit.empty()) units.push_back(std::move(unit));
    };
    keep_together(rules_.placing);
    if (rules_.policy != MergePolicy::merge || one_is_called_off()) {
      units.push_back(std::move(left));
      return units;
    }
    for (const std::vector<std::string>& group : rules_.together) keep_together(group);
    for (const std::string& name : left) units.push_back({name});
    return units;
  }

  bool one_is_called_off() const {
    return (text_of(here_) == kCancelledOccurrence) != (text_of(there_) == kCancelledOccurrence);
  }

  /// What both say alike is settled, whoever changed it.
  Names disputed(Names names) const {
    std::erase_if(
        names, [&](const std::string& name) { return value(here_, name) == value(there_, name); });
    return names;
  }

  bool we_win() const {
    switch (rules_.policy) {
      case MergePolicy::local:
        return true;
      case MergePolicy::remote:
        return false;
      case MergePolicy::merge:
      case MergePolicy::newest:
        break;
    }
    return input_.there_ms - input_.here_ms < std::max<std::int64_t>(rules_.precision_ms, 1);
  }

  void settle(const Names& here, const Names& there) {
    Names names = here;
    names.insert(there.begin(), there.end());
    for (const std::string& name : names) {
      const Json ours = value(here_, name);
      const Json theirs = value(there_, name);
      FieldConflict conflict{name, value(sent_, name).dump(), ours.dump(), theirs.dump(), {}};
      Result<std::optional<JsonText>> resolved = std::optional<JsonText>();
      if (rules_.resolve) {
        resolved = rules_.resolve(name, conflict.base, conflict.here, conflict.there);
      }
      if (!resolved && merged_.unresolved.empty()) merged_.unresolved = resolved.error().message;
      Json agreed = we_win() ? ours : theirs;
      if (resolved && *resolved) agreed = Json::parse(**resolved, nullptr, false);
      conflict.kept = agreed == ours ? Kept::here : agreed == theirs ? Kept::there : Kept::both;
      if (agreed != ours) take_[name] = agreed;
      if (agreed != theirs) merged_.insist.push_back(name);
      merged_.conflicts.push_back(std::move(conflict));
    }
  }

  const MergeInput& input_;
  const MergeRules& rules_;
  const Json sent_, here_, there_;
  const Names changed_here_, changed_there_;
  Json take_ = Json::object();
  Merged merged_;
};

}  // namespace

Merged merge(const MergeInput& input, const MergeRules& rules) {
  return Merge(input, rules).run();
}

JsonText agreed_after(const MergeInput& input, const Merged& merged, const JsonText& after,
                      const std::vector<std::string>& taken_over,
                      const std::vector<std::string>& following) {
  const Json sent = object(input.sent);
  const Json here = object(input.here);
  const Json there = object(input.there);
  const Json taken = object(merged.take);
  const Json became = object(after);
  Json agreed = became;
  const auto remember = [&](const std::string& name, const Json& old) {
    if (old.is_null()) {
      agreed.erase(name);
    } else {
      agreed[name] = old;
    }
  };
  for (const std::string& name : differing(sent, here)) {
    // Still to be written there.
    if (!taken.contains(name) && value(here, name) != value(there, name)) {
      remember(name, value(sent, name));
    }
    // It was to be taken, and nothing here can say it: ours stands, and is written there.
    const bool ours = value(became, name) == value(here, name);
    if (taken.contains(name) && ours && value(became, name) != taken[name]) {
      remember(name, value(there, name));
    }
  }
  for (const std::string& name :
       common(differing(here, became), Names(following.begin(), following.end()))) {
    if (taken.contains(name) || value(became, name) == value(there, name)) continue;
    remember(name, value(sent, name));
  }
  for (const std::string& name : merged.insist) remember(name, value(there, name));
  for (const std::string& name : taken_over) {
    if (taken.contains(name) && value(became, name) != taken[name]) remember(name, taken[name]);
  }
  return text_of(agreed);
}

Agreement with_echo(const Agreement& before, const JsonText& attempted, const JsonText& there) {
  Json sent = object(before.sent);
  Json seen = before.seen.empty() ? sent : object(before.seen);
  const Json ours = object(attempted);
  const Json theirs = object(there);
  for (const std::string& name : differing(sent, ours)) {
    if (value(ours, name) != value(theirs, name)) continue;
    copy_field(name, ours, sent);
    copy_field(name, ours, seen);
  }
  return {text_of(sent), text_of(seen)};
}

Agreement agreed_in(const Agreement& series, const JsonText& now, const JsonText& plain) {
  const Json ours = object(series.sent);
  const Json latest = object(now);
  Json sent = object(plain);
  // What its slot says is no word of the series: when it starts.
  for (const std::string& name : differing(ours, latest)) {
    if (name != "start" && value(sent, name) == value(latest, name)) copy_field(name, ours, sent);
  }
  if (series.seen.empty()) return {text_of(sent), {}};
  const Json theirs = object(series.seen);
  Json seen = sent;
  for (const std::string& name : differing(ours, theirs)) {
    if (value(sent, name) == value(ours, name)) copy_field(name, theirs, seen);
  }
  return {text_of(sent), text_of(seen)};
}

JsonText seen_after_write(const JsonText& before, const std::vector<std::string>& changed,
                          const JsonText& answer) {
  Json seen = object(before);
  const Json theirs = object(answer);
  for (const std::string& name : changed) copy_field(name, theirs, seen);
  return text_of(seen);
}

std::vector<FieldConflict> dropped_edit(const JsonText& sent, const JsonText& was,
                                        const JsonText& is, Kept kept) {
  const Json base = object(sent);
  const Json edited = object(is);
  std::vector<FieldConflict> conflicts;
  for (const std::string& name : differing(object(was), edited)) {
    FieldConflict& conflict = conflicts.emplace_back();
    conflict.field = name;
    conflict.base = value(base, name).dump();
    (kept == Kept::here ? conflict.there : conflict.here) = value(edited, name).dump();
    conflict.kept = kept;
  }
  return conflicts;
}

Merged refused(const MergeInput& input) {
  Merged merged;
  merged.conflicts = dropped_edit(input.sent, input.seen.empty() ? input.sent : input.seen,
                                  input.there, Kept::here);
  for (const FieldConflict& each : merged.conflicts) merged.insist.push_back(each.field);
  return merged;
}

std::vector<std::string> changed_fields(const JsonText& before, const JsonText& after) {
  const Names names = differing(object(before), object(after));
  return {names.begin(), names.end()};
}

}  // namespace mortise::core
