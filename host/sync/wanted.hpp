// What a plan should be in a service, and what differs: the reading half of a run, shared with the
// preview. Reads the store; sends nothing, writes nothing.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sync/ports.hpp"

namespace mortise::sync {

/// Everything a round of a run works from, as committed at one moment.
struct Snapshot {
  core::Account account;
  core::Plan plan;
  core::Connection connection;
  std::vector<core::Task> tasks;
  std::vector<core::Pair> pairs;
  std::shared_ptr<ports::Connector> connector;
  std::shared_ptr<const ports::Mapping> mapping;
  core::JsonText connector_settings;  ///< with defaults
  core::JsonText mapping_settings;    ///< with defaults

  const core::Pair* pair(const std::string& key) const;
};

/// Loads what a run of this plan through this connection needs. `keep`: the mapping revision that
/// the run started with, or null. Errors: `not_found`, `forbidden` (not the same account),
/// `unsupported` (no such connector or mapping loaded), `invalid` (settings).
Result<Snapshot> load_snapshot(const Ports& ports, const std::string& connection_id,
                               const std::string& plan_id,
                               std::shared_ptr<const ports::Mapping> keep);

struct Wanted {
  std::vector<core::WantedItem> items;
  std::vector<ports::ParkedItem> parked;  ///< could not be mapped; their pairs stay as they are
};

/// Runs the mapping over the plan. Error: the script's, when even the containers cannot be mapped.
Result<Wanted> map_plan(const Snapshot& snapshot, const Options& options);

/// reconcile() over a snapshot: parked items count as unchanged.
core::ChangeList decide(const Snapshot& snapshot, const Wanted& wanted,
                        const std::map<std::string, core::RemoteNews>& news, const Options& options,
                        core::Instant now_ms, bool approved);

/// The writes that carry a list of changes out, in the order of the list. Actions that only forget
/// have none. `index[i]` is the action of write i.
struct Writes {
  std::vector<ports::Write> writes;
  std::vector<std::size_t> index;
};
Writes writes_of(const core::ChangeList& changes, const Snapshot& snapshot, const Options& options);

/// The preview of what a run would do now.
Result<ports::Preview> preview(const Ports& ports, const Options& options,
                               const std::string& connection_id, const std::string& plan_id);

}  // namespace mortise::sync
