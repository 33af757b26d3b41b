#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/encoding.hpp"
#include "net/oauth.hpp"

namespace mortise::net {
namespace {

using core::Json;

constexpr std::size_t kMaxTokenBytes = 16 * 1024;

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The service's word for what went wrong, if it is a word: it goes into messages.
std::string error_word(const Json& body) {
  std::string word = text(body, "error");
  if (word.empty()) word = text(body, "code");
  const auto strange = [](char c) { return !((c >= 'a' && c <= 'z') || c == '_'); };
  if (word.size() > 64 || std::any_of(word.begin(), word.end(), strange)) word.clear();
  return word;
}

Result<Json> read_object(const ports::HttpReply& reply) {
  auto body = core::parse_json(reply.body, 256 * 1024);
  if (body.ok() && body->is_object()) return body;
  return Error{Code::unavailable,
               "the authorisation server answered " + std::to_string(reply.status) +
                   " without a JSON object",
               "malformed_reply"};
}

Error read_error(const ports::HttpReply& reply) {
  const std::string answered = "the authorisation server answered " + std::to_string(reply.status);
  if (reply.status == 429 || reply.status >= 500) {
    return {Code::unavailable, answered, "authorization_server_busy"};
  }
  const auto body = read_object(reply);
  const std::string word = body.ok() ? error_word(*body) : std::string();
  if (word == "invalid_grant") return {Code::unauthenticated, answered + " invalid_grant", word};
  if (word.empty()) return {Code::unavailable, answered, "authorization_server_refused"};
  return {Code::forbidden, answered + " " + word, word};
}

/// The claims of an id token. Its signature needs no check: it came straight from the token
/// endpoint over TLS (OpenID Connect Core 3.1.3.7, point 6). Null when it is none.
Json id_token_claims(const std::string& token) {
  const std::size_t first = token.find('.');
  if (first == std::string::npos) return nullptr;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string::npos) return nullptr;
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  if (!payload) return nullptr;
  auto claims = core::parse_json(*payload, 64 * 1024);
  return claims.ok() && claims->is_object() ? std::move(claims).value() : Json(nullptr);
}

/// A member that a plugin must not see: tokens, secrets, codes.
bool is_secret_member(const std::string& name) {
  if (name == "token_type") return false;
  return name.find("token") != std::string::npos || name.find("secret") != std::string::npos ||
         name == "code" || name == "assertion";
}

Json without_secrets(const Json& value) {
  if (value.is_object()) {
    Json kept = Json::object();
    for (const auto& [name, member] : value.items()) {
      if (!is_secret_member(name)) kept[name] = without_secrets(member);
    }
    return kept;
  }
  if (!value.is_array()) return value;
  Json kept = Json::array();
  for (const Json& element : value) kept.push_back(without_secrets(element));
  return kept;
}

core::JsonText visible_part(const Json& body) {
  Json visible = without_secrets(body);
  if (const Json claims = id_token_claims(text(body, "id_token")); claims.is_object()) {
    visible["id_token_claims"] = without_secrets(claims);
  }
  return visible.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::int64_t> seconds(const Json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end()) return std::nullopt;
  if (found->is_number()) {
    const double value = found->get<double>();
    return value >= 0 && value < 1e10 ? std::optional(static_cast<std::int64_t>(value))
                                      : std::nullopt;
  }
  if (!found->is_string()) return std::nullopt;
  // Some servers write the number as a string.
  const auto digits = found->get<std::string>();
  const bool numeric = !digits.empty() && digits.size() < 10 &&
                       digits.find_first_not_of("0123456789") == std::string::npos;
  return numeric ? std::optional<std::int64_t>(std::stoll(digits)) : std::nullopt;
}

}  // namespace

bool outcome_unknown(const ports::HttpReply& reply) {
  if (reply.status >= 500) return true;
  return reply.status < 300 && !read_token_reply(reply).ok();
}

Result<ports::TokenReply> read_token_reply(const ports::HttpReply& reply) {
  if (reply.status < 200 || reply.status > 299) return read_error(reply);
  const auto body = read_object(reply);
  if (!body.ok()) return body.error();
  ports::TokenReply tokens;
  tokens.access_token = core::Secret(text(*body, "access_token"));
  tokens.refresh_token = core::Secret(text(*body, "refresh_token"));
  const std::size_t size = tokens.access_token.reveal_for_use().size();
  if (size == 0 || size > kMaxTokenBytes ||
      tokens.refresh_token.reveal_for_use().size() > kMaxTokenBytes) {
    return Error{Code::unavailable, "the authorisation server answered without an access token",
                 "malformed_reply"};
  }
  tokens.expires_in_s = seconds(*body, "expires_in");
  tokens.scope = text(*body, "scope");
  tokens.visible = visible_part(*body);
  return tokens;
}

Status read_revoke_reply(const ports::HttpReply& reply) {
  if (reply.status >= 200 && reply.status <= 299) return {};
  const auto body = read_object(reply);
  const std::string word = body.ok() ? error_word(*body) : std::string();
  // Already dead is what was wanted.
  if (reply.status == 400 && (word == "invalid_token" || word == "invalid_grant")) return {};
  return read_error(reply);
}

Result<bool> read_introspect_reply(const ports::HttpReply& reply) {
  if (reply.status < 200 || reply.status > 299) return read_error(reply);
  const auto body = read_object(reply);
  if (!body.ok()) return body.error();
  const auto active = body->find("active");
  if (active == body->end() || !active->is_boolean()) {
    return Error{Code::unavailable, "the authorisation server did not say whether it is active",
                 "malformed_reply"};
  }
  return active->get<bool>();
}

}  // namespace mortise::net
