#include "app/pages.hpp"

#include "core/hash.hpp"
#include "web/assets.hpp"

namespace mortise::app {

std::vector<api::Route> page_routes() {
  std::vector<api::Route> routes;
  for (const web::Asset& asset : web::assets()) {
    const std::string etag = '"' + core::sha256_hex(asset.body).substr(0, 32) + '"';
    api::Route route;
    route.method = "GET";
    route.pattern = std::string(asset.path);
    route.name = "page";
    route.access = api::Access::open;
    route.handler = [&asset, etag](const api::Request& request) {
      api::Response response;
      response.set("ETag", etag);
      response.set("Cache-Control", "no-cache");
      if (request.header("if-none-match") == etag) {
        response.status = 304;
        return response;
      }
      response.set("Content-Type", std::string(asset.content_type));
      response.body = asset.body;
      return response;
    };
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace mortise::app
