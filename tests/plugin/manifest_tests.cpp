#include <catch2/catch.hpp>

#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "plugin/doubles.hpp"
#include "plugin/manifest.hpp"

#include <mortise/abi.h>

namespace {

using Json = nlohmann::json;
using mortise::Code;
using mortise::plugin::parse_manifest;
using namespace mortise::ports;
using Catch::Contains;

// A manifest that uses every member.
Json full() {
  return Json::parse(R"({
    "id": "acme", "version": "1.4.0", "abi": "1.1", "name": "Acme",
    "labels": {"connect": "Connect Acme", "export": "Export to Acme"},
    "manage_url": "https://acme.example/settings",
    "auth": {
      "style": "oauth2",
      "authorize": {"origin": "accounts", "path": "/o/authorize"},
      "token": {"origin": "accounts", "path": "/o/token"},
      "revoke": {"origin": "accounts", "path": "/o/revoke"},
      "introspect": {"origin": "accounts", "path": "/o/introspect"},
      "pkce": "S256", "client_auth": "body", "body": "json",
      "headers": {"Acme-Version": "2026-01-01"},
      "authorize_params": {"access_type": "offline", "prompt": "consent"},
      "features": {
        "sync": {"scopes": ["a.events"], "says": "Writes your tasks."},
        "own": {"scopes": ["a.created"], "required": false, "says": "Makes a calendar."}
      },
      "refresh": "on_401", "rotates": true, "revoke_with": "access", "keepalive_days": 30
    },
    "origins": {
      "api": {"url": "https://api.acme.example"},
      "accounts": {"url": "https://accounts.acme.example/v2", "signed": false},
      "server": {"setting": "server"}
    },
    "operations": ["list", "get", "write", "find", "targets", "make_target", "identity", "estimate", "channels"],
    "kinds": {
      "page": {"operations": ["create", "update", "remove", "find"], "container": true, "tells_edits": true, "delta": true, "parents": ["target", "page"]},
      "todo": {"operations": ["create", "update", "remove"], "client_ids": true, "versions": true, "parents": ["page"]},
      "event": {"operations": ["create", "update", "remove"], "occurrences": true, "resets_occurrences": ["start", "recurrence"], "parents": ["target"]}
    },
    "targets": {"page": {"label": "Parent page", "make": true}},
    "properties": {"delta": true, "complete_listing": true, "time_precision_ms": 60000, "sweep_hours": 12, "largest_batch": 50},
    "budgets": [{"per": "connection", "requests": 180, "window_ms": 60000}, {"per": "application", "requests": 9000, "window_ms": 60000}],
    "limit_rules": [{"status": 403, "pointer": "/error/errors/0/reason", "values": ["quotaExceeded"], "per": "application", "reaction": "refuse"}],
    "notifications": {
      "subscription": "channel", "channel_header": "X-Acme-Channel", "token_header": "x-acme-token",
      "state_header": "X-Acme-State", "ignored_states": ["sync"], "message_header": "X-Acme-Number", "life_s": 604800
    },
    "settings": {
      "server": {"type": "url", "label": "Server", "required": true},
      "style": {"type": "choice", "label": "Style", "says": "How it looks.", "choices": ["a", "b"], "default": "b"},
      "days": {"type": "integer", "label": "Days", "default": 30, "least": 1, "most": 365},
      "loud": {"type": "flag", "label": "Loud", "default": false},
      "prefix": {"type": "text", "label": "Prefix", "most": 10, "default": "x"}
    }
  })");
}

// The same service with one subscription for all connections.
Json full_application() {
  Json document = full();
  document["operations"].erase(8);
  document["notifications"] = Json::parse(R"({
    "subscription": "application", "signature_header": "X-Acme-Signature", "signature_prefix": "sha256=",
    "handshake_pointer": "/verification_token", "id_pointer": "/id", "workspace_pointer": "/workspace~1id",
    "hint_pointers": ["/entity/id", "/data/parent"]
  })");
  return document;
}

