// The architecture, held against the sources as they are.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "arch/includes.hpp"

namespace {

namespace fs = std::filesystem;

struct Source {
  std::string path;  // from the top
  std::string text;
};

std::vector<Source> sources() {
  const fs::path top = MORTISE_SOURCE_DIR;
  std::vector<Source> out;
  for (const char* part : {"host", "plugins", "sdk/include"}) {
    for (const auto& each : fs::recursive_directory_iterator(top / part)) {
      const std::string extension = each.path().extension().string();
      if (extension != ".cpp" && extension != ".hpp" && extension != ".h" && extension != ".c")
        continue;
      std::ifstream in(each.path(), std::ios::binary);
      out.push_back({fs::relative(each.path(), top).string(),
                     std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  return out;
}

}  // namespace

TEST_CASE("arch: every include follows the direction of the house", "[arch]") {
  std::vector<std::string> objections;
  std::size_t seen = 0;
  for (const Source& source : sources()) {
    for (const arch::Include& include : arch::includes_of(source.text)) {
      ++seen;
      const std::string why = arch::objection(source.path, include);
      if (!why.empty())
        objections.push_back(source.path + " includes " + include.path + ": " + why);
    }
  }
  for (const std::string& each : objections) UNSCOPED_INFO(each);
  CHECK(objections.empty());
  CHECK(seen > 500);  // the sources were found
}

TEST_CASE("arch: no source file is longer than 500 lines", "[arch]") {
  for (const Source& source : sources()) {
    const auto lines = std::count(source.text.begin(), source.text.end(), '\n');
    CAPTURE(source.path, lines);
    CHECK(lines <= 500);
  }
}

TEST_CASE("arch: the table objects to what it must", "[arch]") {
  struct Case {
    const char* file;
    arch::Include include;
    bool allowed;
  };
  const Case cases[] = {
      {"host/core/ids.cpp", {"core/ids.hpp", true}, true},
      {"host/core/ids.cpp", {"ports/clock.hpp", true}, false},
      {"host/core/ids.cpp", {"fstream", false}, false},
      {"host/core/ids.cpp", {"unistd.h", false}, false},
      {"host/core/zones.cpp", {"date/tz.h", false}, true},
      {"host/core/hash.cpp", {"openssl/sha.h", false}, true},
      {"host/ports/store.hpp", {"core/records.hpp", true}, true},
      {"host/ports/store.hpp", {"sync/runner.hpp", true}, false},
      {"host/ports/store.hpp", {"nlohmann/json.hpp", false}, false},
      {"host/sync/runner.cpp", {"ports/store.hpp", true}, true},
      {"host/sync/runner.cpp", {"store/database.hpp", true}, false},
      {"host/sync/runner.cpp", {"curl/curl.h", false}, false},
      {"host/plugin/library.cpp", {"boost/dll/shared_library.hpp", false}, true},
      {"host/app/wiring.cpp", {"boost/dll/shared_library.hpp", false}, false},
      {"host/app/wiring.cpp", {"store/database.hpp", true}, true},
      {"host/main.cpp", {"app/daemon.hpp", true}, true},
      {"host/api/server.cpp", {"httplib.h", false}, true},
      {"host/net/curl_transport.cpp", {"httplib.h", false}, false},
      {"host/net/curl_transport.hpp", {"nlohmann/json.hpp", false}, false},
      {"host/script/pattern.cpp", {"regex", false}, false},
      {"host/store/database.cpp", {"Poco/Logger.h", false}, false},
      {"host/store/database.cpp", {"absl/strings.h", false}, false},
      {"host/core/ids.cpp", {"mortise/testing.hpp", false}, false},
      {"host/core/ids.cpp", {"mortise/testing_rules.hpp", false}, false},
      {"sdk/include/mortise/abi.h", {"stdint.h", false}, true},
      {"sdk/include/mortise/connector.hpp", {"nlohmann/json.hpp", false}, false},
      {"sdk/include/mortise/connector.hpp", {"core/ids.hpp", true}, false},
      {"plugins/notion/notion.cpp", {"codec.hpp", true}, true},
      {"plugins/notion/notion.cpp", {"mortise/connector.hpp", false}, true},
      {"plugins/notion/notion.cpp", {"nlohmann/json.hpp", false}, true},
      {"plugins/notion/codec.cpp", {"common/json.hpp", true}, true},
      {"plugins/notion/notion.cpp", {"core/ids.hpp", true}, false},
      {"plugins/notion/notion.cpp", {"google_calendar/codec.hpp", true}, false},
      {"plugins/notion/notion.cpp", {"../google_calendar/codec.hpp", true}, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.file, each.include.path);
    CHECK(arch::objection(each.file, each.include).empty() == each.allowed);
  }
}

TEST_CASE("arch: include lines are read in every spelling", "[arch]") {
  const auto found = arch::includes_of(
      "#include <a>\n  #  include \"b/c.hpp\" // why\n#includes\n// #include <no>\n#include "
      "MACRO\n#include <open\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == "a");
  CHECK_FALSE(found[0].quoted);
  CHECK(found[1].path == "b/c.hpp");
  CHECK(found[1].quoted);
}
