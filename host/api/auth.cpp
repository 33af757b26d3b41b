#include "api/auth.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "api/key_rule.hpp"
#include "core/hash.hpp"
#include "core/hex.hpp"
#include "ports/random.hpp"

namespace mortise::api {

namespace {

constexpr std::string_view kTokenVersion = "mt1";

std::string base64url(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  unsigned buffer = 0;
  for (char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out.push_back(kAlphabet[(buffer >> (bits - 6)) & 63]);
  }
  if (bits > 0) out.push_back(kAlphabet[(buffer << (6 - bits)) & 63]);
  return out;
}

std::string random_bytes(ports::Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  random.fill(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string signature(const core::Secret& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  const std::string_view raw = key.reveal_for_use();
  HMAC(EVP_sha256(), raw.data(), static_cast<int>(raw.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &length);
  return base64url({reinterpret_cast<const char*>(out.data()), length});
}

Error nobody() {
  return {Code::not_found, "nobody is known by this"};
}

Problem unauthenticated(std::string_view reason, std::string_view detail) {
  Problem problem = make_problem(401, reason, detail);
  problem.headers.push_back({"WWW-Authenticate", "Bearer"});
  return problem;
}

}  // namespace

Result<NewKey> make_key(ports::Store& store, std::string name, std::vector<std::string> scopes,
                        const ports::Clock& clock, ports::Random& random) {
  if (Status good = check_key(name, scopes); !good) return std::move(good).error();
  NewKey key;
  key.record.id = ports::random_hex(random, 8);
  std::string text = "mk_" + key.record.id + "_" + random_token(random);
  key.record.hash = core::sha256_hex(text);
  key.text = core::Secret(std::move(text));
  key.record.name = name.empty() ? "app" : std::move(name);
  key.record.scopes = std::move(scopes);
  key.record.created_ms = clock.now_ms();
  Status saved = store.commit({ports::put(key.record)}, ports::Durability::full);
  if (!saved) return std::move(saved).error();
  ++key.record.rev;
  return key;
}

Result<core::ApiKey> revoke_key(ports::Store& store, const std::string& id,
                                const ports::Clock& clock) {
  auto key = store.access().key(id);
  if (!key || key->revoked_ms) return key;
  key->revoked_ms = clock.now_ms();
  Status saved = store.commit({ports::put(*key)}, ports::Durability::full);
  if (!saved) return std::move(saved).error();
  ++key->rev;
  return key;
}

std::string_view scope_of(Access access) {
  switch (access) {
    case Access::free:
    case Access::open:
      return "";
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::admin:
      return "admin";
  }
  return "admin";
}

std::string key_principal(std::string_view key_id) {
  return "key:" + std::string(key_id);
}

std::string random_token(ports::Random& random) {
  return base64url(random_bytes(random, 32));
}

std::string sign_token(const core::Secret& key, std::string_view account_id,
                       core::Instant expires_ms) {
  const std::string signed_part =
      std::string(kTokenVersion) + "." + std::to_string(expires_ms) + "-" + core::hex(account_id);
  return signed_part + "." + signature(key, signed_part);
}

std::optional<Principal> read_token(const core::Secret& key, std::string_view token,
                                    core::Instant now_ms) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || first == last || token.substr(0, first) != kTokenVersion ||
      !core::constant_time_equal(token.substr(last + 1), signature(key, token.substr(0, last)))) {
    return std::nullopt;
  }
  const std::string_view payload = token.substr(first + 1, last - first - 1);
  const auto dash = payload.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  core::Instant expires_ms = 0;
  std::from_chars(payload.data(), payload.data() + dash, expires_ms);
  const auto account = core::unhex(payload.substr(dash + 1));
  if (!account || account->empty() || expires_ms <= now_ms) return std::nullopt;
  Principal principal;
  principal.kind = Principal::Kind::user;
  principal.id = "token:" + *account;
  principal.account_id = *account;
  principal.expires_ms = expires_ms;
  return principal;
}

std::string session_cookie_name(const Site& site) {
  return site.is_https() ? "__Host-mortise_session" : "mortise_session";
}

std::string set_cookie(const Site& site, std::string_view name, std::string_view value,
                       std::string_view path, std::int64_t max_age_s) {
  std::string out(name);
  out.append("=").append(value).append("; Path=").append(path);
  out += "; Max-Age=" + std::to_string(max_age_s) + "; HttpOnly; SameSite=Lax";
  if (site.is_https()) out += "; Secure";
  return out;
}

std::optional<std::string> read_cookie(const Request& request, std::string_view name) {
  for (const Header& field : request.headers) {
    if (field.name != "cookie") continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
        return std::string(pair.substr(equals + 1));
      }
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
  }
  return std::nullopt;
}

Result<core::UserSession> cookie_session(const Services& services, const Site& site,
                                         const Request& request) {
  const auto cookie = read_cookie(request, session_cookie_name(site));
  if (!cookie || cookie->empty() || cookie->size() > 128) return nobody();
  auto session = services.store.access().session_by_hash(core::sha256_hex(*cookie));
  if (!session) return session;
  if (!session->exchanged || session->expires_ms <= services.clock.now_ms()) return nobody();
  return session;
}

Error not_looked_up(const Error& error) {
  return {Code::unavailable, "Who asks could not be looked up; try again.", error.reason};
}

std::optional<Problem> Auth::check(Request& request, const Route& route) const {
  if (route.access == Access::free || route.access == Access::open) return std::nullopt;
  auto found = find(request);
  if (!found && found.error().code != Code::not_found) {
    return problem_from(not_looked_up(found.error()));
  }
  if (!found) {
    const bool given = request.header("authorization").has_value();
    return unauthenticated(given ? "bad_credentials" : "no_credentials",
                           given ? "The key or token is unknown, revoked or over."
                                 : "Send 'Authorization: Bearer <key>'.");
  }
  request.principal = found->principal;
  if (found->principal.kind == Principal::Kind::user) {
    if (route.callers == Callers::apps) {
      return make_problem(403, "apps_only", "Only the app's server may do this.");
    }
    const std::string& account = request.param("account");
    if (!account.empty() && account != found->principal.account_id) {
      return make_problem(404, "not_found", "There is no such account.");
    }
    const bool unsafe = request.method != "GET" && request.method != "HEAD";
    if (found->by_cookie && unsafe &&
        !core::constant_time_equal(request.header("x-csrf-token").value_or(""),
                                   found->principal.csrf)) {
      return make_problem(403, "csrf", "X-CSRF-Token does not match the session.");
    }
    return std::nullopt;
  }
  const auto& scopes = found->scopes;
  if (std::find(scopes.begin(), scopes.end(), scope_of(route.access)) == scopes.end()) {
    return make_problem(403, "scope",
                        "This key lacks the scope '" + std::string(scope_of(route.access)) + "'.");
  }
  return std::nullopt;
}

Result<Auth::Found> Auth::find(const Request& request) const {
  const auto authorization = request.header("authorization");
  if (!authorization) return find_session(request);
  constexpr std::string_view kScheme = "bearer ";
  if (!equals_ignoring_case(authorization->substr(0, kScheme.size()), kScheme)) return nobody();
  const std::string_view credential = trim(authorization->substr(kScheme.size()));
  if (credential.substr(0, 3) == "mk_") return find_key(credential);
  auto user = read_token(site_.session_key, credential, services_.clock.now_ms());
  if (!user) return nobody();
  return Found{*std::move(user), {}, false};
}

Result<Auth::Found> Auth::find_key(std::string_view key) const {
  const auto end = key.find('_', 3);
  if (end == std::string_view::npos || end > 64 || key.size() > 256) return nobody();
  const auto record = services_.store.access().key(std::string(key.substr(3, end - 3)));
  if (!record && record.error().code != Code::not_found) return record.error();
  // The same work whether or not there is such a key.
  const std::string expected = record ? record->hash : std::string(64, '0');
  const bool equal = core::constant_time_equal(core::sha256_hex(key), expected);
  if (!record || !equal || record->revoked_ms) return nobody();
  Found found;
  found.principal.kind = Principal::Kind::app;
  found.principal.id = key_principal(record->id);
  found.scopes = record->scopes;
  return found;
}

Result<Auth::Found> Auth::find_session(const Request& request) const {
  const auto session = cookie_session(services_, site_, request);
  if (!session) return session.error();
  Found found;
  found.principal.kind = Principal::Kind::user;
  found.principal.id = session->id;
  found.principal.account_id = session->account_id;
  found.principal.csrf = session->csrf;
  found.principal.expires_ms = session->expires_ms;
  found.by_cookie = true;
  return found;
}

}  // namespace mortise::api
