// The operations of the Google Calendar connector; API v3.
#pragma once

#include <mortise/connector.hpp>

namespace google_calendar {

class GoogleCalendar final : public mortise::Connector {
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
  Task<Status> open_channel(Call& call) override;
  Task<Status> close_channel(Call& call) override;
};

}  // namespace google_calendar
