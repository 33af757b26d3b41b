// A channel's secret on its way to the service: put into the body just before it is sent, taken out
// of what comes back. A connector only ever sees the placeholder.
#pragma once

#include <string>

#include "core/secret.hpp"
#include "ports/connector.hpp"

namespace mortise::net {

/// The body to send. `invalid` if it holds the placeholder (MT_CHANNEL_SECRET) and there is no
/// secret. The body of a request that does not ask for it (fill_secret) is what it is, since a
/// person may have written those characters. The secret is escaped as the body's Content-Type
/// needs: for a form, else for JSON.
Result<std::string> fill_channel_secret(const ports::ConnectorRequest& request,
                                        const core::Secret& secret);

/// Puts the placeholder where the reply repeats the secret.
void hide_channel_secret(ports::HttpReply& reply, const core::Secret& secret);

}  // namespace mortise::net
