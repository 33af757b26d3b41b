#include "app/host.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "api/api.hpp"
#include "app/gated_transport.hpp"
#include "app/hours.hpp"
#include "app/identity.hpp"
#include "app/pages.hpp"
#include "app/setting_checks.hpp"
#include "app/system.hpp"
#include "app/telling_upkeep.hpp"
#include "app/test_switches.hpp"
#include "core/log_value.hpp"
#include "net/curl_transport.hpp"
#include "net/egress.hpp"
#include "net/http_authorization.hpp"
#include "plugin/loader.hpp"
#include "script/library.hpp"
#include "service/connect.hpp"
#include "service/exports.hpp"
#include "service/plan_editing.hpp"
#include "service/script_trials.hpp"
#include "service/secrets.hpp"
#include "service/tokens.hpp"
#include "store/inbox_journal.hpp"
#include "store/key.hpp"
#include "store/sql_store.hpp"
#include "sync/channels.hpp"
#include "sync/dispatcher.hpp"
#include "sync/hooks.hpp"
#include "sync/intake.hpp"
#include "sync/scheduler.hpp"

namespace mortise::app {
namespace {

constexpr std::int64_t kIdleMs = 2'000;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text) {
    if (c != ' ') {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(std::move(part));
      part.clear();
    }
  }
  if (!part.empty()) parts.push_back(std::move(part));
  return parts;
}

net::OriginOverrides overrides_of(const Settings& settings) {
  net::OriginOverrides overrides;
  for (const auto& [connector, origins] : settings.origins()) {
    for (const auto& [name, url] : origins) overrides[{connector, name}] = url;
  }
  return overrides;
}

/// The budgets of the configuration count in place of the manifest's.
void override_budgets(const Settings& settings, ports::Manifest& manifest) {
  auto found = settings.budgets().find(manifest.id);
  if (found == settings.budgets().end()) return;
  for (const auto& [scope, budget] : found->second) {
    const ports::BudgetScope wanted = scope == "connection"  ? ports::BudgetScope::connection
                                      : scope == "workspace" ? ports::BudgetScope::workspace
                                                             : ports::BudgetScope::application;
    std::erase_if(manifest.budgets, [&](const auto& each) { return each.scope == wanted; });
    manifest.budgets.push_back({wanted, budget.requests, budget.window_ms});
  }
}

}  // namespace

std::vector<std::filesystem::path> plugin_folders(const Settings& settings) {
  std::vector<std::filesystem::path> folders;
  for (const std::string& folder : settings.paths("plugins.path")) folders.emplace_back(folder);
  return folders;
}

std::shared_ptr<plugin::LoadedConnectors> load_connectors(const Settings& settings) {
  return plugin::LoadedConnectors::load(plugin_folders(settings), {},
                                        [](std::int32_t, std::string_view, std::string_view) {});
}

namespace {

/// A free port, for server.port = 0: redirect URIs must name it before anything listens.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return 0;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 0;
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  close(socket);
  return port;
}

}  // namespace

std::string local_url(const std::string& address, int port) {
  in6_addr number{};
  if (address == "0.0.0.0" || address == "::") return fmt::format("http://127.0.0.1:{}", port);
  const bool six = ::inet_pton(AF_INET6, address.c_str(), &number) == 1;
  return fmt::format("http://{}:{}", six ? "[" + address + "]" : address, port);
}

Result<store::MasterKey> master_key(const Settings& settings, const Environment& environment) {
  store::KeySources sources;
  sources.environment = environment;
  sources.file = settings.path("store.key_file");
  sources.command = words(settings.text("store.key_command"));
  return store::find_master_key(sources);
}

/// Members are in order of dependence: what is below may use what is above, and goes first.
struct Host::Parts {
  explicit Parts(HostOptions given)
      : options(std::move(given)), clock(clock_ahead_ms(options.environment)) {}

