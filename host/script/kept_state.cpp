#include "script/kept_state.hpp"

#include <fmt/format.h>

#include <lua.hpp>
#include <set>

#include "script/libraries.hpp"

namespace mortise::script {
namespace {

constexpr int kDeepest = 20;
constexpr std::size_t kMostNames = 20'000;

class Walk {
 public:
  explicit Walk(lua_State* L) : L_(L) {}

  // The value on top of the stack, which stays there.
  void visit(const std::string& name, int depth) {
    Budget::of(L_).charge(L_, 10);
    if (state_.size() >= kMostNames || depth > kDeepest) return;
    luaL_checkstack(L_, 4, "what the script remembers");
    const int type = lua_type(L_, -1);
    state_[name] = text_of(L_, -1);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION) return;
    if (!seen_.insert(lua_topointer(L_, -1)).second) return;
    type == LUA_TTABLE ? visit_table(name, depth) : visit_function(name, depth);
  }

  KeptState take() { return std::move(state_); }

 private:
  void visit_table(const std::string& name, int depth) {
    lua_pushnil(L_);
    while (lua_next(L_, -2) != 0) {
      const std::string key = text_of(L_, -2);
      visit(name.empty() ? key : name + "." + key, depth + 1);
      lua_pop(L_, 1);
    }
  }

  // What a function uses of the script around it is named as the script names it.
  void visit_function(const std::string& name, int depth) {
    for (int i = 1;; ++i) {
      const char* variable = lua_getupvalue(L_, -1, i);
      if (variable == nullptr) return;
      if (std::string_view(variable) != "_ENV") {
        visit(*variable == '\0' ? fmt::format("{}#{}", name, i) : variable, depth + 1);
      }
      lua_pop(L_, 1);
    }
  }

  lua_State* L_;
  KeptState state_;
  std::set<const void*> seen_;
};

}  // namespace

Result<KeptState> kept_state(const ScriptText& text, StatePool& pool) {
  Result<StatePool::Lease> lease = pool.take(text);
  if (!lease) return lease.error();
  KeptState state;
  const Status ran = (*lease)->run([&](lua_State* L) {
    Sandbox::push_returned(L);
    Walk walk(L);
    walk.visit("", 0);
    state = walk.take();
  });
  if (!ran) return ran.error();
  return state;
}

Findings state_findings(const KeptState& before, const KeptState& after, const ScriptText& text) {
  for (const auto& [name, value] : after) {
    const auto was = before.find(name);
    if (was != before.end() && was->second == value) continue;
    const std::string word = name.substr(0, name.find('.'));
    return {{text.name, std::max(1, line_with(text.source, word)),
             fmt::format(
                 "'{}' is kept from one call to the next; a script answers from what it is given",
                 name)}};
  }
  for (const auto& [name, value] : before) {
    if (after.count(name) != 0) continue;
    return {{text.name, std::max(1, line_with(text.source, name.substr(0, name.find('.')))),
             fmt::format("'{}' is taken away during a call; a script answers from what it is given",
                         name)}};
  }
  return {};
}

}  // namespace mortise::script
