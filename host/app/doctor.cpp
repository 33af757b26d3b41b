#include "app/doctor.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/host.hpp"
#include "app/setting_checks.hpp"
#include "core/public_url.hpp"
#include "core/words.hpp"
#include "plugin/loader.hpp"
#include "script/library.hpp"
#include "service/secrets.hpp"
#include "store/inspect.hpp"

namespace mortise::app {
namespace {

/// The lines of the report, and whether one of them is bad.
class Report {
 public:
  explicit Report(Terminal& terminal) : terminal_(terminal) {}
  void check(bool good, std::string_view what, std::string_view detail) {
    line(good ? "ok" : "FAIL", what, detail);
    well_ = well_ && good;
  }
  /// Worth knowing, and perhaps meant so.
  void note(std::string_view what, std::string_view detail) { line("note", what, detail); }
  bool well() const { return well_; }

 private:
  void line(std::string_view how, std::string_view what, std::string_view detail) {
    terminal_.out << fmt::format("{:<6}{:<12}{}\n", how, what, shown(detail));
  }
  Terminal& terminal_;
  bool well_ = true;
};

std::string damage(const std::vector<std::string>& problems) {
  const std::string more =
      problems.size() > 1 ? fmt::format(" and {} more", problems.size() - 1) : std::string();
  return fmt::format("damaged: restore the backup (store_damaged); {}{}", problems.front(), more);
}

/// Answers the names of the secrets in it.
std::vector<std::string> check_store(const std::string& path, const store::MasterKey& key,
                                     Report& report) {
  auto found = store::inspect(path, key);
  if (!found) {
    const bool fresh = found.error().code == Code::not_found;
    report.check(fresh, "store",
                 fresh ? "none yet: it is made at the first start" : text_of(found.error()));
    return {};
  }
  report.check(
      found->problems.empty(), "store",
      found->problems.empty()
          ? fmt::format("whole, {} KiB, schema {} of {}, SQLCipher {}", found->size_bytes / 1024,
                        found->schema_version, found->newest_schema, found->cipher_version)
          : damage(found->problems));
  return std::move(found->secrets);
}

using Installed = std::map<std::string, ports::Manifest>;

/// Where each connector's client id and secret come from. One that has none is perhaps not wanted.
void tell_credentials(const Installed& installed, const std::vector<std::string>& stored,
                      const Terminal& terminal, Report& report) {
  for (const auto& [id, manifest] : installed) {
    if (manifest.auth.style == ports::AuthStyle::none) continue;
    for (const char* what : {"client_id", "client_secret"}) {
      const std::string name = fmt::format("{}.{}", id, what);
      const std::string variable = service::secret_variable(name);
      if (!terminal.environment(variable).value_or("").empty()) {
        report.check(true, "secret", fmt::format("{} from {}", name, variable));
      } else if (std::find(stored.begin(), stored.end(), name) != stored.end()) {
        report.check(true, "secret", fmt::format("{} from the store", name));
      } else {
        report.note("secret", fmt::format("{} is not set, so nobody can connect: "
                                          "mortise secret set {}",
                                          name, name));
      }
    }
  }
}

/// Settings takes every variable with such an end: which connectors there are it does not know.
void tell_strange_variables(const Installed& installed, const Terminal& terminal, Report& report) {
  std::vector<std::string> known;
  for (const auto& [id, manifest] : installed) {
    for (const char* what : {"client_id", "client_secret", "webhook_secret"}) {
      known.push_back(service::secret_variable(fmt::format("{}.{}", id, what)));
    }
  }
  const std::vector<std::string_view> words(known.begin(), known.end());
  for (const std::string& name : terminal.environment_names()) {
    const bool secret =
        name.starts_with("MORTISE_") && (name.ends_with("_CLIENT_ID") || name.ends_with("_SECRET"));
    if (!secret || std::find(words.begin(), words.end(), name) != words.end()) continue;
    const auto near = core::nearest_word(name, words);
    report.note("variable",
                fmt::format("{} is read for no installed connector{}", name,
                            near ? fmt::format("; did you mean {}?", *near) : std::string()));
  }
}

/// Every script, that one of them is a policy, and that every connector has its mapping.
void check_scripts(const std::vector<script::ScriptFile>& files,
                   const std::vector<std::shared_ptr<ports::Connector>>& connectors,
                   Report& report) {
  script::StatePool states;
  const script::ScriptSet set =
      script::reload({}, files, states, 0, script::known_connectors(connectors));
  bool policy = false;
  for (const auto& [name, active] : set) {
    const script::Findings& findings = active.rejected;
    report.check(findings.empty(), "script",
                 findings.empty() ? name
                                  : fmt::format("{}:{}: {}", name, findings.front().line,
                                                findings.front().message));
    policy = policy || active.policy != nullptr;
  }
  if (!policy) {
    report.check(false, "policy", "none in policies/ that loads: every export is denied");
  }
  const std::set<std::string> served = script::served(set);
  for (const auto& connector : connectors) {
    const std::string& id = connector->manifest().id;
    if (served.contains(id)) continue;
    report.check(false, "mapping",
                 fmt::format("none for connector {}: write one as mappings/{}.lua", id, id));
  }
}

void tell_address(const Settings& settings, Report& report) {
  const std::string& url = settings.text("server.public_url");
  const std::string here =
      local_url(settings.text("server.address"), static_cast<int>(settings.number("server.port")));
  const std::string trouble = core::push_trouble(url);
  report.check(true, "public_url",
               url.empty()       ? fmt::format("none: reached directly, as {}, push is off", here)
               : trouble.empty() ? url
                                 : url + ", push is off: it is not https");
}

int doctor(const Arguments& arguments, Terminal& terminal) {
  Report report(terminal);
  auto settings = settings_for(arguments, terminal);
  if (!settings) {
    report.check(false, "settings", settings.error().message);
    return kFound;
  }
  const Status known = check_connectors(*settings);
  report.check(known.ok(), "settings",
               known ? "every key and value makes sense" : known.error().message);
  report.check(true, "zone", settings->text("planning.zone"));
  auto key = master_key(*settings, terminal.environment);
  report.check(key.ok(), "key", key ? "found" : key.error().message);
  std::vector<std::string> secrets;
  if (key) secrets = check_store(settings->path("store.path"), *key, report);
  const auto loaded = load_connectors(*settings);
  for (const auto& connector : loaded->list()) {
    report.check(true, "connector",
                 fmt::format("{} {}", connector->manifest().id, connector->manifest().version));
  }
  for (const plugin::Refusal& refusal : loaded->refusals()) {
    report.check(false, "connector", refusal.error.message);
  }
  if (loaded->list().empty()) {
    report.check(false, "connector", "none in " + settings->text("plugins.path"));
  }
  const Installed installed = installed_connectors(*settings);
  tell_credentials(installed, secrets, terminal, report);
  tell_strange_variables(installed, terminal, report);
  auto files = script::read_script_files(settings->path("scripts.path"));
  report.check(files.ok(), "scripts",
               files ? settings->path("scripts.path") : files.error().message);
  if (files) check_scripts(*files, loaded->list(), report);
  tell_address(*settings, report);
  return report.well() ? kOk : kFound;
}

}  // namespace

Command doctor_command() {
  return {"doctor",
          "",
          "Looks at settings, key, store, connectors and scripts, and says what is wrong.",
          {},
          doctor};
}

}  // namespace mortise::app
