// The simulated Google: its accounts, OAuth, the Calendar API and pages to look at.
#pragma once

#include "simulators/common/provider.hpp"
#include "simulators/google/calendar_api.hpp"
#include "simulators/google/channels.hpp"
#include "simulators/google/model.hpp"
#include "simulators/google/oauth.hpp"
#include "simulators/google/pages.hpp"
#include "simulators/google/settings.hpp"

namespace mortise::simulators {

class Google final : public Provider {
 public:
  explicit Google(World& world);

  std::string_view name() const override { return "google"; }
  std::optional<Route> route(const Request& request) const override;
  Response answer(const Request& request, const Route& route) override;
  std::string caller(const Request& request) const override;
  Response failure(const Fault& fault, const Request& request, const Response* applied) override;
  bool shows(const Request& request) const override;
  Response show(const Request& request) override;
  /// The actions are listed in control.cpp.
  Response control(std::string_view action, const Json& body) override;
  int revoke_grants(std::string_view person) override;
  void stop() override { channels_.deliveries().stop(); }
  Json save() const override;
  void load(const Json& state) override;
  void reset() override;

 private:
  Response routed(const Request& request);
  Response calendar_call(const Request& request);
  std::optional<Response> over_limit(const google::Caller& caller);
  // control.cpp
  Response controlled(std::string_view action, const Json& body);
  Response control_events(std::string_view action, const Json& body);
  Response move_event(google::Calendar& calendar, const std::string& email, const Json& body);
  Response control_series(std::string_view action, google::Calendar& calendar,
                          const std::string& email, const Json& body);
  Response control_calendar(std::string_view action, google::Calendar& calendar, const Json& body);
  void empty(google::Calendar& calendar, bool silently);
  Response users() const;
  Response calendars_of(const std::string& email) const;

  World& world_;
  google::Settings settings_;
  google::Model model_;
  google::OAuth oauth_;
  google::Channels channels_;
  google::CalendarApi api_;
  google::Pages pages_;
};

}  // namespace mortise::simulators
