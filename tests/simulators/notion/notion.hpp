// The simulated Notion.
#pragma once

#include "simulators/common/provider.hpp"

namespace mortise::simulators {

class Notion final : public Provider {
 public:
  explicit Notion(World& world) : world_(world) {}

  std::string_view name() const override { return "notion"; }
  std::optional<Route> route(const Request& request) const override;
  Response answer(const Request& request, const Route& route) override;
  std::string caller(const Request& request) const override;
  Response failure(const Fault& fault, const Request& request, const Response* applied) override;
  bool shows(const Request& request) const override;
  Response show(const Request& request) override;
  Response control(std::string_view action, const Json& body) override;
  int revoke_grants(std::string_view person) override;
  Json save() const override;
  void load(const Json& state) override;
  void reset() override;

 private:
  World& world_;
};

}  // namespace mortise::simulators
