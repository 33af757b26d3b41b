// The "Learning app" of the demo: does what an app developer does with Mortise, and no more. Its
// server holds the API key, tells Mortise of its user and the user's plan, and signs the user's
// browser in with a one-time code for each visit.
//
//   /          a fresh code, and on to the host's page
//   /upgrade   where the upgrade prompt leads: the user picks another tier
//   /ready     200 once account and plan are there
#pragma once

#include <string>

#include "simulators/common/http.hpp"
#include "simulators/demo/host_client.hpp"

namespace mortise::simulators {

class DemoApp {
 public:
  /// `plan`: the document to import for the user who has none yet; `plan_id`: its external_id.
  DemoApp(HostClient host, std::string plan, std::string plan_id);
  /// Any thread.
  Response answer(const Request& request) const;

 private:
  /// Answers a sentence if account and plan could not be seen to.
  std::string prepare() const;
  Response visit() const;
  Response upgrade_page() const;
  Response upgrade(const Request& request) const;

  HostClient host_;
  std::string plan_;
  std::string plan_id_;
};

}  // namespace mortise::simulators
