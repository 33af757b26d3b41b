#include "service/events.hpp"

#include <nlohmann/json.hpp>

#include "core/ids.hpp"
#include "core/names.hpp"
#include "ports/random.hpp"

namespace mortise::service {

core::Event connection_event(std::string_view what, const core::Connection& connection,
                             core::Instant now_ms, ports::Random& random) {
  const core::Json data = {{"connection_id", connection.id},
                           {"connector", connection.connector},
                           {"status", core::name_of(connection.status)},
                           {"reason", connection.reason}};
  core::Event event;
  event.id = ports::new_id(core::kEventPrefix, now_ms, random);
  event.type = "connection." + std::string(what);
  event.account_id = connection.account_id;
  event.data = data.dump();
  event.at_ms = now_ms;
  return event;
}

}  // namespace mortise::service
