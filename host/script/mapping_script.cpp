#include "script/mapping_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <lua.hpp>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/merge.hpp"
#include "core/occurrence.hpp"
#include "core/words.hpp"
#include "script/api.hpp"
#include "script/field_lines.hpp"
#include "script/kept_state.hpp"
#include "script/kind_rules.hpp"
#include "script/plan_tree.hpp"
#include "script/tables.hpp"
#include "script/task_view.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

using core::Json;
using core::JsonText;
using ports::Desired;
using ports::MappingInput;

FieldCall push_call(lua_State* L, const std::string& kind, const core::Task& task,
                    const MappingInput& input, const TaskGroups& groups, const JsonText& settings,
                    std::string& item) {
  FieldCall call;
  call.item = &item;
  push_lines(L, kind);
  call.lines = lua_gettop(L);
  push_task(L, task, input, groups);
  call.task = lua_gettop(L);
  push_here(L, input, settings);
  call.here = lua_gettop(L);
  return call;
}

// One mapping of one plan: what all calls share.
class Export {
 public:
  Export(const ScriptText& text, StatePool& pool, const MappingInput& input, JsonText settings,
         const Kinds* holds)
      : text_(text),
        pool_(pool),
        input_(input),
        settings_(std::move(settings)),
        groups_(input),
        holds_(holds) {}

  Result<Desired> run() {
    Result<std::vector<PlanNode>> nodes = plan_nodes();
    if (!nodes) return nodes.error();
    for (const PlanNode& node : *nodes) {
      const Status added =
          node.group.empty()
              ? add({node.key, node.kind, node.parent_key, {}, {}, node.title, node.fields})
              : add_tasks(node);
      if (!added) return added.error();
    }
    return std::move(desired_);
  }

  // The fields of an occurrence's item.
  Result<JsonText> occurrence_fields(const std::string& kind, const core::Task& series,
                                     const std::string& slot) {
    const Result<core::Task> task = core::occurrence_task(series, slot);
    if (!task) return task.error();
    const core::Override* const changed = core::find_override(series, slot);
    if (changed != nullptr && changed->cancelled) return JsonText(core::kCancelledOccurrence);
    Result<JsonText> fields = fields_of(kind, *task);
    if (fields && fields->empty()) return JsonText(core::kCancelledOccurrence);
    return fields;
  }

  // The fields of one task's item; an empty text when it becomes none.
  Result<JsonText> fields_of(const std::string& kind, const core::Task& task) {
    Json fields;
    bool wanted = true;
    std::string item;
    const Status ran = with_state([&](lua_State* L) {
      const FieldCall call = push_call(L, kind, task, input_, groups_, settings_, item);
      wanted = is_wanted(L, call);
      if (wanted) fields = item_fields_of(L, call);
    });
    if (!ran) return at_word(ran.error(), text_, item, "fields");
    if (!wanted) return JsonText();
    return core::canonical_json(fields);
  }

 private:
  Result<std::vector<PlanNode>> plan_nodes() {
    std::vector<PlanNode> nodes;
    const Status ran = with_state([&](lua_State* L) {
      Sandbox::push_returned(L);
      lua_getfield(L, -1, "plan");
      push_plan(L, input_, groups_);
      push_here(L, input_, settings_);
      lua_getfield(L, -1, "settings");
      lua_insert(L, -2);
      lua_call(L, 3, 1);
      nodes = read_plan_tree(L, holds_);
    });
    if (!ran) return at_word(ran.error(), text_, "plan");
    return nodes;
  }

