#include "app/identity.hpp"

#include "ports/random.hpp"

namespace mortise::app {
namespace {

constexpr const char* kInstallation = "host.installation";
constexpr const char* kSessionKey = "host.session_key";

Result<core::Secret> found_or_made(ports::Store& store, const std::string& name,
                                   ports::Random& random, const ports::Clock& clock,
                                   std::size_t bytes, NewIdentity what) {
  auto found = store.grants().secret(name);
  if (found) return std::move(found->value);
  if (found.error().code != Code::not_found) return std::move(found).error();
  core::Secret made(ports::random_hex(random, bytes));
  if (what == NewIdentity::forget) return made;
  Status saved = store.commit({ports::put(core::NamedSecret{name, made, clock.now_ms()})},
                              ports::Durability::full);
  if (!saved) return std::move(saved).error();
  return made;
}

}  // namespace

Result<InstallationIdentity> installation_identity(ports::Store& store, ports::Random& random,
                                                   const ports::Clock& clock, NewIdentity made) {
  auto installation = found_or_made(store, kInstallation, random, clock, 16, made);
  if (!installation) return std::move(installation).error();
  auto session_key = found_or_made(store, kSessionKey, random, clock, 32, made);
  if (!session_key) return std::move(session_key).error();
  return InstallationIdentity{std::string(installation->reveal_for_use()), std::move(*session_key)};
}

}  // namespace mortise::app
