#include "simulators/notion/oauth.hpp"

#include <algorithm>

#include "simulators/notion/calls.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::int64_t kCodeLifeMs = 600'000;

[[noreturn]] void refuse(int status, const std::string& code, const std::string& message) {
  throw Refusal{status, code, message};
}

OAuthSettings& settings(Model& model) {
  return model.world().oauth.at("notion");
}

/// The parameters wherever they came: in the URL or in the form.
Fields parameters(const Request& request) {
  return request.method == "POST" ? request.form() : request.query;
}

Response cannot_go_on(const std::string& what) {
  return html_response(400, refusal_page("Notion", what));
}

std::string wrong_with(const Fields& fields, const OAuthClient* client) {
  if (client == nullptr) return "The client_id is not known.";
  if (field(fields, "response_type") != "code") return "response_type must be code.";
  if (field(fields, "owner") != "user") return "owner must be user.";
  if (!client->allows(field(fields, "redirect_uri"))) return "The redirect_uri is not registered.";
  return {};
}

Response ask(const Fields& fields, const OAuthClient& client) {
  Consent consent;
  consent.provider = "Notion";
  consent.app = client.name;
  consent.access = {"Read, insert and update content in every page of the workspace you choose",
                    "See your name and e-mail address"};
  consent.action = "/v1/oauth/authorize";
  for (const char* name : {"client_id", "redirect_uri", "response_type", "owner", "state"}) {
    consent.hidden.emplace_back(name, field(fields, name));
  }
  return html_response(200, consent_page(consent));
}

Response decide(Model& model, const Fields& fields, const OAuthClient& client) {
  const std::string back = field(fields, "redirect_uri"), state = field(fields, "state");
  auto& deny = settings(model).deny_next_consent;
  const bool allowed = field(fields, "decision") == "allow" && !std::exchange(deny, false);
  if (!allowed) return see_other(with_query(back, {{"error", "access_denied"}, {"state", state}}));
  const Person* person = find_person(field(fields, "user"));
  if (person == nullptr) return cannot_go_on("There is no such account.");
  Code code;
  code.code = model.world().ids.text(32);
  code.client = client.id;
  code.person = person->id;
  code.redirect_uri = back;
  code.issued_ms = model.world().clock.now_ms();
  for (const auto& [name, value] : fields) {
    if (name == "page") code.shared.push_back(normal_id(value));
  }
  model.codes().push_back(code);
  if (model.codes().size() > 1000) model.codes().pop_front();
  return see_other(with_query(back, {{"code", code.code}, {"state", state}}));
}

Json read_body(const Request& request) {
  const Json body = parse_json(request.body);
  if (!body.is_object()) refuse(400, "invalid_request", "The body must be a JSON object.");
  return body;
}

std::string text_of(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || !found->is_string()) {
    refuse(400, "invalid_request", std::string("Missing ") + key + ".");
  }
  return *found;
}

const OAuthClient& authenticate_client(Model& model, const Request& request) {
  const auto pair = basic_credentials(request);
  const OAuthClient* client = pair ? settings(model).find(pair->first) : nullptr;
  if (client == nullptr || client->secret != pair->second) {
    refuse(401, "invalid_client", "Client authentication failed.");
  }
  return *client;
}

Json token_answer(Model& model, const Grant& grant) {
  const Workspace& workspace = *model.workspace(grant.workspace);
  return {
      {"access_token", grant.access_token},
      {"token_type", "bearer"},
      {"refresh_token", grant.refresh_token.empty() ? Json(nullptr) : Json(grant.refresh_token)},
      {"bot_id", grant.bot},
      {"workspace_icon", nullptr},
      {"workspace_name", workspace.name},
      {"workspace_id", workspace.id},
      {"owner", {{"type", "user"}, {"user", person_object(*find_person(grant.person))}}},
      {"duplicated_template_id", nullptr}};
}

