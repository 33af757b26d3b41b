#include "core/ids.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <random>

using namespace mortise::core;

namespace {

std::array<std::byte, 10> filled(unsigned char value) {
  std::array<std::byte, 10> bytes;
  bytes.fill(std::byte{value});
  return bytes;
}

}  // namespace

TEST_CASE("ids: the example of RFC 9562 appendix A.6 in base32hex", "[core][ids]") {
  // 017F22E2-79B0-7CC3-98C4-DC0C0C07398F
  std::array<std::byte, 10> random{};
  const unsigned char bytes[] = {0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F};
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = std::byte{bytes[i]};
  CHECK(make_id("run", 0x017F22E279B0, random) == "run_01fshe4udgfj1phh6s1g60eecf");
}

TEST_CASE("ids: later ids sort behind earlier ones whatever the random bits", "[core][ids]") {
  const Instant now = 1'795'000'000'000;
  CHECK(make_id("tsk", now, filled(0xFF)) < make_id("tsk", now + 1, filled(0x00)));
  CHECK(make_id("tsk", 0, filled(0xFF)) < make_id("tsk", now, filled(0x00)));
}

TEST_CASE("ids: what is made is valid, for its own prefix only", "[core][ids]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 1000; ++round) {
    std::array<std::byte, 10> bytes;
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    const std::string id = make_id("pln", static_cast<Instant>(random() >> 16), bytes);
    REQUIRE(id.size() == 30);
    REQUIRE(valid_id("pln", id));
    REQUIRE_FALSE(valid_id("tsk", id));
  }
}

TEST_CASE("ids: hostile texts are not ids", "[core][ids]") {
  const std::string good = make_id("pln", 1'795'000'000'000, filled(0x5A));
  REQUIRE(valid_id("pln", good));
  CHECK_FALSE(valid_id("pln", ""));
  CHECK_FALSE(valid_id("pln", "pln_"));
  CHECK_FALSE(valid_id("pln", good + "0"));
  CHECK_FALSE(valid_id("pln", good.substr(0, good.size() - 1)));
  CHECK_FALSE(valid_id("pln", "pln_8" + good.substr(5)));       // more than 128 bits
  CHECK_FALSE(valid_id("pln", "pln_" + std::string(26, '0')));  // no version
  std::string upper = good;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  CHECK_FALSE(valid_id("PLN", upper));
  std::string strange = good;
  strange[10] = 'w';
  CHECK_FALSE(valid_id("pln", strange));
  strange[10] = '\0';
  CHECK_FALSE(valid_id("pln", strange));
}
