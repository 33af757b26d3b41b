// What a connector says about itself in manifest.json, read and validated before its code is
// loaded. Properties, not special cases: runner, egress, oauth and pages act on what is declared
// here. docs/plugins.md documents every member of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "core/settings.hpp"

namespace mortise::ports {

/// A base URL that requests name instead of a URL. Exactly one of `url` and `setting` is given.
struct Origin {
  std::string name;
  std::string url;  ///< "https://api.notion.com", no trailing slash; overridable by configuration
  std::string setting;    ///< name of the connector setting that holds the URL
  bool is_signed = true;  ///< requests to it carry the connection's access token
};

/// A URL of the provider: an origin and a path, so that overriding the origin moves it too.
struct Endpoint {
  std::string origin;
  std::string path;
  bool empty() const { return origin.empty(); }
};

enum class AuthStyle : std::uint8_t { none, oauth2 };
enum class Pkce : std::uint8_t { none, s256 };
/// How the client authenticates at the token endpoint: HTTP Basic, or members of the body.
enum class ClientAuth : std::uint8_t { basic, body };
enum class BodyFormat : std::uint8_t { form, json };
enum class RefreshWhen : std::uint8_t { never, before_expiry, on_401 };
enum class TokenKind : std::uint8_t { access, refresh };

/// What a grant can be used for. A grant that lacks one of its scopes has the feature switched off;
/// without a required one there is no connection.
struct Feature {
  std::string name;
  std::vector<std::string> scopes;  ///< empty where the provider has no scopes
  bool required = true;
  std::string says;  ///< for the consent page: what is done with it
};

struct Auth {
  AuthStyle style = AuthStyle::none;
  Endpoint authorize, token, revoke, introspect;  ///< the last two may be empty
  Pkce pkce = Pkce::s256;
  ClientAuth client_auth = ClientAuth::basic;
  BodyFormat body = BodyFormat::form;  ///< of requests to token, revoke and introspect
  std::vector<std::pair<std::string, std::string>> headers;  ///< further ones of these requests
  std::vector<std::pair<std::string, std::string>> authorize_params;  ///< sent along as they are
  std::vector<Feature> features;
  RefreshWhen refresh = RefreshWhen::before_expiry;
  bool rotates = false;  ///< a refresh replaces the refresh token; the old one is dead
  TokenKind revoke_with = TokenKind::refresh;
  int keepalive_days = 7;  ///< a grant unused for so long is refreshed, so that it does not lapse
};

/// What the connector implements, beside begin().
struct Operations {
  bool list = false, get = false, write = false, find = false;
  bool targets = false, make_target = false, identity = false, estimate = false;
  bool channels = false;  ///< open_channel and close_channel
};

/// One kind of items and what can be done with it.
struct Kind {
  std::string name;
  bool create = false, update = false, remove = false;  ///< all of them, or none: only read
  bool find = false;                                    ///< can be looked up by our key
  bool client_ids = false;           ///< a create repeated with the same once-key makes nothing new
  bool versions = false;             ///< items have versions and writes honour if_version
  bool container = false;            ///< holds other items; list() takes it as container
  std::vector<std::string> parents;  ///< kinds it may stand in; "target" is the target itself
  /// A container whose own edit time moves when anything in it does: asked for that first, and read
  /// only if it moved.
  bool tells_edits = false;
  bool delta = false;        ///< a container whose list() goes on from a cursor
  bool occurrences = false;  ///< single occurrences of a recurring one can be written
  /// Fields whose change makes the service forget what was written of single occurrences.
  std::vector<std::string> resets_occurrences;
};

/// A kind of place that a user may choose to work in.
struct TargetKind {
  std::string kind;
  std::string label;  ///< "Parent page"
  bool make = false;  ///< make_target() can make one
};

struct Properties {
  bool delta = false;             ///< list() of the target goes on from a cursor
  bool complete_listing = false;  ///< list() of the target without a cursor names all there is
  std::int64_t time_precision_ms = 1000;  ///< of edit times
  int sweep_hours = 24;     ///< a full listing at least so often, where delta misses things
  int largest_batch = 100;  ///< writes per call
};

enum class BudgetScope : std::uint8_t { connection, workspace, application };

/// At most `requests` in any `window_ms`, counted per scope.
struct Budget {
  BudgetScope scope = BudgetScope::connection;
  std::int64_t requests = 0;
  std::int64_t window_ms = 0;
};

/// How to read an answer by which the service limits us: `status`, and one of `values` at `pointer`
/// (RFC 6901) in the JSON body. 429 and 529 without a matching rule mean "wait", counted against
/// the connection; other statuses mean a limit only where a rule says so.
struct LimitRule {
  enum class Reaction : std::uint8_t { wait, refuse };
  int status = 0;
  std::string pointer;
  std::vector<std::string> values;
  BudgetScope scope = BudgetScope::connection;  ///< whose requests all have to wait
  Reaction reaction = Reaction::wait;           ///< refuse: waiting does not help, tell a person
};

/// How the service tells that something changed, and how the host proves that it was the service.
struct Notifications {
  enum class Subscription : std::uint8_t {
    none,
    channel,      ///< per connection and target, opened and closed by the connector
    application,  ///< one for all connections, made by an operator at the service
  };
  Subscription subscription = Subscription::none;
  // channel: what each notification carries. Header names in lower case.
  std::string channel_header;               ///< the channel's id
  std::string token_header;                 ///< the channel's secret, compared as it is
  std::string state_header;                 ///< what kind of notification it is, or empty
  std::vector<std::string> ignored_states;  ///< those that say nothing changed ("sync")
  std::string message_header;               ///< the service's own number of it, or empty
  std::int64_t life_s = 0;  ///< asked for when a channel is opened; 0: the service's
  // application: HMAC-SHA256 over the raw body, in hex; the key is the named secret
  // "<connector>.webhook_secret".
  std::string signature_header;
  std::string signature_prefix;   ///< before the hex digits ("sha256=")
  std::string handshake_pointer;  ///< where the first message carries the key (RFC 6901)
  std::string id_pointer;         ///< the service's own name of the notification
  std::string workspace_pointer;  ///< Identity::workspace_id of the connections that it concerns
  std::vector<std::string> hint_pointers;  ///< ids of what changed: texts, or arrays of {"id"}
};

enum class SettingType : std::uint8_t { text, integer, flag, choice, url };

/// One setting of the connector, described once: validated, shown as a form, overridable.
struct Setting {
  std::string name;
  SettingType type = SettingType::text;
  std::string label;
  std::string says;
  core::JsonText default_value;  ///< empty: none
  bool required = false;
  std::vector<std::string> choices;         ///< of a choice
  std::optional<std::int64_t> least, most;  ///< bounds of an integer, of a text's length
};

struct Manifest {
  std::string id;       ///< [a-z][a-z0-9_]*, at most 32
  std::string version;  ///< semantic version
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::string name;           ///< "Notion"
  std::string connect_label;  ///< "Connect Notion"
  std::string export_label;   ///< "Export to Notion", "Add to Calendar"
  std::string manage_url;     ///< where a person revokes the grant by hand, or empty
  Auth auth;
  std::vector<Origin> origins;
  Operations operations;
  std::vector<Kind> kinds;
  std::vector<TargetKind> targets;
  Properties properties;
  std::vector<Budget> budgets;
  std::vector<LimitRule> limit_rules;
  Notifications notifications;
  std::vector<Setting> settings;
  /// Places (JSON pointers) of what a later minor of the contract says and this host does not know.
  std::vector<std::string> passed_over;

  const Origin* origin(std::string_view origin_name) const {
    for (const Origin& each : origins) {
      if (each.name == origin_name) return &each;
    }
    return nullptr;
  }
  /// Whether requests to this origin carry the access token.
  bool signs(const Origin& to) const { return to.is_signed && auth.style != AuthStyle::none; }
  const Kind* kind(std::string_view kind_name) const {
    for (const Kind& each : kinds) {
      if (each.name == kind_name) return &each;
    }
    return nullptr;
  }
};

/// What a connector is given of a connection's settings: its own part, defaults filled in.
inline core::JsonText connector_settings(const Manifest& manifest, const core::JsonText& settings) {
  core::SettingValues defaults;
  for (const Setting& each : manifest.settings) {
    if (!each.default_value.empty()) defaults.emplace_back(each.name, each.default_value);
  }
  return core::with_defaults(core::settings_part(settings, "connector"), defaults);
}

}  // namespace mortise::ports
