// What to do about one outcome of one request. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include <mortise/result.hpp>

#include "ports/manifest.hpp"
#include "ports/transport.hpp"

namespace mortise::net {

enum class Verdict : std::uint8_t {
  deliver,      ///< an answer for the connector to read
  wait_limit,   ///< refused by a limit: wait; send again unless it may have been carried out
  limit_final,  ///< refused by a limit that waiting does not lift
  try_again,    ///< nothing was done, or doing it twice does no harm
  renew_token,  ///< the token was refused
  lost,         ///< no usable answer, and sending again could do harm
};

struct Judgement {
  Verdict verdict = Verdict::deliver;
  ports::BudgetScope scope = ports::BudgetScope::connection;  ///< of a limit
  /// What to report when this was the last attempt; empty: deliver the reply as it is.
  std::optional<Error> error;
  bool maybe_sent = false;  ///< it may have been carried out, and no answer says so
};

/// `repeatable`: the connector said so. Rules: 429, 529 and the manifest's limit rules mean that
/// nothing was done; so does an HTML page instead of the API's JSON with a 403 (an edge in front of
/// the API blocked the request); 5xx, also one that a limit rule names, and answers that can not be
/// read leave it open.
Judgement judge(const ports::HttpOutcome& outcome, bool repeatable,
                const std::vector<ports::LimitRule>& rules);

}  // namespace mortise::net
