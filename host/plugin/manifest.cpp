#include "plugin/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <mortise/abi.h>

#include "plugin/fields.hpp"
#include "plugin/manifest_rules.hpp"

namespace mortise::plugin {
namespace {

using core::Json;
using namespace ports;

void read_abi(Fields& top, Manifest& manifest) {
  const std::string text = top.text("abi", Need::required);
  const std::size_t dot = text.find('.');
  const auto number = [&](std::string_view part) -> std::optional<std::uint32_t> {
    const bool digits = !part.empty() && part.size() <= 4 &&
                        part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits) return std::nullopt;
    return static_cast<std::uint32_t>(std::stoul(std::string(part)));
  };
  const std::string_view all = text;
  const auto major = number(all.substr(0, dot));
  const auto minor = dot == std::string::npos ? std::nullopt : number(all.substr(dot + 1));
  if (!major || !minor) return top.problem("abi", "\"<major>.<minor>\" is expected, e.g. \"1.0\"");
  manifest.abi_major = *major;
  manifest.abi_minor = *minor;
}

bool is_newer(const Manifest& manifest) {
  return manifest.abi_major == MT_ABI_MAJOR && manifest.abi_minor > MT_ABI_MINOR;
}

Endpoint read_endpoint(Fields& auth, const char* name, Need need) {
  Endpoint endpoint;
  auth.object(name, need, [&](Fields& fields) {
    endpoint.origin = fields.text("origin", Need::required);
    endpoint.path = fields.text("path", Need::required);
    if (!endpoint.path.empty() && endpoint.path[0] != '/')
      fields.problem("path", "must begin with '/'");
  });
  return endpoint;
}

void read_auth(Fields& fields, Auth& auth) {
  constexpr std::pair<std::string_view, AuthStyle> kStyles[] = {{"none", AuthStyle::none},
                                                                {"oauth2", AuthStyle::oauth2}};
  constexpr std::pair<std::string_view, Pkce> kPkce[] = {{"S256", Pkce::s256},
                                                         {"none", Pkce::none}};
  constexpr std::pair<std::string_view, ClientAuth> kClients[] = {{"basic", ClientAuth::basic},
                                                                  {"body", ClientAuth::body}};
  constexpr std::pair<std::string_view, BodyFormat> kBodies[] = {{"form", BodyFormat::form},
                                                                 {"json", BodyFormat::json}};
  constexpr std::pair<std::string_view, RefreshWhen> kRefresh[] = {
      {"before_expiry", RefreshWhen::before_expiry},
      {"on_401", RefreshWhen::on_401},
      {"never", RefreshWhen::never}};
  constexpr std::pair<std::string_view, TokenKind> kTokens[] = {{"refresh", TokenKind::refresh},
                                                                {"access", TokenKind::access}};
  auth.style = fields.word("style", kStyles);
  if (auth.style == AuthStyle::none) return;
  auth.authorize = read_endpoint(fields, "authorize", Need::required);
  auth.token = read_endpoint(fields, "token", Need::required);
  auth.revoke = read_endpoint(fields, "revoke", Need::optional);
  auth.introspect = read_endpoint(fields, "introspect", Need::optional);
  auth.pkce = fields.word("pkce", kPkce);
  auth.client_auth = fields.word("client_auth", kClients);
  auth.body = fields.word("body", kBodies);
  auth.headers = fields.text_pairs("headers");
  auth.authorize_params = fields.text_pairs("authorize_params");
  auth.refresh = fields.word("refresh", kRefresh);
  auth.rotates = fields.flag("rotates", false);
  auth.revoke_with = fields.word("revoke_with", kTokens);
  auth.keepalive_days = static_cast<int>(fields.integer("keepalive_days", 7, 1, 365));
  fields.named_objects("features", Need::required, [&](const std::string& name, Fields& feature) {
    auth.features.push_back({name, feature.texts("scopes", Need::required),
                             feature.flag("required", true), feature.text("says", Need::required)});
  });
}

void read_operations(Fields& top, Operations& operations) {
  top.flags("operations", Need::required,
            {{"list", &operations.list},
             {"get", &operations.get},
             {"write", &operations.write},
             {"find", &operations.find},
             {"targets", &operations.targets},
             {"make_target", &operations.make_target},
             {"identity", &operations.identity},
             {"estimate", &operations.estimate},
             {"channels", &operations.channels}});
}

Kind read_kind(const std::string& name, Fields& fields) {
  Kind kind;
  kind.name = name;
  fields.flags("operations", Need::required,
               {{"create", &kind.create},
                {"update", &kind.update},
                {"remove", &kind.remove},
                {"find", &kind.find}});
  kind.client_ids = fields.flag("client_ids", false);
  kind.versions = fields.flag("versions", false);
  kind.container = fields.flag("container", false);
  kind.tells_edits = fields.flag("tells_edits", false);
  kind.delta = fields.flag("delta", false);
  kind.occurrences = fields.flag("occurrences", false);
  kind.resets_occurrences = fields.texts("resets_occurrences", Need::optional);
  kind.parents = fields.texts("parents", Need::required);
  return kind;
}

// A JSON pointer (RFC 6901) that is not empty.
std::string read_pointer(Fields& fields, const char* name, Need need) {
  std::string pointer = fields.text(name, need);
  if (!is_pointer(pointer)) {
    fields.problem(name, "a JSON pointer is expected, e.g. \"/error/code\"");
  }
  return pointer;
}

// Headers are compared in lower case, however they are written.
std::string read_header(Fields& fields, const char* name, Need need) {
  std::string header = fields.text(name, need);
  std::transform(header.begin(), header.end(), header.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return header;
}

void read_channel(Fields& fields, Notifications& notifications) {
  notifications.channel_header = read_header(fields, "channel_header", Need::required);
  notifications.token_header = read_header(fields, "token_header", Need::required);
  notifications.state_header = read_header(fields, "state_header", Need::optional);
  notifications.ignored_states = fields.texts("ignored_states", Need::optional);
  notifications.message_header = read_header(fields, "message_header", Need::optional);
  if (const auto life_s = fields.integer("life_s")) {
    notifications.life_s = *life_s;
    if (*life_s < 60 || *life_s > 31'536'000) {
      fields.problem("life_s", "must be from 60 to 31536000");
    }
  }
}

void read_application(Fields& fields, Notifications& notifications) {
  notifications.signature_header = read_header(fields, "signature_header", Need::required);
  notifications.signature_prefix = fields.text("signature_prefix", Need::optional);
  notifications.handshake_pointer = read_pointer(fields, "handshake_pointer", Need::optional);
  notifications.id_pointer = read_pointer(fields, "id_pointer", Need::required);
  notifications.workspace_pointer = read_pointer(fields, "workspace_pointer", Need::required);
  notifications.hint_pointers = fields.texts("hint_pointers", Need::optional);
}

void read_notifications(Fields& fields, Notifications& notifications) {
  using Subscription = Notifications::Subscription;
  constexpr std::pair<std::string_view, Subscription> kSubscriptions[] = {
      {"none", Subscription::none},
      {"channel", Subscription::channel},
      {"application", Subscription::application}};
  notifications.subscription = fields.word("subscription", kSubscriptions);
  // The members of the other way are unknown ones.
  if (notifications.subscription == Subscription::channel) read_channel(fields, notifications);
  if (notifications.subscription == Subscription::application) {
    read_application(fields, notifications);
  }
}

Setting read_setting(const std::string& name, Fields& fields) {
  constexpr std::pair<std::string_view, SettingType> kTypes[] = {{"text", SettingType::text},
                                                                 {"integer", SettingType::integer},
                                                                 {"flag", SettingType::flag},
                                                                 {"choice", SettingType::choice},
                                                                 {"url", SettingType::url}};
  Setting setting;
  setting.name = name;
  setting.type = fields.word("type", kTypes);
  setting.label = fields.text("label", Need::required);
  setting.says = fields.text("says", Need::optional);
  setting.required = fields.flag("required", false);
  setting.choices = fields.texts("choices", Need::optional);
  setting.least = fields.integer("least");
  setting.most = fields.integer("most");
  if (const Json* value = fields.any("default")) {
    if (auto canonical = core::canonical_json(*value)) {
      setting.default_value = *std::move(canonical);
    } else {
      fields.problem("default", canonical.error().message);
    }
    if (const std::string wrong = wrong_default(setting, *value); !wrong.empty()) {
      fields.problem("default", wrong);
    }
  }
  return setting;
}

void read_properties(Fields& fields, Properties& properties) {
  constexpr std::int64_t kDayMs = 86'400'000;
  properties.delta = fields.flag("delta", false);
  properties.complete_listing = fields.flag("complete_listing", false);
  properties.time_precision_ms = fields.integer("time_precision_ms", 1000, 1, kDayMs);
  properties.sweep_hours = static_cast<int>(fields.integer("sweep_hours", 24, 1, 24 * 31));
  properties.largest_batch = static_cast<int>(fields.integer("largest_batch", 100, 1, 10'000));
}

constexpr std::pair<std::string_view, BudgetScope> kScopes[] = {
    {"connection", BudgetScope::connection},
    {"workspace", BudgetScope::workspace},
    {"application", BudgetScope::application}};

void read_budget(Fields& fields, std::vector<Budget>& budgets) {
  Budget budget;
  budget.scope = fields.word("per", kScopes);
  budget.requests = fields.integer("requests", 0, 1, 1'000'000);
  budget.window_ms = fields.integer("window_ms", 0, 1, 86'400'000);
  budgets.push_back(budget);
}

void read_limit_rule(Fields& fields, std::vector<LimitRule>& rules) {
  constexpr std::pair<std::string_view, LimitRule::Reaction> kReactions[] = {
      {"wait", LimitRule::Reaction::wait}, {"refuse", LimitRule::Reaction::refuse}};
  LimitRule rule;
  rule.status = static_cast<int>(fields.integer("status", 0, 400, 599));
  rule.pointer = read_pointer(fields, "pointer", Need::required);
  rule.values = fields.texts("values", Need::required);
  rule.scope = fields.word("per", kScopes);
  rule.reaction = fields.word("reaction", kReactions);
  rules.push_back(std::move(rule));
}

void read(Fields& top, Manifest& manifest, Problem& problem) {
  read_abi(top, manifest);
  if (is_newer(manifest)) problem.pass_over_unknown();
  manifest.id = top.text("id", Need::required);
  manifest.version = top.text("version", Need::required);
  manifest.name = top.text("name", Need::required);
  top.object("labels", Need::required, [&](Fields& labels) {
    manifest.connect_label = labels.text("connect", Need::required);
    manifest.export_label = labels.text("export", Need::required);
  });
  manifest.manage_url = top.text("manage_url", Need::optional);
  top.object("auth", Need::required, [&](Fields& auth) { read_auth(auth, manifest.auth); });
  top.named_objects("origins", Need::optional, [&](const std::string& name, Fields& origin) {
    manifest.origins.push_back({name, origin.text("url", Need::optional),
                                origin.text("setting", Need::optional),
                                origin.flag("signed", true)});
  });
  read_operations(top, manifest.operations);
  top.named_objects("kinds", Need::required, [&](const std::string& name, Fields& kind) {
    manifest.kinds.push_back(read_kind(name, kind));
  });
  top.named_objects("targets", Need::required, [&](const std::string& kind, Fields& target) {
    manifest.targets.push_back(
        {kind, target.text("label", Need::required), target.flag("make", false)});
  });
  top.object("properties", Need::required,
             [&](Fields& fields) { read_properties(fields, manifest.properties); });
  top.objects("budgets", [&](Fields& budget) { read_budget(budget, manifest.budgets); });
  top.objects("limit_rules", [&](Fields& rule) { read_limit_rule(rule, manifest.limit_rules); });
  top.object("notifications", Need::optional,
             [&](Fields& fields) { read_notifications(fields, manifest.notifications); });
  top.named_objects("settings", Need::optional, [&](const std::string& name, Fields& setting) {
    manifest.settings.push_back(read_setting(name, setting));
  });
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  auto document = core::parse_json(text, kMaxManifestBytes);
  if (!document) return std::move(document).error();
  Problem problem;
  Manifest manifest;
  {
    Fields top(*document, "", problem);
    read(top, manifest, problem);
  }
  if (problem.none() && manifest.abi_major != MT_ABI_MAJOR) {
    return Error{Code::unsupported, "/abi: the connector is built for ABI " +
                                        std::to_string(manifest.abi_major) + ", this host speaks " +
                                        std::to_string(MT_ABI_MAJOR)};
  }
  if (problem.none()) check_manifest(manifest, problem);
  if (!problem.none()) return Error{Code::invalid, problem.text()};
  manifest.passed_over = problem.passed_over();
  return manifest;
}

}  // namespace mortise::plugin
