// How much a script may use. The figures of docs/adr/0006; every sandbox is opened with one of
// these.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mortise::script {

/// So many examples a script may carry. Its checking ends early when this many ran into a wall:
/// each may take all the CPU time of a call.
inline constexpr std::size_t kMostExamples = 200;
inline constexpr int kMostWalls = 5;

struct Limits {
  std::size_t memory_bytes = 8 * 1024 * 1024;  ///< everything that one Lua state holds
  std::size_t string_bytes = 64 * 1024;        ///< one string
  std::size_t table_keys = 2048;               ///< entries of one table beside its list part
  std::size_t source_bytes = 64 * 1024;  ///< the text of one script (no hook fires in the parser)
  std::uint64_t steps = 1'500'000;       ///< per call: VM instructions and charged work in C
  std::int64_t cpu_us = 80'000;          ///< per call: CPU time of the calling thread
};

}  // namespace mortise::script
