// Subscriptions: what a person does with them in the app's settings, on the page or by script.
#include <algorithm>
#include <array>

#include "simulators/common/html.hpp"
#include "simulators/notion/values.hpp"
#include "simulators/notion/view.hpp"
#include "simulators/notion/webhooks.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::array<std::string_view, 10> kActions = {
    "subscribe", "confirm",          "resend_token", "change_subscription", "unsubscribe",
    "webhooks",  "webhook_settings", "flush",        "redeliver",           "forge"};

std::string read_target(const Json& body) {
  const std::string url = body.value("url", "");
  if (!is_web_address(url)) bad("url", "an absolute http or https URL", body.value("url", Json()));
  return url;
}

std::vector<std::string> read_events(const Json& body) {
  const auto events = body.value("events", std::vector<std::string>{});
  for (const std::string& type : events) {
    if (std::ranges::count(event_types(), type) == 0) bad("events", "known event types", type);
  }
  return events;
}

std::string hidden(const std::string& name, const std::string& value) {
  return "<input type=\"hidden\" name=\"" + name + "\" value=\"" + html_escape(value) + "\">";
}

std::string button(const std::string& action, const std::string& label) {
  return "<button name=\"action\" value=\"" + action + "\">" + label + "</button>";
}

std::string event_choices(const std::vector<std::string>& chosen) {
  std::string out = "<fieldset><legend>Events</legend>";
  for (const std::string& type : event_types()) {
    const bool on = chosen.empty() || std::ranges::count(chosen, type) > 0;
    out += "<label class=\"choice\"><input type=\"checkbox\" name=\"events\" value=\"" + type +
           "\"" + (on ? " checked" : "") + "> " + type + "</label>";
  }
  return out + "</fieldset>";
}

constexpr std::string_view kForm =
    "<form class=\"block\" method=\"post\" action=\"/notion/webhooks\">";

/// A form's fields as an action's body.
Json body_of(const Fields& form) {
  Json body = Json::object();
  for (const auto& [name, value] : form) {
    if (name == "events") {
      body["events"].push_back(value);
    } else if (name == "notification") {
      body[name] = std::atoll(value.c_str());
    } else if (name == "paused") {
      body[name] = value == "1";
    } else if (name != "action") {
      body[name] = value;
    }
  }
  return clean(body);
}

}  // namespace

Subscription& Webhooks::named(const Json& body) {
  const std::string id = body.value("subscription", "");
  if (id.empty() && subscriptions_.size() == 1) return subscriptions_.front();
  const auto found = std::ranges::find(subscriptions_, id, &Subscription::id);
  if (found == subscriptions_.end()) missing("subscription", id);
  return *found;
}

Subscription& Webhooks::subscribe(const Json& body) {
  const std::string client = body.value("client", std::string(kDemoClientId));
  if (model_.world().oauth.at("notion").find(client) == nullptr) missing("app", client);
  if (std::ranges::count(subscriptions_, client, &Subscription::client) > 0) {
    invalid("This app has a webhook subscription: delete it first.");
  }
  Subscription subscription;
  subscription.id = model_.world().ids.uuid();
  subscription.client = client;
  subscription.url = read_target(body);
  subscription.events = read_events(body);
  subscription.token = body.value("token", "");
  if (subscription.token.empty()) subscription.token = "secret_" + model_.world().ids.text(43);
  return subscriptions_.emplace_back(std::move(subscription));
}

void Webhooks::confirm(const Json& body) {
  Subscription& subscription = named(body);
  if (body.value("token", "") != subscription.token) {
    invalid("This is not the token that was sent to " + subscription.url + ".");
  }
  subscription.confirmed = true;
}

void Webhooks::change(const Json& body) {
  Subscription& subscription = named(body);
  const auto events = read_events(body);
  if (body.contains("url")) {
    if (subscription.confirmed) invalid("The URL of a verified subscription cannot be changed.");
    subscription.url = read_target(body);
  }
  if (body.contains("events")) subscription.events = events;
}

