#include "app/failpoints.hpp"

#include <csignal>

#include <atomic>
#include <charconv>
#include <memory>

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

}  // namespace mortise::app
