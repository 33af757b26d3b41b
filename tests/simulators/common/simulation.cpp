#include "simulators/common/simulation.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "simulators/common/html.hpp"

namespace mortise::simulators {
namespace {

bool succeeded(const Response& response) {
  return response.status >= 200 && response.status < 300;
}

Response edge_page() {
  return html_response(403,
                       "<!doctype html><html><head><title>Attention Required!</title></head><body>"
                       "<h1>Sorry, you have been blocked</h1></body></html>");
}

/// What the client gets of `applied`, an answer to a request that took effect.
Response spoil(const Fault& fault, Response applied) {
  switch (fault.kind) {
    case Fault::Kind::drop_after:
      applied.delivery = Delivery::dropped;
      break;
    case Fault::Kind::hold_after:
      applied.delivery = Delivery::held;
      break;
    case Fault::Kind::delay:
      applied.delay_ms = fault.delay_ms;
      break;
    case Fault::Kind::slow_body:
      applied.delivery = Delivery::slow;
      applied.delay_ms = fault.delay_ms;
      break;
    case Fault::Kind::truncated_json:
      // An answer without a body cannot be cut short: it is lost instead.
      if (applied.body.empty()) applied.delivery = Delivery::dropped;
      applied.body.resize(applied.body.size() / 2);
      break;
    default:
      break;
  }
  return applied;
}

}  // namespace

Simulation::Simulation(std::optional<std::uint64_t> seed) : world_(seed) {
  world_.changed = [this] { changed(); };
  default_settings();
}

void Simulation::default_settings() {
  world_.limits = {};
  world_.windows.clear();
  world_.oauth.clear();
  world_.oauth["notion"] = {};
  world_.oauth["google"].access_token_life_s = 3599;
}

void Simulation::add(std::unique_ptr<Provider> provider) {
  providers_.push_back(std::move(provider));
}

Provider* Simulation::find(std::string_view name) const {
  for (const auto& provider : providers_) {
    if (provider->name() == name) return provider.get();
  }
  return nullptr;
}

void Simulation::changed() {
  ++version_;
  if (on_change) on_change();
}

Response Simulation::handle(Request& request) {
  for (const auto& provider : providers_) {
    if (const auto route = provider->route(request)) return call(*provider, *route, request);
  }
  for (const auto& provider : providers_) {
    if (!provider->shows(request)) continue;
    const Response response = locked([&](World&) { return provider->show(request); });
    if (request.method != "GET") changed();
    if (response.before_reply) response.before_reply();
    return response;
  }
  if (request.path == "/") return index();
  return html_response(404, html_page("Not found", "<h1>There is nothing here</h1>"));
}

Response Simulation::call(Provider& provider, const Route& route, Request& request) {
  LogEntry entry;
  entry.provider = provider.name();
  entry.route = route.name;
  entry.write = route.write;
  entry.token = route.token;
  if (route.token) {
    const int delay_ms =
        locked([&](World& world) { return world.oauth[entry.provider].token_delay_ms; });
    if (delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
  }
  const auto fault =
      faults_.next({entry.provider, request.method, request.path, route.name, route.write});
  if (fault) entry.fault = fault->name;
  Response response = apply(provider, route, request, fault, entry);
  const bool lost = response.delivery == Delivery::dropped || response.delivery == Delivery::held;
  entry.status = lost ? 0 : response.status;
  entry.at_ms = world_.clock.now_ms();
  entry.request = request;
  if (!lost) entry.reply = response.body;
  const bool wrote = entry.applied && (route.write || route.token);
  log_.add(std::move(entry));
  if (wrote) changed();
  if (response.before_reply) response.before_reply();
  return response;
}

Response Simulation::apply(Provider& provider, const Route& route, const Request& request,
                           const std::optional<Fault>& fault, LogEntry& entry) {
  const std::scoped_lock lock(mutex_);
  entry.caller = provider.caller(request);
  if (fault && fault->kind == Fault::Kind::drop_before) {
    Response nothing;
    nothing.delivery = Delivery::dropped;
    return nothing;
  }
  if (fault && fault->kind == Fault::Kind::html_403) return edge_page();
  if (fault && fault->kind == Fault::Kind::status)
    return provider.failure(*fault, request, nullptr);
  Response response = provider.answer(request, route);
  entry.applied = succeeded(response);
  if (!fault) return response;
  if (fault->kind == Fault::Kind::status_after) {
    return provider.failure(*fault, request, entry.applied ? &response : nullptr);
  }
  return spoil(*fault, std::move(response));
}

Response Simulation::index() const {
  return html_response(
      200,
      html_page("Simulated providers",
                "<h1>Simulated providers</h1><p>Everything here lives on this machine: no account "
                "and no internet.</p>"
                "<div class=\"card\"><a href=\"/notion\"><strong>Notion</strong></a><br>"
                "<small>workspaces with their pages and databases</small></div>"
                "<div class=\"card\"><a href=\"/google\"><strong>Google Calendar</strong></a><br>"
                "<small>calendars with their events</small></div>"
                "<p><small>For scripts: <a href=\"/control/state\">/control/state</a>, "
                "<a href=\"/control/counters\">/control/counters</a>, "
                "<a href=\"/control/requests\">/control/requests</a>.</small></p>"));
}

void Simulation::reset() {
  {
    const std::scoped_lock lock(mutex_);
    default_settings();
    for (const auto& provider : providers_) provider->reset();
  }
  world_.clock.follow_system();
  faults_.clear();
  log_.clear();
  log_.clear_counters();
  changed();
}

void Simulation::stop() {
  for (const auto& provider : providers_) provider->stop();
}

std::string Simulation::save() {
  const std::scoped_lock lock(mutex_);
  Json state = {{"version", 1}};
  for (const auto& provider : providers_) state[std::string(provider->name())] = provider->save();
  return state.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Simulation::load(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  try {
    const Json state = Json::parse(text);
    for (const auto& provider : providers_) {
      const auto found = state.find(std::string(provider->name()));
      if (found != state.end()) provider->load(*found);
    }
  } catch (const Json::exception& problem) {
    return problem.what();
  }
  return {};
}

}  // namespace mortise::simulators
