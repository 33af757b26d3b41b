// Values in lines of the log.
#include <catch2/catch.hpp>

#include "core/log_value.hpp"

namespace mortise::tests {

using core::log_value;

TEST_CASE("log: a value never ends early and never begins another line", "[core][log]") {
  CHECK(log_value("mappings/notion.lua") == "mappings/notion.lua");
  CHECK(log_value("") == "\"\"");
  CHECK(log_value("two words") == "\"two words\"");
  CHECK(log_value("level=error") == "\"level=error\"");
  CHECK(log_value(R"(example 7: wants till = "2026-12-01")") ==
        R"("example 7: wants till = \"2026-12-01\"")");
  CHECK(log_value(R"(C:\x)") == R"("C:\\x")");
  CHECK(log_value("a\nlevel=Critical b\r\tc") == R"("a\nlevel=Critical b\r\tc")");
  CHECK(log_value(std::string_view("\0\x1b[31m\x7f", 7)) == R"("\x00\x1b[31m\x7f")");
  CHECK(log_value("ma\u00f1ana") == "\"ma\u00f1ana\"");
}

}  // namespace mortise::tests
