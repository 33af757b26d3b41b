// The Google Calendar connector against the simulated Google, and writes for it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fakes/connector_world.hpp"

namespace google_tests {

class World : public mortise::fakes::ConnectorWorld {
 public:
  /// `scopes`: short names, granted by Ana; empty: all that the connector asks for.
  explicit World(const std::vector<std::string>& scopes = {});

  /// In `calendar`.
  mortise::testing::Run run(mortise::CallInput call);
  mortise::testing::Run write(std::vector<mortise::Write> writes);

  /// What Ana does at her calendar; see tests/simulators/google/control.cpp.
  nlohmann::json person(const std::string& action, nlohmann::json body);
  /// The event as Google keeps it; null if there is none.
  nlohmann::json event(const std::string& id);
  std::size_t count_events();

  const std::string& token_reply() const { return token_reply_; }
  std::string calendar = "primary";

 private:
  void connect(const std::vector<std::string>& scopes);

  std::string token_reply_;
};

/// A creation of `key`; its once-key is made from both, as the host does.
mortise::Write creation(const std::string& key, const nlohmann::json& fields, int generation = 1);
mortise::Write update(const std::string& id, const nlohmann::json& fields,
                      std::vector<std::string> changed, const std::string& version = {});
mortise::Write removal(const std::string& id, const std::string& version = {});

}  // namespace google_tests
