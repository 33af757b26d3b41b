#include "app/test_switches.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "app/system.hpp"
#include "core/time.hpp"

namespace mortise::app {
namespace {

constexpr std::string_view kFailpoint = "MORTISE_DEBUG_FAILPOINT";
/// What host/sync passes.
constexpr std::array<std::string_view, 5> kSteps{"pulled", "received", "intents_committed",
                                                 "replies_received", "outcomes_committed"};

}  // namespace

Result<sync::Failpoint> failpoint_from(const Environment& environment) {
  const auto wanted = environment(std::string(kFailpoint));
  if (!wanted) return sync::Failpoint();
  const std::string_view word = *wanted;
  const std::size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  if (std::find(kSteps.begin(), kSteps.end(), name) == kSteps.end()) {
    return Error{Code::invalid, fmt::format("{} = \"{}\": expected one of {}", kFailpoint, word,
                                            fmt::join(kSteps, ", "))};
  }
  int passages = 1;
  if (colon != std::string_view::npos) {
    const char* const end = word.data() + word.size();
    const auto [at, problem] = std::from_chars(word.data() + colon + 1, end, passages);
    if (problem != std::errc() || at != end || passages < 1) {
      return Error{Code::invalid, fmt::format("{} = \"{}\": expected a whole number from 1 behind "
                                              "the colon",
                                              kFailpoint, word)};
    }
  }
  auto left = std::make_shared<std::atomic<int>>(passages);
  return sync::Failpoint([step = std::string(name), left](std::string_view passed) {
    if (passed == step && left->fetch_sub(1) == 1) std::raise(SIGKILL);
  });
}

std::int64_t clock_ahead_ms(const Environment& environment) {
  const auto wanted = environment("MORTISE_DEBUG_NOW");
  if (!wanted) return 0;
  const auto instant = core::parse_instant(*wanted);
  return instant ? *instant - SystemClock().now_ms() : 0;
}

}  // namespace mortise::app
