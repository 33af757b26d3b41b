#include "api/edge.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <exception>

#include "api/address.hpp"
#include "core/hex.hpp"

namespace mortise::api {

namespace {

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes)) != 1)
    return {};
  return core::hex(raw);
}

void set_default(Response& response, std::string name, std::string value) {
  if (!response.has(name)) response.headers.push_back({std::move(name), std::move(value)});
}

}  // namespace

Result<Networks> Networks::parse(const std::vector<std::string>& list) {
  Networks out;
  for (const std::string& text : list) {
    const auto slash = text.find('/');
    Network network{address_bytes(text.substr(0, slash)), 0};
    network.bits = static_cast<unsigned>(network.bytes.size() * 8);
    bool good = !network.bytes.empty();
    if (good && slash != std::string::npos) {
      unsigned bits = 0;
      const char* end = text.data() + text.size();
      const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, bits);
      good = error == std::errc{} && rest == end && bits <= network.bits;
      network.bits = bits;
    }
    if (!good)
      return Error{Code::invalid, "'" + text + "' is not an address or a network like 10.0.0.0/8"};
    out.networks_.push_back(std::move(network));
  }
  return out;
}

bool Networks::contains(std::string_view address) const {
  const std::string bytes = address_bytes(address);
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    if (bytes.empty() || bytes.size() != network.bytes.size()) return false;
    for (unsigned bit = 0; bit < network.bits; ++bit) {
      const int mask = 0x80 >> (bit % 8);
      if (((bytes[bit / 8] ^ network.bytes[bit / 8]) & mask) != 0) return false;
    }
    return true;
  });
}

Edge::Edge(Router router, EdgeOptions options, EdgeHooks hooks)
    : router_(std::move(router)),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      id_prefix_("req_" + random_hex(6) + "-") {}

Response Edge::handle(Request& request) const {
  request.begin = std::chrono::steady_clock::now();
  identify(request);
  Response response = route(request);
  if (!response.later) finish(request, response);
  return response;
}

void Edge::finish(Request& request, Response& response) const {
  decorate(request, response);
  if (!hooks_.access_log) return;
  const auto took = std::chrono::steady_clock::now() - request.begin;
  hooks_.access_log({request.request_id, request.method, request.route, request.client_address,
                     response.stream ? 200 : response.status,
                     std::chrono::duration_cast<std::chrono::microseconds>(took).count()});
}

Response Edge::refuse(const ParseFailure& failure) const {
  Request nothing;
  nothing.request_id = make_request_id();
  if (!failure.origin.empty()) nothing.headers.push_back({"origin", failure.origin});
  Response response =
      to_response(make_problem(failure.status, failure.reason, failure.detail), nothing.request_id);
  decorate(nothing, response);
  if (hooks_.access_log) {
    hooks_.access_log({nothing.request_id, "", "refused:" + failure.reason, "", failure.status, 0});
  }
  return response;
}

void Edge::identify(Request& request) const {
  request.client_address = request.peer;
  if (options_.trusted_proxies.contains(request.peer)) {
    // The last address that is not one of ours: what stands before it, its sender may have
    // invented.
    std::string hops;
    for (const Header& field : request.headers) {
      if (field.name == "x-forwarded-for") hops += (hops.empty() ? "" : ",") + field.value;
    }
    while (!hops.empty()) {
      const auto comma = hops.rfind(',');
      const std::string hop(trim(comma == std::string::npos ? hops : hops.substr(comma + 1)));
      if (address_bytes(hop).empty()) break;
      request.client_address = hop;
      if (!options_.trusted_proxies.contains(hop)) break;
      hops.resize(comma == std::string::npos ? 0 : comma);
    }
    if (const auto proto = request.header("x-forwarded-proto")) {
      request.scheme = equals_ignoring_case(*proto, "https") ? "https" : "http";
    }
    if (const auto id = request.header("x-request-id"); id && is_request_id(*id))
      request.request_id = *id;
  }
  if (request.request_id.empty()) request.request_id = make_request_id();
}

Response Edge::route(Request& request) const {
  try {
    const Router::Match match = router_.match(request);
    if (match.malformed_path) {
      return to_response(
          make_problem(400, "bad_path", "The path holds a broken or unsafe percent-escape."),
          request.request_id);
    }
    if (match.allow.empty()) {
      return to_response(make_problem(404, "no_such_route", "There is nothing at this path."),
                         request.request_id);
    }
    if (request.method == "OPTIONS") return preflight(request, match.allow);
    if (!match.route) {
      Problem problem =
          make_problem(405, "method_not_allowed", "This path does not take this method.");
      problem.headers.push_back({"Allow", match.allow});
      return to_response(problem, request.request_id);
    }
    request.route = match.route->name;
    if (hooks_.guard) {
      if (auto refused = hooks_.guard(request, *match.route)) return *std::move(refused);
    }
    return match.route->handler(request);
  } catch (const std::exception& error) {
    if (hooks_.bug) hooks_.bug(request.request_id, error.what());
    return to_response(make_problem(500, "internal", "Something went wrong on our side."),
                       request.request_id);
  }
}

Response Edge::preflight(const Request& request, const std::string& allow) const {
  Response response;
  response.status = 204;
  response.set("Allow", allow);
  if (request.header("access-control-request-method")) {
    response.set("Access-Control-Allow-Methods", allow);
    response.set("Access-Control-Allow-Headers",
                 "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
                 "Last-Event-ID, X-CSRF-Token");
    response.set("Access-Control-Max-Age", "600");
  }
  return response;
}

void Edge::decorate(const Request& request, Response& response) const {
  response.set("X-Request-Id", request.request_id);
  for (const Header& field : request.rate) response.set(field.name, field.value);
  set_default(response, "Cache-Control", "no-store");
  set_default(response, "X-Content-Type-Options", "nosniff");
  set_default(response, "Referrer-Policy", "no-referrer");
  set_default(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  if (request.scheme == "https") {
    set_default(response, "Strict-Transport-Security", "max-age=31536000");
  }
  if (options_.cors_origins.empty()) return;
  response.headers.push_back({"Vary", "Origin"});
  const auto origin = request.header("origin");
  const auto& allowed = options_.cors_origins;
  if (!origin || std::find(allowed.begin(), allowed.end(), *origin) == allowed.end()) return;
  response.set("Access-Control-Allow-Origin", std::string(*origin));
  response.set("Access-Control-Allow-Credentials", "true");
  response.set("Access-Control-Expose-Headers",
               "ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, "
               "X-Request-Id");
}

std::string Edge::make_request_id() const {
  return id_prefix_ + std::to_string(++requests_);
}

}  // namespace mortise::api
