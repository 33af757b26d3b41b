// Where a manifest's origins are on this installation. Immutable, thread-safe.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <mortise/result.hpp>

#include "core/json.hpp"
#include "ports/manifest.hpp"

namespace mortise::net {

/// `connector.<id>.origin.<name>` of the configuration: (connector, origin) -> URL.
using OriginOverrides = std::map<std::pair<std::string, std::string>, std::string>;

class Endpoints {
 public:
  explicit Endpoints(OriginOverrides overrides = {}) : overrides_(std::move(overrides)) {}

  /// The base URL of an origin, without a slash at the end: the override, else the manifest's URL,
  /// else what the connection's `settings` say. Error: `invalid`.
  Result<std::string> base(const ports::Manifest& manifest, std::string_view origin,
                           const core::JsonText& settings = "{}") const;

  /// The URL of a request's target ("/v1/pages?x=1").
  Result<std::string> url(const ports::Manifest& manifest, std::string_view origin,
                          std::string_view target, const core::JsonText& settings = "{}") const;
  Result<std::string> url(const ports::Manifest& manifest, const ports::Endpoint& endpoint) const;

  /// Every origin of a connector whose URL does not depend on a connection: for the transport's
  /// list.
  std::vector<std::string> fixed(const ports::Manifest& manifest) const;

 private:
  OriginOverrides overrides_;
};

}  // namespace mortise::net
