// Connecting: the app's call, then two visits of the end user's browser.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/auth.hpp"
#include "api/connect_page.hpp"
#include "api/resources.hpp"
#include "api/url.hpp"
#include "core/time.hpp"

namespace mortise::api {

namespace {

constexpr std::int64_t kBrowserCookieLifeS = 600;

Response redirect(std::string location) {
  Response response;
  response.status = 303;
  response.set("Location", std::move(location));
  return response;
}

Response start_session(const Context& context, const Request& request) {
  JsonBody body(request);
  ports::StartConnect start;
  start.account_id = request.param("account");
  start.connector = body.required_text("connector", 64);
  start.return_to = body.required_text("return_to", 2'000);
  start.export_plan_id = body.text("export_plan_id");
  if (auto refused = body.refused(request)) return *std::move(refused);
  if (!start.export_plan_id.empty()) {
    const auto plan = find_plan_of(context, request, start.account_id, start.export_plan_id);
    if (!plan) return refusal(request, plan.error());
  }
  return respond(request, context.services.connect.start_session(start),
                 [](const ports::ConnectView& view) {
                   return json_response({{"id", view.session_id},
                                         {"connector", view.connector},
                                         {"url", view.url},
                                         {"expires_at", core::format_instant(view.expires_ms)}},
                                        201);
                 });
}

/// "https://host.example/path": "host.example".
std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

/// Whether a form was sent from a page of ours, as browsers say it (Fetch Metadata; `Origin` by
/// those that do not have it). Who says neither is no browser that another site could make send it.
bool is_own_form(const Site& site, const Request& request) {
  if (const auto from = request.header("sec-fetch-site")) {
    return *from == "same-origin" || *from == "none";
  }
  const auto origin = request.header("origin");
  if (!origin) return true;
  const std::string_view sender = host_of(*origin);
  return !sender.empty() && (equals_ignoring_case(sender, request.header("host").value_or("")) ||
                             equals_ignoring_case(sender, host_of(site.public_url)));
}

/// A link leads whoever opens it to the account that it was made for: who is known to be somebody
/// else goes no further.
std::optional<Response> refused_browser(const Context& context, const Request& request,
                                        const ports::ConnectView& session) {
  const auto user = cookie_session(context.services, context.site, request);
  if (!user && user.error().code != Code::not_found) {
    return connect_error_page(not_looked_up(user.error()));
  }
  if (!user || user->account_id == session.account_id) return std::nullopt;
  return connect_refused_page("This link is for another account than the one you use here.");
}

// GET shows what will be synced and asks; nothing has happened yet, so a link checker that follows
// the URL does no harm. Its cookie counts once the form comes back with it.
Response show_session(const Context& context, const Request& request) {
  const auto session = context.services.connect.session(request.param("session"));
  if (!session) return connect_error_page(session.error());
  const auto connector = context.services.connectors.find(session->connector);
  const auto account = context.services.store.accounts().find(session->account_id);
  if (!connector) return connect_gone_page();
  if (!account) return connect_error_page(account.error());
  if (auto refused = refused_browser(context, request, *session)) return *std::move(refused);
  Response page = connect_page(connector->manifest(), context.site.app_name,
                               account->email.empty() ? account->id : account->email);
  const std::string name = ports::connect_cookie_name(session->connector);
  page.set("Set-Cookie",
           set_cookie(context.site, name,
                      context.services.connect.browser_cookie(
                          session->session_id, read_cookie(request, name).value_or("")),
                      "/", kBrowserCookieLifeS));
  return page;
}

Response enter_session(const Context& context, const Request& request) {
  const auto session = context.services.connect.session(request.param("session"));
  if (!session) return connect_error_page(session.error());
  if (!is_own_form(context.site, request)) {
    return connect_refused_page("This was sent by another page than ours.");
  }
  if (auto refused = refused_browser(context, request, *session)) return *std::move(refused);
  const std::string name = ports::connect_cookie_name(session->connector);
  const auto entered =
      context.services.connect.enter(session->session_id, read_cookie(request, name).value_or(""));
  if (!entered) return connect_error_page(entered.error());
  Response response = redirect(entered->location);
  response.set("Set-Cookie",
               set_cookie(context.site, name, entered->browser_cookie, "/", kBrowserCookieLifeS));
  return response;
}

// "Export to ..." while not connected goes on here, after the consent.
void go_on_with_export(const Context& context, const Request& request,
                       ports::Connected& connected) {
  if (connected.connection_id.empty() || connected.export_plan_id.empty()) return;
  ports::ExportRequest ask;
  ask.account_id = connected.account_id;
  ask.plan_id = connected.export_plan_id;
  ask.connection_id = connected.connection_id;
  ask.request_id = request.request_id;
  const auto answer = context.services.exports.start(ask);
  std::string outcome;
  if (const auto* refused = std::get_if<ports::Refusal>(&answer)) {
    const Error& error = refused->error;
    outcome =
        "export=" + percent_encode(error.reason.empty() ? code_name(error.code) : error.reason);
  } else {
    outcome = "run=" + percent_encode(std::get<core::Run>(answer).id);
  }
  std::string& location = connected.location;
  const std::size_t fragment = std::min(location.find('#'), location.size());
  const bool has_query = location.find('?') < fragment;
  location.insert(fragment, (has_query ? "&" : "?") + outcome);
}

Response callback(const Context& context, const Request& request) {
  ports::ConnectCallback back;
  back.connector = request.param("connector");
  back.browser_cookie =
      read_cookie(request, ports::connect_cookie_name(back.connector)).value_or("");
  // Providers add parameters as they like, and write them as they like: an error's description in
  // Latin-1 must not cost the state.
  const auto given = [&](std::string_view name) {
    return query_value(request.query, name).value_or("");
  };
  back.state = given("state");
  back.code = given("code");
  back.error = given("error");
  back.iss = given("iss");
  Response response;
  response.later = [&context, &request, back](const Response::Done& done) {
    context.services.connect.callback(
        back, [&context, &request, done](Result<ports::Connected> result) {
          if (!result) return done(connect_error_page(result.error()));
          go_on_with_export(context, request, *result);
          Response away = redirect(result->location);
          away.set("Set-Cookie",
                   set_cookie(context.site, ports::connect_cookie_name(request.param("connector")),
                              "", "/", 0));
          done(std::move(away));
        });
  };
  return response;
}

}  // namespace

void add_connect(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  router.add({"POST", "/v1/accounts/{account}/connect_sessions", "start_connect", Access::write,
              context.idempotency.around(with(start_session), Idempotency::repeat()),
              Callers::apps_and_users});
  router.add({"GET", "/connect/{session}", "show_connect", Access::open, with(show_session)});
  router.add({"POST", "/connect/{session}", "enter_connect", Access::open, with(enter_session)});
  router.add(
      {"GET", "/oauth/{connector}/callback", "oauth_callback", Access::open, with(callback)});
}

}  // namespace mortise::api
