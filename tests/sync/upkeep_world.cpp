#include "sync/upkeep_world.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace mortise::tests {
namespace {

using core::Json;

void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

/// One request, and what its answer means.
class OneRequest final : public ports::ConnectorOperation {
 public:
  explicit OneRequest(ports::Operation operation) : operation_(operation) {}
  ports::Step resume(std::vector<ports::ConnectorReply> replies) override {
    ports::Step step;
    const ports::ConnectorReply& reply = replies.at(0);
    if (reply.error) {
      step.error = reply.error;
    } else if (reply.reply.status == 404) {
      step.error = Error{Code::not_found, "no such channel"};
    } else if (reply.reply.status == 403) {
      step.error = Error{Code::forbidden, "push is not offered for this calendar"};
    } else if (reply.reply.status >= 400) {
      step.error = Error{Code::unavailable, "the service is out of order"};
    } else {
      const Json json = Json::parse(reply.reply.body);
      if (json.contains("trouble")) step.error = Error{Code::unavailable, "not everything is told"};
      if (json.contains("confirm")) {
        step.requests.emplace_back().target = "/confirm";
      } else if (operation_ == ports::Operation::open_channel) {
        ports::ChannelReport report{json["resource"].get<std::string>(), {}};
        if (json.contains("expires_ms")) report.expires_ms = json["expires_ms"].get<std::int64_t>();
        step.channel = report;
      } else if (operation_ == ports::Operation::targets) {
        step.targets.push_back({{"holidays", "calendar", "Holidays", ""}, false, true});
        step.targets.push_back({{"primary", "calendar", "Ann", ""}, true, false});
      }
    }
    return step;
  }

 private:
  ports::Operation operation_;
};

class PushConnector final : public ports::Connector {
 public:
  explicit PushConnector(ports::Manifest manifest) : manifest_(std::move(manifest)) {}
  const ports::Manifest& manifest() const override { return manifest_; }
  ports::Started begin(const ports::Call& call) override {
    ports::ConnectorRequest request;
    request.origin = "api";
    request.method = "POST";
    if (call.operation == ports::Operation::open_channel) {
      request.target = "/watch";
      request.body = Json{{"id", call.channel_id},
                          {"address", call.channel_address},
                          {"calendar", call.target.id},
                          {"token", "${channel_secret}"}}
                         .dump();
      request.fill_secret = true;
    } else if (call.operation == ports::Operation::close_channel) {
      request.target = "/stop";
      request.body = Json{{"id", call.channel_id}, {"resource", call.channel_resource}}.dump();
    } else {
      request.method = "GET";
      request.target = "/calendars";
    }
    ports::Started started;
    started.operation = std::make_unique<OneRequest>(call.operation);
    started.step.requests.push_back(std::move(request));
    return started;
  }

 private:
  ports::Manifest manifest_;
};

class BothConnectors final : public ports::Connectors {
 public:
  BothConnectors() {
    ports::Manifest cal;
    cal.id = cal.name = "cal";
    cal.operations.channels = cal.operations.targets = true;
    cal.notifications.subscription = ports::Notifications::Subscription::channel;
    cal.notifications.channel_header = "x-channel-id";
    cal.notifications.token_header = "x-channel-token";
    cal.notifications.state_header = "x-state";
    cal.notifications.ignored_states = {"sync"};
    cal.notifications.message_header = "x-number";
    ports::Manifest pages;
    pages.id = pages.name = "pages";
    pages.notifications.subscription = ports::Notifications::Subscription::application;
    pages.notifications.signature_header = "x-signature";
    pages.notifications.signature_prefix = "sha256=";
    pages.notifications.handshake_pointer = "/verification_token";
    pages.notifications.id_pointer = "/id";
    pages.notifications.workspace_pointer = "/workspace_id";
    pages.notifications.hint_pointers = {"/entity/id", "/data/updated_blocks"};
    ports::Manifest deaf;
    deaf.id = deaf.name = "deaf";
    for (ports::Manifest* each : {&cal, &pages, &deaf}) {
      all_.push_back(std::make_shared<PushConnector>(std::move(*each)));
    }
  }
  std::shared_ptr<ports::Connector> find(std::string_view id) const override {
    for (const auto& each : all_) {
      if (each->manifest().id == id) return each;
    }
    return nullptr;
  }
  std::vector<std::shared_ptr<ports::Connector>> list() const override { return all_; }

