#include "service/secrets.hpp"

namespace mortise::service {

std::string secret_variable(const std::string& name) {
  std::string variable = "MORTISE_";
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    variable += lower ? static_cast<char>(c - 'a' + 'A') : c == '.' || c == '-' ? '_' : c;
  }
  return variable;
}

Result<core::Secret> StoredSecrets::find(const std::string& name) const {
  const std::string variable = secret_variable(name);
  const auto found = environment_.find(variable);
  if (found != environment_.end() && !found->second.empty()) return core::Secret(found->second);
  auto stored = grants_.secret(name);
  if (stored.ok()) return std::move(stored->value);
  if (stored.error().code != Code::not_found) return std::move(stored).error();
  return Error{Code::not_found,
               name + " is not set: run `mortise secret set " + name + "` or set " + variable,
               "not_configured"};
}

}  // namespace mortise::service
