// The connector against the simulated Google over real HTTP: the host's part of the conversation
// (signing, repeating what may be repeated) in as few lines as it takes.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include <mortise/testing.hpp>

namespace google_tests {

class World {
 public:
  /// `scopes`: short names, granted by Ana; empty: all that the connector asks for.
  explicit World(const std::vector<std::string>& scopes = {});
  ~World();

  /// Runs an operation to its end. Breaches of the contract fail the test.
  mortise::testing::Run run(mortise::CallInput call);
  mortise::testing::Run write(std::vector<mortise::Write> writes);

  nlohmann::json control(const std::string& method, const std::string& path,
                         const nlohmann::json& body);
  /// What Ana does at her calendar; see tests/simulators/google/control.cpp.
  nlohmann::json person(const std::string& action, nlohmann::json body);
  /// The event as Google keeps it; null if there is none.
  nlohmann::json event(const std::string& id);
  std::size_t count_events();
  /// Answers like {"kind": "503_after"}: see tests/simulators/common/control.hpp.
  void fault(const nlohmann::json& rule);
  /// Requests since the last call of this, by the simulator's count.
  struct Traffic {
    int writes = 0, reads = 0;
  };
  Traffic traffic();
  /// Holds every request so far against Google's own description; says so where that is absent.
  void check_against_the_description();

  const std::string& token_reply() const { return token_reply_; }
  std::string calendar = "primary";

 private:
  mortise::Reply send(const mortise::Request& request);
  void connect(const std::vector<std::string>& scopes);

  struct Server;
  std::unique_ptr<Server> server_;
  mortise::testing::Script script_;
  std::string token_, token_reply_;
};

/// A creation of `key`; its once-key is made from both, as the host does.
mortise::Write creation(const std::string& key, const nlohmann::json& fields, int generation = 1);
mortise::Write update(const std::string& id, const nlohmann::json& fields,
                      std::vector<std::string> changed, const std::string& version = {});
mortise::Write removal(const std::string& id, const std::string& version = {});

}  // namespace google_tests
