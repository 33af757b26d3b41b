// A host that connects: everything real but the service, the store, time and randomness.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/upkeep.hpp"
#include "net/egress.hpp"
#include "net/http_authorization.hpp"
#include "net/provider_doubles.hpp"
#include "service/connect.hpp"
#include "service/tokens.hpp"

namespace mortise::test {

class Listener final : public ports::Changed {
 public:
  void plan_saved(const std::string&, const std::string&, const std::string&) override {}
  void connection_ready(const std::string& id) override { ready.push_back(id); }
  std::vector<std::string> ready;
};

/// The value of a query parameter as it stands in a URL.
inline std::string parameter(const std::string& url, const std::string& name) {
  for (const char* before : {"?", "&"}) {
    const std::size_t at = url.find(before + name + "=");
    if (at == std::string::npos) continue;
    const std::size_t from = at + name.size() + 2;
    return url.substr(from, url.find('&', from) - from);
  }
  return {};
}

struct ConnectWorld {
  fakes::QueueExecutor executor;
  fakes::ManualClock clock{fakes::ManualClock::kStart, &executor};
  fakes::SeededRandom random;
  fakes::MemoryStore store;
  FixedConnectors connectors;
  FixedSecrets secrets;
  ScriptedTransport transport{clock, [](const ports::HttpRequest&) { return unreachable(); }};
  net::HttpAuthorization authorization{{transport, secrets, clock, clock, executor, random},
                                       net::Endpoints()};
  service::StoredTokens tokens{{store, connectors, authorization, clock, executor, random}};
  net::PacedEgress egress{
      {transport, tokens, store.connections(), connectors, clock, clock, executor, random},
      net::Endpoints()};
  Listener listener;
  fakes::RememberedUpkeep upkeep{executor};
  service::Connecting connecting{
      {store, connectors, authorization, tokens, egress, listener, upkeep, clock, executor, random},
      {"https://sync.example.com", {"https://app.example.com/settings"}, 600'000}};

  ConnectWorld() {
    connectors.add(std::make_shared<ScriptedConnector>(google_manifest()));
    connectors.add(std::make_shared<ScriptedConnector>(notion_manifest(), notion_operations()));
    for (const char* id : {"ann", "bob"}) {
      core::Account account;
      account.id = id;
      keep({ports::put(account)});
    }
  }

  /// Identity: asks who the token is. Targets: two pages, one of them read only.
  static ScriptedConnector::OnBegin notion_operations() {
    return [](const ports::Call& call) {
      ports::Started started;
      const auto operation = call.operation;
      const std::string title = call.title;
      started.operation = std::make_unique<ScriptedOperation>(
          [operation, title](std::vector<ports::ConnectorReply> replies) {
            ports::Step step;
            if (replies.at(0).error) {
              step.error = replies[0].error;
            } else if (const int status = replies[0].reply.status; status >= 400) {
              step.error = Error{Code::forbidden, "Notion answered " + std::to_string(status)};
            } else if (operation == ports::Operation::identity) {
              step.identity = replies[0].reply.body;
            } else if (operation == ports::Operation::targets) {
              step.targets = {{{"page1", "page", "Plans", ""}, true, false},
                              {{"page2", "page", "Archive", ""}, false, true}};
            } else {
              step.targets = {{{"page9", "page", title, ""}, false, false}};
            }
            return step;
          });
      ports::ConnectorRequest request;
      request.origin = "api";
      request.method = "GET";
      request.target = "/v1/users/me";
      request.repeatable = true;
      started.step.requests = {request};
      return started;
    };
  }

  void keep(ports::Changes changes) {
    REQUIRE(store.commit(std::move(changes), ports::Durability::relaxed).ok());
  }

  ports::ConnectView begin(const std::string& connector, const std::string& account = "ann") {
    auto view =
        connecting.start_session({account, connector, "https://app.example.com/settings", "pln_1"});
    REQUIRE(view.ok());
    return std::move(view).value();
  }

  Result<ports::Connected> callback(ports::ConnectCallback callback) {
    std::optional<Result<ports::Connected>> got;
    connecting.callback(std::move(callback), [&](Result<ports::Connected> end) { got = end; });
    REQUIRE_FALSE(got.has_value());
    REQUIRE(fakes::run_until_quiet(clock, executor));
    REQUIRE(got.has_value());
    return std::move(*got);
  }

  /// The whole way of a person who consents.
  Result<ports::Connected> connect(const std::string& connector,
                                   const std::string& account = "ann") {
    const auto entered = connecting.enter(begin(connector, account).session_id, "");
    REQUIRE(entered.ok());
    ports::ConnectCallback back;
    back.connector = connector;
    back.state = parameter(entered->location, "state");
    back.code = "c0de";
    back.browser_cookie = entered->browser_cookie;
    return callback(back);
  }

  ports::Disconnected disconnect(const std::string& id) {
    std::optional<Result<ports::Disconnected>> got;
    connecting.disconnect(id, [&](Result<ports::Disconnected> end) { got = end; });
    REQUIRE(fakes::run_until_quiet(clock, executor));
    REQUIRE(got.has_value());
    REQUIRE(got->ok());
    return std::move(got->value());
  }

  Result<std::vector<ports::TargetChoice>> targets(const std::string& id) {
    std::optional<Result<std::vector<ports::TargetChoice>>> got;
    connecting.targets(id, [&](auto all) { got = std::move(all); });
    REQUIRE(fakes::run_until_quiet(clock, executor));
    REQUIRE(got.has_value());
    return std::move(*got);
  }
  Result<core::Connection> choose_target(const std::string& id, const std::string& target) {
    std::optional<Result<core::Connection>> got;
    connecting.choose_target(id, target, [&](auto connection) { got = std::move(connection); });
    REQUIRE(fakes::run_until_quiet(clock, executor));
    REQUIRE(got.has_value());
    return std::move(*got);
  }
  Result<core::Connection> make_target(const std::string& id, const std::string& title) {
    std::optional<Result<core::Connection>> got;
    connecting.make_target(id, title, [&](auto connection) { got = std::move(connection); });
    REQUIRE(fakes::run_until_quiet(clock, executor));
    REQUIRE(got.has_value());
    return std::move(*got);
  }

  std::vector<std::string> event_types() const {
    std::vector<std::string> types;
    const auto page = store.outbox().list("ann", {50, ""});
    for (const auto& event : page.value().items) types.push_back(event.type);
    return types;  // newest first
  }
};

/// Google's side: a token for any code, with this `extra` in the reply; everything can be revoked.
inline ScriptedTransport::Answer google_says(const std::string& extra) {
  return [extra](const ports::HttpRequest& request) {
    if (request.url == "https://oauth2.googleapis.com/revoke") return answer(200, "{}");
    if (request.url != "https://oauth2.googleapis.com/token") return unreachable();
    // {"sub":"107","email":"ann@x.org"}
    return answer(200, R"({"access_token":"ga","expires_in":3599,"token_type":"Bearer",)"
                       R"("id_token":"e30.eyJzdWIiOiIxMDciLCJlbWFpbCI6ImFubkB4Lm9yZyJ9.c2ln")" +
                           extra + "}");
  };
}

/// Notion's side: a token for any code, and a bot that knows its workspace.
inline ScriptedTransport::Answer notion_says(const std::string& bot = "bot1") {
  return [bot](const ports::HttpRequest& request) {
    if (request.url == "https://api.notion.com/v1/oauth/token") {
      return answer(200, R"({"access_token":"na","refresh_token":"nr","bot_id":")" + bot + "\"}");
    }
    if (request.url == "https://api.notion.com/v1/oauth/revoke") return answer(200, "{}");
    if (header_of(request, "Authorization") != "Bearer na") return answer(401, "{}");
    return answer(200, R"({"id":")" + bot +
                           R"(","email":"ann@x.org","workspace_id":"w1","workspace_name":"Home"})");
  };
}

}  // namespace mortise::test
