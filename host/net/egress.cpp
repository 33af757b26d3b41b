#include "net/egress.hpp"

#include "net/flight.hpp"

namespace mortise::net {

void PacedEgress::send(ports::EgressCall call, std::function<void(ports::ConnectorReply)> done) {
  std::make_shared<Flight>(*this, std::move(call), std::move(done))->start();
}

std::vector<ports::BudgetUse> PacedEgress::budgets(const std::string& connection_id) const {
  const auto connection = ports_.connections.find(connection_id);
  if (!connection.ok()) return {};
  const auto connector = ports_.connectors.find(connection->connector);
  if (!connector) return {};
  return budgets_.use(connector->manifest(),
                      {connection->id, connection->identity.workspace_id, connection->account_id});
}

}  // namespace mortise::net
