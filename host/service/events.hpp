// Makes what the app is told about a connection.
#pragma once

#include <string>
#include <string_view>

#include "core/auth_records.hpp"
#include "core/sync_records.hpp"
#include "ports/clock.hpp"

namespace mortise::service {

/// A new id of our own: prefix, time, randomness.
std::string new_id(std::string_view prefix, core::Instant now_ms, ports::Random& random);

/// "connection.<what>" with the connection's id, service, status and reason; never a token.
core::Event connection_event(std::string_view what, const core::Connection& connection,
                             core::Instant now_ms, ports::Random& random);

}  // namespace mortise::service
