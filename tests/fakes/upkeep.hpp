// Upkeep that only remembers what it was told, in order.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ports/clock.hpp"
#include "ports/upkeep.hpp"

namespace mortise::fakes {

/// Thread-safe; answers on the executor.
class RememberedUpkeep final : public ports::Upkeep {
 public:
  explicit RememberedUpkeep(ports::Executor& executor) : executor_(executor) {}

  void arrived(const std::string& connection_id, std::function<void()> done) override {
    note("arrived " + connection_id);
    if (meanwhile) meanwhile(connection_id);
    executor_.post(std::move(done));
  }
  void leaving(const std::string& connection_id, std::function<void()> done) override {
    note("leaving " + connection_id);
    if (meanwhile) meanwhile(connection_id);
    executor_.post(std::move(done));
  }
  void look(const std::string& connection_id) override { note("look " + connection_id); }
  Result<ports::SyncStatus> status(const std::string& connection_id) const override {
    ports::SyncStatus status = answer;
    status.state.connection_id = connection_id;
    return status;
  }

  std::vector<std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  /// Called inside arrived() and leaving(), before they are answered.
  std::function<void(const std::string& connection_id)> meanwhile;
  ports::SyncStatus answer;  ///< what status() says; set before anybody asks

 private:
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(what));
  }
  ports::Executor& executor_;
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
};

}  // namespace mortise::fakes
