// The tables of grants, sessions, keys and events (see tables.hpp).
#pragma once

#include "store/tables.hpp"

namespace mortise::store {

template <>
struct Table<core::Grant> : RevisedTable {
  static constexpr std::string_view kName = "access_grant", kFrom = kName, kWord = "grant";
  static constexpr std::array<std::string_view, 1> kKey = {"connection_id"};
  static std::string key(const core::Grant& grant) { return grant.connection_id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& grant) {
    visit("connection_id", grant.connection_id);
    visit.sealed("sealed_access_token", grant.access_token, grant.connection_id);
    visit.sealed("sealed_refresh_token", grant.refresh_token, grant.connection_id);
    visit("expires_ms", grant.expires_ms);
    visit("scope", grant.scope);
    visit("refresh_intent_ms", grant.refresh_intent_ms);
    visit("refreshed_ms", grant.refreshed_ms);
    visit.revision(grant.rev);
  }
};

template <>
struct Table<core::NamedSecret> : UnrevisedTable {
  static constexpr std::string_view kName = "named_secret", kFrom = kName, kWord = "secret";
  static constexpr std::array<std::string_view, 1> kKey = {"name"};
  static std::string key(const core::NamedSecret& secret) { return secret.name; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& secret) {
    visit("name", secret.name);
    visit.sealed("sealed_value", secret.value, secret.name);
    visit("updated_ms", secret.updated_ms);
  }
};

template <>
struct Table<core::ConnectSession> : RevisedTable {
  static constexpr std::string_view kName = "connect_session", kFrom = kName;
  static constexpr std::string_view kWord = "connect session";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::ConnectSession& session) { return session.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& session) {
    visit("id", session.id);
    visit("account_id", session.account_id);
    visit("connector", session.connector);
    visit("connection_id", session.connection_id);
    visit("return_to", session.return_to);
    visit("export_plan_id", session.export_plan_id);
    visit("state_hash", session.state_hash);
    visit("browser_hash", session.browser_hash);
    visit.sealed("sealed_verifier", session.verifier, session.id);
    visit("expires_ms", session.expires_ms);
    visit("used", session.used);
    visit.revision(session.rev);
  }
};

template <>
struct Table<core::ApiKey> : RevisedTable {
  static constexpr std::string_view kName = "api_key", kFrom = kName, kWord = "API key";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::ApiKey& api_key) { return api_key.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& api_key) {
    visit("id", api_key.id);
    visit("name", api_key.name);
    visit("hash", api_key.hash);
    visit("scopes", api_key.scopes);
    visit("created_ms", api_key.created_ms);
    visit("revoked_ms", api_key.revoked_ms);
    visit.revision(api_key.rev);
  }
};

template <>
struct Table<core::UserSession> : RevisedTable {
  static constexpr std::string_view kName = "user_session", kFrom = kName, kWord = "session";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::UserSession& session) { return session.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& session) {
    visit("id", session.id);
    visit("account_id", session.account_id);
    visit("hash", session.hash);
    visit("csrf", session.csrf);
    visit("exchanged", session.exchanged);
    visit("expires_ms", session.expires_ms);
    visit.revision(session.rev);
  }
};

template <>
struct Table<core::IdempotencyRecord> : RevisedTable {
  static constexpr std::string_view kName = "idempotency", kFrom = kName;
  static constexpr std::string_view kWord = "idempotency key";
  static constexpr std::array<std::string_view, 2> kKey = {"scope", "key"};
  static std::string key(const core::IdempotencyRecord& record) { return record.key; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& record) {
    visit("scope", record.scope);
    visit("key", record.key);
    visit("fingerprint", record.fingerprint);
    visit("status", record.status);
    visit("headers", record.headers);
    visit("body", record.body);
    visit("expires_ms", record.expires_ms);
    visit.revision(record.rev);
  }
};

template <>
struct Table<core::Event> : UnrevisedTable {
  static constexpr std::string_view kName = "event", kFrom = kName, kWord = "event";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Event& event) { return event.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& event) {
    visit("id", event.id);
    visit("type", event.type);
    visit("account_id", event.account_id);
    visit("data", event.data);
    visit("at_ms", event.at_ms);
  }
};

}  // namespace mortise::store