mortise::Error error_of(const Json& document) {
  auto parsed = parse_manifest(document.dump());
  if (parsed) FAIL("was accepted");
  return std::move(parsed).error();
}

// One change to a good manifest and what is said of it.
struct Fault {
  const char* pointer;
  Json value;  // null: taken out
  const char* says;
};

Json changed(Json document, const Fault& fault) {
  const Json::json_pointer pointer(fault.pointer);
  if (fault.value.is_null()) {
    document.at(pointer.parent_pointer()).erase(pointer.back());
  } else {
    document[pointer] = fault.value;
  }
  return document;
}

}  // namespace

TEST_CASE("manifest: every member is read", "[plugin][manifest]") {
  const auto parsed = parse_manifest(full().dump());
  if (!parsed) FAIL(parsed.error().message);
  const Manifest& manifest = *parsed;
  CHECK(manifest.id == "acme");
  CHECK(manifest.version == "1.4.0");
  CHECK(manifest.abi_major == 1);
  CHECK(manifest.abi_minor == 1);
  CHECK(manifest.connect_label == "Connect Acme");
  CHECK(manifest.export_label == "Export to Acme");
  CHECK(manifest.manage_url == "https://acme.example/settings");

  const Auth& auth = manifest.auth;
  CHECK(auth.style == AuthStyle::oauth2);
  CHECK(auth.authorize.origin == "accounts");
  CHECK(auth.authorize.path == "/o/authorize");
  CHECK(auth.introspect.path == "/o/introspect");
  CHECK(auth.pkce == Pkce::s256);
  CHECK(auth.client_auth == ClientAuth::body);
  CHECK(auth.body == BodyFormat::json);
  CHECK(auth.authorize_params.size() == 2);
  REQUIRE(auth.headers.size() == 1);
  CHECK(auth.headers[0].first == "Acme-Version");
  CHECK(auth.headers[0].second == "2026-01-01");
  CHECK(auth.refresh == RefreshWhen::on_401);
  CHECK(auth.rotates);
  CHECK(auth.revoke_with == TokenKind::access);
  CHECK(auth.keepalive_days == 30);
  REQUIRE(auth.features.size() == 2);
  CHECK(auth.features[0].name == "own");
  CHECK_FALSE(auth.features[0].required);
  CHECK(auth.features[1].scopes == std::vector<std::string>{"a.events"});

  REQUIRE(manifest.origin("accounts") != nullptr);
  CHECK_FALSE(manifest.origin("accounts")->is_signed);
  CHECK(manifest.origin("api")->is_signed);
  CHECK(manifest.origin("server")->setting == "server");
  CHECK(manifest.operations.identity);
  REQUIRE(manifest.kind("page") != nullptr);
  CHECK(manifest.kind("page")->container);
  CHECK(manifest.kind("todo")->client_ids);
  CHECK(manifest.kind("todo")->update);
  CHECK_FALSE(manifest.kind("todo")->find);
  CHECK(manifest.kind("page")->tells_edits);
  CHECK(manifest.kind("page")->delta);
  CHECK_FALSE(manifest.kind("page")->occurrences);
  CHECK(manifest.kind("event")->occurrences);
  CHECK(manifest.kind("event")->resets_occurrences ==
        std::vector<std::string>{"start", "recurrence"});
  CHECK(manifest.operations.channels);
  const Notifications& notifications = manifest.notifications;
  CHECK(notifications.subscription == Notifications::Subscription::channel);
  CHECK(notifications.channel_header == "x-acme-channel");
  CHECK(notifications.token_header == "x-acme-token");
  CHECK(notifications.state_header == "x-acme-state");
  CHECK(notifications.ignored_states == std::vector<std::string>{"sync"});
  CHECK(notifications.message_header == "x-acme-number");
  CHECK(notifications.life_s == 604'800);
  CHECK(manifest.targets.at(0).make);
  CHECK(manifest.properties.time_precision_ms == 60'000);
  CHECK(manifest.properties.largest_batch == 50);
  REQUIRE(manifest.budgets.size() == 2);
  CHECK(manifest.budgets[1].scope == BudgetScope::application);
  REQUIRE(manifest.limit_rules.size() == 1);
  CHECK(manifest.limit_rules[0].reaction == LimitRule::Reaction::refuse);
  REQUIRE(manifest.settings.size() == 5);
  CHECK(manifest.settings[0].name == "days");
  CHECK(manifest.settings[0].default_value == "30");
  CHECK(manifest.settings[4].default_value == "\"b\"");
}

TEST_CASE("manifest: notifications of one subscription for all are read", "[plugin][manifest]") {
  const auto parsed = parse_manifest(full_application().dump());
  if (!parsed) FAIL(parsed.error().message);
  const Notifications& notifications = parsed->notifications;
  CHECK(notifications.subscription == Notifications::Subscription::application);
  CHECK(notifications.signature_header == "x-acme-signature");
  CHECK(notifications.signature_prefix == "sha256=");
  CHECK(notifications.handshake_pointer == "/verification_token");
  CHECK(notifications.id_pointer == "/id");
  CHECK(notifications.workspace_pointer == "/workspace~1id");
  CHECK(notifications.hint_pointers == std::vector<std::string>{"/entity/id", "/data/parent"});
  CHECK(notifications.channel_header.empty());

  Json without = full_application();
  without.erase("notifications");
  const auto quiet = parse_manifest(without.dump());
  if (!quiet) FAIL(quiet.error().message);
  CHECK(quiet->notifications.subscription == Notifications::Subscription::none);
}

TEST_CASE("manifest: each fault of an application's notifications is named with its place",
          "[plugin][manifest]") {
  const Fault faults[] = {
      {"/notifications/signature_header", nullptr, "/notifications/signature_header: is missing"},
      {"/notifications/id_pointer", "id", "/notifications/id_pointer: a JSON pointer"},
      {"/notifications/workspace_pointer", "/a~2", "/notifications/workspace_pointer: a JSON"},
      {"/notifications/hint_pointers", "/id", "/notifications/hint_pointers: a list of strings"},
      {"/notifications/hint_pointers/1", "data", "/notifications/hint_pointers/1: a JSON pointer"},
      {"/notifications/token_header", "x", "/notifications/token_header: unknown member"},
      {"/operations/7", "channels", "/notifications: is needed with 'channels'"},
  };
  for (const Fault& fault : faults) {
    CAPTURE(fault.pointer, fault.value.dump());
    const mortise::Error error = error_of(changed(full_application(), fault));
    CHECK(error.code == Code::invalid);
    CHECK_THAT(error.message, Contains(fault.says));
  }
}

TEST_CASE("manifest: each fault is named with its place", "[plugin][manifest]") {
  const Fault faults[] = {
      {"/id", nullptr, "/id: is missing"},
      {"/id", "Acme", "/id: must be lower-case"},
      {"/id", "a b", "/id: must be lower-case"},
      {"/id", "../evil", "/id: must be lower-case"},
      {"/id", std::string(33, 'a'), "/id: must be lower-case"},
      {"/id", 7, "/id: a string is expected"},
      {"/version", "1.0", "/version"},
      {"/version", "1.0.0-beta", "/version"},
      {"/version", "1.02.0", "/version"},
      {"/abi", "2.0", "/abi: the connector is built for ABI 2, this host speaks 1"},
      {"/abi", "1", "/abi"},
      {"/abi", "1.x", "/abi"},
      {"/abi", "99999999999.0", "/abi"},
      {"/abi", 1, "/abi: a string is expected"},
      {"/name", "", "/name: is empty"},
      {"/nmae", "Acme", "/nmae: unknown member; did you mean 'name'?"},
      {"/labels", nullptr, "/labels: is missing"},
      {"/labels/export", nullptr, "/labels/export: is missing"},
      {"/labels/tooltip", "x", "/labels/tooltip: unknown member"},
      {"/manage_url", "javascript:alert(1)", "/manage_url: an https URL"},
      {"/auth", "oauth2", "/auth: an object is expected"},
      {"/auth/style", "oauth1", "'oauth1' is none of: none, oauth2"},
      {"/auth/token", nullptr, "/auth/token: is missing"},
      {"/auth/token/origin", "acounts", "/auth/token/origin: 'acounts' is not declared"},
      {"/auth/token/path", "o/token", "/auth/token/path: must begin with '/'"},
      {"/auth/pkce", "plain", "/auth/pkce: 'plain' is none of: S256, none"},
      {"/auth/authorize_params/state", "mine", "/auth/authorize_params/state: is set by the host"},
      {"/auth/authorize_params/prompt", 1, "/auth/authorize_params: prompt: a string"},
      {"/auth/headers", "Acme-Version: 1", "/auth/headers: an object is expected"},
      {"/auth/headers/Acme-Version", 1, "/auth/headers: Acme-Version: a string"},
      {"/auth/headers/Acme-Version", "", "/auth/headers/Acme-Version: one line of at most 200"},
      {"/auth/headers/Acme-Version", "a\r\nHost: b", "/auth/headers/Acme-Version: one line"},
      {"/auth/headers/Acme-Version", std::string(201, 'a'), "/auth/headers/Acme-Version: one line"},
      {"/auth/headers/a b", "x", "/auth/headers/a b: the name of a header"},
      {"/auth/headers/authorization", "x", "/auth/headers/authorization: is set by the host"},
      {"/auth/headers/Host", "x", "/auth/headers/Host: is set by the host"},
      {"/auth/headers/Cookie", "x", "/auth/headers/Cookie: is set by the host"},
      {"/auth/headers/Accept", "x", "/auth/headers/Accept: is set by the host"},
      {"/auth/headers/Content-Type", "x", "/auth/headers/Content-Type: is set by the host"},
      {"/auth/headers",
       {{"a", "1"},
        {"b", "1"},
        {"c", "1"},
        {"d", "1"},
        {"e", "1"},
        {"f", "1"},
        {"g", "1"},
        {"h", "1"},
        {"i", "1"}},
       "/auth/headers: at most 8"},
      {"/auth/features", Json::object(), "/auth/features: at least one"},
      {"/auth/features/sync/says", nullptr, "/auth/features/sync/says: is missing"},
      {"/auth/features/sync/scopes", "a", "/auth/features/sync/scopes: a list of strings"},
      {"/auth/keepalive_days", 0, "/auth/keepalive_days: must be from 1 to 365"},
      {"/auth/keepalive_days", 1.5, "/auth/keepalive_days: an integer"},
      {"/auth/rotates", "yes", "/auth/rotates: true or false"},
      {"/origins/api/url", "ftp://x", "/origins/api/url: an http(s) URL"},
      {"/origins/api/url", "https://user@x", "/origins/api/url"},
      {"/origins/api/url", "https://", "/origins/api/url"},
      {"/origins/api/url", "https://x/", "/origins/api/url"},
      {"/origins/api/setting", "server", "/origins/api: exactly one of url and setting"},
      {"/origins/server/setting", "days",
       "/origins/server/setting: 'days' is no setting of type url"},
      {"/operations", nullptr, "/operations: is missing"},
      {"/operations", Json::array({"list", "lists"}), "'lists' is none of: list, get"},
      {"/operations", Json::array({"list", "get", "write", "find", "targets", "make_target"}),
       "'identity' is needed"},
      {"/operations", Json::array({"list", "get", "find", "targets", "make_target", "identity"}),
       "'write' is not among"},
      {"/operations", Json::array({"get", "write", "find", "targets", "make_target", "identity"}),
       "'list' is not among"},
      {"/operations", Json::array({"list", "write", "find", "targets", "make_target", "identity"}),
       "/kinds/page/container: 'get' is not among"},
      {"/operations",
       Json::array({"list", "get", "write", "find", "targets", "make_target", "identity"}),
       "'channels' is needed with notifications by channel"},
      {"/kinds", Json::object(), "/kinds: at least one kind"},
      {"/kinds/todo/parents", Json::array({"pages"}), "'pages' is neither 'target' nor a kind"},
      {"/kinds/todo/parents", Json::array({"todo"}), "'todo' is not declared as a container"},
      {"/kinds/todo/parents", Json::array(), "/kinds/todo/parents: at least one"},
      {"/kinds/todo/operations", Json::array({"delete"}),
       "'delete' is none of: create, update, remove"},
      {"/kinds/todo/tells_edits", true, "/kinds/todo/tells_edits: belongs to a container"},
      {"/kinds/todo/delta", true, "/kinds/todo/delta: belongs to a container"},
      {"/kinds/page/delta", 1, "/kinds/page/delta: true or false"},
      {"/kinds/event/operations", Json::array({"find"}),
       "/kinds/event/occurrences: 'update' is not among"},
      {"/kinds/todo/operations", Json::array({"create", "update"}),
       "/kinds/todo/operations: 'create', 'update' and 'remove' belong together"},
      {"/kinds/todo/operations", Json::array({"move"}), "'move' is none of: create, update"},
      {"/kinds/todo/resets_occurrences", Json::array({"start"}),
       "/kinds/todo/resets_occurrences: belongs to a kind with occurrences"},
      {"/kinds/event/resets_occurrences", "start", "resets_occurrences: a list of strings"},
      {"/kinds/event/ocurrences", true, "did you mean 'occurrences'?"},
      {"/targets", Json::object(), "/targets: at least one"},
      {"/targets/page/make", nullptr, "/targets: 'make_target' is among the operations"},
      {"/notifications", "channel", "/notifications: an object is expected"},
      {"/notifications/subscription", "push", "'push' is none of: none, channel, application"},
      {"/notifications/channel_header", nullptr, "/notifications/channel_header: is missing"},
      {"/notifications/token_header", nullptr, "/notifications/token_header: is missing"},
      {"/notifications/token_header", "x token", "/notifications/token_header: the name of a"},
      {"/notifications/state_header", nullptr, "/notifications/ignored_states: needs a state_head"},
      {"/notifications/ignored_states", "sync", "/notifications/ignored_states: a list of strings"},
      {"/notifications/life_s", 59, "/notifications/life_s: must be from 60"},
      {"/notifications/life_s", "7 d", "/notifications/life_s: an integer"},
      {"/notifications/id_pointer", "/id", "/notifications/id_pointer: unknown member"},
      {"/notifications", nullptr, "/notifications: is needed with 'channels'"},
      {"/properties/largest_batch", 0, "/properties/largest_batch: must be from 1"},
      {"/properties/largest_batch", 18446744073709551615ULL,
       "/properties/largest_batch: is too large"},
      {"/properties/complete", true, "/properties/complete: unknown member"},
      {"/budgets", Json::object(), "/budgets: a list is expected"},
      {"/budgets/1/requests", nullptr, "/budgets/1/requests: must be from 1"},
      {"/budgets/0/per", "user", "/budgets/0/per: 'user' is none of"},
      {"/limit_rules/0/status", 200, "/limit_rules/0/status: must be from 400"},
      {"/limit_rules/0/pointer", "error", "/limit_rules/0/pointer: a JSON pointer"},
      {"/settings/days/default", 0, "/settings/days/default: is out of bounds"},
      {"/settings/days/default", "30", "/settings/days/default: an integer"},
      {"/settings/days/least", 400, "/settings/days"},
      {"/settings/style/default", "c", "/settings/style/default: is none of the choices"},
      {"/settings/style/choices", nullptr, "/settings/style"},
      {"/settings/prefix/default", "more than ten", "/settings/prefix/default: is out of bounds"},
      {"/settings/loud/choices", Json::array({"a"}), "/settings/loud/choices: belongs to a choice"},
      {"/settings/loud/label", nullptr, "/settings/loud/label: is missing"},
  };
  for (const Fault& fault : faults) {
    CAPTURE(fault.pointer, fault.value.dump());
    const mortise::Error error = error_of(changed(full(), fault));
    CHECK_THAT(error.message, Contains(fault.says));
    CHECK(error.code == (error.message.find("this host speaks") == std::string::npos
                             ? Code::invalid
                             : Code::unsupported));
  }
}

TEST_CASE("manifest: what writes can be asked for what it wrote", "[plugin][manifest]") {
  Json document = full_application();
  document["kinds"] = {
      {"todo", {{"operations", {"create", "update", "remove"}}, {"parents", {"target"}}}}};
  document["operations"] = {"list", "write", "identity", "make_target"};
  CHECK_THAT(error_of(document).message, Contains("/operations: 'get' is needed with 'write'"));
  document["operations"].push_back("get");
  CHECK(parse_manifest(document.dump()).ok());
}

TEST_CASE("manifest: of a later minor, what is not known is passed over, and the rest is checked",
          "[plugin][manifest]") {
  Json document = full();
  document["abi"] = "1." + std::to_string(MT_ABI_MINOR + 1);
  document["moods"] = {{"good", true}};
  document["labels"]["tooltip"] = "x";
  document["operations"].push_back("foretell");
  document["kinds"]["todo"]["operations"].push_back("archive");
  const auto parsed = parse_manifest(document.dump());
  if (!parsed) FAIL(parsed.error().message);
  CHECK(parsed->passed_over == std::vector<std::string>{"/labels/tooltip", "/operations/foretell",
                                                        "/kinds/todo/operations/archive",
                                                        "/moods"});
  const Fault faults[] = {
      {"/name", nullptr, "/name: is missing"},
      {"/auth/style", "mtls", "'mtls' is none of: none, oauth2"},
      {"/limit_rules/0/reaction", "plead", "'plead' is none of"},
  };
  for (const Fault& fault : faults) {
    CAPTURE(fault.pointer);
    CHECK_THAT(error_of(changed(document, fault)).message, Contains(fault.says));
  }
  document["abi"] = "1." + std::to_string(MT_ABI_MINOR);
  CHECK_THAT(error_of(document).message, Contains("unknown member"));
}

TEST_CASE("manifest: what is no object, or no JSON, or too much, is refused",
          "[plugin][manifest]") {
  for (const char* text :
       {"", "null", "[]", "7", "{", "{\"id\":\"a\",\"id\":\"b\"}", "\xFF\xFE", "{}"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_manifest(text).ok());
  }
  CHECK(parse_manifest(std::string(mortise::plugin::kMaxManifestBytes + 1, ' ')).error().code ==
        Code::too_large);
  CHECK_FALSE(parse_manifest(std::string(5000, '[')).ok());
}

TEST_CASE("manifest: no damage to the text makes the parser fail otherwise than by an error",
          "[plugin][manifest]") {
  const std::string good = full().dump();
  const std::uint32_t seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string text = good;
    for (int i = 0; i < 3; ++i) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 30));
          break;
      }
    }
    const auto parsed = parse_manifest(text);
    if (!parsed) CHECK_FALSE(parsed.error().message.empty());
  }
}

TEST_CASE("manifest: those of the templates are good", "[plugin][manifest]") {
  for (const auto& [folder, id] :
       {std::pair("template", "acme"), std::pair("template_c", "acme_c")}) {
    CAPTURE(folder);
    const std::filesystem::path file =
        std::filesystem::path(MORTISE_SOURCE_DIR) / "sdk" / folder / "manifest.json";
    const auto parsed = parse_manifest(doubles::read(file));
    if (!parsed) FAIL(parsed.error().message);
    CHECK(parsed->id == id);
  }
}

TEST_CASE("manifest: those of our own connectors are good", "[plugin][manifest]") {
  for (const char* id : {"memory", "notion", "google_calendar"}) {
    const std::filesystem::path file =
        std::filesystem::path(MORTISE_SOURCE_DIR) / "plugins" / id / "manifest.json";
    if (!std::filesystem::exists(file)) continue;
    CAPTURE(id);
    const auto parsed = parse_manifest(doubles::read(file));
    if (!parsed) FAIL(parsed.error().message);
    CHECK(parsed->id == id);
  }
}