 private:
  std::vector<std::shared_ptr<ports::Connector>> all_;
};

ports::HttpReply answer(int status, const Json& body = Json::object()) {
  return {status, {}, body.dump()};
}

ports::HttpReply serve(PushService& service, const ports::ConnectorRequest& request,
                       const std::string& secret, core::Instant now_ms) {
  if (request.target == "/calendars") return answer(200);
  std::string text = request.body;
  if (request.fill_secret) {
    const std::string mark = "${channel_secret}";
    text.replace(text.find(mark), mark.size(), secret);
  }
  const Json body = Json::parse(text);
  const auto id = body["id"].get<std::string>();
  if (request.target == "/stop") {
    const auto found = service.channels.find(id);
    if (found == service.channels.end() || found->second.resource != body["resource"]) {
      return answer(404);
    }
    service.channels.erase(found);
    ++service.closed;
    return answer(200);
  }
  PushService::Open& open = service.channels[id];
  open = {body["token"].get<std::string>(), body["address"].get<std::string>(), "resource-" + id,
          body["calendar"].get<std::string>(), now_ms + service.life_ms};
  ++service.opened;
  if (service.on_open) service.on_open(id);
  Json told = {{"resource", open.resource}};
  if (service.tells_end) told["expires_ms"] = open.expires_ms;
  return answer(200, told);
}

}  // namespace

std::shared_ptr<ports::Connectors> push_connectors() {
  return std::make_shared<BothConnectors>();
}

void PushEgress::send(ports::EgressCall call, std::function<void(ports::ConnectorReply)> done) {
  auto shared = std::make_shared<ports::EgressCall>(std::move(call));
  executor_.post([this, shared, done = std::move(done)] {
    const std::string weather =
        service_.weather ? service_.weather(shared->request) : std::string();
    ports::ConnectorReply reply;
    reply.maybe_sent = true;  // of an answer, too: so does the egress
    if (weather.empty() || weather == "lose" || weather == "break" || weather == "trouble" ||
        weather == "confirm") {
      reply.reply = serve(service_, shared->request,
                          std::string(shared->channel_secret.reveal_for_use()), clock_.now_ms());
      if (weather == "lose") {
        reply.error = Error{Code::unavailable, "the answer was lost"};
      } else if (weather == "break") {
        reply.reply = answer(502);
      } else if (!weather.empty()) {
        Json told = Json::parse(reply.reply.body);
        told[weather] = true;
        reply.reply.body = told.dump();
      }
    } else if (weather == "swallow") {
      swallowed.emplace_back([done] {
        ports::ConnectorReply late;
        late.error = Error{Code::cancelled, "the host stops"};
        late.maybe_sent = true;
        done(late);
      });
      return;
    } else {
      ++service_.refused;
      reply.reply = answer(std::stoi(weather));
    }
    done(std::move(reply));
  });
}

sync::Ports UpkeepWorld::ports() {
  return {store,  *connectors,
          egress, mapper_,
          gate_,  clock,
          clock,  executor,
          random, events_,
          {},     [this](std::string_view, const std::string& line) { lines.push_back(line); }};
}

