// Makes what the app is told about a connection.
#pragma once

#include <string>
#include <string_view>

#include "core/auth_records.hpp"
#include "core/sync_records.hpp"
#include "ports/clock.hpp"

namespace mortise::service {

/// "connection.<what>" with the connection's id, service, status and reason; never a token.
core::Event connection_event(std::string_view what, const core::Connection& connection,
                             core::Instant now_ms, ports::Random& random);

}  // namespace mortise::service
