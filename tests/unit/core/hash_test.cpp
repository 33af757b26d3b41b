#include "core/hash.hpp"

#include <catch2/catch.hpp>

using namespace mortise::core;

TEST_CASE("hash: SHA-256 of the standard's own examples", "[core][hash]") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("hash: content carries the schema version in front and is cut to 16 bytes",
          "[core][hash]") {
  const std::string versioned = std::string(1, '\x01') + R"({"a":1})";
  CHECK(content_hash(R"({"a":1})") == sha256_hex(versioned).substr(0, 32));
  CHECK(content_hash(R"({"a":1})") != content_hash(R"({"a":2})"));
}

TEST_CASE("hash: HMAC-SHA-256 of RFC 4231's examples", "[core][hash]") {
  CHECK(hmac_sha256_hex(Secret(std::string(20, '\x0b')), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac_sha256_hex(Secret("Jefe"), "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_sha256_hex(Secret(std::string(131, '\xaa')),
                        "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
