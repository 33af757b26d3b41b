// What the runner needs from its surroundings, handed in by app/wiring.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/reconcile.hpp"
#include "ports/clock.hpp"
#include "ports/connector.hpp"
#include "ports/egress.hpp"
#include "ports/gate.hpp"
#include "ports/mapper.hpp"
#include "ports/service.hpp"
#include "ports/store.hpp"

namespace mortise::sync {

/// Called at every step of the journal with its name; tests stop the process there.
using Failpoint = std::function<void(std::string_view name)>;

/// A line for the log: its level and key=value words, without secrets.
using LogLine = std::function<void(std::string_view level, const std::string& line)>;

struct Options {
  std::string installation;  ///< id of this host's store, part of once-keys
  std::string host_zone;     ///< default zone of tasks without one
  std::string link_base;     ///< public_url, or empty
  std::string target_title;  ///< title of a target that we make, e.g. the app's name
  core::ReconcileRules rules;
  std::int64_t debounce_ms = 500;  ///< a saved change waits this long for more
  int give_up_after = 8;           ///< rounds without any progress
};

struct Ports {
  ports::Store& store;
  const ports::Connectors& connectors;
  ports::Egress& egress;
  const ports::Mapper& mapper;
  ports::Gate& gate;
  const ports::Clock& clock;
  ports::Timers& timers;
  ports::Executor& executor;
  ports::Random& random;
  ports::Publisher& publisher;
  Failpoint failpoint;  ///< may be empty
  LogLine log = {};     ///< one line per run that ends or waits for a person; may be empty
};

}  // namespace mortise::sync
