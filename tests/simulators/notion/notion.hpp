// The simulated Notion: the API at Notion-Version 2026-03-11 under /v1, its consent page, and pages
// to look at under /notion. Facts: docs/providers of the product's documentation and Notion's
// reference.
//
// Left out: comments, file uploads, templates, Markdown bodies, views, formulas and
// rollups. Whatever is left out is refused, never ignored.
#pragma once

#include <memory>

#include "simulators/common/provider.hpp"

namespace mortise::simulators {

namespace notion {
class Model;
class Webhooks;
}  // namespace notion

class Notion final : public Provider {
 public:
  explicit Notion(World& world);
  ~Notion() override;

  std::string_view name() const override { return "notion"; }
  std::optional<Route> route(const Request& request) const override;
  Response answer(const Request& request, const Route& route) override;
  std::string caller(const Request& request) const override;
  /// says_committed adds committed_resource_id, committed_child_ids and retry_guidance.
  Response failure(const Fault& fault, const Request& request, const Response* applied) override;
  bool shows(const Request& request) const override;
  Response show(const Request& request) override;
  /// See person.hpp and webhooks.hpp.
  Response control(std::string_view action, const Json& body) override;
  int revoke_grants(std::string_view person) override;
  void stop() override;
  Json save() const override;
  void load(const Json& state) override;
  void reset() override;

 private:
  Json call(const Request& request);

  std::unique_ptr<notion::Model> model_;
  std::unique_ptr<notion::Webhooks> webhooks_;
};

}  // namespace mortise::simulators
