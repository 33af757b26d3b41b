// The pages' routes: what they answer without a host.
#include <algorithm>
#include <catch2/catch.hpp>

#include "app/pages.hpp"

namespace mortise::tests {

TEST_CASE("pages: the way to the page stays below the path at which a proxy serves it",
          "[app][pages]") {
  const auto routes = app::page_routes({"Learning app", "", ""});
  const std::string path = GENERATE("/", "/ui");
  const auto route = std::find_if(routes.begin(), routes.end(),
                                  [&](const api::Route& each) { return each.pattern == path; });
  REQUIRE(route != routes.end());
  const auto leads_to = [&](const std::string& query) {
    api::Request request;
    request.query = query;
    const api::Response response = route->handler(request);
    CHECK(response.status == 303);
    REQUIRE(response.headers.size() == 1);
    CHECK(response.headers[0].name == "Location");
    return response.headers[0].value;
  };
  // RFC 3986 section 5.2: at https://host/mortise/ and at https://host/mortise/ui alike this is
  // https://host/mortise/ui/index.html.
  CHECK(leads_to("") == "ui/index.html");
  CHECK(leads_to("task=tsk_1") == "ui/index.html?task=tsk_1");
}

}  // namespace mortise::tests
