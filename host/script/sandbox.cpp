#include "script/sandbox.hpp"

#include <fmt/format.h>

#include <lua.hpp>

#include "script/libraries.hpp"
#include "script/tables.hpp"
#include "script/utf8.hpp"

namespace mortise::script {
namespace {

constexpr std::size_t kLongestMessage = 500;
// What Lua calls the script: it would cut the name of a file after 59 bytes. Messages that leave
// name the file.
constexpr std::string_view kChunk = "script";
const char kEnvironmentKey = 0;
const char kReturnedKey = 0;

// One line of clean UTF-8, whatever a script raised.
std::string one_line(std::string_view text) {
  std::string line = to_utf8(text.substr(0, kLongestMessage));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (text.size() > kLongestMessage) line += "...";
  return line;
}

// True if a string literal of the source can make a NUL: comparing strings full of NULs costs one
// strcoll() per NUL in one instruction, so no string in a sandbox holds one.
bool writes_nul(std::string_view source) {
  const auto digit = [&](std::size_t at, int base) {
    if (at >= source.size()) return -1;
    const char c = source[at];
    const int value = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : 99;
    return value < base ? value : -1;
  };
  for (std::size_t i = 0; i + 1 < source.size(); ++i) {
    if (source[i] != '\\') continue;
    ++i;
    std::size_t at = i;
    int base = 10;
    std::size_t most = 3;
    if (source[i] == 'x') at += 1, base = 16, most = 2;
    if (source[i] == 'u' && i + 1 < source.size() && source[i + 1] == '{') {
      at += 2, base = 16, most = source.size();
    }
    std::size_t digits = 0;
    bool zero = true;
    for (; digits < most && digit(at + digits, base) >= 0; ++digits) {
      zero = zero && digit(at + digits, base) == 0;
    }
    if (digits > 0 && zero) return true;
  }
  return false;
}

// Where the script was, as "file:line:", or empty: the innermost function that is not C.
std::string position(lua_State* L) {
  lua_Debug record{};
  for (int level = 0; lua_getstack(L, level, &record) == 1; ++level) {
    lua_getinfo(L, "Sl", &record);
    if (record.currentline > 0) return fmt::format("{}:{}:", record.short_src, record.currentline);
  }
  return {};
}

// Every error leaves as a text that says where. (lua_pcall's message handler.)
int on_error(lua_State* L) {
  if (Budget::of(L).hit(false) != Wall::none) return 1;  // Sandbox says it, from the budget
  const std::string where = position(L);
  const std::string file = where.substr(0, where.rfind(':', where.size() - 2) + 1);
  if (lua_type(L, 1) != LUA_TSTRING) {
    lua_pushfstring(L, "%s an error that is no text, but a %s", where.c_str(), luaL_typename(L, 1));
  } else if (!file.empty() && check_text(L, 1).substr(0, file.size()) != file) {
    lua_pushfstring(L, "%s %s", where.c_str(), lua_tostring(L, 1));
  }
  return 1;
}

std::string wall_text(Wall wall, const Limits& limits) {
  switch (wall) {
    case Wall::steps:
      return fmt::format("more than {} steps in one call", limits.steps);
    case Wall::cpu:
      return fmt::format("more than {} ms of CPU time in one call", limits.cpu_us / 1000);
    case Wall::memory:
      return fmt::format("more than {} MiB of memory", limits.memory_bytes >> 20);
    case Wall::string_size:
      return fmt::format("a string longer than {} KiB", limits.string_bytes >> 10);
    case Wall::table_size:
      return fmt::format("more than {} keyed entries in one table", limits.table_keys);
    case Wall::none:
      break;
  }
  return "no memory left on this host";
}

struct Call {
  void (*body)(lua_State*, void*);
  void* context;
};

int enter(lua_State* L) {
  auto* call = static_cast<Call*>(lua_touserdata(L, 1));
  lua_settop(L, 0);
  call->body(L, call->context);
  return 0;
}

void build_environment(lua_State* L, Sandbox::Install install) {
  Budget::of(L).measure_tables();
  lua_newtable(L);
  install_base(L);
  install_string(L);
  install_table(L);
  if (install != nullptr) install(L);
  lock_table(L, "global");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kEnvironmentKey);
  // Nothing but the environment above is reachable; the state's own globals stay empty.
  lua_newtable(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::open(const Limits& limits, Install install) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox(limits));
  sandbox->L_ = lua_newstate(&Budget::allocate, &sandbox->budget_);
  if (sandbox->L_ == nullptr) {
    return Error{Code::internal, "no memory for a Lua state", std::string(kScriptBudget)};
  }
  sandbox->budget_.attach(sandbox->L_);
  const Status built = sandbox->run([&](lua_State* state) { build_environment(state, install); });
  if (!built) return built.error();
  return sandbox;
}

Sandbox::~Sandbox() {
  if (L_ != nullptr) lua_close(L_);
}

Status Sandbox::load(std::string_view source, const std::string& file) {
  file_ = file;
  const auto refuse = [&](std::string what) {
    return Error{Code::invalid, fmt::format("{}: {}", file, what), std::string(kScriptError)};
  };
  const std::size_t bound = budget_.limits().source_bytes;
  if (source.size() > bound) return refuse(fmt::format("longer than {} KiB", bound >> 10));
  if (source.substr(0, 1) == std::string_view(LUA_SIGNATURE, 1)) {
    return refuse("bytecode is not taken, only the text of a script");
  }
  if (source.find('\0') != source.npos || writes_nul(source)) {
    return refuse("strings with a NUL character (such as \"\\0\") are not available");
  }
  source_ = source;
  Status done = run([&](lua_State* L) {
    set_source(L, &source_);
    const std::string chunk = fmt::format("={}", kChunk);
    if (luaL_loadbufferx(L, source_.data(), source_.size(), chunk.c_str(), "t") != LUA_OK)
      lua_error(L);
    push_environment(L);
    lua_setupvalue(L, -2, 1);  // _ENV
    lua_call(L, 0, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kReturnedKey);
  });
  if (!done) done.error().code = Code::invalid;
  return done;
}

void Sandbox::push_returned(lua_State* L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kReturnedKey);
}

