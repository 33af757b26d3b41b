#include "app/pages.hpp"

#include <nlohmann/json.hpp>

#include "core/hash.hpp"
#include "web/assets.hpp"

namespace mortise::app {
namespace {

/// Our own scripts and styles, our own API, and a logo from wherever the brand keeps it.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

api::Route page(std::string path, api::Handler handler) {
  return {"GET", std::move(path), "page", api::Access::free, std::move(handler)};
}

api::Route asset_route(const web::Asset& asset) {
  const std::string etag = '"' + core::sha256_hex(asset.body).substr(0, 32) + '"';
  return page(std::string(asset.path), [&asset, etag](const api::Request& request) {
    api::Response response;
    response.set("ETag", etag);
    response.set("Cache-Control", "no-cache");
    // With a 304, too: its fields replace those of the browser's copy.
    response.set("Content-Security-Policy", std::string(kPagePolicy));
    if (request.header("if-none-match") == etag) {
      response.status = 304;
      return response;
    }
    response.set("Content-Type", std::string(asset.content_type));
    response.body = asset.body;
    return response;
  });
}

/// `/` and `/?task=tsk_...`, which exported items link back to. Relative, so that it stays below
/// the path at which a proxy serves us; the same from `/ui`.
api::Response lead_to_page(const api::Request& request) {
  api::Response response;
  response.status = 303;
  response.set("Location", "ui/index.html" + (request.query.empty() ? "" : "?" + request.query));
  return response;
}

}  // namespace

std::vector<api::Route> page_routes(const Brand& brand) {
  std::vector<api::Route> routes;
  for (const web::Asset& asset : web::assets()) routes.push_back(asset_route(asset));
  const nlohmann::json document = {
      {"name", brand.name}, {"color", brand.color}, {"logo_url", brand.logo_url}};
  routes.push_back(page("/ui/brand.json", [body = document.dump()](const api::Request&) {
    api::Response response;
    response.set("Content-Type", "application/json");
    response.body = body;
    return response;
  }));
  for (const char* path : {"/", "/ui"}) routes.push_back(page(path, lead_to_page));
  return routes;
}

}  // namespace mortise::app
