#include "script/budget.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <lua.hpp>

namespace mortise::script {
namespace {

// Instructions between two looks. A window of this many cheap instructions takes a few
// microseconds; when one is slow, the rest of the call is watched much closer.
constexpr int kHookCount = 500;
constexpr int kHeavyHookCount = 20;
constexpr std::int64_t kHeavyNs = 500'000;
// The CPU clock is a system call: it is read only after this much time on the (cheap) wall clock,
// which no thread's CPU time can outrun.
constexpr std::int64_t kCpuLookNs = 300'000;
// Work in C after which the clock is looked at.
constexpr std::uint64_t kLookSteps = 4096;
constexpr std::size_t kLookBytes = 32 * 1024;
constexpr int kProbeKeys = 1024;

std::int64_t now_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

// What a block takes of the process: glibc's malloc adds 8 bytes, rounds up to 16, gives at
// least 32. Small objects make up most of a Lua state, so the cap would not hold without it.
std::size_t block_bytes(std::size_t size) {
  return size == 0 ? 0 : std::max<std::size_t>(32, (size + 8 + 15) & ~std::size_t{15});
}

}  // namespace

Budget& Budget::of(lua_State* L) {
  Budget* self = nullptr;
  std::memcpy(&self, lua_getextraspace(L), sizeof self);
  return *self;
}

void Budget::attach(lua_State* L) {
  state_ = L;
  Budget* self = this;
  std::memcpy(lua_getextraspace(L), &self, sizeof self);
}

void Budget::measure_tables() {
  probe_bytes_ = 0;
  lua_createtable(state_, 0, kProbeKeys);
  node_bytes_ = probe_bytes_ / kProbeKeys;
  lua_pop(state_, 1);
}

void Budget::begin() {
  steps_ = 0;
  steps_at_look_ = 0;
  allocated_since_look_ = 0;
  wall_ = Wall::none;
  refused_ = Wall::none;
  where_.clear();
  cpu_used_ns_ = 0;
  wall_clock_ns_ = now_ns(CLOCK_MONOTONIC);
  cpu_start_ns_ = now_ns(CLOCK_THREAD_CPUTIME_ID);
  calling_ = true;
  set_hook(kHookCount);
}

void Budget::end() {
  calling_ = false;
  lua_sethook(state_, nullptr, 0, 0);
}

void Budget::set_hook(int count) {
  hook_count_ = count;
  lua_sethook(state_, &Budget::on_count, LUA_MASKCOUNT, count);
}

void Budget::on_count(lua_State* L, lua_Debug*) {
  Budget& self = of(L);
  self.steps_ += static_cast<std::uint64_t>(self.hook_count_);
  const std::int64_t before = self.cpu_used_ns_;
  if (self.spent()) self.raise(L);
  if (self.cpu_used_ns_ - before >= kHeavyNs && self.hook_count_ == kHookCount) {
    self.set_hook(kHeavyHookCount);
  }
}

void Budget::charge(lua_State* L, std::uint64_t steps) {
  steps_ += steps;
  if (steps_ <= limits_.steps && steps_ - steps_at_look_ < kLookSteps && wall_ == Wall::none)
    return;
  steps_at_look_ = steps_;
  if (spent()) raise(L);
}

bool Budget::spent() {
  if (wall_ != Wall::none) return true;
  if (steps_ > limits_.steps) {
    wall_ = Wall::steps;
    return true;
  }
  const std::int64_t now = now_ns(CLOCK_MONOTONIC);
  if (now - wall_clock_ns_ < kCpuLookNs) return false;
  wall_clock_ns_ = now;
  cpu_used_ns_ = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_start_ns_;
  if (cpu_used_ns_ > limits_.cpu_us * 1000) wall_ = Wall::cpu;
  return wall_ != Wall::none;
}

void Budget::raise(lua_State* L) {
  note_position();
  set_hook(1);     // whatever would go on meets the hook at its next instruction
  lua_pushnil(L);  // no text: making one could fail; Sandbox reads hit() and where()
  lua_error(L);
  std::abort();  // lua_error does not return
}

void Budget::note_position() {
  lua_Debug record{};
  for (int level = 0; level < 16 && lua_getstack(state_, level, &record) == 1; ++level) {
    lua_getinfo(state_, "Sl", &record);
    if (record.currentline > 0) {
      where_ = fmt::format("{}:{}", record.short_src, record.currentline);
      return;
    }
  }
}

Wall Budget::hit(bool out_of_memory) const {
  return out_of_memory ? refused_ : wall_;
}

bool Budget::is_oversized_table(std::size_t size) const {
  if (node_bytes_ == 0 || size % node_bytes_ != 0) return false;
  const std::size_t entries = size / node_bytes_;
  return entries > limits_.table_keys && (entries & (entries - 1)) == 0;
}

// Lua goes through all that there is for garbage and asks once more: that is paid for here, or a
// script at the brim of its memory would have it done for every few bytes.
void* Budget::refuse(Wall wall) {
  refused_ = wall;
  if (!calling_) return nullptr;
  note_position();
  steps_ += blocks_ + bytes_ / 512;
  if (spent() && hook_count_ != 1) set_hook(1);  // raising from here is not allowed
  return nullptr;
}

void* Budget::grow(void* block, std::size_t old_size, std::size_t new_size, bool is_string) {
  const std::size_t growth = block_bytes(new_size) - block_bytes(old_size);
  if (is_string && new_size > limits_.string_bytes + 64) return refuse(Wall::string_size);
  // A hash part is always a fresh block of 2^n entries. Re-inserting colliding keys is quadratic
  // and one instruction: 65,536 of them took 6 s. So keyed entries are bounded; lists are not.
  if (block == nullptr && !is_string && is_oversized_table(new_size))
    return refuse(Wall::table_size);
  if (growth > limits_.memory_bytes - std::min(bytes_, limits_.memory_bytes)) {
    return refuse(Wall::memory);
  }
  void* grown = std::realloc(block, new_size);
  if (grown == nullptr) return refuse(Wall::memory);
  bytes_ += growth;
  blocks_ += block == nullptr ? 1 : 0;
  peak_bytes_ = std::max(peak_bytes_, bytes_);
  probe_bytes_ = std::max(probe_bytes_, new_size);
  allocated_since_look_ += growth;
  if (calling_ && allocated_since_look_ >= kLookBytes) {
    steps_ += allocated_since_look_ / 64;
    allocated_since_look_ = 0;
    if (spent() && hook_count_ != 1) set_hook(1);  // raising from here is not allowed
  }
  return grown;
}

void* Budget::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  Budget& budget = *static_cast<Budget*>(self);
  // Without a block, old_size is the kind of object that is being made (lua_Alloc).
  const bool is_string = block == nullptr && old_size == LUA_TSTRING;
  if (block == nullptr) old_size = 0;
  if (new_size == 0) {
    std::free(block);
    budget.blocks_ -= block == nullptr ? 0 : 1;
    budget.bytes_ -= block_bytes(old_size);
    return nullptr;
  }
  if (new_size > old_size) return budget.grow(block, old_size, new_size, is_string);
  void* shrunk = std::realloc(block, new_size);
  if (shrunk == nullptr) return block;  // Lua counts on shrinking never failing
  budget.bytes_ -= block_bytes(old_size) - block_bytes(new_size);
  return shrunk;
}

}  // namespace mortise::script
