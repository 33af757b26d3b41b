// What was looked at and needs nothing: the memory that makes a poll of an unchanged plan cheap.
// While everything that deciding works from is the same, it would come to the same end.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/wanted.hpp"

namespace mortise::sync {

/// By plan what its pairs say to reconcile(): other pairs, another digest. `pairs` are in the order
/// in which the store gives them.
std::map<std::string, std::string> pairs_digests(const std::vector<core::Pair>& pairs);

/// Tells apart all that mapping and reconciling a plan without news work from. What belongs to the
/// process (connectors, options) is not in it.
std::string state_digest(const Link& link, const core::Plan& plan, const std::string& pairs);

/// By connection and plan. Thread-safe. Forgotten with the process.
class Settled {
 public:
  /// In this state nothing was to be done, for so many items.
  void note(const std::string& connection_id, const std::string& plan_id, std::string state,
            std::int64_t items);
  /// How many items were found to need nothing, if it was in this state.
  std::optional<std::int64_t> items(const std::string& connection_id, const std::string& plan_id,
                                    const std::string& state) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::int64_t>> states_;
};

}  // namespace mortise::sync
