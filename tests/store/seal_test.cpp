// Sealed secrets open only where they were sealed.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "store/fixture.hpp"
#include "store/seal.hpp"

using namespace mortise;
using namespace mortise::store;
using ports::put;

namespace {

const Place kPlace{"access_grant", "sealed_access_token", "cnn_1"};

struct Seals {
  fakes::SeededRandom random{3};
  MasterKey key = MasterKey::generate(random);
  Sealer sealer{key.derive(kSealingPurpose), random};
};

}  // namespace

TEST_CASE("seal: what was sealed opens again, also nothing and much", "[store][seal]") {
  const Seals seals;
  for (const std::string& text :
       {std::string(), std::string("token"), std::string(1, '\0'), std::string(100'000, 'x')}) {
    const std::string sealed = seals.sealer.seal(core::Secret(text), kPlace).value();
    CHECK(sealed.size() == text.size() + 29);
    CHECK(seals.sealer.open(sealed, kPlace).value().equals(text));
    if (text.size() > 3) CHECK_FALSE(holds(sealed, text));
  }
}

TEST_CASE("seal: one changed bit anywhere breaks it", "[store][seal]") {
  const Seals seals;
  const std::string sealed = seals.sealer.seal(core::Secret("token"), kPlace).value();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto opened = seals.sealer.open(changed, kPlace);
    REQUIRE_FALSE(opened);
    REQUIRE(opened.error().reason == "seal_broken");
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    REQUIRE_FALSE(seals.sealer.open(sealed.substr(0, size), kPlace));
  }
  CHECK_FALSE(seals.sealer.open(sealed + "x", kPlace));
}

TEST_CASE("seal: it is bound to table, column, row and key", "[store][seal]") {
  Seals seals;
  const std::string sealed = seals.sealer.seal(core::Secret("token"), kPlace).value();
  for (const Place& elsewhere : {Place{"access_grant", "sealed_access_token", "cnn_2"},
                                 Place{"access_grant", "sealed_refresh_token", "cnn_1"},
                                 Place{"named_secret", "sealed_access_token", "cnn_1"},
                                 Place{"access_grant", "sealed_access_token", ""}}) {
    CHECK_FALSE(seals.sealer.open(sealed, elsewhere));
  }
  const Sealer other(MasterKey::generate(seals.random).derive(kSealingPurpose), seals.random);
  CHECK_FALSE(other.open(sealed, kPlace));
  const Sealer database_key(seals.key.derive(kDatabasePurpose), seals.random);
  CHECK_FALSE(database_key.open(sealed, kPlace));
}

TEST_CASE("seal: two seals of one secret have nothing in common", "[store][seal]") {
  const Seals seals;
  std::set<std::string> nonces;
  std::set<std::string> bodies;
  for (int i = 0; i < 200; ++i) {
    const std::string sealed = seals.sealer.seal(core::Secret("token"), kPlace).value();
    nonces.insert(sealed.substr(1, 12));
    bodies.insert(sealed.substr(13));
  }
  CHECK(nonces.size() == 200);
  CHECK(bodies.size() == 200);
}

TEST_CASE("seal: a token moved to another row of the database does not open", "[store][seal]") {
  Fixture fixture;
  {
    const auto store = fixture.open();
    core::Grant mine, theirs;
    mine.connection_id = "mine";
    mine.access_token = core::Secret("my token");
    theirs.connection_id = "theirs";
    theirs.access_token = core::Secret("their token");
    REQUIRE(store->commit({put(mine), put(theirs)}));
  }
  {
    Database database = fixture.database();
    REQUIRE(database.run(
        "UPDATE access_grant SET sealed_access_token = (SELECT sealed_access_token "
        "FROM access_grant WHERE connection_id = 'theirs') WHERE connection_id = 'mine'"));
    REQUIRE(database.changes() == 1);
  }
  const auto store = fixture.open();
  const auto swapped = store->grants().find("mine");
  REQUIRE_FALSE(swapped);
  CHECK(swapped.error().code == Code::internal);
  CHECK(swapped.error().reason == "seal_broken");
  CHECK(store->grants().find("theirs").value().access_token.equals("their token"));
}