  HostOptions options;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<ports::Store> store;
  std::unique_ptr<ports::InboxJournal> journal;
  std::shared_ptr<plugin::LoadedConnectors> connectors;
  script::StatePool states;
  script::ScriptShelf shelf{states};
  script::LuaGate gate{shelf};
  script::LuaMapper mapper{shelf};
  script::LuaScripts scripts{shelf};
  api::EventPublisher publisher{clock};
  std::unique_ptr<service::StoredSecrets> secrets;
  std::unique_ptr<GatedTransport> transport;
  std::unique_ptr<net::HttpAuthorization> authorization;
  std::unique_ptr<service::StoredTokens> tokens;
  std::unique_ptr<net::PacedEgress> egress;
  std::unique_ptr<sync::Dispatcher> dispatcher;
  std::unique_ptr<sync::Intake> intake;
  std::unique_ptr<sync::VerifiedHooks> hooks;
  std::unique_ptr<sync::PushChannels> channels;
  std::unique_ptr<sync::Scheduler> scheduler;
  std::unique_ptr<TellingUpkeep> upkeep;
  std::unique_ptr<service::Connecting> connect;
  std::unique_ptr<service::QuotaExports> exports;
  std::unique_ptr<service::StoredTrials> trials;
  std::unique_ptr<service::StoredPlans> plans;
  std::unique_ptr<api::Api> api;
  // Last, so that they end first: nothing is called once they are gone.
  std::unique_ptr<Workers> workers;
  std::unique_ptr<SystemTimers> timers;
  bool started = false;
  std::set<std::string> refused_scripts;  ///< lines of the log about them; load, then the one timer

  Status open_store();
  Status load_code();
  Status wire();
  void wire_upkeep();
  void tell(const Status& writable);
  void take_over(const std::vector<script::ScriptFile>& files, std::string_view level);
  void tell_refused(std::set<std::string> lines, std::string_view level);
  void watch_scripts();
  void stop();
  void log(std::string_view level, const std::string& line) const { options.log(level, line); }
};

Status Host::Parts::open_store() {
  auto key = master_key(options.settings, options.environment);
  if (!key) return std::move(key).error();
  auto opened = store::open_store({.path = options.settings.path("store.path"),
                                   .key = *key,
                                   .random = random,
                                   .clock = clock,
                                   .version = options.version,
                                   .opening = options.opening,
                                   .writable = [this](const Status& status) { tell(status); }});
  if (!opened) return std::move(opened).error();
  store = std::move(*opened);
  auto inbox = store::open_inbox_journal(
      {.path = options.settings.path("store.path") + ".inbox", .key = *key, .random = random});
  if (!inbox) return std::move(inbox).error();
  journal = std::move(inbox->journal);
  if (inbox->lost_bytes > 0) {
    log("warning", fmt::format("event=inbox_cut bytes={}", inbox->lost_bytes));
  }
  return {};
}

void Host::Parts::tell(const Status& writable) {
  if (writable) return log("warning", "event=store_writable");
  log("critical",
      fmt::format("event=store_unwritable message={}", core::log_value(writable.error().message)));
}

Status Host::Parts::load_code() {
  connectors = plugin::LoadedConnectors::load(
      plugin_folders(options.settings), {},
      [this](std::int32_t level, std::string_view connector, std::string_view message) {
        constexpr std::array<std::string_view, 4> kLevels{"debug", "information", "warning",
                                                          "error"};
        log(kLevels.at(static_cast<std::size_t>(level)),
            fmt::format("event=plugin connector={} message={}", connector,
                        core::log_value(message)));
      },
      [this](ports::Manifest& manifest) { override_budgets(options.settings, manifest); });
  for (const plugin::Refusal& refusal : connectors->refusals()) {
    log("error", fmt::format("event=plugin_refused folder={} message={}",
                             core::log_value(refusal.folder.filename().string()),
                             core::log_value(refusal.error.message)));
  }
  shelf.know(script::known_connectors(connectors->list()));
  auto files = script::read_script_files(options.settings.path("scripts.path"));
  if (!files) return std::move(files).error();
  take_over(*files, "error");
  return {};
}

