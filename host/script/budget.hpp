// What a Lua state may still use: memory, steps, CPU time. Owned by a Sandbox, reachable from every
// C function of that state. One thread at a time, and a call stays on the thread that began it.
//
// Why a count hook alone does not do: one instruction can take long (a rehash of colliding keys, a
// comparison, a concatenation) and no hook fires inside C. So work is charged from four places:
// the hook, the functions of our libraries, the allocator, and each of them reads the clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "script/limits.hpp"

struct lua_State;
struct lua_Debug;

namespace mortise::script {

/// Which wall a script ran into.
enum class Wall : std::uint8_t { none, steps, cpu, memory, string_size, table_size };

class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  /// The budget of a state. The state's extra space holds the pointer.
  static Budget& of(lua_State* L);
  void attach(lua_State* L);
  /// Lua does not tell the size of a table's hash entry; the allocator learns it from one table.
  /// Inside a protected call, before any script runs.
  void measure_tables();

  /// A call begins on this thread: steps and CPU time count from zero.
  void begin();
  /// The call is over: the hook is off.
  void end();

  /// Pays for `steps` units of work done in C. Raises a Lua error when the budget is spent.
  void charge(lua_State* L, std::uint64_t steps);

  const Limits& limits() const { return limits_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t peak_bytes() const { return peak_bytes_; }
  std::uint64_t steps() const { return steps_; }

  /// The wall that ended the call, if one did, and where: "script:12", or empty if unknown.
  /// `out_of_memory` says that the call ended with Lua's memory error.
  Wall hit(bool out_of_memory) const;
  const std::string& where() const { return where_; }

  /// lua_Alloc. Refuses what would pass the cap, a string over its bound, a table over its bound.
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);

 private:
  static void on_count(lua_State* L, lua_Debug* record);
  void* grow(void* block, std::size_t old_size, std::size_t new_size, bool is_string);
  bool spent();
  [[noreturn]] void raise(lua_State* L);
  void note_position();
  void set_hook(int count);
  bool is_oversized_table(std::size_t size) const;
  void* refuse(Wall wall);

  Limits limits_;
  lua_State* state_ = nullptr;
  bool calling_ = false;
  int hook_count_ = 0;
  Wall wall_ = Wall::none;     ///< sticky within a call: steps or cpu
  Wall refused_ = Wall::none;  ///< why the allocator last said no
  std::string where_;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_at_look_ = 0;
  std::size_t bytes_ = 0;
  std::size_t blocks_ = 0;
  std::size_t peak_bytes_ = 0;
  std::size_t allocated_since_look_ = 0;
  std::size_t node_bytes_ = 0;  ///< size of one hash entry
  std::size_t probe_bytes_ = 0;
  std::int64_t wall_clock_ns_ = 0;
  std::int64_t cpu_start_ns_ = 0;
  std::int64_t cpu_used_ns_ = 0;  ///< at the last look
};

}  // namespace mortise::script
