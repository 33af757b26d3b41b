// Where browsers may be sent, and what a grant is good for.
#include "service/return_to.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "net/provider_doubles.hpp"
#include "service/granted.hpp"
#include "service/secrets.hpp"

#include "fakes/memory_store.hpp"

using namespace mortise;
using service::may_return_to;

TEST_CASE("return_to: only what lies under an allowed address", "[service][connect]") {
  const std::vector<std::string> allowed = {"https://app.example.com/settings",
                                            "http://127.0.0.1:8080"};
  for (const char* good : {"https://app.example.com/settings", "https://app.example.com/settings/",
                           "https://app.example.com/settings/x?tab=1&x=//evil.test",
                           "HTTPS://App.Example.com/settings", "http://127.0.0.1:8080",
                           "http://127.0.0.1:8080/anything", "http://127.0.0.1:8080?x=1"}) {
    INFO(good);
    CHECK(may_return_to(good, allowed));
  }
  for (const char* bad : {"",
                          "/settings",
                          "//app.example.com/settings",
                          "https://app.example.com",
                          "https://app.example.com/",
                          "https://app.example.com/settings-x",
                          "https://app.example.com/settings/../admin",
                          "https://app.example.com/settings/%2e%2E/admin",
                          "https://app.example.com/settings/%2f../x",
                          "https://app.example.com/settings/..%5cadmin",
                          "https://app.example.com/settings#x",
                          "http://app.example.com/settings",
                          "https://app.example.com:444/settings",
                          "https://app.example.com.evil.test/settings",
                          "https://app.example.com@evil.test/settings",
                          "https://evil.test/https://app.example.com/settings",
                          "https://evil.test\\@app.example.com/settings",
                          "https://app.example.com\\.evil.test/settings",
                          "https://app.example.com/settings\r\nX: 1",
                          "https://app.example.com/settings x",
                          "javascript://app.example.com/settings%0aalert(1)",
                          "https:///settings",
                          "https:app.example.com/settings",
                          "http://127.0.0.1:80801/",
                          "http://127.0.0.1:8080.evil.test/"}) {
    INFO(bad);
    CHECK_FALSE(may_return_to(bad, allowed));
  }
  CHECK_FALSE(may_return_to("https://app.example.com/settings/" + std::string(2000, 'x'), allowed));
  CHECK_FALSE(may_return_to("https://app.example.com/settings", {}));
  CHECK_FALSE(may_return_to("https://app.example.com/settings", {"", "nonsense"}));
}

TEST_CASE("return_to: the answer is added to whatever query there is", "[service][connect]") {
  CHECK(service::with_query("https://a/b", "status", "success") == "https://a/b?status=success");
  CHECK(service::with_query("https://a/b?x=1", "status", "error") ==
        "https://a/b?x=1&status=error");
  CHECK(service::safe_word("access_denied", "x") == "access_denied");
  CHECK(service::safe_word("a&status=success", "x") == "x");
  CHECK(service::safe_word("", "x") == "x");
  CHECK(service::safe_word(std::string(65, 'a'), "x") == "x");
}

TEST_CASE("granted: scopes decide which features are on", "[service][connect]") {
  const auto auth = test::google_manifest().auth;
  const auto all = service::granted_features(auth, "");
  CHECK(all.features == std::vector<std::string>{"identity", "events", "calendars"});
  const auto part =
      service::granted_features(auth, " email https://scope/calendar.events openid other ");
  CHECK(part.features == std::vector<std::string>{"identity", "events"});
  CHECK(part.missing_required.empty());
  const auto less = service::granted_features(auth, "openid https://scope/calendar.app.created");
  CHECK(less.features == std::vector<std::string>{"calendars"});
  CHECK(less.missing_required == std::vector<std::string>{"identity", "events"});
  CHECK(service::granted_features(test::notion_manifest().auth, "anything").features ==
        std::vector<std::string>{"sync"});
}

TEST_CASE("granted: an identity needs an id", "[service][connect]") {
  const auto identity = service::read_identity(
      R"({"id":"b1","email":"a@x","name":"Ann","workspace_id":"w","workspace_name":"W","extra":{}})");
  REQUIRE(identity.ok());
  CHECK(*identity == core::Identity{"b1", "a@x", "Ann", "w", "W"});
  for (const char* bad : {"", "{}", "[]", R"({"id":""})", R"({"id":7})", "nonsense"}) {
    CHECK_FALSE(service::read_identity(bad).ok());
    CHECK_FALSE(service::identity_from_claims(bad).ok());
  }
  CHECK(service::identity_from_claims(R"({"id_token_claims":{"sub":"1","email":"a@x"}})")->email ==
        "a@x");
}

TEST_CASE("secrets: the environment comes first, then the store", "[service][connect]") {
  fakes::MemoryStore store;
  core::NamedSecret stored;
  stored.name = "notion.client_secret";
  stored.value = core::Secret("stored");
  REQUIRE(store.commit({ports::put(stored)}, ports::Durability::full).ok());
  const service::StoredSecrets plain(store.grants(), {});
  CHECK(plain.find("notion.client_secret").value().equals("stored"));
  const service::StoredSecrets given(store.grants(), {{"MORTISE_NOTION_CLIENT_SECRET", "given"}});
  CHECK(given.find("notion.client_secret").value().equals("given"));
  const auto missing = plain.find("notion.client_id");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == Code::not_found);
  CHECK(missing.error().message.find("mortise secret set notion.client_id") != std::string::npos);
}
