// The runner's door for the use cases: runs are accepted elsewhere, carried out behind this.
#pragma once

#include <string>

#include "ports/service.hpp"

namespace mortise::ports {

/// Thread-safe. None of these waits for a provider.
class RunQueue {
 public:
  virtual ~RunQueue() = default;
  /// There may be a queued run for this connection: start it when no other is active.
  virtual void kick(const std::string& connection_id) = 0;
  /// The service may have changed: a run that pulls and then does all that is left to do. One that
  /// is queued already will do, and looks at as much as this one would. Of a poll or a notification
  /// nothing comes where the connection does not pull by itself.
  virtual void sync(const std::string& connection_id, core::RunTrigger trigger) = 0;
  /// The same, asked for by a person: answers the run that will do it, queued durably.
  virtual Result<core::Run> sync_now(const std::string& connection_id,
                                     const std::string& request_id) = 0;
  virtual Result<core::Run> cancel(const std::string& run_id) = 0;
  /// `guard`: the run's guard as it was read; empty: whatever it asks. Error `conflict`
  /// (`guard_changed`) if it asks something else by now.
  virtual Result<core::Run> approve(const std::string& run_id, const core::JsonText& guard) = 0;
  virtual Result<core::Run> discard(const std::string& run_id) = 0;
  /// What a run of this plan through this connection would do now, by this mapping; null: by the
  /// active one. Reads the store only.
  virtual Result<Preview> preview(const std::string& connection_id, const std::string& plan_id,
                                  std::shared_ptr<const Mapping> mapping) = 0;
};

}  // namespace mortise::ports
