// ports::Secrets: the environment first, then the encrypted store.
#pragma once

#include <map>
#include <string>

#include "ports/secrets.hpp"
#include "ports/store.hpp"

namespace mortise::service {

/// "notion.client_secret" is MORTISE_NOTION_CLIENT_SECRET in the environment.
std::string secret_variable(const std::string& name);

class StoredSecrets final : public ports::Secrets {
 public:
  /// `environment` is the process's, read once by whoever starts the host.
  StoredSecrets(const ports::Grants& grants, std::map<std::string, std::string> environment)
      : grants_(grants), environment_(std::move(environment)) {}
  Result<core::Secret> find(const std::string& name) const override;

 private:
  const ports::Grants& grants_;
  const std::map<std::string, std::string> environment_;
};

}  // namespace mortise::service
