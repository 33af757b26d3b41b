#include "script/kept_state.hpp"

#include <fmt/format.h>

#include <lua.hpp>
#include <set>

#include "core/hash.hpp"
#include "script/libraries.hpp"

namespace mortise::script {
namespace {

constexpr int kDeepest = 250;  // a chain of 200 local functions is none too deep
constexpr std::size_t kMostValues = 20'000;
constexpr std::size_t kMostBytes = 4 << 20;
constexpr std::size_t kLongestShown = 64;

// A value, or a key, as a text that differs from all others. Long ones are hashed: many variables
// may hold the same text.
std::string identity(lua_State* L, int index) {
  const int type = lua_type(L, index);
  if (const void* which = type == LUA_TSTRING ? nullptr : lua_topointer(L, index)) {
    return fmt::format("{} {}", lua_typename(L, type), which);
  }
  if (type == LUA_TNUMBER && lua_isinteger(L, index) == 0) {
    return fmt::format("{:a}", lua_tonumber(L, index));
  }
  if (type != LUA_TSTRING) return text_of(L, index);
  const std::string_view text = check_text(L, index);
  Budget::of(L).charge(L, text.size() / 64);
  return text.size() > kLongestShown ? core::sha256_hex(text) : fmt::format("'{}'", text);
}

std::string shown(lua_State* L, int index) {
  return text_of(L, index).substr(0, kLongestShown);
}

class Walk {
 public:
  explicit Walk(lua_State* L) : L_(L) {}

  // The value on top of the stack, which stays there. `way` leads there; the script calls it
  // `name`.
  void visit(const std::string& way, const std::string& name, int depth) {
    Budget::of(L_).charge(L_, 10 + (way.size() + name.size()) / 64);
    luaL_checkstack(L_, 4, "what the script remembers");
    KeptValue value{name, identity(L_, -1)};
    bytes_ += way.size() + name.size() + value.value.size();
    if (state_.size() == kMostValues) {
      luaL_error(L_, "more than %d values", static_cast<int>(kMostValues));
    }
    if (depth > kDeepest) luaL_error(L_, "values nested deeper than %d", kDeepest);
    if (bytes_ > kMostBytes) luaL_error(L_, "more than 4 MiB of names and texts");
    state_.emplace(way, std::move(value));
    const int type = lua_type(L_, -1);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION) return;
    if (!seen_.insert(lua_topointer(L_, -1)).second) return;
    type == LUA_TTABLE ? visit_table(way, name, depth) : visit_function(way, name, depth);
  }

  KeptState take() { return std::move(state_); }

 private:
  void visit_table(const std::string& way, const std::string& name, int depth) {
    lua_pushnil(L_);
    while (lua_next(L_, -2) != 0) {
      const std::string key = identity(L_, -2), key_name = shown(L_, -2);
      const std::string inner = name.empty() ? key_name : name + "." + key_name;
      visit(way + "." + key, inner, depth + 1);
      lua_pop(L_, 1);
    }
  }

  // What a function uses of the script around it is named as the script names it.
  void visit_function(const std::string& way, const std::string& name, int depth) {
    for (int i = 1;; ++i) {
      const char* variable = lua_getupvalue(L_, -1, i);
      if (variable == nullptr) return;
      Sandbox::push_environment(L_);
      const bool given = lua_rawequal(L_, -1, -2) != 0;
      lua_pop(L_, 1);
      if (!given) {
        visit(fmt::format("{}#{}", way, i),
              *variable == '\0' ? fmt::format("{}#{}", name, i) : variable, depth + 1);
      }
      lua_pop(L_, 1);
    }
  }

  lua_State* L_;
  KeptState state_;
  std::set<const void*> seen_;
  std::size_t bytes_ = 0;
};

ports::ScriptFinding at_variable(const ScriptText& text, const std::string& name,
                                 const char* what) {
  const std::string word = name.substr(0, name.find('.'));
  return {text.name, std::max(1, line_with(text.source, word)),
          fmt::format("'{}' is {}; a script answers from what it is given", name, what)};
}

}  // namespace

Result<KeptState> kept_state(const ScriptText& text, StatePool& pool) {
  Result<StatePool::Lease> lease = pool.take(text);
  if (!lease) return lease.error();
  KeptState state;
  const Status ran = (*lease)->run([&](lua_State* L) {
    Sandbox::push_returned(L);
    Walk walk(L);
    walk.visit("", "", 0);
    state = walk.take();
  });
  if (!ran) return ran.error();
  return state;
}

Findings state_findings(const Result<KeptState>& before, const Result<KeptState>& after,
                        const ScriptText& text) {
  for (const Result<KeptState>* looked : {&before, &after}) {
    if (*looked) continue;
    ports::ScriptFinding finding = finding_of(looked->error(), text.name);
    finding.message = "what the script holds cannot be looked through: " + finding.message;
    return {std::move(finding)};
  }
  for (const auto& [way, value] : *after) {
    const auto was = before->find(way);
    if (was != before->end() && was->second == value) continue;
    return {at_variable(text, value.name, "kept from one call to the next")};
  }
  for (const auto& [way, value] : *before) {
    if (after->count(way) != 0) continue;
    return {at_variable(text, value.name, "taken away during a call")};
  }
  return {};
}

}  // namespace mortise::script
