#include "api/router.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "api/url.hpp"

namespace mortise::api {

namespace {

using Params = std::map<std::string, std::string>;

bool is_param(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{';
}
bool is_rest(std::string_view segment) {
  return is_param(segment) && segment.find("...}") != std::string_view::npos;
}

std::vector<std::string> split_pattern(std::string_view pattern) {
  std::vector<std::string> out;
  for (std::size_t begin = 1; begin < pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
    out.emplace_back(pattern.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::optional<Params> match_segments(const std::vector<std::string>& pattern,
                                     const std::vector<std::string>& path) {
  Params params;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string& wanted = pattern[i];
    if (i >= path.size() || path[i].empty()) return std::nullopt;
    if (is_rest(wanted)) {
      std::string rest = path[i];
      for (std::size_t k = i + 1; k < path.size(); ++k) rest += "/" + path[k];
      params[wanted.substr(1, wanted.size() - 5)] = rest;
      return params;
    }
    if (is_param(wanted)) {
      params[wanted.substr(1, wanted.size() - 2)] = path[i];
    } else if (wanted != path[i]) {
      return std::nullopt;
    }
  }
  if (path.size() != pattern.size()) return std::nullopt;
  return params;
}

// `/v1/a/b` before `/v1/a/{x}` before `/v1/{rest...}`, whatever the order of adding.
int weight(const std::vector<std::string>& pattern) {
  int total = 0;
  for (const std::string& segment : pattern)
    total += is_rest(segment) ? 100 : is_param(segment) ? 1 : 0;
  return total;
}

}  // namespace

void Router::add(Route route) {
  patterns_.push_back(split_pattern(route.pattern));
  routes_.push_back(std::move(route));
}

Router::Match Router::match(Request& request) const {
  Match match;
  const auto path = split_path(request.path);
  if (!path) {
    match.malformed_path = true;
    return match;
  }
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::set<std::string> allowed;
  int best = 0;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto params = match_segments(patterns_[i], *path);
    if (!params) continue;
    allowed.insert(routes_[i].method);
    if (routes_[i].method == "GET") allowed.insert("HEAD");
    if (routes_[i].method != method || (match.route && weight(patterns_[i]) >= best)) continue;
    match.route = &routes_[i];
    best = weight(patterns_[i]);
    request.path_params = *std::move(params);
  }
  if (allowed.empty()) return match;
  allowed.insert("OPTIONS");
  for (const std::string& each : allowed) match.allow += (match.allow.empty() ? "" : ", ") + each;
  return match;
}

}  // namespace mortise::api
