// Routing, versions, rate limits and error bodies of the simulated Notion.
#include "simulators/notion/notion.hpp"

#include <algorithm>
#include <array>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/oauth.hpp"
#include "simulators/notion/person.hpp"
#include "simulators/notion/values.hpp"
#include "simulators/notion/view.hpp"
#include "simulators/notion/webhooks.hpp"

namespace mortise::simulators {

using notion::Call;
using notion::Refusal;

namespace {

constexpr std::string_view kVersion = "2026-03-11";
constexpr std::size_t kLargestBody = 500 * 1024;

struct Endpoint {
  std::string_view method, path;  ///< {…} stands for one segment
  bool write;
  Json (*answer)(Call&);
};

constexpr std::array<Endpoint, 22> kEndpoints = {{
    {"GET", "/v1/users/me", false, notion::get_me},
    {"GET", "/v1/users", false, notion::list_users},
    {"GET", "/v1/users/{user_id}", false, notion::get_user},
    {"POST", "/v1/search", false, notion::search},
    {"POST", "/v1/databases", true, notion::create_database},
    {"GET", "/v1/databases/{database_id}", false, notion::get_database},
    {"PATCH", "/v1/databases/{database_id}", true, notion::update_database},
    {"POST", "/v1/data_sources", true, notion::create_data_source},
    {"GET", "/v1/data_sources/{data_source_id}", false, notion::get_data_source},
    {"PATCH", "/v1/data_sources/{data_source_id}", true, notion::update_data_source},
    {"POST", "/v1/data_sources/{data_source_id}/query", false, notion::query_data_source},
    {"GET", "/v1/data_sources/{data_source_id}/templates", false, notion::list_templates},
    {"POST", "/v1/pages", true, notion::create_page},
    {"GET", "/v1/pages/{page_id}", false, notion::get_page},
    {"PATCH", "/v1/pages/{page_id}", true, notion::update_page},
    {"POST", "/v1/pages/{page_id}/move", true, notion::move_page},
    {"GET", "/v1/pages/{page_id}/properties/{property_id}", false, notion::get_property},
    {"GET", "/v1/blocks/{block_id}", false, notion::get_block},
    {"PATCH", "/v1/blocks/{block_id}", true, notion::update_block},
    {"DELETE", "/v1/blocks/{block_id}", true, notion::delete_block},
    {"GET", "/v1/blocks/{block_id}/children", false, notion::list_children},
    {"PATCH", "/v1/blocks/{block_id}/children", true, notion::append_children},
}};

constexpr std::array<std::string_view, 3> kTokenPaths = {"/v1/oauth/token", "/v1/oauth/revoke",
                                                         "/v1/oauth/introspect"};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

bool matches(const Endpoint& endpoint, const Request& request, std::vector<std::string>* ids) {
  const auto parts = split(endpoint.path);
  if (endpoint.method != request.method || parts.size() != request.segments.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].starts_with('{')) {
      if (ids != nullptr) ids->push_back(request.segments[i]);
    } else if (parts[i] != request.segments[i]) {
      return false;
    }
  }
  return true;
}

const Endpoint* find_endpoint(const Request& request, std::vector<std::string>* ids) {
  const auto found = std::ranges::find_if(
      kEndpoints, [&](const Endpoint& endpoint) { return matches(endpoint, request, nullptr); });
  if (found == kEndpoints.end()) return nullptr;
  matches(*found, request, ids);
  return &*found;
}

bool is_token_path(const Request& request) {
  return request.method == "POST" && std::ranges::count(kTokenPaths, request.path) > 0;
}

