#include "net/endpoints.hpp"

#include <nlohmann/json.hpp>

namespace mortise::net {
namespace {

std::string without_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

/// settings.connector.<name>, when it is text.
std::string setting_text(const core::JsonText& settings, const std::string& name) {
  const auto document = core::parse_json(settings);
  if (!document.ok() || !document->is_object()) return {};
  const auto connector = document->find("connector");
  if (connector == document->end() || !connector->is_object()) return {};
  const auto value = connector->find(name);
  return value != connector->end() && value->is_string() ? value->get<std::string>()
                                                         : std::string();
}

}  // namespace

Result<std::string> Endpoints::base(const ports::Manifest& manifest, std::string_view origin,
                                    const core::JsonText& settings) const {
  const ports::Origin* declared = manifest.origin(origin);
  if (declared == nullptr) {
    return Error{Code::invalid,
                 "connector " + manifest.id + " declares no origin '" + std::string(origin) + "'"};
  }
  const auto found = overrides_.find({manifest.id, declared->name});
  if (found != overrides_.end()) return without_slash(found->second);
  if (!declared->url.empty()) return without_slash(declared->url);
  std::string url = setting_text(settings, declared->setting);
  if (url.empty()) {
    return Error{Code::invalid, "setting '" + declared->setting + "' of connector " + manifest.id +
                                    " holds no URL"};
  }
  return without_slash(std::move(url));
}

Result<std::string> Endpoints::url(const ports::Manifest& manifest, std::string_view origin,
                                   std::string_view target, const core::JsonText& settings) const {
  if (target.empty() || target.front() != '/') {
    return Error{Code::invalid, "a request's target begins with '/'"};
  }
  auto start = base(manifest, origin, settings);
  if (!start.ok()) return start;
  return *start + std::string(target);
}

Result<std::string> Endpoints::url(const ports::Manifest& manifest,
                                   const ports::Endpoint& endpoint) const {
  return url(manifest, endpoint.origin, endpoint.path);
}

std::vector<std::string> Endpoints::fixed(const ports::Manifest& manifest) const {
  std::vector<std::string> all;
  for (const ports::Origin& origin : manifest.origins) {
    if (auto url = base(manifest, origin.name); url.ok()) all.push_back(std::move(url).value());
  }
  return all;
}

}  // namespace mortise::net
