// The operations of the Google Calendar connector; API v3.
#pragma once

#include <string>
#include <vector>

#include <mortise/connector.hpp>

#include "codec.hpp"

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

 private:
  /// An event that has to be read again, shown in its own zone.
  struct Again {
    std::string id, zone;
  };
  Task<Status> read_again(Call& call, std::vector<Again> events);
  Task<Status> list_again(Call& call, std::vector<Again> events, std::string zone);
};

}  // namespace google_calendar
