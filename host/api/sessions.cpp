// End users: the app mints a one-time code, the user's page exchanges it for a session cookie with
// a CSRF token, or a component for a bearer token.
#include <nlohmann/json.hpp>

#include "api/auth.hpp"
#include "api/resources.hpp"
#include "core/hash.hpp"
#include "core/time.hpp"
#include "ports/random.hpp"

namespace mortise::api {

namespace {

Response mint_code(const Context& context, const Request& request) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto account = context.services.store.accounts().find(request.param("account"));
  if (!account) return refusal(request, account.error());
  const std::string code = "mc_" + random_token(context.services.random);
  core::UserSession session;
  session.id = ports::new_id(core::kUserSessionPrefix, context.services.clock.now_ms(),
                             context.services.random);
  session.account_id = account->id;
  session.hash = core::sha256_hex(code);
  session.expires_ms = context.services.clock.now_ms() + kCodeLifeMs;
  const std::string expires_at = core::format_instant(session.expires_ms);
  if (const auto saved = context.services.store.commit({ports::put(std::move(session))},
                                                       ports::Durability::relaxed);
      !saved) {
    return refusal(request, saved.error());
  }
  return json_response({{"code", code}, {"expires_at", expires_at}}, 201);
}

Response bad_code(const Request& request) {
  return refusal(request, make_problem(401, "bad_code", "The code is unknown, used or over."));
}

/// Another exchange of the same code was faster, or nothing can be stored.
Response not_exchanged(const Request& request, const Error& error) {
  return error.code == Code::conflict ? bad_code(request) : refusal(request, error);
}

core::Json session_json(const Principal& principal) {
  core::Json out = {{"account_id", principal.account_id},
                    {"expires_at", core::format_instant(principal.expires_ms)}};
  if (!principal.csrf.empty()) out["csrf_token"] = principal.csrf;
  return out;
}

Response give_token(const Context& context, const Request& request, core::UserSession session) {
  // Erasing alone would let two exchanges at once both succeed; the revision lets one.
  session.exchanged = true;
  session.hash = core::sha256_hex(random_token(context.services.random));
  const core::Instant expires_ms = context.services.clock.now_ms() + kTokenLifeMs;
  session.expires_ms = expires_ms;
  const std::string account = session.account_id;
  if (const auto saved = context.services.store.commit({ports::put(std::move(session))},
                                                       ports::Durability::relaxed);
      !saved) {
    return not_exchanged(request, saved.error());
  }
  return json_response({{"account_id", account},
                        {"token", sign_token(context.site.session_key, account, expires_ms)},
                        {"expires_at", core::format_instant(expires_ms)}});
}

Response give_cookie(const Context& context, const Request& request, core::UserSession session) {
  const std::string secret = random_token(context.services.random);
  session.exchanged = true;
  session.hash = core::sha256_hex(secret);
  session.csrf = random_token(context.services.random);
  session.expires_ms = context.services.clock.now_ms() + kSessionLifeMs;
  Principal principal;
  principal.account_id = session.account_id;
  principal.csrf = session.csrf;
  principal.expires_ms = session.expires_ms;
  if (const auto saved = context.services.store.commit({ports::put(std::move(session))},
                                                       ports::Durability::relaxed);
      !saved) {
    return not_exchanged(request, saved.error());
  }
  Response response = json_response(session_json(principal));
  response.set("Set-Cookie", set_cookie(context.site, session_cookie_name(context.site), secret,
                                        "/", kSessionLifeMs / 1000));
  return response;
}

Response exchange_code(const Context& context, const Request& request) {
  JsonBody body(request);
  const std::string code = body.required_text("code");
  const std::string as = body.text("as", 16);
  if (!as.empty() && as != "cookie" && as != "token") {
    body.fields().problem("as", "is none of cookie, token");
  }
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto session = context.services.store.access().session_by_hash(core::sha256_hex(code));
  if (!session && session.error().code != Code::not_found) {
    return refusal(request, not_looked_up(session.error()));
  }
  if (!session || session->exchanged || session->expires_ms <= context.services.clock.now_ms()) {
    return bad_code(request);
  }
  return as == "token" ? give_token(context, request, *session)
                       : give_cookie(context, request, *session);
}

Response get_session(const Context&, const Request& request) {
  if (request.principal.kind != Principal::Kind::user) return not_found(request, "session");
  return json_response(session_json(request.principal));
}

Response end_session(const Context& context, const Request& request) {
  if (request.principal.csrf.empty()) return not_found(request, "session");
  if (const auto ended = context.services.store.commit({ports::EraseSession{request.principal.id}},
                                                       ports::Durability::relaxed);
      !ended) {
    return refusal(request, ended.error());
  }
  context.end_streams(request.principal.id);
  Response response = no_content();
  response.set("Set-Cookie",
               set_cookie(context.site, session_cookie_name(context.site), "", "/", 0));
  return response;
}

}  // namespace

void add_sessions(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  // No Idempotency-Key here: the answers hold secrets, which are not kept.
  router.add({"POST", "/v1/accounts/{account}/session_codes", "mint_session_code", Access::write,
              with(mint_code)});
  router.add({"POST", "/v1/session", "exchange_session_code", Access::open, with(exchange_code)});
  router.add({"GET", "/v1/session", "get_session", Access::read, with(get_session), kBoth});
  router.add({"DELETE", "/v1/session", "end_session", Access::write, with(end_session), kBoth});
}

}  // namespace mortise::api
