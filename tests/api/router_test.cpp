#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "api/problem.hpp"
#include "api/router.hpp"
#include "api/url.hpp"

using namespace mortise::api;

namespace {

Router table() {
  Router router;
  const Handler none = [](const Request&) { return Response{}; };
  router.add({"GET", "/v1/plans/{plan}", "get_plan", Access::read, none});
  router.add({"GET", "/v1/plans/today", "today", Access::read, none});
  router.add({"DELETE", "/v1/plans/{plan}", "remove_plan", Access::write, none});
  router.add({"GET", "/assets/{file...}", "asset", Access::open, none});
  return router;
}

std::string name_of(const Router& router, std::string method, std::string path,
                    Request* out = nullptr) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  const auto match = router.match(request);
  if (out) *out = request;
  if (match.malformed_path) return "malformed";
  if (match.route) return match.route->name;
  return match.allow.empty() ? "404" : "405 " + match.allow;
}

}  // namespace

TEST_CASE("router: the more literal pattern wins and parameters are decoded", "[api][router]") {
  const Router router = table();
  Request request;
  CHECK(name_of(router, "GET", "/v1/plans/a%2Fb", &request) == "get_plan");
  CHECK(request.param("plan") == "a/b");
  CHECK(name_of(router, "HEAD", "/v1/plans/today") == "today");
  CHECK(name_of(router, "GET", "/assets/css/page.css", &request) == "asset");
  CHECK(request.param("file") == "css/page.css");
  CHECK(name_of(router, "PUT", "/v1/plans/x") == "405 DELETE, GET, HEAD, OPTIONS");
  CHECK(name_of(router, "GET", "/v1/plans") == "404");
  CHECK(name_of(router, "GET", "/v1/plans/") == "404");
  CHECK(name_of(router, "GET", "/v1//plans/x") == "404");
}

TEST_CASE("router: escapes decode once and never become structure", "[api][router]") {
  const Router router = table();
  Request request;
  CHECK(name_of(router, "GET", "/v1/plans/%252e%252e", &request) == "get_plan");
  CHECK(request.param("plan") == "%2e%2e");
  for (const char* path :
       {"/v1/plans/%", "/v1/plans/%2", "/v1/plans/%zz", "/v1/plans/%00", "/v1/plans/%0a",
        "/v1/plans/%7f", "/v1/plans/%ff", "/v1/plans/%c0%af", "/v1/plans/%ed%a0%80", "/v1/plans/..",
        "/v1/plans/%2e%2E", "/assets/../secret", "/assets/./x", "/assets/%2e%2e/secret",
        "/v1/plans/%u0041"}) {
    INFO(path);
    CHECK(name_of(router, "GET", path) == "malformed");
  }
  CHECK(name_of(router, "GET", "/v1/plans/%C3%A9+%20x", &request) == "get_plan");
  CHECK(request.param("plan") == "é+ x");
}

TEST_CASE("url: queries keep order, repeats and empty values", "[api][url]") {
  const auto params = parse_query("a=1&b=x%26y+z&a=&flag&&");
  REQUIRE(params);
  CHECK(*params == QueryParams{{"a", "1"}, {"b", "x&y z"}, {"a", ""}, {"flag", ""}});
  CHECK_FALSE(parse_query("a=%zz"));
  CHECK_FALSE(parse_query("=1"));
  CHECK(query_value("a=%zz&&c=%E9&b=x+y%26&b=2", "b") == "x y&");
  CHECK(query_value("a=1&a", "a") == "1");
  CHECK(query_value("a", "a") == "");
  CHECK_FALSE(query_value("a=%zz&b=%0A", "a"));
  CHECK_FALSE(query_value("", "a"));
  CHECK(percent_encode("a/b é") == "a%2Fb%20%C3%A9");
  CHECK(percent_decode(percent_encode("a/b é%")) == "a/b é%");
}

