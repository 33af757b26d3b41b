#include "api/api_host.hpp"

#include <fstream>

#include "api/auth.hpp"

namespace mortise::tests {

using core::Json;

namespace {

// One file per run of the test program, begun anew by the first host.
std::ofstream& recording() {
  static std::ofstream file(std::string(MORTISE_BINARY_DIR) + "/api-exchanges.jsonl",
                            std::ios::trunc);
  return file;
}

Json or_null(Json document) {
  return document.is_discarded() ? Json() : document;
}

std::string content_type(const std::map<std::string, std::string>& headers) {
  const auto found = headers.find("content-type");
  return found == headers.end() ? "" : found->second.substr(0, found->second.find(';'));
}

}  // namespace

std::string ApiAnswer::problem() const {
  if (!json.is_object() || !json.contains("code")) return "none";
  return json["code"].get<std::string>() + "/" + json["reason"].get<std::string>();
}

ApiHost::ApiHost(std::string public_url, api::RateLimits rates)
    : random(7),
      plans(store, clock, random),
      exports(store, clock, random, publisher),
      connect(store, clock, executor) {
  api::ApiOptions options;
  options.rates = rates;
  options.site.public_url = std::move(public_url);
  options.site.version = "0.1.0";
  options.site.app_name = "Learning app";
  options.site.session_key = core::Secret(std::string(32, 'k'));
  options.edge.trusted_proxies = api::Networks::parse({"127.0.0.1"}).value();
  options.access_log = [this](const api::AccessRecord& record) {
    const std::lock_guard lock(mutex_);
    routes_[record.request_id] = record.route;
  };
  api = std::make_unique<api::Api>(
      api::Services{store, plans, exports, connect, changed, hooks, upkeep, egress, connectors,
                    gate, mapper, scripts, trials, clock, random},
      publisher, std::move(options));
  if (const auto started = api->start(); !started)
    throw std::runtime_error(started.error().message);
  key_ = key_line({"read", "write", "admin"});
}

ApiHost::~ApiHost() {
  api->stop(std::chrono::milliseconds(0));
}

ApiAnswer ApiHost::call(std::string_view method, std::string_view path, std::string_view body,
                        std::string_view lines) {
  const bool own = lines.find("Authorization:") != std::string_view::npos ||
                   lines.find("Cookie:") != std::string_view::npos;
  return exchange(method, path, body, (own ? "" : key_) + std::string(lines));
}

ApiAnswer ApiHost::visit(std::string_view method, std::string_view path, std::string_view lines,
                         std::string_view body) {
  return exchange(method, path, body, std::string(lines));
}

ApiAnswer ApiHost::exchange(std::string_view method, std::string_view path, std::string_view body,
                            const std::string& lines) {
  const bool typed = body.empty() || lines.find("Content-Type:") != std::string::npos;
  RawClient client(api->port());
  client.send(
      request(method, path, body, (typed ? "" : "Content-Type: application/json\r\n") + lines));
  RawAnswer raw = client.read_answer(method == "HEAD");
  ApiAnswer answer{raw.status, raw.headers, raw.body, Json::parse(raw.body, nullptr, false)};
  const std::lock_guard lock(mutex_);
  const std::string& route = routes_[raw.headers["x-request-id"]];
  if (!route.empty() && !route.starts_with("refused:")) {  // that one met no operation
    recording() << Json{{"operation", route},
                        {"status", raw.status},
                        {"content_type", content_type(raw.headers)},
                        {"request", or_null(Json::parse(body, nullptr, false))},
                        {"body", or_null(answer.json)}}
                       .dump(-1, ' ', false, Json::error_handler_t::replace)
                << std::endl;
  }
  return answer;
}

std::string ApiHost::key_line(std::vector<std::string> scopes) {
  const api::NewKey key = api::make_key(store, "test", std::move(scopes), clock, random).value();
  return "Authorization: Bearer " + std::string(key.text.reveal_for_use()) + "\r\n";
}

std::string ApiHost::sign_in(const std::string& account) {
  const ApiAnswer minted = post("/v1/accounts/" + account + "/session_codes", "");
  const ApiAnswer session =
      visit("POST", "/v1/session", {}, Json{{"code", minted.json["code"]}}.dump());
  const std::string& cookie = session.headers.at("set-cookie");
  return "Cookie: " + cookie.substr(0, cookie.find(';')) +
         "\r\nX-CSRF-Token: " + session.json["csrf_token"].get<std::string>() + "\r\n";
}

void ApiHost::seed() {
  call("PUT", "/v1/accounts/ann",
       R"({"tier":"free","email":"ann@example.org","zone":"Europe/Madrid"})");
  const ApiAnswer imported =
      post("/v1/accounts/ann/plans", R"({"topic":"Swift","weeks":[{"week":1,"milestone":"Start",
    "tasks":[{"day":1,"task":"Install","duration":1.5},{"day":2,"task":"Hello","duration":1},{"day":3,"task":"Loops","duration":2}]}]})");
  plan_id = imported.json["plan"]["id"];
  task_id = get("/v1/plans/" + plan_id + "/tasks").json["items"][0]["id"];
  core::Connection connection;
  connection.id = connection_id = "cnn_ann";
  connection.account_id = "ann";
  connection.connector = "memo";
  connection.identity.email = "ann@example.org";
  connection.features = {"sync"};
  connection.created_ms = connection.updated_ms = clock.now_ms();
  if (!store.commit({ports::put(connection)}, ports::Durability::full)) std::abort();
}

}  // namespace mortise::tests
