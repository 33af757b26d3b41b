// All scripts of a host: which revision of each is active, how edited files replace them, and the
// ports through which the rest of the host sees them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ports/gate.hpp"
#include "ports/mapper.hpp"
#include "script/mapping_script.hpp"
#include "script/policy_script.hpp"

namespace mortise::script {

/// A file of the scripts' directory: name relative to it ("mappings/notion.lua"), and its text.
struct ScriptFile {
  std::string name;
  std::string source;
  std::string unreadable{};  ///< why there is no source; empty if there is
};

/// Reads `policies/*.lua` and `mappings/*.lua` under a directory, in order of names. Errors:
/// `not_found` without the directory, `internal` when it or a folder in it cannot be listed.
Result<std::vector<ScriptFile>> read_script_files(const std::filesystem::path& directory);

/// The active revision of one script, and why the newest text is not it.
struct ActiveScript {
  std::shared_ptr<const PolicyScript> policy;  ///< of a policy ...
  std::shared_ptr<const MappingScript>
      mapping;           ///< ... or of a mapping; neither if none ever loaded
  std::string checksum;  ///< of the active revision
  core::Instant loaded_ms = 0;
  Findings rejected;              ///< or why it will not be there after the next start
  std::string rejected_checksum;  ///< of the text that was refused, so that it is not tried again
  bool clashes = false;  ///< it was refused for another script alone: tried when one made room
  int looks_gone = 0;    ///< so many looks found no file: it makes room for a successor
};

/// A value: the scripts by name. Revisions are shared and immutable, so whoever holds one keeps it.
using ScriptSet = std::map<std::string, ActiveScript>;

/// What is active after these files were read. Pure but for the pool: unchanged texts keep their
/// revision, a text that fails keeps the last good one and says why, a file that is gone keeps its
/// last revision, too (an editor may be replacing it), and says so, until another file that loads
/// takes its place: the policy, or the mapping of the same connector. A file that was refused for
/// it is tried when two looks have missed it.
ScriptSet reload(const ScriptSet& loaded, std::span<const ScriptFile> files, StatePool& pool,
                 core::Instant now, const KnownConnectors& known = {});

/// Loads a text in a sandbox and runs its examples; empty means that it may be activated.
Findings check_script(const std::string& name, const std::string& source, StatePool& pool,
                      const KnownConnectors& known = {});

/// Whom the mappings of a set serve.
std::set<std::string> served(const ScriptSet& set);

/// The same beside the scripts that are active: also what would refuse it there.
ActiveScript try_script(const ScriptSet& loaded, const std::string& name, const std::string& source,
                        StatePool& pool, const KnownConnectors& known = {});

/// The one place that holds the active set. Thread-safe.
class ScriptShelf {
 public:
  explicit ScriptShelf(StatePool& pool) : pool_(&pool) {}

  /// With which connectors mappings are compared. Before the first update.
  void know(KnownConnectors connectors) { known_ = std::move(connectors); }
  const KnownConnectors& known() const { return known_; }

  /// Takes these files as the newest texts. Answers what was refused, over all scripts.
  Findings update(std::span<const ScriptFile> files, core::Instant now);

  std::shared_ptr<const ScriptSet> set() const;
  StatePool& pool() const { return *pool_; }

 private:
  StatePool* pool_;
  KnownConnectors known_;
  mutable std::mutex mutex_;
  std::mutex update_mutex_;  ///< one update at a time; readers do not wait for it
  std::shared_ptr<const ScriptSet> set_ = std::make_shared<const ScriptSet>();
};

/// The tier policy behind its port. Without a policy every decision is `policy_error`.
class LuaGate final : public ports::Gate {
 public:
  explicit LuaGate(const ScriptShelf& shelf) : shelf_(&shelf) {}
  ports::Decision decide(const ports::Ask& ask, const ports::Used& used) override;
  ports::Decision limits(const std::string& tier) override;

 private:
  const ScriptShelf* shelf_;
};

/// One revision of a policy behind the port.
class PolicyGate final : public ports::Gate {
 public:
  explicit PolicyGate(std::shared_ptr<const PolicyScript> policy) : policy_(std::move(policy)) {}
  ports::Decision decide(const ports::Ask& ask, const ports::Used& used) override {
    return policy_->decide(ask, used);
  }
  ports::Decision limits(const std::string& tier) override { return policy_->limits(tier); }

 private:
  std::shared_ptr<const PolicyScript> policy_;
};

class LuaMapper final : public ports::Mapper {
 public:
  explicit LuaMapper(const ScriptShelf& shelf) : shelf_(&shelf) {}
  Result<std::shared_ptr<const ports::Mapping>> mapping(
      const std::string& connector) const override;

 private:
  const ScriptShelf* shelf_;
};

class LuaScripts final : public ports::Scripts {
 public:
  explicit LuaScripts(const ScriptShelf& shelf) : shelf_(&shelf) {}
  ports::CheckedScript check(const std::string& name, const std::string& source) override;
  std::vector<ports::ScriptRevision> list() const override;

 private:
  const ScriptShelf* shelf_;
};

}  // namespace mortise::script
