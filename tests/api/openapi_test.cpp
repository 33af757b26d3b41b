// Writes down the route table; openapi.test.mjs holds docs/openapi.yaml against it and against the
// exchanges of this program's other tests.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "api/api_host.hpp"
#include "api/auth.hpp"

using namespace mortise;
using namespace mortise::tests;

TEST_CASE("openapi: every route has a name of its own", "[api][openapi]") {
  ApiHost host;
  core::Json routes = core::Json::array();
  std::set<std::string> names;
  for (const api::Route& route : host.api->routes()) {
    CHECK(names.insert(route.name).second);
    routes.push_back(
        {{"method", route.method},
         {"path", route.pattern},
         {"operation", route.name},
         {"query", route.query},
         {"scope", api::scope_of(route.access)},
         {"open", route.access == api::Access::free || route.access == api::Access::open},
         {"users", route.callers == api::Callers::apps_and_users}});
  }
  std::ofstream file(std::string(MORTISE_BINARY_DIR) + "/api-routes.json");
  file << routes.dump(1);
  CHECK(file.good());
}
