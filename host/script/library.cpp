#include "script/library.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "script/api.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

namespace fs = std::filesystem;

// More than a sandbox takes: the rest need not be read for it to be refused.
constexpr std::size_t kMostRead = 1 << 20;

ScriptFile unreadable(std::string name, std::string_view why) {
  return {std::move(name), {}, fmt::format("the file cannot be read: {}", why)};
}

// A link may lead to another file of the same folder, and nowhere else: what it shows of a file is
// told in findings. A pipe would hold whoever opens it.
ScriptFile read_file(const fs::path& path, std::string name) {
  std::error_code failed;
  const fs::path folder = fs::canonical(path.parent_path(), failed);
  const fs::path file = failed ? fs::path() : fs::canonical(path, failed);
  if (failed) return unreadable(std::move(name), failed.message());
  const auto differs = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  if (differs.first != folder.end()) {
    return unreadable(std::move(name), "it is a link that leads out of its folder");
  }
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (opened < 0) return unreadable(std::move(name), std::generic_category().message(errno));
  const std::unique_ptr<const int, void (*)(const int*)> closing(
      &opened, [](const int* it) { ::close(*it); });
  struct stat about {};
  if (::fstat(opened, &about) != 0 || !S_ISREG(about.st_mode)) {
    return unreadable(std::move(name), "it is no regular file");
  }
  std::string text(kMostRead, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(opened, text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(std::move(name), std::generic_category().message(errno));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return {std::move(name), std::move(text)};
}

// A policy or a mapping: the folder says.
void load_checked(ActiveScript& active, ScriptText text, StatePool& pool,
                  const KnownConnectors& known) {
  if (text.name.rfind("policies/", 0) == 0) {
    Checked<PolicyScript> checked = PolicyScript::load(std::move(text), pool);
    active.rejected = std::move(checked.findings);
    if (checked.script) active.policy = std::move(checked.script);
  } else if (text.name.rfind("mappings/", 0) == 0) {
    Checked<MappingScript> checked = MappingScript::load(std::move(text), pool, known);
    active.rejected = std::move(checked.findings);
    if (checked.script) active.mapping = std::move(checked.script);
  } else {
    active.rejected = {{text.name, 0, "a script lies in policies/ or in mappings/"}};
  }
}

// The same; whatever a script leads to, the host lives.
void load_into(ActiveScript& active, ScriptText text, StatePool& pool,
               const KnownConnectors& known) {
  const std::string name = text.name;
  try {
    load_checked(active, std::move(text), pool, known);
  } catch (const std::exception& error) {
    active.rejected = {{name, 0, fmt::format("cannot be loaded: {}", error.what())}};
  }
}

// A service must not lose its mapping because an edit names a connector that is not there.
Findings misses(const ActiveScript& before, const std::string& name, const ActiveScript& candidate,
                const KnownConnectors& known) {
  if (!before.mapping || !candidate.mapping) return {};
  const std::string& connector = candidate.mapping->connector();
  if (!known.contains(before.mapping->connector()) || known.contains(connector)) return {};
  std::vector<std::string_view> names;
  for (const auto& [each, ignored] : known) names.push_back(each);
  return {{name, line_with(candidate.mapping->text().source, "connector"),
           fmt::format("no connector is called '{}'{}", connector, suggestion(connector, names))}};
}

// Whether both would do the same: there is one policy, and one mapping for each connector.
bool same_place(const ActiveScript& a, const ActiveScript& b) {
  if (a.policy && b.policy) return true;
  return a.mapping && b.mapping && a.mapping->connector() == b.mapping->connector();
}

// A second script for one place is refused, unless the file of the first is gone.
Findings clashes(const ScriptSet& set, const std::string& name, const ActiveScript& candidate) {
  for (const auto& [other_name, other] : set) {
    if (other_name == name || other.looks_gone > 0 || !same_place(candidate, other)) continue;
    if (candidate.policy) {
      return {{name, 0, fmt::format("there is a policy already: {}", other_name)}};
    }
    return {{name, 0,
             fmt::format("connector '{}' has a mapping already: {}", candidate.mapping->connector(),
                         other_name)}};
  }
  return {};
}

// Files that were there and are not: what was loaded stays, what never loaded goes. Whether one has
// been missed for as long as no editor takes to replace it.
bool note_gone(ScriptSet& set, std::span<const ScriptFile> files) {
  bool made_room = false;
  for (auto at = set.begin(); at != set.end();) {
    const bool there = std::any_of(files.begin(), files.end(),
                                   [&](const ScriptFile& file) { return file.name == at->first; });
    ActiveScript& active = at->second;
    if (!there && !active.policy && !active.mapping) {
      at = set.erase(at);
      continue;
    }
    active.looks_gone = there ? 0 : active.looks_gone + 1;
    made_room = made_room || active.looks_gone == 2;
    if (!there) {
      active.rejected = {{at->first, 0,
                          "the file is gone: what was loaded last stays active until the host "
                          "starts anew"}};
      active.rejected_checksum.clear();
    }
    ++at;
  }
  return made_room;
}

// Whether this text is active now and was not before. A text that was refused is not tried again,
// unless for a clash and `others_changed`.
bool take_over(ScriptSet& set, const ScriptFile& file, bool others_changed, StatePool& pool,
               core::Instant now, const KnownConnectors& known) {
  ActiveScript& active = set[file.name];
  if (!file.unreadable.empty()) {
    active.rejected = {{file.name, 0, file.unreadable}};
    active.rejected_checksum.clear();
    return false;
  }
  ScriptText text = script_text(file.name, file.source);
  const std::string checksum = text.checksum;
  if (checksum == active.checksum) {
    active.rejected.clear();  // an edit was taken back
    active.rejected_checksum.clear();
    return false;
  }
  const bool again = active.clashes && others_changed;
  if (checksum == active.rejected_checksum && !again) return false;
  ActiveScript candidate = active;
  load_into(candidate, std::move(text), pool, known);
  if (candidate.rejected.empty()) candidate.rejected = misses(active, file.name, candidate, known);
  candidate.clashes = false;
  if (candidate.rejected.empty()) {
    candidate.rejected = clashes(set, file.name, candidate);
    candidate.clashes = !candidate.rejected.empty();
  }
  if (!candidate.rejected.empty()) {
    active.rejected = std::move(candidate.rejected);
    active.rejected_checksum = checksum;
    active.clashes = candidate.clashes;
    return false;
  }
  std::erase_if(set, [&](const auto& other) {
    return other.first != file.name && other.second.looks_gone > 0 &&
           same_place(candidate, other.second);
  });
  candidate.checksum = checksum;
  candidate.loaded_ms = now;
  candidate.rejected_checksum.clear();
  active = std::move(candidate);
  return true;
}

std::shared_ptr<const PolicyScript> policy_of(const ScriptSet& set) {
  for (const auto& [name, active] : set) {
    if (active.policy) return active.policy;
  }
  return nullptr;
}

ports::Decision no_policy() {
  ports::Decision decision;
  decision.reason = "policy_error";
  decision.message = "The host has no working policy script.";
  decision.limit = 0;
  return decision;
}

}  // namespace

KnownConnectors known_connectors(std::span<const std::shared_ptr<ports::Connector>> connectors) {
  KnownConnectors known;
  for (const auto& connector : connectors) {
    Kinds& kinds = known[connector->manifest().id];
    for (const ports::Kind& kind : connector->manifest().kinds) kinds[kind.name] = kind.parents;
  }
  return known;
}

Result<std::vector<ScriptFile>> read_script_files(const fs::path& directory) {
  std::error_code failed;
  if (!fs::is_directory(directory, failed)) {
    return Error{Code::not_found, "there is no directory of scripts at " + directory.string()};
  }
  std::vector<ScriptFile> files;
  for (const char* folder : {"mappings", "policies"}) {
    for (fs::directory_iterator at(directory / folder, failed), end; !failed && at != end;
         at.increment(failed)) {
      if (at->path().extension() != ".lua") continue;
      files.push_back(
          read_file(at->path(), std::string(folder) + "/" + at->path().filename().string()));
    }
    if (failed && failed != std::errc::no_such_file_or_directory) {
      return Error{Code::internal, fmt::format("cannot list {}: {}", (directory / folder).string(),
                                               failed.message())};
    }
  }
  std::sort(files.begin(), files.end(),
            [](const ScriptFile& a, const ScriptFile& b) { return a.name < b.name; });
  return files;
}

ScriptSet reload(const ScriptSet& loaded, std::span<const ScriptFile> files, StatePool& pool,
                 core::Instant now, const KnownConnectors& known) {
  ScriptSet next = loaded;
  bool took = note_gone(next, files);  // what makes room for another
  for (bool again = true; again;) {
    again = false;
    for (const ScriptFile& file : files) {
      again = take_over(next, file, took, pool, now, known) || again;
    }
    took = again;
  }
  return next;
}

std::set<std::string> served(const ScriptSet& set) {
  std::set<std::string> connectors;
  for (const auto& [name, active] : set) {
    if (active.mapping) connectors.insert(active.mapping->connector());
  }
  return connectors;
}

Findings check_script(const std::string& name, const std::string& source, StatePool& pool,
                      const KnownConnectors& known) {
  ActiveScript candidate;
  load_into(candidate, script_text(name, source), pool, known);
  return std::move(candidate.rejected);
}

ActiveScript try_script(const ScriptSet& loaded, const std::string& name, const std::string& source,
                        StatePool& pool, const KnownConnectors& known) {
  ActiveScript candidate;
  load_into(candidate, script_text(name, source), pool, known);
  const auto before = loaded.find(name);
  if (candidate.rejected.empty() && before != loaded.end()) {
    candidate.rejected = misses(before->second, name, candidate, known);
  }
  if (candidate.rejected.empty()) candidate.rejected = clashes(loaded, name, candidate);
  return candidate;
}

Findings ScriptShelf::update(std::span<const ScriptFile> files, core::Instant now) {
  const std::lock_guard one_at_a_time(update_mutex_);
  auto next = std::make_shared<const ScriptSet>(reload(*set(), files, *pool_, now, known_));
  Findings refused;
  for (const auto& [name, active] : *next) {
    refused.insert(refused.end(), active.rejected.begin(), active.rejected.end());
  }
  const std::lock_guard lock(mutex_);
  set_ = std::move(next);
  return refused;
}

std::shared_ptr<const ScriptSet> ScriptShelf::set() const {
  const std::lock_guard lock(mutex_);
  return set_;
}

ports::Decision LuaGate::decide(const ports::Ask& ask, const ports::Used& used) {
  const std::shared_ptr<const PolicyScript> policy = policy_of(*shelf_->set());
  return policy ? policy->decide(ask, used) : no_policy();
}

ports::Decision LuaGate::limits(const std::string& tier) {
  const std::shared_ptr<const PolicyScript> policy = policy_of(*shelf_->set());
  return policy ? policy->limits(tier) : no_policy();
}

Result<std::shared_ptr<const ports::Mapping>> LuaMapper::mapping(
    const std::string& connector) const {
  for (const auto& [name, active] : *shelf_->set()) {
    if (active.mapping && active.mapping->connector() == connector) {
      return std::shared_ptr<const ports::Mapping>(active.mapping);
    }
  }
  return Error{Code::not_found, fmt::format("no mapping script serves connector '{}'", connector),
               "no_mapping"};
}

ports::CheckedScript LuaScripts::check(const std::string& name, const std::string& source) {
  const std::shared_ptr<const ScriptSet> active = shelf_->set();
  ActiveScript candidate = try_script(*active, name, source, shelf_->pool(), shelf_->known());
  ports::CheckedScript checked;
  checked.findings = std::move(candidate.rejected);
  if (!checked.findings.empty()) return checked;
  if (candidate.mapping) {
    checked.connector = candidate.mapping->connector();
    checked.mapping = std::move(candidate.mapping);
    return checked;
  }
  checked.tiers = candidate.policy->tiers();
  if (const auto before = policy_of(*active)) {
    for (std::string& tier : before->tiers()) checked.tiers.push_back(std::move(tier));
  }
  std::sort(checked.tiers.begin(), checked.tiers.end());
  checked.tiers.erase(std::unique(checked.tiers.begin(), checked.tiers.end()), checked.tiers.end());
  checked.policy = std::make_shared<PolicyGate>(std::move(candidate.policy));
  return checked;
}

std::vector<ports::ScriptRevision> LuaScripts::list() const {
  std::vector<ports::ScriptRevision> revisions;
  for (const auto& [name, active] : *shelf_->set()) {
    revisions.push_back({name, active.checksum, active.loaded_ms, active.rejected});
  }
  return revisions;
}

}  // namespace mortise::script
