// What a plan should be in a service, and what differs: the reading half of a run, shared with the
// preview. Reads the store; sends nothing, writes nothing.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sync/ports.hpp"

namespace mortise::sync {

/// A connection and what works for it.
struct Link {
  core::Account account;
  core::Connection connection;
  std::shared_ptr<ports::Connector> connector;
  std::shared_ptr<const ports::Mapping> mapping;
  core::JsonText connector_settings;  ///< with defaults
  core::JsonText mapping_settings;    ///< with defaults

  bool pulls() const { return connection.direction != core::Direction::push; }
};

/// Loads a connection and what works for it. `keep`: the mapping revision that the run started
/// with, or null. Errors: `not_found`, `unsupported` (no such connector or mapping loaded),
/// `invalid` (settings).
Result<Link> load_link(const Ports& ports, const std::string& connection_id,
                       std::shared_ptr<const ports::Mapping> keep);

/// Everything a round of a run works from, as committed at one moment.
struct Snapshot : Link {
  core::Plan plan;
  std::vector<core::Task> tasks;
  std::vector<core::Pair> pairs;
  std::map<std::string, core::Sighting> sightings;  ///< by the key of the pair that they concern
  std::map<std::string, core::Task> restorable;  ///< of these, tasks that were removed here, softly
  bool writes = true;                            ///< the run writes there what is decided

  const core::Pair* pair(const std::string& key) const;
  /// The task that an item is, or that a sighting could bring back; null if there is none.
  const core::Task* task_of(const std::string& key) const;
  /// The item that a task is, or that it is at the slot of the pair's key; empty if it is none
  /// there. An error says that the mapping failed, and nothing about the item.
  Result<core::JsonText> fields_of(const core::Pair& pair, const core::Task& task,
                                   const Options& options) const;
  ports::MappingInput mapping_input(const Options& options) const;
};

/// The fields; none where the mapping failed.
inline core::JsonText or_none(Result<core::JsonText> fields) {
  return fields ? *std::move(fields) : core::JsonText();
}

/// Loads what a run of this plan through this connection needs. Errors: as load_link(), and
/// `forbidden` (not the same account).
Result<Snapshot> load_snapshot(const Ports& ports, const Options& options,
                               const std::string& connection_id, const std::string& plan_id,
                               std::shared_ptr<const ports::Mapping> keep);

/// The zone of tasks that name none.
std::string_view zone_of(const Snapshot& snapshot, const Options& options);

/// Whether a series of the plan has an occurrence at that slot; false if that cannot be told.
bool happens_at(const Snapshot& snapshot, const core::Task& series, const std::string& slot,
                const Options& options);

/// The key of the occurrence that the service names by `slot`; `series` is its series' pair.
std::string occurrence_key(const Ports& ports, const Snapshot& snapshot, const core::Pair& series,
                           const std::string& slot, const Options& options);

/// Whether nobody has looked at an item of ours since a write of ours may have changed it: what is
/// said to be agreed of it is a guess.
bool is_unread(const Link& link, const core::Pair& pair);

/// Under which id the sightings of an item are kept: the service's, or while that is not known one
/// of ours.
std::string sighting_id(const core::Pair& pair);

/// Notes what both sides agree on: our form, and the service's own (empty: it has not said it).
void agree(core::Pair& pair, core::JsonText fields, core::JsonText seen);

/// Whether what people make at the service becomes appointments: then the plan of appointments is
/// kept in step there, exported or not.
bool adopts(const ports::Mapping& mapping);

struct Wanted {
  std::vector<core::WantedItem> items;
  std::vector<ports::ParkedItem> parked;  ///< could not be mapped; their pairs stay as they are
};

/// Runs the mapping over the plan. Error: the script's, when even the containers cannot be mapped.
Result<Wanted> map_plan(const Snapshot& snapshot, const Options& options);

/// reconcile() over a snapshot and its sightings: parked items count as unchanged. `lost`: keys
/// that a write did not find.
core::ChangeList decide(const Snapshot& snapshot, const Wanted& wanted,
                        const std::set<std::string>& lost, const Options& options,
                        core::Instant now_ms);

/// Who wins, as the connection's mapping settings say.
core::MergePolicy merge_policy(const Link& link);

/// The rules by which both sides of one kind are merged.
core::MergeRules merge_rules(const Link& link, const std::string& kind);

/// Takes back what the service's losses would mean for a plan: its tasks stay here, and what is
/// lost there counts as never written, so that the next sync writes it again.
Status keep_here(const Ports& ports, const Options& options, const std::string& connection_id,
                 const std::string& plan_id);

/// The writes that carry a list of changes out, in the order of the list. Actions that only forget
/// have none. `index[i]` is the action of write i.
struct Writes {
  std::vector<ports::Write> writes;
  std::vector<std::size_t> index;
};
Writes writes_of(const core::ChangeList& changes, const Snapshot& snapshot, const Options& options);

/// Of `writes`, only those at the places `made` are carried out now: what is made behind one that
/// is not stands behind the nearest before that.
void place_behind_what_is_made(std::vector<ports::Write>& writes,
                               const std::vector<std::size_t>& made);

/// How many writes a batch may have.
std::size_t largest_batch(const Snapshot& snapshot);

/// The preview of what a run would do now, by this mapping; null: by the active one.
Result<ports::Preview> preview(const Ports& ports, const Options& options,
                               const std::string& connection_id, const std::string& plan_id,
                               std::shared_ptr<const ports::Mapping> mapping);

}  // namespace mortise::sync