Status Host::Parts::wire() {
  const Settings& settings = options.settings;
  auto hours = working_hours(settings.text("planning.hours"));
  if (!hours) return std::move(hours).error();
  auto networks = api::Networks::parse(settings.list("server.trusted_proxies"));
  if (!networks) return std::move(networks).error();
  auto failpoint = failpoint_from(options.environment);
  if (!failpoint) return std::move(failpoint).error();
  auto identity = installation_identity(
      *store, random, clock,
      options.opening == store::Opening::make ? NewIdentity::keep : NewIdentity::forget);
  if (!identity) return std::move(identity).error();

  int port = static_cast<int>(settings.number("server.port"));
  if (port == 0) port = free_port();
  const std::string base_url = settings.text("server.public_url").empty()
                                   ? local_url(settings.text("server.address"), port)
                                   : settings.text("server.public_url");
  workers = std::make_unique<Workers>(static_cast<std::size_t>(settings.number("sync.threads")));
  timers = std::make_unique<SystemTimers>(clock, *workers);

  const net::Endpoints endpoints(overrides_of(settings));
  net::CurlOptions outbound;
  for (const auto& connector : connectors->list()) {
    for (std::string& origin : endpoints.fixed(connector->manifest())) {
      outbound.origins.push_back(std::move(origin));
    }
  }
  outbound.proxy = settings.text("outbound.proxy");
  outbound.user_agent = "Mortise/" + options.version;
  transport = std::make_unique<GatedTransport>(
      std::make_unique<net::CurlTransport>(std::move(outbound), *workers), *workers);
  std::map<std::string, std::string> variables;
  for (const std::string& name : options.environment_names()) {
    if (auto value = options.environment(name)) variables[name] = std::move(*value);
  }
  secrets = std::make_unique<service::StoredSecrets>(store->grants(), std::move(variables));
  authorization = std::make_unique<net::HttpAuthorization>(
      net::AuthorizationPorts{*transport, *secrets, clock, *timers, *workers, random}, endpoints);
  tokens = std::make_unique<service::StoredTokens>(service::TokensPorts{
      *store, *connectors, *authorization, clock, *workers, random,
      [this](const core::Connection& each) { tell_account(publisher, each); }});
  egress = std::make_unique<net::PacedEgress>(
      net::EgressPorts{*transport, *tokens, store->connections(), *connectors, clock, *timers,
                       *workers, random},
      endpoints);

  sync::Options sync;
  sync.installation = identity->installation;
  sync.host_zone = settings.text("planning.zone");
  sync.link_base = settings.text("server.public_url");
  sync.target_title = settings.text("app.name");
  sync.debounce_ms = settings.number("sync.debounce_ms");
  sync.rules.remove_percent = settings.number("sync.remove_percent");
  sync.rules.remove_at_least = settings.number("sync.remove_at_least");
  dispatcher = std::make_unique<sync::Dispatcher>(
      sync::Ports{*store, *connectors, *egress, mapper, gate, clock, *timers, *workers, random,
                  publisher, std::move(*failpoint), options.log},
      std::move(sync));
  wire_upkeep();
  std::vector<std::string> return_to = settings.list("app.return_to");
  return_to.push_back(base_url + "/ui");
  connect = std::make_unique<service::Connecting>(
      service::ConnectPorts{*store, *connectors, *authorization, *tokens, *egress, *dispatcher,
                            *upkeep, clock, *workers, random},
      service::ConnectOptions{.base_url = base_url, .return_to = std::move(return_to)});
  exports = std::make_unique<service::QuotaExports>(
      *store, gate, *dispatcher, clock, random,
      service::ExportSettings{settings.text("planning.zone"), settings.text("app.upgrade_url")});
  trials = std::make_unique<service::StoredTrials>(*store, scripts, gate, *exports, clock);
  plans = std::make_unique<service::StoredPlans>(
      *store, *dispatcher, clock, random,
      service::EditingSettings{settings.text("planning.zone"), std::move(*hours)});

  api::ApiOptions http;
  http.server.address = settings.text("server.address");
  http.server.port = port;
  http.server.workers = static_cast<unsigned>(settings.number("server.threads"));
  http.edge.cors_origins = settings.list("server.cors_origins");
  http.edge.trusted_proxies = std::move(*networks);
  http.site = {settings.text("server.public_url"), options.version, identity->session_key,
               settings.text("planning.zone"), settings.text("app.name")};
  http.more_routes = page_routes(
      {settings.text("app.name"), settings.text("app.color"), settings.text("app.logo_url")});
  http.access_log = [this](const api::AccessRecord& record) {
    log("information",
        fmt::format("event=request id={} method={} route={} status={} us={} client={}",
                    record.request_id, record.method, record.route, record.status,
                    record.microseconds, record.client));
  };
  http.bug = [this](std::string_view id, std::string_view what) {
    log("critical", fmt::format("event=bug request={} what={}", id, core::log_value(what)));
  };
  api = std::make_unique<api::Api>(
      api::Services{*store, *plans, *exports, *connect, *dispatcher, *hooks, *upkeep, *egress,
                    *connectors, gate, mapper, scripts, *trials, clock, random},
      publisher, std::move(http));
  return {};
}

