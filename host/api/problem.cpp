#include "api/problem.hpp"

#include <algorithm>
#include <array>

#include "api/url.hpp"
#include "core/hex.hpp"

namespace mortise::api {

namespace {

Code code_for(int status) {
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::forbidden;
    case 404:
    case 405:
      return Code::not_found;
    case 409:
    case 412:
      return Code::conflict;
    case 410:
      return Code::stale;
    case 413:
    case 414:
    case 431:
      return Code::too_large;
    case 429:
      return Code::rate_limited;
    case 501:
    case 505:
      return Code::unsupported;
    case 408:
    case 503:
      return Code::unavailable;
    default:
      return status < 500 ? Code::invalid : Code::internal;
  }
}

/// What to do about a refusal. By its reason where that says more than the status does.
struct Advice {
  std::string_view next_action;
  bool retryable = false;
  std::int64_t retry_after_ms = 0;  ///< 0: not said
};

struct ReasonAdvice {
  std::string_view reason;
  Advice advice;
};

// docs/http-api.md has this table; a test compares.
constexpr std::array kByReason = std::to_array<ReasonAdvice>({
    {"idempotency_running", {"retry_later", true, 1'000}},
    {"rev_conflict", {"retry_later", true, 1'000}},
    {"sync_under_way", {"retry_later", true, 5'000}},
    {"several_connections", {"fix_request"}},
    {"remote_choice_needed", {"fix_request"}},
    {"external_id_taken", {"fix_request"}},
    {"not_recurring", {"fix_request"}},
    {"off_rule", {"fix_request"}},
    {"target_in_use", {"fix_request"}},
    {"target_taken", {"fix_request"}},
    {"target_read_only", {"fix_request"}},
    {"not_connected", {"connect"}},
    {"disconnected", {"connect"}},
    {"needs_reconnect", {"reconnect"}},
    {"quota_exceeded", {"upgrade"}},
    {"not_in_tier", {"upgrade"}},
    {"csrf", {"authenticate"}},
    {"not_configured", {"contact_support"}},  // until somebody has set the client's secrets
    {"no_mapping", {"contact_support"}},
    {"policy_error", {"contact_support"}},
    {"built_in", {"none"}},
    {"no_grant", {"none"}},
    {"run_ended", {"none"}},
    {"undone_already", {"none"}},
    {"nothing_to_undo", {"none"}},
});

Advice advice_for(int status, std::string_view reason) {
  const auto* const known =
      std::find_if(kByReason.begin(), kByReason.end(),
                   [&](const ReasonAdvice& each) { return each.reason == reason; });
  if (known != kByReason.end()) return known->advice;
  switch (status) {
    case 401:
      return {"authenticate"};
    case 403:
      return {"ask_for_access"};
    case 409:
    case 410:
    case 412:
      return {"read_again"};
    case 408:
    case 429:
    case 503:
      return {"retry_later", true, 1'000};
    case 500:
      return {"contact_support"};
    default:
      return {status < 500 ? "fix_request" : "none"};
  }
}

std::string errors_json(const std::vector<BodyError>& errors) {
  std::string out = "[";
  for (const BodyError& error : errors) {
    if (out.size() > 1) out += ',';
    out += "{\"pointer\":" + json_string(error.pointer) +
           ",\"detail\":" + json_string(error.detail) + "}";
  }
  return out + "]";
}

}  // namespace

Problem problem_from(const Error& error) {
  Problem problem = make_problem(http_status(error.code), error.reason, error.message);
  problem.code = error.code;
  if (error.retry_after_ms) problem.retry_after_ms = error.retry_after_ms;
  // A bug is logged whole; its text is nobody else's business.
  if (error.code == Code::internal) problem.detail = "Something went wrong on our side.";
  return problem;
}

Problem make_problem(int status, std::string_view reason, std::string_view detail) {
  Problem problem;
  problem.status = status;
  problem.code = code_for(status);
  problem.reason = reason;
  problem.detail = detail;
  const Advice advice = advice_for(status, reason);
  problem.retryable = advice.retryable;
  problem.next_action = advice.next_action;
  if (advice.retry_after_ms > 0) problem.retry_after_ms = advice.retry_after_ms;
  return problem;
}

Problem body_problem(std::vector<BodyError> errors) {
  std::string detail = "The body is not valid.";
  if (!errors.empty()) {
    detail = (errors.front().pointer.empty() ? "The body" : errors.front().pointer) + ": " +
             errors.front().detail;
    if (errors.size() > 1) detail += " (and " + std::to_string(errors.size() - 1) + " more)";
  }
  Problem problem = make_problem(422, "invalid_body", detail);
  problem.errors = std::move(errors);
  return problem;
}

Response to_response(const Problem& problem, std::string_view request_id) {
  Response response;
  response.status = problem.status;
  response.headers = problem.headers;
  const std::string reason =
      problem.reason.empty() ? std::string(code_name(problem.code)) : problem.reason;
  std::string body = "{\"type\":" + json_string("urn:mortise:problem:" + reason) +
                     ",\"title\":" + json_string(status_title(problem.status)) +
                     ",\"status\":" + std::to_string(problem.status) +
                     ",\"detail\":" + json_string(problem.detail) +
                     ",\"code\":" + json_string(code_name(problem.code)) +
                     ",\"reason\":" + json_string(reason) +
                     ",\"retryable\":" + (problem.retryable ? "true" : "false") +
                     ",\"next_action\":" + json_string(problem.next_action) +
                     ",\"request_id\":" + json_string(request_id);
  if (!problem.errors.empty()) body += ",\"errors\":" + errors_json(problem.errors);
  if (problem.retry_after_ms) {
    const std::int64_t seconds = std::max<std::int64_t>(1, (*problem.retry_after_ms + 999) / 1000);
    response.set("Retry-After", std::to_string(seconds));
  }
  if (!problem.extension.empty()) body += "," + problem.extension;
  response.body = body + "}";
  response.set("Content-Type", "application/problem+json");
  response.set("Cache-Control", "no-store");
  return response;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  if (!is_utf8(text)) return "\"\\ufffd\"";
  for (char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (raw == '"' || raw == '\\') {
      out.push_back('\\');
      out.push_back(raw);
    } else if (raw == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      core::append_hex(out += "\\u00", {&raw, 1});
    } else {
      out.push_back(raw);
    }
  }
  out.push_back('"');
  return out;
}

}  // namespace mortise::api
