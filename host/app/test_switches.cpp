#include "app/test_switches.hpp"

#include <csignal>

#include <atomic>
#include <charconv>
#include <memory>

#include "app/system.hpp"
#include "core/time.hpp"

namespace mortise::app {

sync::Failpoint failpoint_from(const Environment& environment) {
  const auto wanted = environment("MORTISE_DEBUG_FAILPOINT");
  if (!wanted) return {};
  const auto colon = wanted->rfind(':');
  const std::string name = wanted->substr(0, colon);
  int passages = 1;
  if (colon != std::string::npos) {
    std::from_chars(wanted->data() + colon + 1, wanted->data() + wanted->size(), passages);
  }
  auto left = std::make_shared<std::atomic<int>>(passages);
  return [name, left](std::string_view passed) {
    if (passed == name && left->fetch_sub(1) == 1) std::raise(SIGKILL);
  };
}

std::int64_t clock_ahead_ms(const Environment& environment) {
  const auto wanted = environment("MORTISE_DEBUG_NOW");
  if (!wanted) return 0;
  const auto instant = core::parse_instant(*wanted);
  return instant ? *instant - SystemClock().now_ms() : 0;
}

}  // namespace mortise::app
