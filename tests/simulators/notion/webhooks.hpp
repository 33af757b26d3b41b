// Webhooks as Notion has them: one subscription per app, made in its settings, verified by a token
// that goes to its URL and comes back by hand; then events that name what changed and never say
// how. Bursts are merged, deliveries are signed and tried up to eight times within a day.
//
// POST /control/notion/<action>, beside person.hpp's; `subscription` may be left out where there
// is one:
//   subscribe            {url, client, events, token}  posts {"verification_token"} to the url
//                                         (before this answers) and shows the subscription; of
//                                         `events` all by default
//   confirm              {subscription, token}   what a person does with the token
//   resend_token         {subscription}
//   change_subscription  {subscription, events, url}   the url only while it is not confirmed
//   unsubscribe          {subscription}
//   webhooks             {since}          {subscriptions, settings, waiting, counters, deliveries};
//                                         see Deliveries::report
//   webhook_settings     {merge_ms, paused, delay_ms, lose_every ...}  see DeliverySettings
//   flush                {}               sends all that waits; answers when it was tried
//   redeliver            {notification}   the same event again
//   forge                {id, type, url, body, signature}  an event that never happened, about the
//                                         object; or any body. signature: "wrong" (default),
//                                         "none", "right" or literally
#pragma once

#include <map>

#include "simulators/common/deliveries.hpp"
#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

struct Subscription {
  std::string id, client, url, token;
  bool confirmed = false;
  std::vector<std::string> events;  ///< the types told; empty: all
};

/// Used under the world's lock, except `stop`.
class Webhooks {
 public:
  explicit Webhooks(Model& model);

  /// What happened since, in order.
  void tell(const std::vector<Happening>& happenings);
  /// One of the actions above, or null if it is none. May throw Refusal.
  std::optional<Response> control(std::string_view action, const Json& body);
  /// /notion/webhooks: the settings page of the apps.
  Response show(const Request& request);

  void stop() { deliveries_.stop(); }
  Json save() const;
  void load(const Json& state);
  void reset();

 private:
  /// An event that may still grow.
  struct Open {
    std::int64_t number = 0;
    std::int64_t until_ms = 0;  ///< on the clock's pace
  };

  void tell(const Subscription& subscription, const Happening& happening, Thing& entity);
  bool merged(const std::string& key, const Json& later);
  Json event(const Subscription& subscription, const Happening& happening, Thing& entity);
  Json accessible_by(const Subscription& subscription, const Thing& entity);
  Subscription& named(const Json& body);
  std::int64_t send_token(const Subscription& subscription);
  std::int64_t forge(const Json& body);
  Json describe(const Subscription& subscription) const;
  Json report(std::int64_t since) const;
  void change_settings(const Json& changes);
  std::string page() const;
  std::string card(const Subscription& subscription) const;

  Subscription& subscribe(const Json& body);
  void confirm(const Json& body);
  void change(const Json& body);

  Model& model_;
  Deliveries deliveries_;
  std::vector<Subscription> subscriptions_;
  std::int64_t merge_ms_;
  std::map<std::string, Open> open_;  ///< by subscription, type and entity
};

/// What X-Notion-Signature says of a body.
std::string signature(const std::string& token, const std::string& body);
/// Every type of event that this simulation tells.
const std::vector<std::string>& event_types();

}  // namespace mortise::simulators::notion
