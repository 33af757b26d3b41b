#include "app/settings.hpp"

#include <Poco/Exception.h>
#include <Poco/Util/PropertyFileConfiguration.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "api/url.hpp"
#include "app/setting_checks.hpp"
#include "core/public_url.hpp"
#include "core/words.hpp"
#include "core/zones.hpp"

namespace mortise::app {
namespace {

constexpr SettingKey kKeys[] = {
    {"server.address", "127.0.0.1",
     "Where the API listens. TLS belongs to a reverse proxy in front."},
    {"server.port", "8080", "The port; 0 takes any free one."},
    {"server.public_url", "",
     "How the world reaches this host, e.g. https://sync.example.org: redirect URIs, links, and "
     "where services send notifications. Empty: reached directly, no push."},
    {"server.trusted_proxies", "", "Networks (CIDR) whose X-Forwarded-* headers are believed."},
    {"server.cors_origins", "", "Origins whose pages may call the API from a browser."},
    {"server.threads", "2", "Threads that answer requests."},
    {"server.drain_ms", "2500",
     "How long requests under way may take when the host stops; what stops it must wait 10 s more "
     "(TimeoutStopSec)."},
    {"store.path", "../data/mortise.db",
     "The encrypted store. Its directory is made with mode 0700."},
    {"store.key_file", "",
     "A file with the master key, mode 0600. Other sources: MORTISE_KEY, store.key_command, or a "
     "systemd "
     "credential named mortise.key."},
    {"store.key_command", "",
     "A program that prints the master key, with its arguments, separated by spaces. No shell."},
    {"plugins.path", "../plugins",
     "Folders with a folder per connector, separated by commas; of two with one id the first "
     "counts."},
    {"scripts.path", "../scripts",
     "The folder with policies/ and mappings/. Edits take effect at once."},
    {"scripts.poll_ms", "1000", "How often the scripts folder is looked at for edits."},
    {"app.name", "Mortise", "The app's name as end users know it."},
    {"app.color", "", "The brand's colour on the pages, e.g. #2456c7."},
    {"app.logo_url", "", "The brand's logo on the pages: an https URL."},
    {"app.return_to", "",
     "Where a browser may be sent after connecting: URL prefixes, separated by commas. The host's "
     "own "
     "pages are always allowed."},
    {"app.upgrade_url", "", "Where the upgrade prompt leads."},
    {"planning.zone", "Europe/Madrid", "Time zone of accounts and plans that name none."},
    {"planning.hours", "18:00-21:00", "When unscheduled tasks may be placed, every day."},
    {"sync.threads", "2", "Threads that carry runs out. Waiting runs hold none."},
    {"sync.debounce_ms", "500", "A saved change waits this long for more before it is pushed."},
    {"sync.poll_s", "900",
     "About how often a connection that pulls by itself is read, in seconds, unless it has an "
     "interval of its own."},
    {"sync.keep_days", "90",
     "How many days runs, events, conflicts and what else has ended are kept; 0 keeps all."},
    {"sync.remove_percent", "20",
     "A run that would remove a larger share of the items asks first ..."},
    {"sync.remove_at_least", "10", "... if it would remove at least this many."},
    {"outbound.proxy", "",
     "An HTTP proxy for requests to services; one that asks for a password is not supported."},
    {"log.level", "information", "trace, debug, information, notice, warning, error, critical."},
};

struct NumberRange {
  std::string_view key;
  std::int64_t least;
  std::int64_t most;
};

constexpr std::int64_t kHourMs = 3'600'000;
constexpr NumberRange kNumbers[] = {
    {"server.port", 0, 65'535},      {"server.threads", 1, 256},
    {"server.drain_ms", 0, kHourMs}, {"scripts.poll_ms", 10, kHourMs},
    {"sync.threads", 1, 256},        {"sync.debounce_ms", 0, kHourMs},
    {"sync.poll_s", 10, 86'400},     {"sync.keep_days", 0, 36'500},
    {"sync.remove_percent", 0, 100}, {"sync.remove_at_least", 0, 1'000'000},
};

constexpr std::string_view kLevels[] = {"trace",   "debug", "information", "notice",
                                        "warning", "error", "critical"};

/// More than any service allows, and far from where arithmetic ends.
constexpr std::int64_t kMostRequests = 1'000'000;
constexpr std::int64_t kMostSeconds = 31 * 86'400;

std::string variable_of(std::string_view key) {
  std::string name = "MORTISE_";
  for (const char c : key) {
    const bool lower = c >= 'a' && c <= 'z';
    name += c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

std::vector<std::string_view> key_names() {
  std::vector<std::string_view> names;
  for (const SettingKey& key : kKeys) names.push_back(key.name);
  return names;
}

/// Variables that are the host's, but no settings: the key, secrets of connectors, test switches.
bool is_other_variable(std::string_view name) {
  return name == "MORTISE_KEY" || name == "MORTISE_CONFIG" || name == "MORTISE_SHARED" ||
         name.ends_with("_CLIENT_ID") || name.ends_with("_SECRET") ||
         name.starts_with("MORTISE_DEBUG_") || name.starts_with("MORTISE_TEST_");
}

/// What Kubernetes tells a container of a service called mortise, or mortise-...
bool is_service_link(std::string_view name, std::string_view value) {
  const bool link =
      value.starts_with("tcp://") || value.starts_with("udp://") || value.starts_with("sctp://");
  return (name.ends_with("_PORT") && link) || name.ends_with("_SERVICE_HOST") ||
         name.find("_SERVICE_PORT") != std::string_view::npos ||
         name.find("_TCP") != std::string_view::npos ||
         name.find("_UDP") != std::string_view::npos ||
         name.find("_SCTP") != std::string_view::npos;
}

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

}  // namespace

std::span<const SettingKey> setting_keys() {
  return kKeys;
}

std::string settings_template() {
  std::string text =
      "# Mortise's configuration: every key with its default. MORTISE_AREA_KEY in the environment\n"
      "# overrides area.key. Relative paths are relative to this file. Secrets don't belong here:\n"
      "# see `mortise secret set --help`.\n";
  std::string_view area;
  for (const SettingKey& key : kKeys) {
    const std::string_view key_area = key.name.substr(0, key.name.find('.'));
    if (key_area != area) text += '\n';
    area = key_area;
    text += fmt::format("# {}\n{} ={}{}\n", key.says, key.name, key.fallback.empty() ? "" : " ",
                        key.fallback);
  }
  text +=
      "\n# Where a connector's origin is, if not where its manifest says (a simulator, a proxy):\n"
      "# connector.<id>.origin.<name> = http://127.0.0.1:4010\n"
      "# What a service allows this installation, if not what the manifest says: "
      "requests/seconds.\n"
      "# connector.<id>.budget.connection = 600/60\n";
  return text;
}

Status Settings::set_connector(const std::string& key, const std::string& value,
                               const std::string& where) {
  const Error unknown{Code::invalid,
                      fmt::format("{}: \"{}\" is neither connector.<id>.origin.<name> nor "
                                  "connector.<id>.budget.<connection|workspace|application>",
                                  where, key)};
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t dot = std::min(key.find('.', begin), key.size());
    parts.push_back(key.substr(begin, dot - begin));
    begin = dot + 1;
  }
  if (parts.size() != 4 || parts[1].empty() || parts[3].empty()) return unknown;
  if (parts[2] == "origin") {
    if (!is_base_url(value)) {
      return Error{Code::invalid,
                   fmt::format("{}: {} = \"{}\": expected an address like http://127.0.0.1:4010",
                               where, key, without_user(value))};
    }
    origins_[parts[1]][parts[3]] = value;
    return {};
  }
  const bool scoped =
      parts[3] == "connection" || parts[3] == "workspace" || parts[3] == "application";
  if (parts[2] != "budget" || !scoped) return unknown;
  BudgetSetting budget;
  const char* const end = value.data() + value.size();
  auto number = std::from_chars(value.data(), end, budget.requests);
  std::int64_t seconds = 0;
  if (number.ec == std::errc() && number.ptr != end && *number.ptr == '/') {
    number = std::from_chars(number.ptr + 1, end, seconds);
  }
  if (number.ec != std::errc() || number.ptr != end || budget.requests < 1 ||
      budget.requests > kMostRequests || seconds < 1 || seconds > kMostSeconds) {
    return Error{
        Code::invalid,
        fmt::format("{}: {} = \"{}\": expected requests/seconds, like 600/60", where, key, value)};
  }
  budget.window_ms = seconds * 1000;
  budgets_[parts[1]][parts[3]] = budget;
  return {};
}

Status Settings::set(const std::string& key, const std::string& value, const std::string& where) {
  if (!api::is_utf8(value)) {
    return Error{Code::invalid, fmt::format("{}: {} is not UTF-8", where, key)};
  }
  if (key.starts_with("connector.")) return set_connector(key, trimmed(value), where);
  const auto names = key_names();
  if (std::find(names.begin(), names.end(), key) == names.end()) {
    return Error{Code::invalid, fmt::format("{}: there is no setting \"{}\"{}", where, key,
                                            core::did_you_mean(key, names))};
  }
  values_[key] = trimmed(value);
  return {};
}

Status Settings::check() {
  for (const NumberRange& range : kNumbers) {
    const std::string& value = text(range.key);
    const char* const end = value.data() + value.size();
    std::int64_t number = 0;
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || rest != end || number < range.least || number > range.most) {
      return Error{Code::invalid, fmt::format("{} = \"{}\": expected a number from {} to {}",
                                              range.key, value, range.least, range.most)};
    }
  }
  const std::string& level = text("log.level");
  if (std::find(std::begin(kLevels), std::end(kLevels), level) == std::end(kLevels)) {
    return Error{Code::invalid, fmt::format("log.level = \"{}\" is no level{}", level,
                                            core::did_you_mean(level, kLevels))};
  }
  const std::string& zone = text("planning.zone");
  if (!core::zone_exists(zone)) {
    const auto near = core::nearest_zone(zone);
    return Error{Code::invalid,
                 fmt::format("planning.zone = \"{}\" is no time zone{}", zone,
                             near ? fmt::format("; did you mean \"{}\"?", *near) : std::string())};
  }
  auto url = core::public_url_from(text("server.public_url"));
  if (!url) {
    return Error{Code::invalid,
                 fmt::format("server.public_url = \"{}\": {}",
                             without_user(text("server.public_url")), url.error().message)};
  }
  values_["server.public_url"] = std::move(*url);
  return {};
}

Result<Settings> Settings::load(const std::string& file, const Environment& environment,
                                const EnvironmentNames& names) {
  Settings settings;
  for (const SettingKey& key : kKeys) settings.values_[std::string(key.name)] = key.fallback;
  std::error_code code;
  settings.base_directory_ = file.empty()
                                 ? (std::filesystem::current_path(code) / "config").string()
                                 : std::filesystem::absolute(file, code).parent_path().string();
  if (!file.empty()) {
    if (std::filesystem::is_directory(file, code)) {  // reading one would never end
      return Error{Code::invalid, fmt::format("cannot read {}: it is a directory", file)};
    }
    try {
      Poco::AutoPtr<Poco::Util::PropertyFileConfiguration> properties(
          new Poco::Util::PropertyFileConfiguration(file));
      std::vector<std::pair<std::string, std::string>> open;
      const std::function<void(const std::string&)> walk = [&](const std::string& prefix) {
        Poco::Util::AbstractConfiguration::Keys keys;
        properties->keys(prefix, keys);
        for (const std::string& key : keys) {
          if (key.empty()) {  // a line without a key; asking for its keys would never end
            open.emplace_back(prefix, "");
            continue;
          }
          const std::string full = prefix.empty() ? key : prefix + "." + key;
          if (properties->hasProperty(full))
            open.emplace_back(full, properties->getRawString(full));
          walk(full);
        }
      };
      walk("");
      for (const auto& [key, value] : open) {
        if (Status set = settings.set(key, value, file); !set) return std::move(set).error();
      }
    } catch (const Poco::Exception& problem) {
      return Error{Code::invalid, fmt::format("cannot read {}: {}", file, problem.displayText())};
    }
  }
  std::map<std::string, std::string> variables;
  for (const SettingKey& key : kKeys) variables[variable_of(key.name)] = key.name;
  for (const std::string& name : names()) {
    if (!name.starts_with("MORTISE_") || is_other_variable(name)) continue;
    const auto value = environment(name);
    if (is_service_link(name, value.value_or(""))) continue;
    auto found = variables.find(name);
    if (found == variables.end()) {
      std::vector<std::string_view> all;
      for (const auto& [variable, key] : variables) all.push_back(variable);
      const auto near = core::nearest_word(name, all);
      return Error{Code::invalid,
                   fmt::format("the environment variable {} stands for no setting{}", name,
                               near ? fmt::format("; did you mean {}?", *near) : std::string())};
    }
    if (!value) continue;
    if (Status set = settings.set(found->second, *value, name); !set) {
      return std::move(set).error();
    }
  }
  if (Status checked = settings.check(); !checked) return std::move(checked).error();
  if (Status sensible = check_values(settings); !sensible) return std::move(sensible).error();
  return settings;
}

const std::string& Settings::text(std::string_view key) const {
  static const std::string nothing;
  auto found = values_.find(key);
  return found == values_.end() ? nothing : found->second;
}

std::int64_t Settings::number(std::string_view key) const {
  const std::string& value = text(key);
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

std::vector<std::string> Settings::list(std::string_view key) const {
  std::vector<std::string> parts;
  std::string_view rest = text(key);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    std::string part = trimmed(rest.substr(0, comma));
    if (!part.empty()) parts.push_back(std::move(part));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return parts;
}

std::string Settings::absolute(const std::string& value) const {
  if (value.empty()) return {};
  const std::filesystem::path path(value);
  if (path.is_absolute()) return value;
  return (std::filesystem::path(base_directory_) / path).lexically_normal().string();
}

std::string Settings::path(std::string_view key) const {
  return absolute(text(key));
}

std::vector<std::string> Settings::paths(std::string_view key) const {
  std::vector<std::string> all = list(key);
  for (std::string& each : all) each = absolute(each);
  return all;
}

}  // namespace mortise::app
