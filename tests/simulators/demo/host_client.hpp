// The demo app's calls to the Mortise host, with the app's key.
#pragma once

#include <string>

namespace mortise::simulators {

class HostClient {
 public:
  /// `host`: the host's base URL; `key`: an app key with the scopes read and write.
  HostClient(std::string host, std::string key) : host_(std::move(host)), key_(std::move(key)) {}

  struct Reply {
    int status = 0;  ///< 0: the host could not be reached
    std::string body;
  };
  /// `body`: JSON, or empty.
  Reply send(const std::string& method, const std::string& path,
             const std::string& body = {}) const;
  const std::string& host() const { return host_; }

 private:
  std::string host_;
  std::string key_;
};

}  // namespace mortise::simulators
