// events.watch and channels.stop.
#include "simulators/google/calendar_api.hpp"
#include "simulators/google/channels.hpp"

namespace mortise::simulators::google {

Answer CalendarApi::watch_events(const Call& call) {
  const Found found = with_events(call);
  if (found.problem) return *found.problem;
  return channels_.open(*found.calendar, call.caller.email, call.caller.client_id, call.body);
}

Answer CalendarApi::stop_channel(const Call& call) {
  return channels_.stop(call.caller.email, call.caller.client_id, call.body);
}

}  // namespace mortise::simulators::google