void Sandbox::push_environment(lua_State* L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kEnvironmentKey);
}

Status Sandbox::run_raw(void (*body)(lua_State*, void*), void* context) {
  Call call{body, context};
  lua_settop(L_, 0);
  lua_pushcfunction(L_, &on_error);
  lua_pushcfunction(L_, &enter);
  lua_pushlightuserdata(L_, &call);
  budget_.begin();
  const int status = lua_pcall(L_, 1, 0, 1);
  budget_.end();
  if (status == LUA_OK) {
    lua_settop(L_, 0);
    return {};
  }
  Error error = failure(status);
  lua_settop(L_, 0);
  return error;
}

std::string Sandbox::in_file(std::string_view message) const {
  const std::string chunk = fmt::format("{}:", kChunk);
  const bool says_where = message.substr(0, chunk.size()) == chunk;
  return says_where ? fmt::format("{}:{}", file_, message.substr(chunk.size()))
                    : fmt::format("{}: {}", file_, message);
}

Error Sandbox::failure(int status) {
  const Wall wall = budget_.hit(status == LUA_ERRMEM);
  if (wall != Wall::none || status == LUA_ERRMEM) {
    reusable_ = false;
    std::string text = wall_text(wall, budget_.limits());
    if (!budget_.where().empty()) text = fmt::format("{}: {}", budget_.where(), text);
    return Error{Code::internal, in_file(text), std::string(kScriptBudget)};
  }
  std::size_t size = 0;
  const char* text = lua_type(L_, -1) == LUA_TSTRING ? lua_tolstring(L_, -1, &size) : nullptr;
  if (status == LUA_ERRERR || text == nullptr) {
    reusable_ = false;
    return Error{Code::internal, file_ + ": an error without a text", std::string(kScriptError)};
  }
  return Error{Code::internal, in_file(one_line({text, size})), std::string(kScriptError)};
}

}  // namespace mortise::script
