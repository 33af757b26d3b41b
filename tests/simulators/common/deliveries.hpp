// Notifications on their way from a provider to an app: sent by threads of their own, tried again
// after a refusal; on request lost, doubled, late, held back.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "simulators/common/clock.hpp"
#include "simulators/common/poster.hpp"

namespace mortise::simulators {

struct Notification {
  std::string topic;  ///< the channel or subscription; of one topic one is sent at a time
  std::string label;  ///< what the list of deliveries calls it: "exists 7"
  Post post;
  std::string key = {};  ///< what DeliveryRules::prepared signs with
  bool once = false;     ///< a refusal is final
};

/// What goes wrong on purpose. Counted over all notifications, from 1; 0 means never.
struct DeliverySettings {
  bool paused = false;               ///< nothing is sent (but `flush` sends)
  int delay_ms = 0;                  ///< before the first try
  std::int64_t lose_every = 0;       ///< every n-th is not sent at all
  std::int64_t duplicate_every = 0;  ///< every n-th is sent twice
  std::int64_t late_every = 0;       ///< every n-th is overtaken by what comes after it ...
  int late_ms = 300;                 ///< ... within this time
  /// Waits between the tries; after the last one the notification is given up.
  std::vector<std::int64_t> retry_after_ms;

  Json to_json() const;
  /// Takes over what `json` names; answers a sentence if something in it is wrong.
  std::string merge(const Json& json);
};

/// Which answers a provider takes for what. Status 0: there was no answer.
struct DeliveryRules {
  bool (*accepted)(int status) = nullptr;
  bool (*worth_another_try)(int status) = nullptr;
  std::vector<std::int64_t> retry_after_ms;  ///< the provider's usual waits
  /// What is sent at the n-th try, from 1; null: the post as it is.
  Post (*prepared)(const Notification& notification, std::size_t attempt) = nullptr;
};

/// Thread-safe; its lock is a leaf. Waits run on the clock's pace: real time passes, and stepping
/// the clock forward counts.
class Deliveries {
 public:
  /// `changed` is called without any lock after something was sent: there is a new state to save.
  Deliveries(const Clock& clock, DeliveryRules rules, std::function<void()> changed);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// Queues it, to be sent after `wait_ms` and the settings' delay; answers its number.
  std::int64_t send(Notification notification, std::int64_t wait_ms = 0);
  /// Lets `change` change one of which nothing was sent yet; false if it is too late.
  bool amend(std::int64_t number, const std::function<void(Notification&)>& change);
  /// Queues one again that was tried not long ago; answers its new number, 0 if it is not known.
  std::int64_t send_again(std::int64_t number);
  /// Waits until that notification was tried once; not while deliveries are paused.
  void await_try(std::int64_t number);
  /// Sends everything that waits, due or not, paused or not; answers when all was tried once.
  void flush();
  /// Forgets what waits, the list and the counters; settings stay.
  void clear();
  /// Ends the threads. What waits stays, to be saved.
  void stop();

  Json settings() const;
  std::string merge_settings(const Json& json);
  /// {waiting, counters: {sent, accepted, refused, unanswered, tried_again, given_up, lost,
  /// doubled, late, statuses}, deliveries: [{number, topic, label, url, try, status, at_ms}]}: the
  /// newest 1,000 tries, those after `since` (a try's `number` is not its notification's).
  Json report(std::int64_t since) const;

  Json save() const;
  void load(const Json& saved);
  /// As new.
  void reset();

 private:
  struct Waiting {
    std::int64_t number = 0;
    Notification notification;
    std::size_t tries = 0;
    bool flushed = false;
  };
  using Place = std::pair<std::int64_t, std::int64_t>;  // due (pace), order of coming
  struct Tried {
    std::int64_t number = 0;
    std::int64_t of = 0;
    Notification notification;
    std::size_t attempt = 0;
    int status = 0;
    std::int64_t at_ms = 0;
  };
  struct Counters {
    std::int64_t sent = 0, accepted = 0, refused = 0, unanswered = 0, tried_again = 0, given_up = 0;
    std::int64_t lost = 0, doubled = 0, late = 0;
    std::map<int, std::int64_t> statuses;
  };
  using Queue = std::map<Place, Waiting>;

  void work(Poster& poster);
  Queue::iterator next(std::int64_t now_ms);
  void wait(std::unique_lock<std::mutex>& lock, std::int64_t now_ms);
  void finish(Waiting tried, int status);
  void queue(Waiting waiting, std::int64_t due_ms);
  bool is_waiting(const std::function<bool(const Waiting&)>& which) const;

  const Clock& clock_;
  const DeliveryRules rules_;
  const std::function<void()> changed_;

  mutable std::mutex mutex_;
  std::condition_variable wake_, tried_;
  bool ending_ = false;
  int working_ = 0;  // threads
  DeliverySettings settings_;
  Queue queue_;
  std::map<std::string, Waiting> under_way_;  // by topic
  std::deque<Tried> tries_;
  Counters counters_;
  std::int64_t last_number_ = 0, last_place_ = 0, last_try_ = 0;
  std::int64_t clearings_ = 0;  // what was under way before one counts for nothing after it
  std::deque<Poster> posters_;
  std::vector<std::thread> threads_;
};

}  // namespace mortise::simulators
