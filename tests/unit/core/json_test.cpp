#include "core/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "fakes/test_seed.hpp"
using namespace mortise;
using namespace mortise::core;

namespace {

std::string canonical(std::string_view text) {
  return canonical_json(parse_json(text).value()).value();
}

std::string refusal(std::string_view text) {
  const Result<Json> read = parse_json(text);
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().code == Code::invalid);
  return read.error().message;
}

// Any document that canonical JSON can hold.
Json random_document(std::mt19937_64& random, int depth) {
  static const std::string kPieces[] = {
      "a",    "Z",        "\n",           "\"",           "\\",
      "\x01", "\xC3\xA9", "\xE2\x82\xAC", "\xEF\xAC\xB3", "\xF0\x9F\x98\x80"};
  const auto text = [&] {
    std::string made;
    for (auto left = random() % 6; left > 0; --left) made += kPieces[random() % std::size(kPieces)];
    return made;
  };
  switch (random() % (depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random() >> 11) * (random() % 2 == 0 ? 1 : -1);
    case 3:
      return random() % 100;
    case 4:
      return text();
    case 5: {
      Json array = Json::array();
      for (auto left = random() % 5; left > 0; --left)
        array.push_back(random_document(random, depth - 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (auto left = random() % 5; left > 0; --left)
        object[text()] = random_document(random, depth - 1);
      return object;
    }
  }
}

}  // namespace

TEST_CASE("json: canonical strings as in RFC 8785 section 3.2.2.2", "[core][json]") {
  CHECK(
      canonical(
          R"({"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]})") ==
      "{\"literals\":[null,true,false],\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/"
      "\"}");
}

TEST_CASE("json: canonical keys in UTF-16 order as in RFC 8785 section 3.2.3", "[core][json]") {
  CHECK(canonical(R"({
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"})") ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
        "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\",\"\xE2\x82\xAC\":\"Euro Sign\","
        "\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With "
        "Dagesh\"}");
}

TEST_CASE("json: UTF-16 order holds for every pair of kinds of characters", "[core][json]") {
  Json object = Json::object();
  std::string want = "{";
  const char* const kOrdered[] = {"\x01",
                                  "a",
                                  "\x7F",
                                  "\xC2\x80",
                                  "\xDF\xBF",
                                  "\xE0\xA0\x80",
                                  "\xED\x9F\xBF",
                                  "\xF0\x90\x80\x80",
                                  "\xF4\x8F\xBF\xBF",
                                  "\xEE\x80\x80",
                                  "\xEF\xBF\xBF"};
  for (const char* key : kOrdered) {
    object[key] = 0;
    want += want.size() > 1 ? "," : "";
    want += "\"" + std::string(std::string_view(key) == "\x01" ? "\\u0001" : key) + "\":0";
  }
  CHECK(canonical_json(object).value() == want + "}");
}

TEST_CASE("json: canonical numbers are integers within 2^53 - 1", "[core][json]") {
  CHECK(canonical("[0, -0, -0.0, 1.0, 18.0, 1e3, 9007199254740991, -9007199254740991]") ==
        "[0,0,0,1,18,1000,9007199254740991,-9007199254740991]");
  for (const char* text : {"1.6", "[1e400]", "0.1", "1e21", "9007199254740992", "-9007199254740992",
                           "18446744073709551615", "18446744073709551616"}) {
    INFO(text);
    const Result<Json> read = parse_json(text);
    CHECK_FALSE((read.ok() && canonical_json(*read).ok()));
  }
  // A script's integers are signed.
  CHECK_FALSE(canonical_json(Json(std::int64_t{1} << 53)).ok());
  CHECK(canonical_json(Json((std::int64_t{1} << 53) - 1)).ok());
  CHECK_FALSE(canonical_json(Json(std::numeric_limits<double>::infinity())).ok());
  CHECK_FALSE(canonical_json(Json(std::numeric_limits<double>::quiet_NaN())).ok());
}

TEST_CASE("json: canonical text refuses what is not UTF-8", "[core][json]") {
  for (const char* text :
       {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xE2\x82", "\xF4\x90\x80\x80", "\x80"}) {
    CHECK_FALSE(canonical_json(Json(std::string(text))).ok());
    CHECK_FALSE(canonical_json(Json{{std::string(text), 1}}).ok());
  }
}

TEST_CASE("json: errors name line and column and repeat nothing of the text", "[core][json]") {
  CHECK(refusal("{\n  \"a\": 1,\n  \"token-canary\" 2}").starts_with("JSON at line 3, column 18:"));
  CHECK(refusal("[\"s3cr\xC3\xA9t-canary\", x]").find("canary") == std::string::npos);
  CHECK(refusal("[\"canary\xFF\"]").find("canary") == std::string::npos);
  CHECK(refusal("[1e999]").find("number out of range") != std::string::npos);
  CHECK(refusal("").starts_with("JSON at line 1, column 1:"));
}

TEST_CASE("json: duplicate keys are refused where they stand", "[core][json]") {
  CHECK(refusal("{\"a\": {\"b\": 1},\n \"c\": 2, \"a\": 3}") ==
        "JSON at line 2, column 12: duplicate key \"a\"");
  CHECK(parse_json(R"([{"a": 1}, {"a": 2}])").ok());
}

TEST_CASE("json: depth and size are bounded", "[core][json]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse_json(nested(kMaxJsonDepth)).ok());
  CHECK(refusal(nested(kMaxJsonDepth + 1)) ==
        "JSON at line 1, column 65: nested more than 64 deep");
  CHECK_FALSE(parse_json(std::string(1'000'000, '[')).ok());
  CHECK_FALSE(canonical_json(Json::array({parse_json(nested(kMaxJsonDepth)).value()})).ok());
  CHECK(parse_json("[1,2]", 5).ok());
  CHECK(parse_json("[1,2]", 4).error().code == Code::too_large);
}

TEST_CASE("json: hostile texts end in an error", "[core][json]") {
  for (const char* text :
       {"nul", "{", "[1,]", "{\"a\":}", "[1 2]", "\"\\ud800\"", "\"\\x\"", "01", "+1", "1.", ".5",
        "NaN", "'a'", "{a:1}", "[] []", "// x\n1", "\"\n\"", "\"unclosed"}) {
    INFO(text);
    CHECK_FALSE(parse_json(text).ok());
  }
  CHECK_FALSE(parse_json(std::string_view("[1]\0", 4)).ok());
}

TEST_CASE("json: canonical text reads back as the same document and is its own canonical form",
          "[core][json][property]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const Json document = random_document(random, 4);
    const JsonText text = canonical_json(document).value();
    const Json read = parse_json(text).value();
    REQUIRE(read == document);
    REQUIRE(canonical_json(read).value() == text);
  }
}
