#include "script/plan_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "script/api.hpp"
#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/tables.hpp"
#include "script/utf8.hpp"

namespace mortise::script {
namespace {

using core::Json;

constexpr std::size_t kMostNodes = 10'000;
constexpr std::size_t kMostBytes = 2 << 20;
constexpr std::size_t kLongestKey = 200;
constexpr int kDeepest = 16;

class Reader {
 public:
  Reader(lua_State* L, const Kinds* holds) : L_(L), holds_(holds) {}

  std::vector<PlanNode> take() { return std::move(nodes_); }

  // The node, group or list on top of the stack.
  void read(const std::string& parent, const std::string& parent_kind, int depth) {
    Budget::of(L_).charge(L_, 5);  // a list may stand in itself, many times
    if (depth > kDeepest) luaL_error(L_, "the tree is deeper than %d", kDeepest);
    luaL_checkstack(L_, 6, "the tree");
    if (is_kind(L_, -1, "group")) return add_group(parent, parent_kind);
    for (const char* kind : {"page", "section", "database"}) {
      if (is_kind(L_, -1, kind)) return add_container(kind, parent, parent_kind, depth);
    }
    if (!lua_istable(L_, -1)) {
      luaL_error(L_,
                 "plan() answers with page, section, database, todos, rows, events or a list of "
                 "them, not with a %s",
                 luaL_typename(L_, -1));
    }
    lua_pushliteral(L_, "kind");
    lua_rawget(L_, -2);
    if (!lua_isnil(L_, -1)) {
      luaL_error(L_, "a '%s' has no place in the tree", text_of(L_, -1).c_str());
    }
    lua_pop(L_, 1);
    check_keys(L_, -1, "a list in the tree", {}, ListPart::allowed);
    const auto count = static_cast<lua_Integer>(lua_rawlen(L_, -1));
    for (lua_Integer i = 1; i <= count; ++i) {
      lua_rawgeti(L_, -1, i);
      read(parent, parent_kind, depth + 1);
      lua_pop(L_, 1);
    }
  }

 private:
  void add(PlanNode node) {
    Budget::of(L_).charge(L_, 20);
    bytes_ += node.fields.size() + node.key.size() + node.parent_key.size() + node.title.size();
    if (nodes_.size() == kMostNodes)
      luaL_error(L_, "more than %d containers", static_cast<int>(kMostNodes));
    if (bytes_ > kMostBytes) luaL_error(L_, "containers with more than 2 MiB of text");
    nodes_.push_back(std::move(node));
  }

  void add_group(const std::string& parent, const std::string& parent_kind) {
    lua_getfield(L_, -1, "item");
    const std::string item = text_of(L_, -1);
    lua_getfield(L_, -2, "tasks");
    if (!is_kind(L_, -1, "tasks")) luaL_error(L_, "%ss without tasks", item.c_str());
    const std::string group = text_field(L_, -1, "group", "tasks");
    lua_pop(L_, 2);
    check_parent(item, parent_kind);
    add({item, {}, parent, {}, {}, group});
  }

  // Of a connector that is not known here: where kinds.md has them, and todos also at the top.
  static bool fits_somewhere(const std::string& kind, const std::string& parent_kind) {
    if (kind == "todo") {
      return parent_kind.empty() || parent_kind == "page" || parent_kind == "section";
    }
    if (kind == "row") return parent_kind == "database";
    return kind != "event" || parent_kind.empty();
  }

  bool fits(const std::string& kind, const std::string& parent_kind) {
    if (holds_ == nullptr) return fits_somewhere(kind, parent_kind);
    const auto known = holds_->find(kind);
    if (known == holds_->end()) {
      std::vector<std::string> has;
      for (const auto& [name, ignored] : *holds_) has.push_back(name);
      luaL_error(L_, "the connector has no kind '%s'; it has %s", kind.c_str(),
                 fmt::format("{}", fmt::join(has, ", ")).c_str());
    }
    const std::string parent = parent_kind.empty() ? "target" : parent_kind;
    return std::find(known->second.begin(), known->second.end(), parent) != known->second.end();
  }

  void check_parent(const std::string& kind, const std::string& parent_kind) {
    if (fits(kind, parent_kind)) return;
    luaL_error(L_, "%ss cannot stand %s%s", kind.c_str(),
               parent_kind.empty() ? "at the top" : "in a ", parent_kind.c_str());
  }

  void add_container(const std::string& kind, const std::string& parent,
                     const std::string& parent_kind, int depth) {
    check_parent(kind, parent_kind);
    PlanNode node{
        kind, text_field(L_, -1, "key", kind), parent, text_field(L_, -1, "title", kind), {}, {}};
    if (node.key.empty() || node.key.size() > kLongestKey || node.key.find(':') == node.key.npos) {
      luaL_error(L_, "the key of a %s looks like 'plan:<id>', not like '%s'", kind.c_str(),
                 node.key.substr(0, 60).c_str());
    }
    if (!is_utf8(node.key)) {
      luaL_error(L_, "the key of a %s is not UTF-8 (cut inside a character?)", kind.c_str());
    }
    if (!keys_.insert(node.key).second)
      luaL_error(L_, "the key '%s' is there twice", node.key.c_str());
    if (node.title.empty()) node.title = "Untitled";
    node.fields = fields_of(node.title);
    const std::string key = node.key;
    add(std::move(node));
    read_list("children", key, kind, depth);
    read_tasks("todos", "todo", key, kind);
    read_tasks("rows", "row", key, kind);
  }

  // What of the container on top of the stack is content of its own (docs/kinds.md).
  core::JsonText fields_of(const std::string& title) {
    Json fields = {{"title", title}};
    for (const char* name : {"icon", "help", "columns"}) {
      lua_getfield(L_, -1, name);
      if (!lua_isnil(L_, -1)) fields[name] = to_json(L_, -1);
      lua_pop(L_, 1);
    }
    Result<core::JsonText> text = core::canonical_json(fields);
    if (!text) luaL_error(L_, "%s", text.error().message.c_str());
    return std::move(text).value();
  }

  void read_list(const char* name, const std::string& key, const std::string& kind, int depth) {
    lua_getfield(L_, -1, name);
    if (!lua_isnil(L_, -1)) read(key, kind, depth + 1);
    lua_pop(L_, 1);
  }

  void read_tasks(const char* name, const char* item, const std::string& key,
                  const std::string& kind) {
    lua_getfield(L_, -1, name);
    if (!lua_isnil(L_, -1)) {
      if (!is_kind(L_, -1, "tasks")) {
        luaL_error(L_, "%s of a %s takes tasks, such as plan.tasks or week.tasks", name,
                   kind.c_str());
      }
      check_parent(item, kind);
      add({item, {}, key, {}, {}, text_field(L_, -1, "group", "tasks")});
    }
    lua_pop(L_, 1);
  }

  lua_State* L_;
  const Kinds* holds_;
  std::vector<PlanNode> nodes_;
  std::set<std::string> keys_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::vector<PlanNode> read_plan_tree(lua_State* L, const Kinds* holds) {
  Reader reader(L, holds);
  reader.read("", "", 0);
  return reader.take();
}

}  // namespace mortise::script