  Status add_tasks(const PlanNode& node) {
    for (const std::size_t index : groups_.of(node.group)) {
      const core::Task& task = input_.tasks[index];
      const std::string key = "task:" + task.id;
      Result<JsonText> fields = fields_of(node.kind, task);
      const Error failed = fields ? Error{} : fields.error();
      if (!fields) {
        if (Status parked = park(key, task, failed); !parked) return parked;
      } else if (!fields->empty()) {
        ports::DesiredItem item{key,     node.kind,  node.parent_key,   {},
                                task.id, task.title, std::move(*fields)};
        if (Status added = add(std::move(item)); !added) return added;
      } else {
        continue;
      }
      if (task.overrides.empty() || !core::recurs(task)) continue;
      if (Status added = add_occurrences(node.kind, task, fields ? nullptr : &failed); !added) {
        return added;
      }
    }
    return {};
  }

  // The edited occurrences of a task, as items behind it; parked with it if it `failed`.
  Status add_occurrences(const std::string& kind, const core::Task& series, const Error* failed) {
    const Result<bool> recurs = kind_recurs(kind);
    if (!recurs) return recurs.error();
    if (!*recurs) return {};
    const std::string series_key = "task:" + series.id;
    for (const core::Override& changed : series.overrides) {
      const std::string key = series_key + "/" + changed.slot;
      Result<JsonText> fields = failed != nullptr ? Result<JsonText>(*failed)
                                                  : occurrence_fields(kind, series, changed.slot);
      if (!fields) {
        if (Status parked = park(key, series, fields.error()); !parked) return parked;
        continue;
      }
      const std::string title = core::occurrence_task(series, changed.slot).value().title;
      ports::DesiredItem item{key,       kind,  series_key,         {},
                              series.id, title, std::move(*fields), changed.slot};
      if (Status added = add(std::move(item)); !added) return added;
    }
    return {};
  }

  // The run goes on without this item, unless too many ran into a wall.
  Status park(const std::string& key, const core::Task& task, const Error& error) {
    if (error.reason == kScriptBudget && ++walls_ >= kMostWalls) return error;
    desired_.parked.push_back({key, task.id, task.title, error});
    return {};
  }

  // Whether fields[kind] says `recurs`.
  Result<bool> kind_recurs(const std::string& kind) {
    if (const auto known = recurs_.find(kind); known != recurs_.end()) return known->second;
    bool recurs = false;
    const Status ran = with_state([&](lua_State* L) {
      push_lines(L, kind);
      lua_getfield(L, -1, "recurs");
      recurs = lua_toboolean(L, -1) != 0;
    });
    if (!ran) return ran.error();
    recurs_[kind] = recurs;
    return recurs;
  }

  template <class Body>
  Status with_state(Body body) {
    if (!lease_ || !(*lease_)->reusable()) {
      Result<StatePool::Lease> taken = pool_.take(text_);
      if (!taken) return taken.error();
      lease_.emplace(std::move(taken).value());
    }
    return (*lease_)->run(body);
  }

  // One thing has one place: as two items it would be made and removed at the service in turns.
  Status add(ports::DesiredItem item) {
    const auto [first, is_first] = parents_.emplace(item.key, item.parent_key);
    if (!is_first) {
      const auto place = [](const std::string& parent) {
        return parent.empty() ? std::string("at the top") : "in " + parent;
      };
      Error twice{Code::internal,
                  fmt::format("{}: '{}' stands in the plan twice, {} and {}", text_.name, item.key,
                              place(first->second), place(item.parent_key)),
                  std::string(kScriptError)};
      return at_word(std::move(twice), text_, "plan");
    }
    std::string& last = last_child_[item.parent_key];
    item.after_key = last;
    last = item.key;
    desired_.items.push_back(std::move(item));
    return {};
  }

  const ScriptText& text_;
  StatePool& pool_;
  const MappingInput& input_;
  const JsonText settings_;
  const TaskGroups groups_;
  const Kinds* holds_;  // what the connector can hold; null if it is not known
  std::optional<StatePool::Lease> lease_;
  std::unordered_map<std::string, std::string> parents_;  // of each key
  std::unordered_map<std::string, std::string> last_child_;
  std::unordered_map<std::string, bool> recurs_;  // by kind
  Desired desired_;
  int walls_ = 0;
};

