// Where everything meets: the host's parts, made in order, started, drained, and ended in reverse.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "app/settings.hpp"
#include "ports/script_trial.hpp"
#include "ports/service.hpp"
#include "store/key.hpp"
#include "store/sql_store.hpp"

namespace mortise::plugin {
class LoadedConnectors;
}

namespace mortise::app {

/// Lines for the log: level word and a message of key=value words. Thread-safe.
using LogLine = std::function<void(std::string_view level, const std::string& line)>;

struct HostOptions {
  Settings settings;
  Environment environment;
  EnvironmentNames environment_names;
  std::string version;
  LogLine log;
  /// Opening::keep: to be asked what it would do, not to be started.
  store::Opening opening = store::Opening::make;
};

/// Where a browser on this machine reaches a host that listens there.
std::string local_url(const std::string& address, int port);

/// Where connectors are looked for.
std::vector<std::filesystem::path> plugin_folders(const Settings& settings);

/// What is in them, for a look: what the connectors log is not kept.
std::shared_ptr<plugin::LoadedConnectors> load_connectors(const Settings& settings);

/// The master key, from wherever the settings and the environment say.
Result<store::MasterKey> master_key(const Settings& settings, const Environment& environment);

class Host {
 public:
  /// Opens the store, loads connectors and scripts; serves nothing yet. Errors say what to do.
  static Result<std::unique_ptr<Host>> open(HostOptions options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Begins to answer and goes on with what was unfinished.
  Status start();
  int port() const;
  /// What an export would do now; reads the store only.
  Result<ports::Preview> preview(const std::string& connection_id, const std::string& plan_id);
  /// What an edited script would change; reads the store only.
  ports::Answer<ports::Trial> try_script(const ports::TrialRequest& request);
  /// Finishes requests under way, parks runs, closes. Called by the destructor, too.
  void stop();

 private:
  struct Parts;
  explicit Host(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace mortise::app
