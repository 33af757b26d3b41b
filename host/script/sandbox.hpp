// One Lua state behind walls. What a script can reach is an allow-list, function by function
// (libraries.hpp); what it can use is bounded (budget.hpp). A script has no clock, no network, no
// files, no randomness, and no way to catch an error. The same inputs give the same bytes, provided
// that nobody calls setlocale(): the host stays in the C locale.
//
// Threads: one at a time; a call stays on its thread. Owns everything in the state.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <mortise/result.hpp>

#include "script/budget.hpp"
#include "script/limits.hpp"

struct lua_State;

namespace mortise::script {

/// Reasons of the errors that scripts end with.
inline constexpr std::string_view kScriptError =
    "script_error";  ///< wrong text, wrong call, error()
inline constexpr std::string_view kScriptBudget =
    "script_budget";  ///< steps, CPU time, memory, sizes

class Sandbox {
 public:
  /// Adds names to the environment of the script: called with the table of globals on top of the
  /// stack, which it leaves there.
  using Install = void (*)(lua_State* L);

  /// Error `internal` when there is no memory for a state.
  static Result<std::unique_ptr<Sandbox>> open(const Limits& limits, Install install = nullptr);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Compiles and runs the text of a script (never bytecode) and keeps the one value it returns.
  /// Error `invalid` with "file:line: what".
  Status load(std::string_view source, const std::string& file);

  /// Calls `body(L)` as one budgeted call. Lua errors raised in it end it and become an Error
  /// (`internal`, reason `script_error` or `script_budget`, message "file:line: what"); destructors
  /// in between run. `body` must be trivially destructible from Lua's view: it lives in the
  /// caller's frame.
  template <class Body>
  Status run(Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    return run_raw([](lua_State* L, void* context) { (*static_cast<Plain*>(context))(L); }, &body);
  }

  /// Inside run(): pushes what the script returned.
  static void push_returned(lua_State* L);
  /// Inside run(): pushes the environment that the script was given.
  static void push_environment(lua_State* L);

  /// False after a call that ran into a wall: the state may be full and is not used again.
  bool reusable() const { return reusable_; }
  const Budget& budget() const { return budget_; }

 private:
  explicit Sandbox(const Limits& limits) : budget_(limits) {}
  Status run_raw(void (*body)(lua_State*, void*), void* context);
  Error failure(int status);
  std::string in_file(std::string_view message) const;

  Budget budget_;
  lua_State* L_ = nullptr;
  std::string file_;
  std::string source_;
  bool reusable_ = true;
};

}  // namespace mortise::script