// Takes a field away, and with it those that are decided with it.
void leave_out(const std::string& field, const ports::KindRules& rules, Json& changed,
               std::vector<std::string>& left_out) {
  std::vector<std::string> unit{field};
  for (const std::vector<std::string>& group : rules.together) {
    if (std::find(group.begin(), group.end(), field) != group.end()) unit = group;
  }
  for (const std::string& name : unit) {
    if (changed.erase(name) > 0) left_out.push_back(name);
  }
}

}  // namespace

Checked<MappingScript> MappingScript::load(ScriptText text, StatePool& pool,
                                           const KnownConnectors& known) {
  StatePool checks(StatePool::kIdleBytes, pool.limits());  // no call of the examples is remembered
  const std::shared_ptr<MappingScript> mapping(new MappingScript(std::move(text), checks));
  if (const Status read = mapping->read(); !read) {
    return {nullptr, {finding_of(read.error(), mapping->text_.name)}};
  }
  if (Findings wrong = mapping->compare(known); !wrong.empty()) return {nullptr, std::move(wrong)};
  const Result<KeptState> before = kept_state(mapping->text_, checks);
  Findings findings = run_examples(*mapping, checks);
  const Result<KeptState> after = kept_state(mapping->text_, checks);
  if (findings.empty()) findings = state_findings(before, after, mapping->text_);
  if (!findings.empty()) return {nullptr, std::move(findings)};
  mapping->pool_ = &pool;
  return {mapping, {}};
}

Status MappingScript::read() {
  Result<StatePool::Lease> lease = pool_->take(text_);
  if (!lease) return lease.error();
  return (*lease)->run([&](lua_State* L) {
    Sandbox::push_returned(L);
    if (!is_kind(L, -1, "mapping")) luaL_error(L, "a mapping script returns mapping {...}");
    check_mapping(L, -1);
    connector_ = text_field(L, -1, "connector", "the mapping");
    lua_getfield(L, -1, "settings");
    if (!lua_isnil(L, -1)) settings_ = read_settings(L);
    lua_settop(L, 1);
    lua_getfield(L, 1, "resolve");
    resolves_ = !lua_isnil(L, -1);
    lua_settop(L, 1);
    kinds_ = read_all_kind_rules(L);
  });
}

Findings MappingScript::compare(const KnownConnectors& known) {
  const auto connector = known.find(connector_);
  if (connector == known.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, ignored] : known) names.push_back(name);
    if (!core::nearest_word(connector_, names)) return {};
    return {
        {text_.name, line_with(text_.source, "connector"),
         fmt::format("no connector is called '{}'{}", connector_, suggestion(connector_, names))}};
  }
  holds_ = connector->second;
  Findings findings;
  for (const auto& [kind, ignored] : kinds_) {
    if (holds_->contains(kind)) continue;
    std::vector<std::string> has;
    for (const auto& [name, parents] : *holds_) has.push_back(name);
    findings.push_back(
        {text_.name, std::max(1, line_with(text_.source, kind, line_with(text_.source, "fields"))),
         fmt::format("fields.{}: connector '{}' has no kind '{}'; it has {}", kind, connector_,
                     kind, fmt::join(has, ", "))});
  }
  return findings;
}

Result<std::optional<JsonText>> MappingScript::resolve(const std::string& field,
                                                       const JsonText& base, const JsonText& here,
                                                       const JsonText& there) const {
  if (!resolves_) return std::optional<JsonText>();
  Json values[3];
  const JsonText* texts[] = {&base, &here, &there};
  for (int i = 0; i < 3; ++i) {
    Result<Json> read = core::parse_json(*texts[i]);
    if (!read) return read.error();
    values[i] = std::move(read).value();
  }
  // No example need run it, so what it keeps would not be found: it answers in a state of its own.
  const Result<std::unique_ptr<Sandbox>> state = pool_->fresh(text_);
  if (!state) return state.error();
  std::optional<Json> answer;
  const Status ran = (*state)->run([&](lua_State* L) {
    Sandbox::push_returned(L);
    lua_getfield(L, -1, "resolve");
    lua_pushlstring(L, field.data(), field.size());
    for (const Json& value : values) {
      if (value.is_null()) {
        push_none(L);
      } else {
        push_json(L, value);
      }
    }
    lua_call(L, 4, 1);
    if (!lua_isnil(L, -1)) answer = to_json(L, -1);
  });
  if (!ran) return at_word(ran.error(), text_, "resolve");
  if (!answer) return std::optional<JsonText>();
  Result<JsonText> text = core::canonical_json(*answer);
  if (!text) return text.error();
  return std::optional<JsonText>(*std::move(text));
}