/// New tokens; what was handed out before stops working.
void renew(Model& model, Grant& grant) {
  World& world = model.world();
  grant.access_token = world.ids.token("ntn_");
  grant.refresh_token = settings(model).omit_refresh_token ? "" : world.ids.token("nrt_");
  grant.issued_ms = world.clock.now_ms();
  grant.live = true;
}

Grant& grant_for(Model& model, const OAuthClient& client, const std::string& person) {
  for (Grant& grant : model.grants()) {
    if (grant.client == client.id && grant.person == person) return grant;
  }
  Grant grant;
  grant.bot = model.world().ids.uuid();
  grant.client = client.id;
  grant.person = person;
  grant.workspace = model.workspace_of(person).id;
  return model.grants().emplace_back(std::move(grant));
}

Json exchange(Model& model, const OAuthClient& client, const Json& body) {
  const std::string given = text_of(body, "code");
  auto& codes = model.codes();
  const auto found = std::ranges::find(codes, given, &Code::code);
  if (found == codes.end() || found->client != client.id) {
    refuse(400, "invalid_grant", "Invalid code.");
  }
  const Code code = *found;
  codes.erase(found);  // single use, whatever comes of it
  if (model.world().clock.now_ms() - code.issued_ms > kCodeLifeMs) {
    refuse(400, "invalid_grant", "The code has expired.");
  }
  if (body.value("redirect_uri", "") != code.redirect_uri) {
    refuse(400, "invalid_grant", "Invalid redirect_uri.");
  }
  Grant& grant = grant_for(model, client, code.person);
  grant.shared = code.shared;
  grant.hidden.clear();
  renew(model, grant);
  return token_answer(model, grant);
}

Json refresh(Model& model, const OAuthClient& client, const Json& body) {
  const std::string given = text_of(body, "refresh_token");
  const auto found = std::ranges::find_if(model.grants(), [&](const Grant& grant) {
    return grant.refresh_token == given && grant.client == client.id && !given.empty();
  });
  if (found == model.grants().end() || !found->live || settings(model).refuse_refresh) {
    refuse(400, "invalid_grant", "The refresh token is invalid or has been used.");
  }
  renew(model, *found);
  return token_answer(model, *found);
}

bool expired(Model& model, const Grant& grant) {
  const std::int64_t life_s = settings(model).access_token_life_s;
  return life_s > 0 && model.world().clock.now_ms() - grant.issued_ms >= life_s * 1000;
}

}  // namespace

Response authorize(Model& model, const Request& request) {
  const Fields fields = parameters(request);
  const OAuthClient* client = settings(model).find(field(fields, "client_id"));
  if (const auto wrong = wrong_with(fields, client); !wrong.empty()) return cannot_go_on(wrong);
  return request.method == "POST" ? decide(model, fields, *client) : ask(fields, *client);
}

Json token_call(Model& model, const Request& request) {
  const OAuthClient& client = authenticate_client(model, request);
  const Json body = read_body(request);
  if (request.path == "/v1/oauth/token") {
    const std::string type = text_of(body, "grant_type");
    if (type == "authorization_code") return exchange(model, client, body);
    if (type == "refresh_token") return refresh(model, client, body);
    refuse(400, "unsupported_grant_type",
           "grant_type must be authorization_code or refresh_token.");
  }
  Grant* grant = model.grant_by_token(text_of(body, "token"));
  const bool active = grant != nullptr && grant->live && !expired(model, *grant);
  if (request.path == "/v1/oauth/revoke") {
    if (grant != nullptr) grant->live = false;
    return Json::object();
  }
  if (!active) return {{"active", false}};
  return {{"active", true},
          {"scope", "read_content insert_content update_content"},
          {"iat", grant->issued_ms / 1000}};
}

Grant& authenticate(Model& model, const Request& request) {
  Grant* grant = model.grant_by_token(bearer_token(request));
  if (grant == nullptr || !grant->live || expired(model, *grant)) {
    refuse(401, "unauthorized", "API token is invalid.");
  }
  return *grant;
}

}  // namespace mortise::simulators::notion
