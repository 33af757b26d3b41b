// Accepting exports: the tier policy decides, the unit is reserved with the queued run in one
// commit.
#pragma once

#include <string>

#include "ports/clock.hpp"
#include "ports/gate.hpp"
#include "ports/run_queue.hpp"
#include "ports/service.hpp"
#include "ports/store.hpp"

namespace mortise::service {

struct ExportSettings {
  std::string host_zone;    ///< for accounts without a zone
  std::string upgrade_url;  ///< where the upgrade prompt leads; may be empty
};

/// Thread-safe. All collaborators must outlive it.
class QuotaExports final : public ports::Exports {
 public:
  QuotaExports(ports::Store& store, ports::Gate& gate, ports::RunQueue& queue,
               const ports::Clock& clock, ports::Random& random, ExportSettings settings);

  ports::Answer<core::Run> start(const ports::ExportRequest& request) override;
  Result<core::Run> sync(const std::string& connection_id, const std::string& request_id) override;
  ports::Answer<ports::Preview> preview(const ports::ExportRequest& request) override;
  Result<ports::QuotaView> usage(const std::string& account_id) override;
  Result<core::Run> cancel(const std::string& run_id) override;
  Result<core::Run> approve(const std::string& run_id, const core::JsonText& guard) override;
  Result<core::Run> discard(const std::string& run_id) override;

 private:
  struct Checked {
    core::Account account;
    core::Connection connection;
  };
  Result<Checked> check(const ports::ExportRequest& request) const;
  /// Decides and stores, once.
  ports::Answer<core::Run> accept(const ports::ExportRequest& request, core::Run run);
  Result<ports::QuotaView> view(const core::Account& account, const core::Usage& usage) const;
  Result<std::optional<core::Run>> under_way(const ports::ExportRequest& request) const;
  /// What a run of this request would be.
  Result<core::RunKind> kind_of(const ports::ExportRequest& request) const;
  ports::Decision decide(const Checked& checked, const ports::ExportRequest& request,
                         const core::Usage& usage) const;
  Result<core::Usage> usage_now(const core::Account& account) const;

  ports::Store& store_;
  ports::Gate& gate_;
  ports::RunQueue& queue_;
  const ports::Clock& clock_;
  ports::Random& random_;
  const ExportSettings settings_;
};

}  // namespace mortise::service
