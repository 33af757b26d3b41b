// The connectors of this host, as far as mappings are compared with them. Values.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ports/connector.hpp"

namespace mortise::script {

/// Where a kind may stand: names of kinds, and "target" for the top.
using Parents = std::vector<std::string>;

/// What one connector can hold: its kinds.
using Kinds = std::map<std::string, Parents>;

/// By the connector's id. Empty: not known here, nothing is compared.
using KnownConnectors = std::map<std::string, Kinds>;

KnownConnectors known_connectors(std::span<const std::shared_ptr<ports::Connector>> connectors);

}  // namespace mortise::script
