#include "service/events.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "core/ids.hpp"
#include "core/names.hpp"

namespace mortise::service {

std::string new_id(std::string_view prefix, core::Instant now_ms, ports::Random& random) {
  std::array<std::byte, 10> bytes{};
  random.fill(bytes);
  return core::make_id(prefix, now_ms, bytes);
}

core::Event connection_event(std::string_view what, const core::Connection& connection,
                             core::Instant now_ms, ports::Random& random) {
  const core::Json data = {{"connection_id", connection.id},
                           {"connector", connection.connector},
                           {"status", core::name_of(connection.status)},
                           {"reason", connection.reason}};
  core::Event event;
  event.id = new_id(core::kEventPrefix, now_ms, random);
  event.type = "connection." + std::string(what);
  event.account_id = connection.account_id;
  event.data = data.dump();
  event.at_ms = now_ms;
  return event;
}

}  // namespace mortise::service
