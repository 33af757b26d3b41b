// Every answer that is not a success: problem+json (RFC 9457), with stable words for programs and a
// sentence for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "api/http.hpp"

namespace mortise::api {

/// One thing that is wrong in the request's body; `pointer` is a JSON pointer (RFC 6901) into it.
struct BodyError {
  std::string pointer;
  std::string detail;
};

struct Problem {
  int status = 500;
  Code code = Code::internal;
  std::string reason;       ///< stable detail: `quota_exceeded`; empty: the code says it all
  std::string detail;       ///< what happened, for people
  bool retryable = false;   ///< the same request may succeed later
  std::string next_action;  ///< what the app should do: `upgrade`, `reconnect`, `fix_request`, ...
  std::vector<BodyError> errors;
  std::optional<std::int64_t> retry_after_ms;  ///< the answer's Retry-After, in whole seconds
  std::string extension;  ///< further members, as the inside of a JSON object: `"limit":2,"used":2`
  std::vector<Header> headers;
};

/// The problem for an error of the host: status, code, reason, message, whether to try again.
Problem problem_from(const Error& error);

/// A problem with the class that goes with a status, and what to do about it: next action, whether
/// and when to try again, by the reason or else by the status.
Problem make_problem(int status, std::string_view reason, std::string_view detail);

/// 422 with pointers into the body.
Problem body_problem(std::vector<BodyError> errors);

/// The answer that carries it.
Response to_response(const Problem& problem, std::string_view request_id);

/// Text as a JSON string with quotes; text that is not UTF-8 becomes one U+FFFD.
std::string json_string(std::string_view text);

}  // namespace mortise::api
