// The examples that a mapping carries. Their forms:
//  { task = {...}, kind = "row", want = { Task = "..." } }              a task becomes an item
//  { task = {...}, slot = "...", kind = "event", want = { ... } }       one occurrence becomes one
//  { task = {...}, kind = "todo", edited = { ... }, want = { ... } }    an edited item changes a
//  task { plan = {...}, tasks = {...}, want = { "page plan:p1", ... } }      a plan becomes a tree
//  { resolve = "title", base = ..., here = ..., there = ..., want = ... }    who is right
// `want` of the first three says what it names; `none` there means: no such field.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <lua.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "core/occurrence.hpp"
#include "core/record_json.hpp"
#include "script/api.hpp"
#include "script/mapping_script.hpp"
#include "script/tables.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

using core::Json;

constexpr std::array<std::string_view, 14> kExampleKeys = {
    "base",    "dropped",  "edited", "here", "kind",  "link_base", "plan",
    "resolve", "settings", "slot",   "task", "tasks", "there",     "want"};
constexpr std::size_t kMostFindings = 200;
constexpr std::array<std::string_view, 8> kPlanKeys = {
    "deadline", "learning_style", "modules", "skill_level", "start", "title", "topic", "zone"};
constexpr std::array<std::string_view, 2> kModuleKeys = {"title", "weeks"};
constexpr std::array<std::string_view, 2> kWeekKeys = {"milestone", "number"};

// What an example is run on.
struct Case {
  core::Account account;
  core::Plan plan;
  std::vector<core::Task> tasks;
  core::JsonText settings = "{}";
  std::string link_base;

  ports::MappingInput input() const {
    return {&account, &plan, tasks, settings, "Europe/Madrid", link_base};
  }
};

Json member(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object[name] : Json();
}

