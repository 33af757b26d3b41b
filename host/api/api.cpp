#include "api/api.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/auth.hpp"
#include "api/exchange.hpp"
#include "api/idempotency.hpp"
#include "api/render.hpp"
#include "api/resources.hpp"
#include "core/names.hpp"
#include "core/time.hpp"

namespace mortise::api {

namespace {

constexpr std::size_t kWaitingPreviews = 16;

bool is_of_run(const std::string& topic) {
  return topic.starts_with("run:");
}

Event::Last ends_stream(const std::string& topic, const core::JsonText& data) {
  if (!is_of_run(topic)) return Event::Last::no;
  const auto run = core::parse_json(data);
  if (!run || !run->is_object() || !run->contains("state") || !(*run)["state"].is_string()) {
    return Event::Last::no;
  }
  const auto state = core::from_name<core::RunState>((*run)["state"].get<std::string>());
  return state && core::is_finished(*state) ? Event::Last::yes : Event::Last::no;
}

/// What a "wait" event says.
std::optional<Waiting> read_waiting(const core::JsonText& data) {
  const auto wait = core::parse_json(data);
  if (!wait || !wait->is_object()) return std::nullopt;
  const auto word = [&](const char* name) {
    const auto found = wait->find(name);
    return found != wait->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto why = core::from_name<core::RunWait>(word("waiting_for"));
  const auto until_ms = core::parse_instant(word("until"));
  if (!why || !until_ms) return std::nullopt;
  return Waiting{*why, *until_ms};
}

}  // namespace

struct EventPublisher::Target {
  std::mutex mutex;
  Server* server = nullptr;
  const ports::Clock& clock;
  std::map<std::string, Waiting> waiting;  ///< by the topic of the run, until it moves again

  explicit Target(const ports::Clock& clock_in) : clock(clock_in) {}

  /// A run may end without a word (its last save failed), or be told of a wait when it has ended:
  /// what is over goes when the next wait comes.
  void note(const std::string& topic, const Waiting& wait) {
    const core::Instant now_ms = clock.now_ms();
    std::erase_if(waiting, [&](const auto& each) { return each.second.until_ms <= now_ms; });
    Waiting& known = waiting[topic];
    if (known.until_ms < wait.until_ms) known = wait;
  }
};

EventPublisher::EventPublisher(const ports::Clock& clock)
    : target_(std::make_shared<Target>(clock)) {}
EventPublisher::~EventPublisher() = default;

void EventPublisher::publish(const std::string& topic, const std::string& event,
                             const core::JsonText& data) {
  const Event::Last last = ends_stream(topic, data);
  const std::lock_guard lock(target_->mutex);
  if (is_of_run(topic)) {  // its account's stream is told the same
    if (event != "wait") {
      target_->waiting.erase(topic);  // the run went on, or ended
    } else if (const auto wait = read_waiting(data)) {
      target_->note(topic, *wait);
    }
  }
  if (target_->server) target_->server->publish(topic, {event, data, last});
}

std::optional<Waiting> EventPublisher::waiting(const std::string& run_id) const {
  const std::lock_guard lock(target_->mutex);
  const auto found = target_->waiting.find("run:" + run_id);
  if (found == target_->waiting.end()) return std::nullopt;
  if (found->second.until_ms <= target_->clock.now_ms()) return std::nullopt;
  return found->second;
}

struct Api::Parts {
  Parts(Services services_in, EventPublisher& publisher_in, ApiOptions options)
      : services(services_in),
        site(std::move(options.site)),
        publisher(publisher_in),
        rates(options.rates, services.clock),
        auth(services, site),
        idempotency(services.store, services.clock),
        context{services,
                site,
                idempotency,
                [this] { return server ? server->now() : 0; },
                [this] { return !draining.load(); },
                [this](const std::string& id) {
                  if (server) server->end_streams(id);
                },
                [this](const std::string& id) { return publisher.waiting(id); },
                previews,
                trials,
                [bug = options.bug](const std::string& id, std::string_view what) {
                  if (bug) bug(id, what);
                }},
        edge(make_router(std::move(options.more_routes)), std::move(options.edge),
             {[this](Request& request, const Route& route) { return guard(request, route); },
              std::move(options.access_log), std::move(options.bug)}),
        server_options(options.server) {}

  Router make_router(std::vector<Route> more) {
    Router router;
    add_accounts(router, context);
    add_admin(router, context);
    add_plans(router, context);
    add_tasks(router, context);
    add_occurrences(router, context);
    add_history(router, context);
    add_conflicts(router, context);
    add_connections(router, context);
    add_connection_edit(router, context);
    add_connect(router, context);
    add_exports(router, context);
    add_runs(router, context);
    add_decisions(router, context);
    add_scripts(router, context);
    add_sessions(router, context);
    add_hooks(router, context);
    add_health(router, context);
    for (Route& route : more) router.add(std::move(route));
    return router;
  }

  // Who asks, may they, and not too often? And for something that there is?
  std::optional<Response> guard(Request& request, const Route& route) {
    if (route.access == Access::free) return std::nullopt;
    auto problem = auth.check(request, route);
    const RateLimiter::Verdict verdict = rates.take(request);
    if (!verdict.allowed) {
      // Google loses a notification that is answered with 429, and sends again after a 503.
      const int status = verdict.policy == RateLimiter::kHooks ? 503 : 429;
      Problem slow = make_problem(status, "rate_limited", "Too many requests; see Retry-After.");
      slow.retry_after_ms = verdict.reset_s * 1000;
      problem = std::move(slow);
    }
    request.rate = verdict.headers();
    if (!problem && route.access != Access::open) problem = check_query(request, route.query);
    if (!problem) return std::nullopt;
    return to_response(*problem, request.request_id);
  }

  Services services;
  Site site;
  EventPublisher& publisher;
  RateLimiter rates;
  Auth auth;
  Idempotency idempotency;
  std::atomic<bool> draining{false};
  SlowLane previews{kWaitingPreviews};
  SlowLane trials{1};  ///< the check of a script may take 20 s and more
  Context context;
  Edge edge;
  ServerOptions server_options;
  std::unique_ptr<Server> server;
};

Api::Api(Services services, EventPublisher& publisher, ApiOptions options)
    : parts_(std::make_unique<Parts>(services, publisher, std::move(options))) {
  parts_->server = std::make_unique<Server>(
      parts_->server_options,
      Server::Callbacks{
          [parts = parts_.get()](Request& request) { return parts->edge.handle(request); },
          [parts = parts_.get()](Request& request, Response& response) {
            parts->edge.finish(request, response);
          },
          [parts = parts_.get()](const ParseFailure& failure) {
            return parts->edge.refuse(failure);
          }});
  const std::lock_guard lock(publisher.target_->mutex);
  publisher.target_->server = parts_->server.get();
}

Api::~Api() {
  {
    const std::lock_guard lock(parts_->publisher.target_->mutex);
    parts_->publisher.target_->server = nullptr;
  }
  stop(std::chrono::milliseconds(0));
}

Status Api::start() {
  return parts_->server->start();
}
int Api::port() const {
  return parts_->server->port();
}

void Api::stop(std::chrono::milliseconds at_most) {
  parts_->draining = true;
  parts_->server->stop(at_most);
  parts_->previews.stop();
  parts_->trials.stop();
}

const std::vector<Route>& Api::routes() const {
  return parts_->edge.router().routes();
}

}  // namespace mortise::api
