// The simulation: the world, its providers, and what happens to a request on its way to one of
// them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "simulators/common/faults.hpp"
#include "simulators/common/provider.hpp"
#include "simulators/common/request_log.hpp"

namespace mortise::simulators {

/// Thread-safe; one lock around the world, never held while something is delayed or sent.
class Simulation {
 public:
  explicit Simulation(std::optional<std::uint64_t> seed);
  ~Simulation() { stop(); }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  void add(std::unique_ptr<Provider> provider);
  World& world() { return world_; }

  /// Any request that is not below /control.
  Response handle(Request& request);

  // For the control API (control.cpp).
  Faults& faults() { return faults_; }
  RequestLog& log() { return log_; }
  /// Runs `work` under the world's lock.
  template <class Work>
  auto locked(Work work) {
    const std::scoped_lock lock(mutex_);
    return work(world_);
  }
  Provider* find(std::string_view name) const;
  const std::vector<std::unique_ptr<Provider>>& providers() const { return providers_; }
  /// Counts up whenever something changed; pages poll it.
  std::int64_t version() const { return version_; }
  void changed();
  /// Back to a fresh simulation: state, faults, log, counters, limits, OAuth settings, clock.
  void reset();

  /// Ends what the providers do on threads of their own.
  void stop();

  std::string save();
  /// Answers a sentence if the text is no state of ours.
  std::string load(const std::string& text);

  std::function<void()> on_change;

 private:
  Response call(Provider& provider, const Route& route, Request& request);
  Response apply(Provider& provider, const Route& route, const Request& request,
                 const std::optional<Fault>& fault, LogEntry& entry);
  Response index() const;
  void default_settings();

  World world_;
  Faults faults_;
  RequestLog log_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Provider>> providers_;
  std::atomic<std::int64_t> version_ = 1;
};

}  // namespace mortise::simulators