std::string text_member(const Json& object, const char* name) {
  const Json value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

core::JsonText canonical(const Json& document) {
  Result<core::JsonText> text = core::canonical_json(document);
  return text ? std::move(*text) : core::JsonText();
}

// For a message, whatever the texts in it hold.
std::string shown(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Empty lists are written like empty objects in Lua.
Json as_object(Json value) {
  return value.empty() ? Json::object() : value;
}

class Examples {
 public:
  Examples(const MappingScript& mapping, StatePool& pool) : mapping_(mapping), pool_(pool) {}

  Findings run() {
    const Result<Json> examples = read();
    if (!examples) return {finding_of(examples.error(), mapping_.text().name)};
    if (examples->size() > kMostExamples) {
      return {{mapping_.text().name, line(), fmt::format("more than {} examples", kMostExamples)}};
    }
    for (const Json& example : *examples) {
      ++number_;
      run_one(example);
      if (walls_ == kMostWalls) break;
    }
    return std::move(findings_);
  }

 private:
  Result<Json> read() const {
    Result<StatePool::Lease> lease = pool_.take(mapping_.text());
    if (!lease) return lease.error();
    Json examples;
    const Status ran = (*lease)->run([&](lua_State* L) {
      Sandbox::push_returned(L);
      lua_getfield(L, -1, "examples");
      examples = to_json(L, -1, InnerNone::allowed);
    });
    if (!ran) return ran.error();
    return examples;
  }

  void complain(const std::string& what) {
    findings_.push_back(
        {mapping_.text().name, line(), fmt::format("example {}: {}", number_, what)});
  }

  void complain(const Error& error) {
    walls_ += error.reason == kScriptBudget ? 1 : 0;
    ports::ScriptFinding finding = finding_of(error, mapping_.text().name);
    if (!names_line(error, mapping_.text().name)) finding.line = line();
    finding.message = fmt::format("example {}: {}", number_, finding.message);
    findings_.push_back(std::move(finding));
  }

  int line() const { return example_line(mapping_.text().source, number_); }

  bool check_names(const Json& object, std::string_view what,
                   std::span<const std::string_view> known) {
    if (!object.is_object()) {
      complain(fmt::format("{} is a table with names", what));
      return false;
    }
    for (const auto& entry : object.items()) {
      if (std::find(known.begin(), known.end(), entry.key()) == known.end()) {
        complain(
            fmt::format("{} has no '{}'{}", what, entry.key(), suggestion(entry.key(), known)));
        return false;
      }
    }
    return true;
  }

  void run_one(const Json& example) {
    if (!check_names(example, "an example", kExampleKeys)) return;
    Case the_case;
    if (!read_case(example, the_case)) return;
    if (!example.contains("want")) return complain("says nothing that it wants");
    if (example.contains("resolve")) return run_resolve(example);
    if (!example.contains("task")) return run_plan(the_case, example["want"]);
    const std::string kind = text_member(example, "kind");
    const auto kinds = task_kinds();
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      return complain(fmt::format("kind '{}' is not known{}", kind, suggestion(kind, kinds)));
    }
    if (example.contains("edited")) return run_back(the_case, kind, example);
    run_forward(the_case, kind, text_member(example, "slot"), example["want"]);
  }

  bool read_case(const Json& example, Case& out) {
    out.link_base = text_member(example, "link_base");
    const core::JsonText settings = canonical(as_object(example.value("settings", Json::object())));
    if (const Status fit = mapping_.check_settings(settings); !fit) {
      complain(fit.error());
      return false;
    }
    out.settings = mapping_.settings(settings);
    if (!read_plan(as_object(example.value("plan", Json::object())), out.plan)) return false;
    Json tasks = example.value("tasks", Json::array());
    if (example.contains("task")) tasks = Json::array({example["task"]});
    for (const Json& task : tasks) {
      if (!read_task(task, out)) return false;
    }
    return true;
  }

  bool read_plan(const Json& given, core::Plan& plan) {
    if (!check_names(given, "plan", kPlanKeys)) return false;
    plan.id = "p1";
    plan.title = text_member(given, "title");
    plan.topic = text_member(given, "topic");
    plan.zone = text_member(given, "zone");
    plan.start = text_member(given, "start");
    plan.deadline = text_member(given, "deadline");
    plan.skill_level = text_member(given, "skill_level");
    plan.learning_style = text_member(given, "learning_style");
    for (const Json& module : given.value("modules", Json::array())) {
      if (!check_names(module, "module", kModuleKeys)) return false;
      core::Module read{
          fmt::format("m{}", plan.modules.size() + 1), text_member(module, "title"), {}};
      for (const Json& week : module.value("weeks", Json::array())) {
        if (!check_names(week, "week", kWeekKeys)) return false;
        const Json number = member(week, "number");
        ++weeks_;
        read.weeks.push_back({fmt::format("w{}", weeks_),
                              number.is_number_integer() ? number.get<std::int64_t>() : weeks_,
                              text_member(week, "milestone")});
      }
      plan.modules.push_back(std::move(read));
    }
    weeks_ = 0;
    return true;
  }

  // As the API takes a task, and beside it `week` (by number of appearance) and `position`.
  bool read_task(Json given, Case& out) {
    const Json week = member(given, "week"), position = member(given, "position");
    if (given.is_object()) {
      given.erase("week");
      given.erase("position");
    }
    core::Read<core::Task> read = core::read_task(given);
    if (!read) {
      for (const core::Problem& problem : read.problems) {
        complain(fmt::format("task{}: {}", problem.pointer, problem.detail));
      }
      return false;
    }
    core::Task& task = *read.value;
    task.id = fmt::format("t{}", out.tasks.size() + 1);
    task.plan_id = out.plan.id;
    task.position = position.is_number_integer() ? position.get<std::int64_t>() : 0;
    if (week.is_number_integer()) task.week_id = fmt::format("w{}", week.get<std::int64_t>());
    out.tasks.push_back(std::move(task));
    return true;
  }

  void run_plan(const Case& the_case, const Json& want) {
    const Result<ports::Desired> desired = mapping_.desired(the_case.input());
    if (!desired) return complain(desired.error());
    if (!desired->parked.empty()) return complain(desired->parked.front().error);
    Json got = Json::array();
    for (const ports::DesiredItem& item : desired->items) {
      got.push_back(item.kind + " " + item.key +
                    (item.parent_key.empty() ? "" : " in " + item.parent_key));
      if (item.kind == "database") check_columns(item);
    }
    if (got != want)
      complain(fmt::format("wants {}, the mapping says {}", shown(want), shown(got)));
  }

  // Lines of `row` name columns; a database says which there are.
  void check_columns(const ports::DesiredItem& database) {
    const Result<Json> fields = core::parse_json(database.fields);
    std::vector<std::string> names;
    for (const Json& column : member(*fields, "columns"))
      names.push_back(text_member(column, "name"));
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::set<std::string_view> columns(names.begin(), names.end());
    for (const std::string& item : row_items()) {
      if (columns.contains(item)) continue;
      if (findings_.size() == kMostFindings) return;
      ports::ScriptFinding finding{
          mapping_.text().name, std::max(1, line_with(mapping_.text().source, item)),
          fmt::format("fields.row: there is no column '{}'{}", item, suggestion(item, known))};
      findings_.push_back(std::move(finding));
    }
  }

  std::vector<std::string> row_items() const {
    std::vector<std::string> items;
    Result<StatePool::Lease> lease = pool_.take(mapping_.text());
    if (!lease) return items;
    const Status ran = (*lease)->run([&](lua_State* L) {
      Sandbox::push_returned(L);
      lua_getfield(L, -1, "fields");
      lua_getfield(L, -1, "row");
      if (!lua_istable(L, -1)) return;
      const auto count = static_cast<lua_Integer>(lua_rawlen(L, -1));
      for (lua_Integer i = 1; i <= count; ++i) {
        Budget::of(L).charge(L, 5);
        lua_rawgeti(L, -1, i);
        items.push_back(text_field(L, -1, "item", "a line"));
        lua_pop(L, 1);
      }
    });
    return ran ? items : std::vector<std::string>();
  }

  void run_forward(const Case& the_case, const std::string& kind, const std::string& slot,
                   const Json& want) {
    const core::Task& task = the_case.tasks.front();
    const Result<core::JsonText> fields =
        slot.empty() ? mapping_.item_fields(kind, task, the_case.input())
                     : mapping_.occurrence_fields(kind, task, slot, the_case.input());
    if (!fields) return complain(fields.error());
    if (fields->empty()) {
      if (want != "nothing")
        complain("the task becomes no item of this kind; want = \"nothing\" would say so");
      return;
    }
    compare(want, *fields);
  }

  void run_back(const Case& the_case, const std::string& kind, const Json& example) {
    core::Task task = the_case.tasks.front();
    if (const std::string slot = text_member(example, "slot"); !slot.empty()) {
      Result<core::Task> occurrence = core::occurrence_task(task, slot);
      if (!occurrence) return complain(occurrence.error());
      task = std::move(*occurrence);
    }
    const Result<ports::TaskChange> changes =
        mapping_.task_change(kind, canonical(as_object(example["edited"])), task, the_case.input());
    if (!changes) {
      const std::string& reason = changes.error().reason;
      if (reason == kScriptBudget || example["want"] != reason) complain(changes.error());
      return;
    }
    compare(example["want"], changes->patch);
    Json dropped = changes->dropped;
    Json wanted = example.value("dropped", Json::array());
    if (wanted.is_array()) std::sort(wanted.begin(), wanted.end());
    if (dropped == wanted) return;
    complain(fmt::format("of the edit {} is dropped, the example says dropped = {}", shown(dropped),
                         shown(wanted)));
  }

  void run_resolve(const Json& example) {
    const std::string field = text_member(example, "resolve");
    if (field.empty()) return complain("resolve names an item field that both sides changed");
    const auto answer =
        mapping_.resolve(field, canonical(member(example, "base")),
                         canonical(member(example, "here")), canonical(member(example, "there")));
    if (!answer) return complain(answer.error());
    const Result<Json> got = core::parse_json(answer->value_or("\"nothing\""));
    if (!got) return complain(got.error());
    if (*got == example["want"]) return;
    complain(fmt::format("wants {}, resolve says {}", shown(example["want"]), shown(*got)));
  }

  void compare(const Json& want, const core::JsonText& got_text) {
    const Result<Json> got = core::parse_json(got_text);
    if (!got) return complain(got.error());
    if (!want.is_object()) {
      if (!want.empty() || !got->empty())
        complain(fmt::format("wants {}, the mapping says {}", shown(want), got_text));
      return;
    }
    for (const auto& entry : want.items()) {
      if (member(*got, entry.key().c_str()) == entry.value()) continue;
      complain(fmt::format("wants {} = {}, the mapping says {}", entry.key(), shown(entry.value()),
                           shown(member(*got, entry.key().c_str()))));
    }
  }

  const MappingScript& mapping_;
  StatePool& pool_;
  Findings findings_;
  int number_ = 0;
  int weeks_ = 0;
  int walls_ = 0;
};

}  // namespace

Findings run_examples(const MappingScript& mapping, StatePool& pool) {
  return Examples(mapping, pool).run();
}

}  // namespace mortise::script
