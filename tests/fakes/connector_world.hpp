// A connector against its simulated service over real HTTP: the host's part of the conversation
// (signing, repeating what may be repeated) in as few lines as it takes. One per test, one thread.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include <mortise/testing.hpp>

namespace mortise::simulators {
class Provider;
struct World;
}  // namespace mortise::simulators

namespace mortise::fakes {

class ConnectorWorld {
 public:
  using MakeProvider = std::function<std::unique_ptr<simulators::Provider>(simulators::World&)>;

  ConnectorWorld(const MakeProvider& make, testing::Script::Create connector);
  ~ConnectorWorld();
  ConnectorWorld(const ConnectorWorld&) = delete;
  ConnectorWorld& operator=(const ConnectorWorld&) = delete;

  const std::string& url() const;
  /// What signs the connector's requests from now on.
  void sign_with(std::string access_token) { token_ = std::move(access_token); }

  /// Runs an operation to its end. Breaches of the contract fail the test.
  testing::Run run(CallInput call);

  struct Answer {
    int status = 0;
    std::vector<Header> headers;  ///< names as sent
    std::string body;
    const std::string& header(const std::string& name) const;
  };
  /// One request as anybody; it must be answered. Of a body, the content type is to be said.
  Answer ask(const std::string& method, const std::string& path,
             const std::vector<Header>& headers = {}, const std::string& body = {}) const;
  /// A form, sent as a browser sends it.
  Answer post_form(const std::string& path,
                   const std::vector<std::pair<std::string, std::string>>& fields) const;
  /// A request of the API as the connection.
  Answer ask_signed(const std::string& method, const std::string& path, std::vector<Header> headers,
                    const std::string& body = {}) const;

  /// The simulators' control API; see tests/simulators/README.md.
  nlohmann::json control(const std::string& method, const std::string& path,
                         const nlohmann::json& body);
  /// Answers like {"kind": "503_after"}: see tests/simulators/common/control.hpp.
  void fault(const nlohmann::json& rule);
  /// Writes that the simulator applied, and reads, since the last call of this.
  struct Traffic {
    int writes = 0, reads = 0;
  };
  Traffic traffic();
  /// Holds every request so far against the service's own API description; says so where that is
  /// absent.
  void check_against_the_description();

 private:
  Reply send(const Request& request) const;

  struct Server;
  std::unique_ptr<Server> server_;
  testing::Script script_;
  std::string token_;
};

/// "a=1&b=x%20y": what a browser makes of the fields of a form.
std::string form_encoded(const std::vector<std::pair<std::string, std::string>>& fields);
/// The value of a parameter in a URL's query, decoded; empty without it.
std::string query_value(const std::string& url, const std::string& name);

}  // namespace mortise::fakes
