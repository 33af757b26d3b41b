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
