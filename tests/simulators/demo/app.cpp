#include "simulators/demo/app.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "simulators/common/html.hpp"

namespace mortise::simulators {
namespace {

constexpr std::string_view kAccount = "/v1/accounts/ana";
constexpr std::string_view kTierSays[][2] = {{"free", "2 exports a month"},
                                             {"starter", "10 exports a month"},
                                             {"pro", "as many exports as you like"}};

std::string under_account(std::string_view path) {
  return std::string(kAccount).append(path);
}

std::string account_with(std::string_view tier) {
  const Json body = {
      {"tier", tier}, {"email", "ana.torres@example.com"}, {"zone", "Europe/Madrid"}};
  return body.dump();
}

/// A field of the reply's JSON; "" if it has none.
std::string text_of(const HostClient::Reply& reply, const char* name) {
  const Json body = parse_json(reply.body);
  return body.is_object() ? body.value(name, "") : "";
}

Response trouble(const std::string& what) {
  return html_response(503, html_page("Learning app", "<h1>The Learning app is not ready</h1><p>" +
                                                          html_escape(what) + "</p>"));
}

std::string said(std::string_view what, const HostClient::Reply& reply) {
  if (reply.status == 0) return "Mortise does not answer.";
  return std::string(what) + ": " + std::to_string(reply.status) + " " + text_of(reply, "detail");
}

}  // namespace

DemoApp::DemoApp(HostClient host, std::string plan, std::string plan_id)
    : host_(std::move(host)), plan_(std::move(plan)), plan_id_(std::move(plan_id)) {}

Response DemoApp::answer(const Request& request) const {
  if (request.method == "GET" && request.path == "/") return visit();
  if (request.path == "/upgrade") {
    return request.method == "POST" ? upgrade(request) : upgrade_page();
  }
  if (request.method == "GET" && request.path == "/ready") {
    const std::string problem = prepare();
    return problem.empty() ? json_response(200, {{"status", "ready"}}) : trouble(problem);
  }
  return html_response(404, html_page("Learning app", "<h1>There is no such page</h1>"));
}

std::string DemoApp::prepare() const {
  const auto account = host_.send("GET", std::string(kAccount));
  if (account.status == 404) {
    const auto made = host_.send("PUT", std::string(kAccount), account_with("free"));
    if (made.status != 201) return said("the account", made);
  } else if (account.status != 200) {
    return said("the account", account);
  }
  const auto plans =
      host_.send("GET", under_account("/plans?external_id=" + percent_encode(plan_id_)));
  if (plans.status != 200) return said("the plans", plans);
  if (!parse_json(plans.body)["items"].empty()) return {};
  const auto imported = host_.send("POST", under_account("/plans"), plan_);
  return imported.status == 201 ? "" : said("the plan", imported);
}

Response DemoApp::visit() const {
  const std::string problem = prepare();
  if (!problem.empty()) return trouble(problem);
  const auto minted = host_.send("POST", under_account("/session_codes"));
  if (minted.status != 201) return trouble(said("a code", minted));
  // After the #, so that it reaches the page, and no server's log.
  return see_other(host_.host() + "/ui/index.html#code=" + text_of(minted, "code"));
}

Response DemoApp::upgrade_page() const {
  const auto account = host_.send("GET", std::string(kAccount));
  if (account.status != 200) return trouble(said("the account", account));
  std::string body =
      "<h1>Choose a tier</h1><p>This is the app's own page; here, every tier is free of "
      "charge.</p>";
  for (const auto& [tier, says] : kTierSays) {
    const bool now = text_of(account, "tier") == tier;
    body +=
        "<form class=\"block\" method=\"post\"><p><button class=\"main\" name=\"tier\" value=\"" +
        std::string(tier) + "\"" + (now ? " disabled" : "") + ">" + std::string(tier) +
        "</button> " + std::string(says) + (now ? ", your tier now" : "") + "</p></form>";
  }
  return html_response(
      200, html_page("Learning app: tiers", body + "<p><a href=\"/\">Back to my plans</a></p>"));
}

Response DemoApp::upgrade(const Request& request) const {
  const std::string tier = field(request.form(), "tier");
  const bool known = std::any_of(std::begin(kTierSays), std::end(kTierSays),
                                 [&](const auto& each) { return each[0] == tier; });
  if (!known) return html_response(400, html_page("Learning app", "<h1>No such tier</h1>"));
  const auto changed = host_.send("PUT", std::string(kAccount), account_with(tier));
  return changed.status == 200 ? see_other("/") : trouble(said("the tier", changed));
}

}  // namespace mortise::simulators
