// ports::Hooks: what the manifest declares about notifications, carried out.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "ports/hooks.hpp"
#include "ports/inbox_journal.hpp"
#include "ports/secrets.hpp"
#include "sync/intake.hpp"
#include "sync/ports.hpp"

namespace mortise::sync {

/// Thread-safe. Secrets and signatures are compared in constant time; whatever is refused leaves no
/// trace. A handshake's window lives in memory: a restart closes it.
class VerifiedHooks final : public ports::Hooks {
 public:
  VerifiedHooks(Ports ports, const ports::Secrets& secrets, ports::InboxJournal& journal,
                Intake& intake);

  ports::Verdict receive(const ports::Knock& knock) override;
  Result<ports::Handshake> open_handshake(const std::string& connector) override;
  Result<ports::Handshake> handshake(const std::string& connector) override;

 private:
  ports::Verdict on_channel(const ports::Manifest& manifest, const ports::Knock& knock);
  ports::Verdict on_application(const ports::Manifest& manifest, const ports::Knock& knock);
  ports::Verdict shake_hands(const ports::Manifest& manifest, const ports::Knock& knock);
  ports::Verdict keep(ports::Received received);
  Result<std::shared_ptr<ports::Connector>> with_handshake(const std::string& connector) const;

  Ports ports_;
  const ports::Secrets& secrets_;
  ports::InboxJournal& journal_;
  Intake& intake_;
  std::mutex mutex_;  ///< guards what is below; never held across a port call
  std::map<std::string, ports::Handshake> handshakes_;
};

}  // namespace mortise::sync
