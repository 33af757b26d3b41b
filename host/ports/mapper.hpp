// What a plan becomes in one service, and how fields travel: the mapping scripts.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "ports/gate.hpp"

namespace mortise::ports {

/// What one record becomes. Parents come before their children, siblings in order.
struct DesiredItem {
  std::string key;  ///< stable: "task:<id>", "week:<id>", "module:<id>", "plan:<id>"; an occurrence
                    ///< that differs from its series: "task:<id>/<slot>"
  std::string kind;        ///< docs/kinds.md
  std::string parent_key;  ///< empty: directly in the target; of an occurrence: its series
  std::string after_key;   ///< the sibling before it, empty for the first
  std::string task_id;     ///< empty for containers; of an occurrence: the series' task
  std::string title;       ///< for progress and messages
  core::JsonText fields;   ///< canonical; {"status":"cancelled"} for a cancelled occurrence
  std::string slot = {};   ///< of an occurrence: its original start (core/occurrence.hpp)
};

/// A record that the script could not map; the run goes on without it.
struct ParkedItem {
  std::string key;
  std::string task_id;
  std::string title;
  Error error;
};

struct Desired {
  std::vector<DesiredItem> items;
  std::vector<ParkedItem> parked;
};

/// How the two directions meet, as the mapping says of one kind.
struct KindRules {
  std::vector<std::vector<std::string>> together;  ///< core::MergeRules::together
  std::vector<std::string> placing;                ///< core::MergeRules::placing
  std::vector<std::string> alike;  ///< items equal in these fields are the same thing: linked
  bool adopts = false;             ///< what people make there becomes an appointment here
};

struct MappingInput {
  const core::Account* account = nullptr;
  const core::Plan* plan = nullptr;
  std::span<const core::Task> tasks;  ///< of the plan, in order, without removed ones
  core::JsonText settings = "{}";     ///< the mapping part of the connection's settings
  std::string host_zone;              ///< configured default zone
  std::string link_base;              ///< public_url or empty: where a link back leads
};

/// What an edit outside means for a task.
struct TaskChange {
  core::JsonText patch = "{}";       ///< task fields, JSON object; null: cleared
  std::vector<std::string> taken;    ///< item fields whose new value is in the patch
  std::vector<std::string> dropped;  ///< item fields whose new value the task cannot say
};

/// One immutable revision of a mapping script. Thread-safe.
class Mapping {
 public:
  virtual ~Mapping() = default;
  virtual const std::string& revision() const = 0;
  /// Settings that a person gives (a JSON object): every name known, every value of its kind. Error
  /// `invalid` names the setting and the nearest word.
  virtual Status check_settings(const core::JsonText& given) const = 0;
  /// All settings, with what was stored for a connection, perhaps under another revision: what does
  /// not fit this one counts as not set.
  virtual core::JsonText settings(const core::JsonText& stored) const = 0;
  /// The described settings as a JSON array for forms.
  virtual core::JsonText settings_schema() const = 0;
  virtual Result<Desired> desired(const MappingInput& input) const = 0;
  /// The way back: which task fields change when `changed` item fields (JSON object: name -> new
  /// value) were edited outside.
  virtual Result<TaskChange> task_change(const std::string& kind, const core::JsonText& changed,
                                         const core::Task& task,
                                         const MappingInput& input) const = 0;
  /// What one task becomes as an item of this kind; an empty text when it becomes none.
  virtual Result<core::JsonText> item_fields(const std::string& kind, const core::Task& task,
                                             const MappingInput& input) const = 0;
  virtual std::map<std::string, KindRules> kinds() const = 0;
  /// Both sides changed a field: the value that both shall have (JSON), or nothing: the policy
  /// decides. An error is the script's.
  virtual Result<std::optional<core::JsonText>> resolve(const std::string& field,
                                                        const core::JsonText& base,
                                                        const core::JsonText& here,
                                                        const core::JsonText& there) const = 0;
};

/// The active mapping per connector. Thread-safe. A run keeps the revision it started with.
class Mapper {
 public:
  virtual ~Mapper() = default;
  /// Error `not_found` when no mapping serves this connector.
  virtual Result<std::shared_ptr<const Mapping>> mapping(const std::string& connector) const = 0;
};

/// One complaint about a script.
struct ScriptFinding {
  std::string file;
  int line = 0;
  std::string message;
};

struct ScriptRevision {
  std::string name;      ///< "policies/tiers.lua"
  std::string checksum;  ///< SHA-256, hex
  core::Instant loaded_ms = 0;
  std::vector<ScriptFinding> rejected;  ///< why the newest text on disk is not the active one
};

/// A text that may be activated: a mapping or a policy. Or what is wrong with it.
struct CheckedScript {
  std::vector<ScriptFinding> findings;  ///< empty exactly if there is a mapping or a policy
  std::shared_ptr<const Mapping> mapping;
  std::string connector;  ///< whom the mapping serves
  std::shared_ptr<Gate> policy;
  std::vector<std::string> tiers;  ///< that this policy or the active one names, sorted
};

/// Scripts as admins see them. Thread-safe.
class Scripts {
 public:
  virtual ~Scripts() = default;
  /// Loads `source` in a sandbox and runs its examples. Activates nothing.
  virtual CheckedScript check(const std::string& name, const std::string& source) = 0;
  virtual std::vector<ScriptRevision> list() const = 0;
};

}  // namespace mortise::ports
