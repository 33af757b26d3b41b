// Push: the channels that apps opened on calendars, and what is sent to them. Notifications say
// that something changed, never what.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "simulators/common/deliveries.hpp"
#include "simulators/common/provider.hpp"
#include "simulators/google/model.hpp"
#include "simulators/google/problem.hpp"
#include "simulators/google/settings.hpp"

namespace mortise::simulators::google {

struct Channel {
  std::string id;
  std::string email, client_id;  ///< who opened it
  std::string calendar_id;
  std::string address;
  std::string token;  ///< "" if the app gave none
  std::string resource_id, resource_uri;
  std::int64_t expires_ms = 0;
  std::int64_t number = 0;  ///< of the last message
  std::uint64_t seen = 0;   ///< the newest change that it was told of

  Json to_json() const;
};

/// Used under the world's lock. Deliveries go out on threads of their own.
class Channels {
 public:
  Channels(World& world, const Settings& settings, const Model& model);

  /// events.watch: opens what `wanted` (a Channel resource) says and sends its sync message.
  Answer open(const Calendar& calendar, const std::string& email, const std::string& client_id,
              const Json& wanted);
  /// channels.stop. What is on its way still arrives.
  Answer stop(const std::string& email, const std::string& client_id, const Json& wanted);
  /// Tells every channel whose calendar changed since it was last told; one message each, however
  /// much changed. To be called after everything that may have changed something.
  void notify_changes();
  /// The sync message that the reply being made has to wait for (Settings::sync_before_reply).
  std::optional<std::int64_t> take_awaited() { return std::exchange(awaited_, std::nullopt); }

  /// The actions of control.cpp that concern channels and deliveries; nullopt: another one.
  std::optional<Response> control(std::string_view action, const Json& body);

  Deliveries& deliveries() { return deliveries_; }
  Json save() const;
  /// Takes what `save` wrote; throws Json::exception before anything changed if it is none.
  void load(const Json& saved);
  void reset();

 private:
  std::optional<Problem> check(const Json& wanted) const;
  void forget_expired();
  std::int64_t tell(Channel& channel, const std::string& state);
  Notification notification(const Channel& channel, const std::string& state) const;
  Response list(const Json& body);
  Response notify(const Json& body);

  World& world_;
  const Settings& settings_;
  const Model& model_;
  std::map<std::string, Channel> open_;                     // by id
  std::set<std::pair<std::string, std::string>> used_ids_;  // client id, channel id: ended ones too
  std::optional<std::int64_t> awaited_;
  Deliveries deliveries_;
};

}  // namespace mortise::simulators::google
