#include "core/hex.hpp"

#include <array>
#include <catch2/catch.hpp>

namespace mortise::core {

TEST_CASE("hex: two lower-case digits a byte, and back", "[core][hex]") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string digits = hex(all);
  CHECK(digits.size() == 512);
  CHECK(digits.substr(0, 6) == "000102");
  CHECK(digits.substr(506) == "fdfeff");
  CHECK(unhex(digits) == all);
  CHECK(hex(std::as_bytes(std::span(all))) == digits);
  CHECK(hex(std::array<unsigned char, 2>{0x0a, 0xf0}) == "0af0");
  CHECK(hex("").empty());
  CHECK(unhex("")->empty());
  std::string out = "x'";
  append_hex(out, "\x7f");
  CHECK(out == "x'7f");
}

TEST_CASE("hex: upper case is understood, anything else is not", "[core][hex]") {
  CHECK(unhex("fFAb") == "\xff\xab");
  for (const char* text :
       {"0", "abc", "0g", "g0", " 1", "1 ", "+1", "-1", "0x", "0x1f", "\xff\xff"}) {
    INFO(text);
    CHECK_FALSE(unhex(text));
  }
}

}  // namespace mortise::core
