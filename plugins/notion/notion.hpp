// The operations of the Notion connector. Facts about the API: docs of Notion-Version 2026-03-11.
#pragma once

#include <mortise/connector.hpp>

namespace notion {

class Notion final : public mortise::Connector {
 public:
  using Status = mortise::Status;
  template <class T>
  using Task = mortise::Task<T>;
  using Call = mortise::Call;

  Task<Status> list(Call& call) override;
  Task<Status> get(Call& call) override;
  Task<Status> write(Call& call) override;
  Task<Status> estimate(Call& call) override;
  Task<Status> find(Call& call) override;
  Task<Status> targets(Call& call) override;
  Task<Status> make_target(Call& call) override;
  Task<Status> identity(Call& call) override;
};

}  // namespace notion
