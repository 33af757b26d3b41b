// Notion's OAuth: the consent page and the token calls.
#pragma once

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

/// GET shows the consent page, POST is its form: `user`, `decision` (allow, cancel), optional
/// `page` ids (only these are shared), and the parameters of the authorise URL.
Response authorize(Model& model, const Request& request);
/// POST /v1/oauth/token, /revoke, /introspect; may throw Refusal.
Json token_call(Model& model, const Request& request);

/// The grant of the request's bearer token; throws 401 unauthorized if there is none alive.
Grant& authenticate(Model& model, const Request& request);

}  // namespace mortise::simulators::notion
