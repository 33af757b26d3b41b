#include "fakes/connector_world.hpp"

#include <httplib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "simulators/common/control.hpp"
#include "simulators/common/server.hpp"
#include "simulators/common/simulation.hpp"

namespace mortise::fakes {

using Json = nlohmann::json;

namespace {

constexpr int kAttempts = 4;
constexpr std::size_t kRequestsAtOnce = 10;

httplib::Result exchange(const std::string& url, const std::string& method, const std::string& path,
                         const std::vector<Header>& headers, const std::string& body) {
  httplib::Client client(url);
  client.set_keep_alive(false);
  client.set_tcp_nodelay(true);
  httplib::Request request;
  request.method = method;
  request.path = path;
  for (const Header& each : headers) request.headers.emplace(each.name, each.value);
  request.body = body;
  return client.send(request);
}

bool same_name(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

struct ConnectorWorld::Server {
  simulators::Simulation simulation{7};
  std::unique_ptr<simulators::Control> control;
  std::unique_ptr<simulators::Server> http;
  std::string provider;
  std::string url;

  explicit Server(const MakeProvider& make) {
    auto made = make(simulation.world());
    provider = made->name();
    simulation.add(std::move(made));
    control = std::make_unique<simulators::Control>(simulation);
    http = std::make_unique<simulators::Server>([this](auto& request) {
      return request.below("/control") ? control->answer(request) : simulation.handle(request);
    });
    control->attach(*http);
    url = simulation.locked([&](simulators::World& world) {
      world.base_url = "http://127.0.0.1:" + std::to_string(http->start("127.0.0.1", 0));
      return world.base_url;
    });
  }
  ~Server() { http->stop(); }
};

ConnectorWorld::ConnectorWorld(const MakeProvider& make, testing::Script::Create connector)
    : server_(std::make_unique<Server>(make)), script_(connector) {}
ConnectorWorld::~ConnectorWorld() = default;

const std::string& ConnectorWorld::url() const {
  return server_->url;
}

Reply ConnectorWorld::send(const Request& request) const {
  std::vector<Header> headers{{"Authorization", "Bearer " + token_}};
  headers.insert(headers.end(), request.headers.begin(), request.headers.end());
  for (int attempt = 1;; ++attempt) {
    const auto answer =
        exchange(server_->url, request.method, request.target, headers, request.body);
    const bool lost = !answer || answer->status >= 500;
    if (lost && request.repeatable && attempt < kAttempts) continue;
    Reply reply;
    if (!answer) {
      reply.error = Error{Code::unavailable, "the connection broke"};
      reply.maybe_sent = true;
      return reply;
    }
    reply.status = answer->status;
    reply.body = answer->body;
    for (const auto& [name, value] : answer->headers) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      reply.headers.push_back({lower, value});
    }
    return reply;
  }
}

testing::Run ConnectorWorld::run(CallInput call) {
  testing::Run run = script_.start(std::move(call));
  while (run.sending()) {
    CHECK(run.requests().size() <= kRequestsAtOnce);
    std::vector<Reply> replies;
    for (const Request& request : run.requests()) replies.push_back(send(request));
    run.reply(std::move(replies));
  }
  CHECK(run.breaches() == std::vector<std::string>{});
  return run;
}

const std::string& ConnectorWorld::Answer::header(const std::string& name) const {
  static const std::string kNone;
  for (const Header& each : headers) {
    if (same_name(each.name, name)) return each.value;
  }
  return kNone;
}

ConnectorWorld::Answer ConnectorWorld::ask(const std::string& method, const std::string& path,
                                           const std::vector<Header>& headers,
                                           const std::string& body) const {
  const auto got = exchange(server_->url, method, path, headers, body);
  REQUIRE(got);
  Answer answer{got->status, {}, got->body};
  for (const auto& [name, value] : got->headers) answer.headers.push_back({name, value});
  return answer;
}

ConnectorWorld::Answer ConnectorWorld::post_form(
    const std::string& path, const std::vector<std::pair<std::string, std::string>>& fields) const {
  return ask("POST", path, {{"Content-Type", "application/x-www-form-urlencoded"}},
             form_encoded(fields));
}

ConnectorWorld::Answer ConnectorWorld::ask_signed(const std::string& method,
                                                  const std::string& path,
                                                  std::vector<Header> headers,
                                                  const std::string& body) const {
  headers.push_back({"Authorization", "Bearer " + token_});
  return ask(method, path, headers, body);
}

Json ConnectorWorld::control(const std::string& method, const std::string& path, const Json& body) {
  const Answer answer = ask(method, "/control/" + path, {{"Content-Type", "application/json"}},
                            body.is_null() ? std::string() : body.dump());
  INFO(answer.body);
  REQUIRE(answer.status < 300);
  return Json::parse(answer.body);
}

void ConnectorWorld::fault(const Json& rule) {
  control("POST", "faults", rule);
}

ConnectorWorld::Traffic ConnectorWorld::traffic() {
  const Json counters =
      control("GET", "counters", nullptr).value(server_->provider, Json::object());
  control("DELETE", "counters", nullptr);
  return {counters.value("writes", 0), counters.value("reads", 0)};
}

void ConnectorWorld::check_against_the_description() {
  constexpr int kSkipped = 77;
  const std::string program = std::string("node ") + MORTISE_SOURCE_DIR +
                              "/tests/simulators/clients/validate.mjs " + server_->url + " 1>&2";
  const int status = std::system(program.c_str());
  const int code = WEXITSTATUS(status);
  if (code == kSkipped) {
    WARN("The API description of " << server_->provider
                                   << " is not on this machine: requests are not held against it");
  } else {
    CHECK(code == 0);
  }
}

std::string form_encoded(const std::vector<std::pair<std::string, std::string>>& fields) {
  httplib::Params params;
  for (const auto& [name, value] : fields) params.emplace(name, value);
  return httplib::detail::params_to_query_str(params);
}

std::string query_value(const std::string& url, const std::string& name) {
  const std::size_t question = url.find('?');
  if (question == std::string::npos) return {};
  httplib::Params params;
  httplib::detail::parse_query_text(url.substr(question + 1), params);
  const auto found = params.find(name);
  return found == params.end() ? std::string() : found->second;
}

}  // namespace mortise::fakes