Response error(World& world, const Refusal& refusal) {
  const std::string id = world.ids.uuid();
  Json body = {{"object", "error"},
               {"status", refusal.status},
               {"code", refusal.code},
               {"message", refusal.message}};
  if (!refusal.additional.is_null()) body["additional_data"] = refusal.additional;
  body["request_id"] = id;
  Response response = json_response(refusal.status, body);
  response.headers.emplace_back("x-notion-request-id", id);
  if (refusal.status == 429 && refusal.additional.contains("retry_after")) {
    response.headers.emplace_back("Retry-After",
                                  refusal.additional["retry_after"].get<std::string>());
  }
  return response;
}

Refusal rate_limited(std::int64_t wait_s, const std::string& reason) {
  return {429,
          "rate_limited",
          "You have been rate limited. Please try again in a few minutes.",
          {{"rate_limit_reason", reason}, {"retry_after", std::to_string(wait_s)}}};
}

void check_rate(World& world, const notion::Grant& grant) {
  const Limits& limits = world.limits;
  const std::int64_t now_ms = world.clock.pace_ms();
  const auto spend = [&](const std::string& name, int limit, const std::string& reason) {
    const auto wait_ms = world.windows.refuse(name, now_ms, limit, limits.notion_window_ms);
    if (wait_ms) throw rate_limited((*wait_ms + 999) / 1000, reason);
  };
  spend("notion bot " + grant.bot, limits.notion_per_connection, "public_api_request_rate_limit");
  spend("notion workspace " + grant.workspace, limits.notion_workspace,
        "public_api_space_request_rate_limit");
}

void check_version(const Request& request) {
  const std::string version = request.header("Notion-Version");
  if (version.empty()) {
    throw Refusal{
        400, "missing_version",
        "Notion-Version header failed validation: Notion-Version header should be defined, "
        "instead was `undefined`."};
  }
  if (version != kVersion) {
    notion::invalid("Notion-Version header failed validation: this simulation speaks " +
                    std::string(kVersion) + ", instead was `" + version + "`.");
  }
}

Json read_body(const Request& request) {
  if (request.method == "GET" || request.method == "DELETE") return Json::object();
  if (request.body.size() > kLargestBody) {
    notion::invalid("body failed validation: the request body should be ≤ `500 KB`.");
  }
  if (request.body.empty()) return Json::object();
  Json body = parse_json(request.body);
  if (body.is_discarded()) throw Refusal{400, "invalid_json", "Error parsing JSON body."};
  if (!body.is_object()) notion::invalid("body failed validation: body should be an object.");
  return body;
}

/// What a 503 tells about a write that took effect.
Json committed(const Request& request, const Response& applied) {
  const Json body = parse_json(applied.body);
  Json additional = {{"retry_guidance", "Do not repeat the write."}};
  if (body.value("object", "") == "list") {
    additional["committed_resource_id"] = notion::normal_id(request.segments[2]);
    additional["committed_child_ids"] = Json::array();
    for (const Json& child : body["results"])
      additional["committed_child_ids"].push_back(child["id"]);
  } else if (body.contains("id")) {
    additional["committed_resource_id"] = body["id"];
  }
  return additional;
}

}  // namespace

Notion::Notion(World& world)
    : model_(std::make_unique<notion::Model>(world)),
      webhooks_(std::make_unique<notion::Webhooks>(*model_)) {}
Notion::~Notion() = default;

std::optional<Route> Notion::route(const Request& request) const {
  if (!request.below("/v1") || request.path == "/v1/oauth/authorize") return std::nullopt;
  if (is_token_path(request)) return Route{request.path, false, true};
  const Endpoint* endpoint = find_endpoint(request, nullptr);
  if (endpoint == nullptr) return Route{"unknown", false, false};
  return Route{std::string(endpoint->path), endpoint->write, false};
}

Json Notion::call(const Request& request) {
  if (is_token_path(request)) {
    check_version(request);
    return notion::token_call(*model_, request);
  }
  std::vector<std::string> ids;
  const Endpoint* endpoint = find_endpoint(request, &ids);
  if (endpoint == nullptr) throw Refusal{400, "invalid_request_url", "Invalid request URL."};
  notion::Grant& grant = notion::authenticate(*model_, request);
  check_rate(model_->world(), grant);
  check_version(request);
  const Json body = read_body(request);
  Call call{*model_, grant, request, body, std::move(ids)};
  return endpoint->answer(call);
}

