// Topics and who listens to them (server-sent events). Confined to the poller's thread: it neither
// locks nor sends, it says which connection gets which bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/http.hpp"

namespace mortise::api {

struct HubLimits {
  std::size_t events_per_topic = 64;  ///< kept for clients that come back with Last-Event-ID
  std::size_t topics = 1024;          ///< beyond it, the longest quiet topic without listeners goes
};

/// Ends the id of the event that a stream ends with: who comes back with it has missed nothing.
constexpr std::string_view kEndSuffix = "-end";

class EventHub {
 public:
  using ConnectionId = std::uint64_t;
  /// Called for each listener: bytes to send, and whether the stream ends after them.
  using Send = std::function<void(ConnectionId, std::string_view, Event::Last)>;

  /// `epoch` tells the event ids of this process from those of an earlier one.
  EventHub(std::string epoch, HubLimits limits) : epoch_(std::move(epoch)), limits_(limits) {}

  /// Keeps the event and sends it to the topic's listeners. `sequence` grows with every event.
  void publish(const std::string& topic, std::uint64_t sequence, const Event& event,
               const Send& send);

  /// Adds a listener and sends it what it needs first: the events it missed, or the first state and
  /// what came after it was read.
  void subscribe(const Stream& stream, ConnectionId id, const Send& send);

  void unsubscribe(const std::string& topic, ConnectionId id);

 private:
  struct Kept {
    std::uint64_t sequence = 0;
    std::string bytes;
    Event::Last last = Event::Last::no;
  };
  struct Topic {
    std::deque<Kept> recent;
    std::uint64_t complete_since = 0;  ///< every event after this sequence number is in `recent`
    std::uint64_t touched = 0;
    std::set<ConnectionId> listeners;
  };

  Topic& touch(const std::string& name);
  bool can_replay(const Topic& topic, const Stream& stream, std::uint64_t& after) const;
  std::string format(std::uint64_t sequence, const Event& event) const;

  std::string epoch_;
  HubLimits limits_;
  std::unordered_map<std::string, Topic> topics_;
  std::uint64_t clock_ = 0;
  std::uint64_t last_sequence_ = 0;
};

}  // namespace mortise::api