/// What goes on by itself: notifications, channels, polls.
void Host::Parts::wire_upkeep() {
  const Settings& settings = options.settings;
  const sync::Ports ports{*store,  *connectors, *egress, mapper,    gate, clock,
                          *timers, *workers,    random,  publisher, {},   options.log};
  intake = std::make_unique<sync::Intake>(ports, *journal, *dispatcher);
  hooks = std::make_unique<sync::VerifiedHooks>(ports, *secrets, *journal, *intake);
  channels = std::make_unique<sync::PushChannels>(
      ports, *secrets, *dispatcher,
      sync::ChannelOptions{.public_url = settings.text("server.public_url")});
  scheduler = std::make_unique<sync::Scheduler>(
      ports, *channels, *dispatcher, *tokens,
      sync::ScheduleOptions{.poll_ms = settings.number("sync.poll_s") * 1000,
                            .keep_days = settings.number("sync.keep_days")});
  upkeep = std::make_unique<TellingUpkeep>(*scheduler, *store, publisher);
}

/// The newest texts of all scripts. What was refused before, and was not edited since, is not said
/// again.
void Host::Parts::take_over(const std::vector<script::ScriptFile>& files, std::string_view level) {
  std::set<std::string> refused;
  for (const ports::ScriptFinding& finding : shelf.update(files, clock.now_ms())) {
    refused.insert(fmt::format("event=script_refused file={} line={} message={}",
                               core::log_value(finding.file), finding.line,
                               core::log_value(finding.message)));
  }
  tell_refused(std::move(refused), level);
}

void Host::Parts::tell_refused(std::set<std::string> lines, std::string_view level) {
  for (const std::string& line : lines) {
    if (!refused_scripts.contains(line)) log(level, line);
  }
  refused_scripts = std::move(lines);
}

/// Takes edited scripts over, and looks again later.
void Host::Parts::watch_scripts() {
  timers->after(options.settings.number("scripts.poll_ms"), [this] {
    if (auto files = script::read_script_files(options.settings.path("scripts.path"))) {
      take_over(*files, "warning");
    } else {
      std::set<std::string> lines = refused_scripts;
      lines.insert(fmt::format("event=scripts_unreadable message={}",
                               core::log_value(files.error().message)));
      tell_refused(std::move(lines), "warning");
    }
    watch_scripts();
  });
}

void Host::Parts::stop() {
  if (!workers) return;
  if (api) api->stop(std::chrono::milliseconds(options.settings.number("server.drain_ms")));
  if (scheduler) scheduler->stop();
  if (channels) channels->stop();
  if (intake) intake->stop();
  if (dispatcher) dispatcher->stop();
  if (transport) transport->close();
  if (dispatcher && started) dispatcher->idle(kIdleMs);
  if (channels && started) channels->idle(kIdleMs);
  if (timers) timers->stop();
  workers.reset();
  timers.reset();
}

Host::Host(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Host::~Host() {
  stop();
}

Result<std::unique_ptr<Host>> Host::open(HostOptions options) {
  if (Status known = check_connectors(options.settings); !known) return std::move(known).error();
  auto parts = std::make_unique<Parts>(std::move(options));
  if (Status opened = parts->open_store(); !opened) return std::move(opened).error();
  if (Status loaded = parts->load_code(); !loaded) return std::move(loaded).error();
  std::unique_ptr<Host> host(new Host(std::move(parts)));
  if (Status wired = host->parts_->wire(); !wired) return std::move(wired).error();
  return host;
}

Status Host::start() {
  if (Status serving = parts_->api->start(); !serving) return serving;
  parts_->started = true;
  parts_->watch_scripts();
  parts_->tokens->recover([this](std::size_t count) {
    if (count > 0) parts_->log("warning", fmt::format("event=refreshes_recovered count={}", count));
  });
  if (Status running = parts_->dispatcher->start(); !running) return running;
  parts_->intake->wake();
  return parts_->scheduler->start();
}

int Host::port() const {
  return parts_->api->port();
}

Result<ports::Preview> Host::preview(const std::string& connection_id, const std::string& plan_id) {
  return parts_->dispatcher->preview(connection_id, plan_id, nullptr);
}

ports::Answer<ports::Trial> Host::try_script(const ports::TrialRequest& request) {
  return parts_->trials->run(request);
}

void Host::stop() {
  parts_->stop();
}

}  // namespace mortise::app