Response Notion::answer(const Request& request, const Route& route) {
  World& world = model_->world();
  try {
    Json body = call(request);
    webhooks_->tell(model_->take_happenings());
    const std::string id = world.ids.uuid();
    // Objects are answered exactly as the reference describes them; lists and token calls carry the
    // id.
    if (route.token || body.value("object", "") == "list") body["request_id"] = id;
    Response response = json_response(200, body);
    response.headers.emplace_back("x-notion-request-id", id);
    return response;
  } catch (const Refusal& refusal) {
    return error(world, refusal);
  } catch (const Json::exception& problem) {
    return error(
        world, {400, "validation_error", std::string("body failed validation: ") + problem.what()});
  }
}

std::string Notion::caller(const Request& request) const {
  const notion::Grant* grant = model_->grant_by_token(bearer_token(request));
  return grant == nullptr ? "" : grant->bot;
}

Response Notion::failure(const Fault& fault, const Request& request, const Response* applied) {
  static const std::map<int, std::pair<std::string, std::string>> words = {
      {409, {"conflict_error", "Conflict occurred while saving. Please try again."}},
      {500, {"internal_server_error", "Unexpected error occurred."}},
      {502, {"bad_gateway", "Notion's servers could not be reached."}},
      {503, {"service_unavailable", "Notion is temporarily unavailable. Please try again later."}},
      {504, {"gateway_timeout", "Notion took too long to answer."}},
      {529, {"service_overload", "Notion is overloaded. Please try again later."}}};
  World& world = model_->world();
  if (fault.status == 429) {
    return error(world,
                 rate_limited(fault.retry_after_s.value_or(1), "public_api_request_rate_limit"));
  }
  const auto& [code, message] = words.at(fault.status);
  Refusal refusal{fault.status, code, message};
  const bool write = applied != nullptr && route(request)->write;
  if (fault.says_committed && write) refusal.additional = committed(request, *applied);
  Response response = error(world, refusal);
  if (fault.retry_after_s) {
    response.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after_s));
  }
  return response;
}

bool Notion::shows(const Request& request) const {
  return request.below("/notion") || request.path == "/v1/oauth/authorize";
}

Response Notion::show(const Request& request) {
  if (request.path == "/v1/oauth/authorize") return notion::authorize(*model_, request);
  if (request.below("/notion/webhooks")) return webhooks_->show(request);
  Response response = notion::view(*model_, request);
  webhooks_->tell(model_->take_happenings());
  return response;
}

Response Notion::control(std::string_view action, const Json& body) {
  try {
    if (auto answer = webhooks_->control(action, body)) return std::move(*answer);
    Response answer = notion::control(*model_, action, body);
    webhooks_->tell(model_->take_happenings());
    return answer;
  } catch (const Refusal& refusal) {
    return json_response(refusal.status, {{"error", refusal.message}});
  }
}

int Notion::revoke_grants(std::string_view person) {
  const Person* wanted = find_person(person);
  int revoked = 0;
  for (notion::Grant& grant : model_->grants()) {
    if (!grant.live || (!person.empty() && (wanted == nullptr || grant.person != wanted->id)))
      continue;
    grant.live = false;
    ++revoked;
  }
  return revoked;
}

void Notion::stop() {
  webhooks_->stop();
}

Json Notion::save() const {
  Json state = model_->save();
  state["webhooks"] = webhooks_->save();
  return state;
}
void Notion::load(const Json& state) {
  model_->load(state);
  if (state.contains("webhooks")) webhooks_->load(state["webhooks"]);
}
void Notion::reset() {
  model_->reset();
  webhooks_->reset();
}

}  // namespace mortise::simulators
