// Secrets are nowhere in the files: not plain, not sealed once they were erased, not in free pages.
#include <catch2/catch.hpp>
#include <string>

#include "store/decrypted_pages.hpp"
#include "store/fixture.hpp"

using namespace mortise;
using namespace mortise::store;
using ports::put;

namespace {

const std::string kCanary = "canary-0c2f9b7d-token";

core::Grant grant(const std::string& connection_id) {
  core::Grant value;
  value.connection_id = connection_id;
  value.access_token = core::Secret("access " + kCanary);
  value.refresh_token = core::Secret("refresh " + kCanary);
  return value;
}

/// The canary in all spellings that somebody might search for.
bool found_in(const std::string& bytes) {
  std::string hex;
  for (const char c : kCanary) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4U];
    hex += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  const std::string base64 = "Y2FuYXJ5LTBjMmY5YjdkLXRva2Vu";
  return holds(bytes, kCanary) || holds(bytes, hex) || holds(bytes, base64);
}

std::string all_files(const Fixture& fixture) {
  std::string all;
  for (const auto& [name, bytes] : contents(fixture.directory.path())) all += bytes;
  return all;
}

}  // namespace

TEST_CASE("secrecy: what is not sealed is found in the decrypted pages, so the search works",
          "[store][secrecy]") {
  Fixture fixture;
  const auto store = fixture.open();
  core::Account account;
  account.id = "acc";
  account.email = kCanary;
  REQUIRE(store->commit({put(account)}));
  CHECK(found_in(decrypted_pages(fixture.path, fixture.key).value()));  // still in the log
  CHECK_FALSE(found_in(all_files(fixture)));
}

TEST_CASE("secrecy: the decrypted pages hold free pages too, so the search sees them",
          "[store][secrecy]") {
  Fixture fixture;
  fixture.open();
  Database database = fixture.database();
  REQUIRE(database.run("PRAGMA secure_delete = OFF; CREATE TABLE scratch (x TEXT)"));
  REQUIRE(database.run("INSERT INTO scratch VALUES ('" + kCanary + std::string(9000, 'x') + "')"));
  REQUIRE(database.run("DROP TABLE scratch; PRAGMA wal_checkpoint(TRUNCATE)"));
  CHECK(database.read_integer("PRAGMA freelist_count").value() > 0);
  CHECK(found_in(decrypted_pages(fixture.path, fixture.key).value()));
}

TEST_CASE("secrecy: no secret is in the decrypted pages, before or after it is erased",
          "[store][secrecy]") {
  Fixture fixture;
  auto store = fixture.open();
  core::ConnectSession session;
  session.id = "cns";
  session.verifier = core::Secret("verifier " + kCanary);
  session.expires_ms = fixture.clock.now_ms();
  core::Channel channel;
  channel.id = "chn";
  channel.secret = core::Secret("channel " + kCanary);
  REQUIRE(store->commit({put(grant("a")), put(grant("b")), put(session), put(channel),
                         put(core::NamedSecret{"notion.client_secret", core::Secret(kCanary), 1})},
                        ports::Durability::full));
  CHECK(store->grants().find("a").value().access_token.equals("access " + kCanary));
  CHECK(store->channels().find("chn").value().secret.equals("channel " + kCanary));
  CHECK_FALSE(found_in(decrypted_pages(fixture.path, fixture.key).value()));
  CHECK_FALSE(found_in(all_files(fixture)));
  REQUIRE(store->commit({ports::EraseGrant{"a"}, ports::EraseSession{"cns"},
                         ports::EraseChannel{"chn"}, ports::EraseSecret{"notion.client_secret"}}));
  CHECK_FALSE(found_in(decrypted_pages(fixture.path, fixture.key).value()));
  store.reset();
  CHECK_FALSE(found_in(decrypted_pages(fixture.path, fixture.key).value()));
  CHECK_FALSE(found_in(all_files(fixture)));
}

TEST_CASE("secrecy: an erased grant leaves not even its sealed form, in the log or in free pages",
          "[store][secrecy]") {
  Fixture fixture;
  const auto store = fixture.open();
  std::string sealed, other;
  // Many large grants, so that erasing frees whole pages and rows move between pages.
  ports::Changes erase;
  for (int i = 0; i < 40; ++i) {
    core::Grant value = grant("cnn" + std::to_string(i));
    value.refresh_token = core::Secret(std::string(3000, 'r') + kCanary);
    REQUIRE(store->commit({put(value)}));
    if (i != 7) erase.push_back(ports::EraseGrant{value.connection_id});
  }
  {
    Database database = fixture.database(Database::Access::read);
    const auto column = [&database](const std::string& id) {
      return *database
                  .read_text(
                      "SELECT sealed_access_token FROM access_grant "
                      "WHERE connection_id = '" +
                      id + "'")
                  .value();
    };
    sealed = column("cnn20");
    other = column("cnn7");
  }
  REQUIRE(sealed.size() > 29);
  REQUIRE(holds(decrypted_pages(fixture.path, fixture.key).value(), sealed));
  REQUIRE(store->commit(std::move(erase)));
  const std::string pages = decrypted_pages(fixture.path, fixture.key).value();
  CHECK_FALSE(holds(pages, sealed));
  CHECK(holds(pages, other));
  CHECK(store->grants().find("cnn7").value().access_token.equals("access " + kCanary));
}

TEST_CASE("secrecy: an account that is erased leaves nothing in the log or in free pages",
          "[store][secrecy]") {
  Fixture fixture;
  const auto store = fixture.open();
  core::Account account;
  account.id = "ann";
  account.email = "ann@" + kCanary;
  core::Plan plan;
  plan.id = "pln";
  plan.account_id = "ann";
  plan.title = std::string(3000, 't') + kCanary;
  REQUIRE(store->commit({put(account), put(plan)}));
  REQUIRE(holds(decrypted_pages(fixture.path, fixture.key).value(), kCanary));
  REQUIRE(store->commit({ports::EraseAccount{"ann"}}));
  CHECK_FALSE(holds(decrypted_pages(fixture.path, fixture.key).value(), kCanary));
}

TEST_CASE("secrecy: no refusal tells a key or a secret", "[store][secrecy]") {
  Fixture fixture;
  const auto store = fixture.open();
  core::Channel channel;
  channel.id = "a";
  channel.secret = core::Secret(kCanary);
  for (const ports::Change& change : {put(grant("a")), put(channel)}) {
    REQUIRE(store->commit({change}));
    const Status conflict = store->commit({change});
    REQUIRE_FALSE(conflict);
    CHECK_FALSE(found_in(conflict.error().message));
  }
}

TEST_CASE("secrecy: a channel's secret opens in its own row only", "[store][secrecy]") {
  Fixture fixture;
  const auto store = fixture.open();
  core::Channel first, second;
  first.id = "first";
  first.secret = core::Secret("one");
  second.id = "second";
  second.secret = core::Secret("two");
  REQUIRE(store->commit({put(first), put(second)}));
  {
    Database database = fixture.database();
    REQUIRE(
        database.run("UPDATE channel SET sealed_secret = (SELECT sealed_secret FROM channel "
                     "WHERE id = 'first') WHERE id = 'second'"));
  }
  CHECK(store->channels().find("first").value().secret.equals("one"));
  CHECK(store->channels().find("second").error().reason == "seal_broken");
}
