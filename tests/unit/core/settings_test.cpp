#include "core/settings.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "ports/manifest.hpp"

namespace mortise::core {
namespace {

const SettingValues kDefaults = {{"depth", "3"}, {"colour", R"("red")"}};

}  // namespace

TEST_CASE("settings: one part is taken out, and what is none is empty", "[core][settings]") {
  CHECK(settings_part(R"({"mapping":{"layout":"pages"},"connector":{"a":1}})", "mapping") ==
        R"({"layout":"pages"})");
  for (const char* none : {"", "{", "[]", "null", "{}", R"({"mapping":[]})", R"({"mapping":1})"}) {
    CAPTURE(none);
    CHECK(settings_part(none, "mapping") == "{}");
  }
}

TEST_CASE("settings: defaults fill in what the overrides leave out", "[core][settings]") {
  CHECK(Json::parse(with_defaults(R"({"colour":"blue","other":null})", kDefaults)) ==
        Json{{"depth", 3}, {"colour", "blue"}, {"other", nullptr}});
  for (const char* broken : {"", "broken", "[]", "7", "\"\xff\""}) {
    CAPTURE(broken);
    CHECK(Json::parse(with_defaults(broken, kDefaults)) == Json{{"depth", 3}, {"colour", "red"}});
  }
  CHECK(with_defaults("{}", {{"broken", "{"}}) == "{}");
}

TEST_CASE("settings: a connector gets its own part with the manifest's defaults",
          "[core][settings]") {
  ports::Manifest manifest;
  for (const auto& [name, value] : {std::pair("depth", "3"), std::pair("none", "")}) {
    ports::Setting setting;
    setting.name = name;
    setting.default_value = value;
    manifest.settings.push_back(setting);
  }
  CHECK(ports::connector_settings(manifest,
                                  R"({"connector":{"colour":"blue"},"mapping":{"depth":9}})") ==
        R"({"colour":"blue","depth":3})");
  CHECK(ports::connector_settings(manifest, "broken") == R"({"depth":3})");
}

}  // namespace mortise::core
