// Lua states that have a script loaded, kept for the next call. A state serves one thread at a
// time; states are made on use, so there are as many per revision as threads used it at once. Idle
// states share one byte budget; the least recently used goes. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "script/sandbox.hpp"
#include "script/script_text.hpp"

namespace mortise::script {

class StatePool {
 public:
  static constexpr std::size_t kIdleBytes = 64 * 1024 * 1024;

  explicit StatePool(std::size_t idle_bytes = kIdleBytes, Limits limits = {})
      : idle_bytes_limit_(idle_bytes), limits_(limits) {}

  /// A state on loan: back in the pool when this goes, unless it ran into a wall.
  class Lease {
   public:
    Lease(StatePool& pool, std::string key, std::unique_ptr<Sandbox> sandbox)
        : pool_(&pool), key_(std::move(key)), sandbox_(std::move(sandbox)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Sandbox& operator*() const { return *sandbox_; }
    Sandbox* operator->() const { return sandbox_.get(); }

   private:
    StatePool* pool_;
    std::string key_;
    std::unique_ptr<Sandbox> sandbox_;
  };

  /// A state with this script loaded. Errors as Sandbox::load.
  Result<Lease> take(const ScriptText& text);
  /// One that no call was made in, and that never comes into the pool.
  Result<std::unique_ptr<Sandbox>> fresh(const ScriptText& text) const;

  const Limits& limits() const { return limits_; }
  std::size_t idle_bytes() const;
  std::size_t idle_states() const;

 private:
  struct Idle {
    std::string key;  ///< name and checksum: messages carry the name
    std::unique_ptr<Sandbox> sandbox;
  };
  void give_back(std::string key, std::unique_ptr<Sandbox> sandbox);

  const std::size_t idle_bytes_limit_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::list<Idle> idle_;  ///< most recently used first
  std::size_t idle_bytes_ = 0;
};

}  // namespace mortise::script
