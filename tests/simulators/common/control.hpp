// The control API: what tests and scripts set, break and count. JSON in and out; mistakes are
// answered 400 {"error": sentence}.
//
//   GET PUT       /control/clock           {"now_ms"} freezes | {"advance_ms"} | {"system": true}
//   GET POST DEL  /control/faults[/{id}]   rule: {kind, provider, method, path_prefix, route,
//                                          write, nth, every, probability + seed, times,
//                                          retry_after_s, says_committed, delay_ms}; with nth it
//                                          strikes from that match on, once unless times says more;
//                                          kinds: 409 429 529 500 502 503 504, 5xx_after,
//                                          drop_before, drop_after, hold_after, slow_body,
//                                          truncated_json, delay_ms, html_403, chaos (+ kinds)
//   GET POST      /control/holds[/release]
//   GET DEL       /control/requests?since=&provider=&replies=1
//   GET DEL       /control/counters
//   GET PUT       /control/limits          see limits.hpp
//   GET PUT       /control/oauth           {"provider", ... see OAuthSettings}
//   POST          /control/grants/revoke   {"provider", "user": id or e-mail, none: everybody}
//   POST          /control/reset
//   GET           /control/state           everything, as saved
//   GET           /control/version
//   POST          /control/{provider}/{action}   what a person does there: see notion/person.hpp,
//                                          notion/webhooks.hpp, google/control.cpp
//   POST          /control/batch           {"steps": [{"provider", "action", "body"}]}: many of
//   these
//                                          one after the other; answers {results: [{status, body}]}
#pragma once

#include "simulators/common/server.hpp"
#include "simulators/common/simulation.hpp"

namespace mortise::simulators {

class Control {
 public:
  explicit Control(Simulation& simulation) : simulation_(simulation) {}
  /// Held answers are let go through `server`.
  void attach(Server& server) { server_ = &server; }
  Response answer(const Request& request);

 private:
  Response clock(const Request& request, const Json& body);
  Response faults(const Request& request, const Json& body);
  Response holds(const Request& request);
  Response requests(const Request& request);
  Response counters(const Request& request);
  Response limits(const Request& request, const Json& body);
  Response oauth(const Request& request, const Json& body);
  Response revoke(const Json& body);
  Response state();
  Response provider(const std::vector<std::string>& path, const Json& body);
  Response batch(const Json& body);

  Simulation& simulation_;
  Server* server_ = nullptr;
};

}  // namespace mortise::simulators