UpkeepWorld::Process::Process(UpkeepWorld& world)
    : intake(world.ports(), world.journal, world.runs),
      hooks(world.ports(), world.secrets, world.journal, intake),
      channels(world.ports(), world.secrets, world.runs, {world.public_url, 5'000}),
      scheduler(world.ports(), channels, world.runs, world.tokens, world.schedule) {}

UpkeepWorld::UpkeepWorld(std::string url) : random(11), public_url(std::move(url)) {
  core::Account account;
  account.id = "ann";
  must(store.commit({ports::put(account)}, ports::Durability::full));
  process = std::make_unique<Process>(*this);
}

UpkeepWorld::~UpkeepWorld() {
  service.weather = nullptr;
  for (auto& process_ : dead_) process_->channels.stop();
  process->scheduler.stop();
  process->channels.stop();
  // Coroutines that wait for an answer end with it.
  while (!egress.swallowed.empty()) {
    for (const auto& answer_late : std::exchange(egress.swallowed, {})) answer_late();
    executor.run_until_idle();
  }
  executor.run_until_idle();
}

void UpkeepWorld::connect(const std::string& id, const std::string& connector,
                          const std::string& target) {
  core::Connection made;
  made.id = id;
  made.account_id = "ann";
  made.connector = connector;
  made.identity.id = id;
  made.identity.workspace_id = "workspace";
  made.target.id = target;
  must(store.commit({ports::put(made)}, ports::Durability::full));
}

core::Connection UpkeepWorld::connection(const std::string& id) const {
  return store.connections().find(id).value();
}

void UpkeepWorld::edit(const std::string& id,
                       const std::function<void(core::Connection&)>& change) {
  core::Connection now = connection(id);
  change(now);
  must(store.commit({ports::put(now)}, ports::Durability::full));
}

void UpkeepWorld::synced(const std::string& id, std::int64_t failures) {
  core::SyncState state;
  state.connection_id = id;
  state.started_ms = clock.now_ms();
  state.failures = failures;
  if (failures == 0) state.complete_ms = state.started_ms;
  must(store.commit({ports::put(state), handled(id)}, ports::Durability::full));
}

ports::HandleNotifications UpkeepWorld::handled(const std::string& id) const {
  ports::HandleNotifications all{id, {}, clock.now_ms()};
  const std::vector<core::Notification> pending = store.inbox().pending(id).value();
  for (const core::Notification& each : pending) all.ids.push_back(each.id);
  return all;
}

void UpkeepWorld::run_ended(const std::string& id, core::RunTrigger trigger,
                            std::int64_t received) {
  core::Run run;
  run.id = "run_" + std::to_string(clock.now_ms());
  run.account_id = "ann";
  run.connection_id = id;
  run.kind = core::RunKind::sync;
  run.trigger = trigger;
  run.state = core::RunState::succeeded;
  run.counts.received = received;
  run.created_ms = clock.now_ms();
  run.finished_ms = clock.now_ms();
  must(store.commit({ports::put(run)}, ports::Durability::full));
}

std::vector<core::Channel> UpkeepWorld::channels(const std::string& id) const {
  return store.channels().of_connection(id).value();
}

ports::PushStatus UpkeepWorld::push(const std::string& id) const {
  return process->scheduler.status(id).value().push;
}

void UpkeepWorld::pass(std::int64_t ms) {
  const std::int64_t end_ms = clock.steady_ms() + ms;
  executor.run_until_idle();
  while (clock.steady_ms() < end_ms) {
    const std::int64_t left_ms = end_ms - clock.steady_ms();
    clock.advance(std::min(left_ms, clock.next_in_ms().value_or(left_ms)));
    executor.run_until_idle();
  }
}

void UpkeepWorld::crash() {
  process->scheduler.stop();
  process->channels.stop();
  process->intake.stop();
  dead_.push_back(std::move(process));
  process = std::make_unique<Process>(*this);
}

void UpkeepWorld::start() {
  process->intake.wake();
  must(process->scheduler.start());
}

bool UpkeepWorld::logged(const std::string& words) const {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(words) != std::string::npos;
  });
}

ports::Verdict UpkeepWorld::knock(const std::string& connector, const std::string& channel,
                                  const ports::HttpHeaders& headers, const std::string& body) {
  return process->hooks.receive({connector, channel, headers, body});
}

ports::Verdict UpkeepWorld::notify(const std::string& channel, const std::string& state,
                                   const std::string& number) {
  return knock("cal", "",
               {{"x-channel-id", channel},
                {"x-channel-token", service.channels.at(channel).token},
                {"x-state", state},
                {"x-number", number}});
}

}  // namespace mortise::tests