TEST_CASE("problem: text becomes JSON whatever it holds", "[api][problem]") {
  CHECK(json_string("a\"b\\c\n\x01") == "\"a\\\"b\\\\c\\n\\u0001\"");
  CHECK(json_string("\xff") == "\"\\ufffd\"");
  CHECK(json_string("é") == "\"é\"");
}

TEST_CASE("problem: an error of the host keeps its class, reason and wait", "[api][problem]") {
  const mortise::Error error{mortise::Code::rate_limited, "slow down", "budget", 2'500};
  const Response response = to_response(problem_from(error), "req_1");
  CHECK(response.status == 429);
  CHECK(response.body ==
        R"({"type":"urn:mortise:problem:budget","title":"Too Many Requests","status":429,)"
        R"("detail":"slow down","code":"rate_limited","reason":"budget","retryable":true,)"
        R"("next_action":"retry_later","request_id":"req_1"})");
  CHECK(response.headers.front().name == "Retry-After");
  CHECK(response.headers.front().value == "3");
  const Response bug = to_response(problem_from({mortise::Code::internal, "secret text"}), "r");
  CHECK(bug.status == 500);
  CHECK(bug.body.find("secret text") == std::string::npos);
}

TEST_CASE("problem: what somebody has to set up first is not worth trying again",
          "[api][problem]") {
  const mortise::Error error{mortise::Code::unavailable, "no client id", "not_configured"};
  const Problem problem = problem_from(error);
  CHECK(problem.status == 503);
  CHECK_FALSE(problem.retryable);
  CHECK(problem.next_action == "contact_support");
  CHECK_FALSE(to_response(problem, "r").has("Retry-After"));
  CHECK(to_response(problem_from({mortise::Code::unavailable, "busy"}), "r").has("Retry-After"));
}

namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(std::string(MORTISE_SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> cells_of(std::string line) {
  std::vector<std::string> cells;
  line.erase(0, 1);
  for (std::size_t bar; (bar = line.find('|')) != std::string::npos; line.erase(0, bar + 1)) {
    cells.emplace_back(mortise::api::trim(line.substr(0, bar)));
  }
  return cells;
}

/// The words between backticks.
std::vector<std::string> words_of(const std::string& cell) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
    const std::size_t end = cell.find('`', at + 1);
    words.push_back(cell.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

}  // namespace

TEST_CASE("problem: what to do about each is what the guide says", "[api][problem]") {
  const std::string guide = read_text("docs/http-api.md");
  std::istringstream table(guide.substr(guide.find("| status | reason | `next_action` |")));
  const std::string operations = read_text("docs/operations.md");
  std::string line;
  std::getline(table, line);
  std::getline(table, line);
  std::size_t rows = 0;
  while (std::getline(table, line) && !line.empty()) {
    const std::vector<std::string> cells = cells_of(line);
    REQUIRE(cells.size() == 4);
    ++rows;
    std::vector<std::string> reasons = words_of(cells[1]);
    for (const std::string& reason : reasons) {
      INFO(reason);
      CHECK(operations.find("`" + reason + "`") != std::string::npos);
    }
    if (cells[1] == "any other") reasons = {"", "a_reason_of_its_own"};
    REQUIRE_FALSE(reasons.empty());
    for (std::size_t at = 0; at < cells[0].size(); at += 5) {
      const int status = std::stoi(cells[0].substr(at, 3));
      for (const std::string& reason : reasons) {
        CAPTURE(status, reason);
        const Problem problem = make_problem(status, reason, "");
        CHECK(problem.next_action == words_of(cells[2]).front());
        CHECK(problem.retryable == !cells[3].empty());
        const Response response = to_response(problem, "r");
        CHECK(response.has("Retry-After") == !cells[3].empty());
        if (cells[3].empty() || !response.has("Retry-After")) continue;
        CHECK(response.headers.front().value == cells[3].substr(0, 1));
      }
    }
  }
  CHECK(rows > 15);
}
