// The calls of the Acme connector: which requests an operation takes and what their answers mean.
#pragma once

#include <cstdint>

#include <mortise/connector.hpp>

namespace acme {

class Acme final : public mortise::Connector {
 public:
  mortise::Task<mortise::Status> list(mortise::Call& call) override;
  mortise::Task<mortise::Status> get(mortise::Call& call) override;
  mortise::Task<mortise::Status> write(mortise::Call& call) override;
  mortise::Task<mortise::Status> targets(mortise::Call& call) override;
  mortise::Task<mortise::Status> identity(mortise::Call& call) override;

 private:
  mortise::Task<mortise::Outcome> write_one(mortise::Call& call, std::uint32_t index);
};

}  // namespace acme