void Webhooks::change_settings(const Json& changes) {
  Json others = changes;
  std::int64_t merge_ms = merge_ms_;
  if (others.contains("merge_ms")) {
    if (!others["merge_ms"].is_number_unsigned())
      bad("merge_ms", "milliseconds", others["merge_ms"]);
    merge_ms = others["merge_ms"];
    others.erase("merge_ms");
  }
  if (const auto problem = deliveries_.merge_settings(others); !problem.empty()) invalid(problem);
  merge_ms_ = merge_ms;
}

std::int64_t Webhooks::send_token(const Subscription& subscription) {
  const Json body = {{"verification_token", subscription.token}};
  Notification notification{subscription.id,
                            "verification token",
                            {subscription.url, {}, "application/json", body.dump()}};
  notification.once = true;
  return deliveries_.send(std::move(notification));
}

/// An event as it might have been, or any body at all.
std::int64_t Webhooks::forge(const Json& body) {
  const Subscription& subscription = named(body);
  std::string text = body.value("body", "");
  if (!body.contains("body")) {
    Thing* entity = model_.find(normal_id(body.value("id", "")));
    if (entity == nullptr) missing("object", body.value("id", ""));
    const Happening happening{body.value("type", "page.content_updated"), entity->id,
                              model_.workspace(entity->workspace)->owner,
                              body.value("updated", Json())};
    text = event(subscription, happening, *entity).dump();
  }
  Notification notification{subscription.id,
                            "forged",
                            {body.value("url", subscription.url), {}, "application/json", text}};
  notification.once = true;
  const std::string sign = body.value("signature", "wrong");
  if (sign == "wrong") {
    notification.post.headers = {{"X-Notion-Signature", signature("not the token", text)}};
  } else if (sign == "right") {
    notification.post.headers = {{"X-Notion-Signature", signature(subscription.token, text)}};
  } else if (sign != "none") {
    notification.post.headers = {{"X-Notion-Signature", sign}};
  }
  return deliveries_.send(std::move(notification));
}

Json Webhooks::describe(const Subscription& subscription) const {
  return {{"subscription", subscription.id},
          {"client", subscription.client},
          {"url", subscription.url},
          {"token", subscription.token},
          {"confirmed", subscription.confirmed},
          {"events", subscription.events.empty() ? event_types() : subscription.events}};
}

Json Webhooks::report(std::int64_t since) const {
  Json all = {{"subscriptions", Json::array()}, {"settings", deliveries_.settings()}};
  all["settings"]["merge_ms"] = merge_ms_;
  for (const Subscription& subscription : subscriptions_) {
    all["subscriptions"].push_back(describe(subscription));
  }
  all.update(deliveries_.report(since));
  return all;
}

std::optional<Response> Webhooks::control(std::string_view action, const Json& body) {
  if (std::ranges::find(kActions, action) == kActions.end()) return std::nullopt;
  if (action == "webhooks") return json_response(200, report(body.value("since", std::int64_t{0})));
  Json answer = {{"ok", true}};
  std::int64_t number = 0;
  if (action == "subscribe") {
    const Subscription& subscription = subscribe(body);
    number = send_token(subscription);
    answer = describe(subscription);
  } else if (action == "confirm") {
    confirm(body);
  } else if (action == "resend_token") {
    number = send_token(named(body));
  } else if (action == "change_subscription") {
    change(body);
    answer = describe(named(body));
  } else if (action == "unsubscribe") {
    const std::string id = named(body).id;
    std::erase_if(subscriptions_, [&](const Subscription& one) { return one.id == id; });
  } else if (action == "webhook_settings") {
    change_settings(body);
    answer = report(0)["settings"];
  } else if (action == "redeliver") {
    number = deliveries_.send_again(body.at("notification").get<std::int64_t>());
    if (number == 0) missing("notification", body["notification"].dump());
  } else if (action == "forge") {
    number = forge(body);
  }
  if (number > 0) answer["notification"] = number;
  Response response = json_response(200, answer);
  if (action == "flush") response.before_reply = [this] { deliveries_.flush(); };
  if (number > 0) response.before_reply = [this, number] { deliveries_.await_try(number); };
  return response;
}

