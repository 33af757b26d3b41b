// What the resources of the API reach: the ports, handed in by the wiring. All outlive the API.
#pragma once

#include <string>

#include "core/secret.hpp"
#include "ports/clock.hpp"
#include "ports/connector.hpp"
#include "ports/egress.hpp"
#include "ports/gate.hpp"
#include "ports/hooks.hpp"
#include "ports/mapper.hpp"
#include "ports/script_trial.hpp"
#include "ports/service.hpp"
#include "ports/service_connect.hpp"
#include "ports/store.hpp"
#include "ports/upkeep.hpp"

namespace mortise::api {

class Idempotency;

struct Services {
  ports::Store& store;
  ports::PlanEditing& plans;
  ports::Exports& exports;
  ports::Connect& connect;
  ports::Changed& changed;
  ports::Hooks& hooks;
  ports::Upkeep& upkeep;
  const ports::Egress& egress;
  ports::Connectors& connectors;
  ports::Gate& gate;
  ports::Mapper& mapper;
  ports::Scripts& scripts;
  ports::ScriptTrials& trials;
  ports::Clock& clock;
  ports::Random& random;
};

/// What a run under way waits for at the moment: told on its stream, not stored.
struct Waiting {
  core::RunWait why = core::RunWait::none;
  core::Instant until_ms = 0;
};

/// What resources know about the host as seen from outside.
struct Site {
  std::string public_url;    ///< "https://host.example", empty: reached directly over http
  std::string version;       ///< of the host
  core::Secret session_key;  ///< signs bearer tokens; at least 32 bytes, from the store
  std::string zone = "UTC";  ///< for accounts and plans without one
  std::string app_name;      ///< as end users know it
  bool is_https() const { return public_url.rfind("https://", 0) == 0; }
};

}  // namespace mortise::api