Status MappingScript::check_settings(const JsonText& given) const {
  return script::check_settings(settings_, given);
}

JsonText MappingScript::settings(const JsonText& stored) const {
  return effective_settings(settings_, stored);
}

JsonText MappingScript::settings_schema() const {
  return script::settings_schema(settings_);
}

Result<Desired> MappingScript::desired(const MappingInput& input) const {
  return Export(text_, *pool_, input, effective_settings(settings_, input.settings),
                holds_ ? &*holds_ : nullptr)
      .run();
}

Result<JsonText> MappingScript::item_fields(const std::string& kind, const core::Task& task,
                                            const MappingInput& input) const {
  return Export(text_, *pool_, input, effective_settings(settings_, input.settings),
                holds_ ? &*holds_ : nullptr)
      .fields_of(kind, task);
}

Result<JsonText> MappingScript::occurrence_fields(const std::string& kind, const core::Task& series,
                                                  const std::string& slot,
                                                  const MappingInput& input) const {
  return Export(text_, *pool_, input, effective_settings(settings_, input.settings),
                holds_ ? &*holds_ : nullptr)
      .occurrence_fields(kind, series, slot);
}

Result<ports::TaskChange> MappingScript::task_change(const std::string& kind,
                                                     const JsonText& changed,
                                                     const core::Task& task,
                                                     const MappingInput& input) const {
  const Result<Json> read = core::parse_json(changed);
  if (!read) return read.error();
  if (!read->is_object()) return Error{Code::invalid, "changed item fields are a JSON object"};
  Result<StatePool::Lease> lease = pool_->take(text_);
  if (!lease) return lease.error();
  const TaskGroups groups(input);
  const JsonText settings = effective_settings(settings_, input.settings);
  const auto known = kinds_.find(kind);
  const ports::KindRules rules = known == kinds_.end() ? ports::KindRules{} : known->second;
  Json rest = *read;
  Json changes;
  WaysBack ways;
  std::vector<std::string> left_out;
  std::optional<Error> lossy;
  do {  // without what broke the law, until the rest keeps it
    ways = {};
    std::string item;
    const Status ran = (*lease)->run([&](lua_State* L) {
      const FieldCall call = push_call(L, kind, task, input, groups, settings, item);
      changes = task_changes(L, call, rest, ways);
    });
    if (!ran) return at_word(ran.error(), text_, item, "fields");
    for (const auto& [field, how] : ways.lossy) {
      if (!lossy) {
        const Error broken{Code::invalid, text_.name + ": " + how, "lossy_mapping"};
        lossy = at_word(broken, text_, field, "fields");
      }
      leave_out(field, rules, rest, left_out);
    }
  } while (!ways.lossy.empty());
  if (lossy && changes.empty()) return *lossy;
  ports::TaskChange change;
  change.taken = std::move(ways.taken);
  change.dropped = std::move(ways.dropped);
  change.dropped.insert(change.dropped.end(), left_out.begin(), left_out.end());
  std::sort(change.dropped.begin(), change.dropped.end());
  Result<JsonText> patch = core::canonical_json(changes);
  if (!patch) return patch.error();
  change.patch = *std::move(patch);
  return change;
}

}  // namespace mortise::script