std::string Webhooks::card(const Subscription& subscription) const {
  const OAuthClient* app = model_.world().oauth.at("notion").find(subscription.client);
  std::string out = "<section class=\"card\"><h2>" +
                    html_escape(app == nullptr ? subscription.client : app->name) + "</h2><p>" +
                    html_escape(subscription.url) + " · <strong>" +
                    (subscription.confirmed ? "Active" : "Waiting to be verified") +
                    "</strong></p>";
  const std::string id = hidden("subscription", subscription.id);
  if (!subscription.confirmed) {
    out += "<p class=\"soft\">A verification token was sent to this address. Paste it here.</p>" +
           std::string(kForm) + id +
           "<label>Verification token <input name=\"token\" autocomplete=\"off\"></label> " +
           button("confirm", "Verify") + "</form>" + std::string(kForm) + id +
           button("resend_token", "Send the token again") + "</form>";
  }
  return out + "<details><summary>Events and removal</summary>" + std::string(kForm) + id +
         event_choices(subscription.events) + button("change_subscription", "Save events") +
         "</form>" + std::string(kForm) + id + button("unsubscribe", "Delete subscription") +
         "</form></details></section>";
}

std::string Webhooks::page() const {
  std::string body =
      "<h1>Webhooks</h1><p class=\"soft\">Settings of the apps that are connected here. Each may "
      "have one subscription.</p>";
  for (const Subscription& subscription : subscriptions_) body += card(subscription);
  for (const OAuthClient& client : model_.world().oauth.at("notion").clients) {
    if (std::ranges::count(subscriptions_, client.id, &Subscription::client) > 0) continue;
    body += "<section class=\"card\"><h2>" + html_escape(client.name) + "</h2>" +
            std::string(kForm) + hidden("client", client.id) +
            "<label>Webhook URL <input name=\"url\" size=\"48\"></label>" + event_choices({}) +
            button("subscribe", "Create subscription") + "</form></section>";
  }
  const Json all = report(0);
  const bool paused = all["settings"]["paused"];
  body += "<h2>Deliveries</h2><p>" + all["waiting"].dump() + " waiting. " + "</p>" +
          std::string(kForm) + hidden("paused", paused ? "0" : "1") +
          button("webhook_settings", paused ? "Go on sending" : "Pause sending") + " " +
          button("flush", "Send what waits") +
          "</form><div class=\"scroll\"><table><tr><th>Event"
          "</th><th>Try</th><th>Answer</th><th></th></tr>";
  const Json& tries = all["deliveries"];
  for (auto one = tries.rbegin(); one != tries.rend() && one - tries.rbegin() < 50; ++one) {
    const int status = (*one)["status"];
    body += "<tr><td>" + html_escape((*one)["label"].get<std::string>()) + "</td><td>" +
            (*one)["try"].dump() + "</td><td>" + (status == 0 ? "none" : std::to_string(status)) +
            "</td><td>" + std::string(kForm) +
            hidden("notification", (*one)["notification"].dump()) +
            button("redeliver", "Send again") + "</form></td></tr>";
  }
  return html_page("Webhooks (simulated)", body + "</table></div>", "/control/version");
}

Response Webhooks::show(const Request& request) {
  if (request.method != "POST") return html_response(200, page());
  const Fields form = request.form();
  try {
    const auto done = control(field(form, "action"), body_of(form));
    if (!done) invalid("There is no such action.");
    Response back = see_other("/notion/webhooks");
    back.before_reply = done->before_reply;
    return back;
  } catch (const Refusal& refusal) {
    return html_response(refusal.status,
                         html_page("Webhooks", "<h1>This cannot be done</h1><p role=\"alert\">" +
                                                   html_escape(refusal.message) + "</p>"));
  }
}

}  // namespace mortise::simulators::notion
