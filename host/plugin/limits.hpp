// What the host takes from a plugin before it calls it broken. One place for all bounds.
#pragma once

#include <cstddef>
#include <cstdint>

#include <mortise/abi.h>

namespace mortise::plugin {

struct Limits {
  std::size_t id_bytes = 1024;       ///< ids, keys, versions, kinds, slots
  std::size_t url_bytes = 8 * 1024;  ///< of an item; target of a request
  std::size_t message_bytes = 1024;  ///< cut, not refused
  std::size_t log_lines = 100;       ///< of a plugin in a minute; further ones are left out
  std::size_t reason_bytes = 64;     ///< left out, not refused
  std::int64_t retry_after_ms = 24 * 3'600'000LL;  ///< the longest wait that an error may ask for
  std::size_t memo_bytes = MT_MEMO_MAX;
  std::size_t cursor_bytes = MT_CURSOR_MAX;
  std::size_t fields_bytes = std::size_t{1024} * 1024;
  std::size_t identity_bytes = std::size_t{64} * 1024;
  std::size_t body_bytes = std::size_t{16} * 1024 * 1024;
  std::size_t requests_per_step = 1000;
  std::size_t headers_per_request = 64;
  std::size_t steps = 10'000;       ///< of one operation: an endless loop of requests ends here
  std::size_t steps_per_write = 8;  ///< and so many more for each write of the batch
  std::size_t reports_per_step = 100'000;  ///< items, outcomes, targets, containers together
  std::size_t bytes_per_step = std::size_t{64} * 1024 * 1024;  ///< taken up in one step
  /// The same of a whole operation: the host gathers what a listing reports until it has ended.
  std::size_t reports_per_operation = 1'000'000;
  std::size_t bytes_per_operation = std::size_t{256} * 1024 * 1024;
  /// Of any time: 9999-12-31T23:59:59.999Z. None is before 1970.
  std::int64_t latest_ms = 253'402'300'799'999;
  /// CPU time of one step: over the first the host logs, over the second the operation fails.
  std::int64_t slow_step_us = 250'000;
  std::int64_t longest_step_us = 5'000'000;
};

}  // namespace mortise::plugin
