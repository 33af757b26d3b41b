// The master key: its spelling, its sources, the keys made of it.
#include <openssl/hmac.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "store/fixture.hpp"
#include "store/key.hpp"

using namespace mortise;
using namespace mortise::store;

namespace {

const std::string kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::string hmac(const std::string& key, const std::string& text) {
  unsigned char digest[32];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return {reinterpret_cast<char*>(digest), size};
}

KeySources with_environment(const std::map<std::string, std::string>& variables) {
  KeySources sources;
  sources.environment = [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return sources;
}

}  // namespace

TEST_CASE("key: 64 hex digits and nothing else are a key", "[store][key]") {
  CHECK(MasterKey::from_hex(kHex).value().hex().equals(kHex));
  CHECK(MasterKey::from_hex(" \n" + kHex + "\r\n").value().hex().equals(kHex));
  std::string upper = kHex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(MasterKey::from_hex(upper).value().hex().equals(kHex));
  for (const std::string& bad :
       {std::string(), std::string("correct horse battery staple"), kHex.substr(1), kHex + "0",
        "g" + kHex.substr(1), "x'" + kHex + "'", "0x" + kHex.substr(2),
        kHex.substr(0, 31) + std::string(1, '\0') + kHex.substr(32)}) {
    INFO(bad);
    const auto key = MasterKey::from_hex(bad);
    REQUIRE_FALSE(key);
    CHECK(key.error().reason == "bad_key");
    CHECK((bad.empty() || !holds(key.error().message, bad)));
  }
}

TEST_CASE("key: derived keys are HKDF-SHA256 without salt, one for each purpose", "[store][key]") {
  const MasterKey key = MasterKey::from_hex(kHex).value();
  std::string master;
  for (int byte = 0; byte < 32; ++byte) master += static_cast<char>(byte);
  const std::string extracted = hmac(std::string(32, '\0'), master);
  CHECK(key.derive("purpose").equals(hmac(extracted, "purpose\x01")));
  CHECK(key.derive(kDatabasePurpose).equals(hmac(extracted, "mortise/1 database\x01")));
  CHECK_FALSE(key.derive(kDatabasePurpose).equals(key.derive(kSealingPurpose).reveal_for_use()));
  CHECK_FALSE(key.derive(kKeyCheckPurpose).equals(key.derive(kSealingPurpose).reveal_for_use()));
}

TEST_CASE("key: without any source the answer says what to do", "[store][key]") {
  const auto none = find_master_key({});
  REQUIRE_FALSE(none);
  CHECK(none.error().reason == "no_key");
  for (const char* word : {"MORTISE_KEY", "key_file", "key_command", "mortise key new"}) {
    CHECK(holds(none.error().message, word));
  }
}

TEST_CASE("key: the environment comes before a file, a file before a command", "[store][key]") {
  const fakes::TemporaryDirectory directory;
  const std::string file = directory.file("key");
  fakes::SeededRandom random;
  REQUIRE(write_key_file(file, MasterKey::generate(random)));
  KeySources sources = with_environment({{"MORTISE_KEY", kHex}});
  sources.file = file;
  sources.command = {"/bin/false"};
  CHECK(find_master_key(sources).value().hex().equals(kHex));
  sources.environment = nullptr;
  CHECK_FALSE(find_master_key(sources).value().hex().equals(kHex));
  sources.file.clear();
  CHECK(find_master_key(sources).error().reason == "key_command");
}

TEST_CASE("key: a bad source is the answer, no other is tried", "[store][key]") {
  const fakes::TemporaryDirectory directory;
  const std::string file = directory.file("key");
  fakes::SeededRandom random;
  REQUIRE(write_key_file(file, MasterKey::generate(random)));
  KeySources sources = with_environment({{"MORTISE_KEY", "swordfish"}});
  sources.file = file;
  const auto key = find_master_key(sources);
  REQUIRE_FALSE(key);
  CHECK(key.error().reason == "bad_key");
  CHECK(holds(key.error().message, "MORTISE_KEY"));
  CHECK_FALSE(holds(key.error().message, "swordfish"));
}

TEST_CASE("key: a key file is written once, private, and read back", "[store][key]") {
  const fakes::TemporaryDirectory directory;
  const std::string file = directory.file("key");
  fakes::SeededRandom random;
  const MasterKey key = MasterKey::generate(random);
  REQUIRE(write_key_file(file, key));
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777U) == 0600U);
  KeySources sources;
  sources.file = file;
  CHECK(find_master_key(sources).value().hex().equals(key.hex().reveal_for_use()));
  const Status again = write_key_file(file, key);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::conflict);
}

TEST_CASE("key: a key file that others can read is refused", "[store][key]") {
  const fakes::TemporaryDirectory directory;
  const std::string file = directory.file("key");
  fakes::SeededRandom random;
  REQUIRE(write_key_file(file, MasterKey::generate(random)));
  KeySources sources;
  sources.file = file;
  for (const mode_t mode : {0640U, 0604U, 0620U, 0660U, 0644U, 0610U, 0601U}) {
    INFO(mode);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    const auto key = find_master_key(sources);
    REQUIRE_FALSE(key);
    CHECK(key.error().reason == "key_file");
    CHECK(holds(key.error().message, "chmod 600"));
  }
  REQUIRE(::chmod(file.c_str(), 0400U) == 0);
  CHECK(find_master_key(sources));
}

TEST_CASE("key: a missing key file, a directory and a pipe are refused", "[store][key]") {
  const fakes::TemporaryDirectory directory;
  KeySources sources;
  sources.file = directory.file("nothing");
  CHECK(find_master_key(sources).error().reason == "key_file");
  sources.file = directory.path();
  CHECK(find_master_key(sources).error().reason == "key_file");
  sources.file = directory.file("pipe");
  REQUIRE(::mkfifo(sources.file.c_str(), 0600) == 0);
  CHECK(find_master_key(sources).error().reason == "key_file");  // and it does not hang
}

TEST_CASE("key: a systemd credential is used when nothing else is given", "[store][key]") {
  const fakes::TemporaryDirectory directory;
  write_file(directory.file("mortise.key"), kHex + "\n");
  REQUIRE(::chmod(directory.file("mortise.key").c_str(), 0440U) == 0);
  KeySources sources = with_environment({{"CREDENTIALS_DIRECTORY", directory.path()}});
  CHECK(find_master_key(sources).value().hex().equals(kHex));
  REQUIRE(::chmod(directory.file("mortise.key").c_str(), 0444U) == 0);
  CHECK(find_master_key(sources).error().reason == "key_file");
  const fakes::TemporaryDirectory empty;
  sources = with_environment({{"CREDENTIALS_DIRECTORY", empty.path()}});
  CHECK(find_master_key(sources).error().reason == "no_key");
}
