#include "api/event_hub.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace mortise::api {

void EventHub::publish(const std::string& name, std::uint64_t sequence, const Event& event,
                       const Send& send) {
  Topic& topic = touch(name);
  last_sequence_ = std::max(last_sequence_, sequence);
  topic.recent.push_back({sequence, format(sequence, event), event.last});
  if (topic.recent.size() > limits_.events_per_topic) {
    topic.complete_since = topic.recent.front().sequence;
    topic.recent.pop_front();
  }
  const Kept kept = topic.recent.back();
  const std::set<ConnectionId> listeners = topic.listeners;  // a failed send unsubscribes
  for (ConnectionId id : listeners) send(id, kept.bytes, kept.last);
}

void EventHub::subscribe(const Stream& stream, ConnectionId id, const Send& send) {
  Topic& topic = touch(stream.topic);
  topic.listeners.insert(id);
  std::uint64_t after = stream.since;
  std::vector<Kept> first;
  if (!can_replay(topic, stream, after) && stream.first) {
    first.push_back({stream.since, format(stream.since, *stream.first), stream.first->last});
  }
  for (const Kept& kept : topic.recent) {
    if (kept.sequence > after) first.push_back(kept);
  }
  for (const Kept& kept : first) {
    send(id, kept.bytes, kept.last);
    if (kept.last == Event::Last::yes) break;
  }
}

void EventHub::unsubscribe(const std::string& name, ConnectionId id) {
  if (const auto found = topics_.find(name); found != topics_.end())
    found->second.listeners.erase(id);
}

EventHub::Topic& EventHub::touch(const std::string& name) {
  auto [found, added] = topics_.try_emplace(name);
  found->second.touched = ++clock_;
  if (!added) return found->second;
  // What was published here before the topic was (last) forgotten is not known any more.
  found->second.complete_since = last_sequence_;
  if (topics_.size() > limits_.topics) {
    auto oldest = topics_.end();
    for (auto it = topics_.begin(); it != topics_.end(); ++it) {
      if (it == found || !it->second.listeners.empty()) continue;
      if (oldest == topics_.end() || it->second.touched < oldest->second.touched) oldest = it;
    }
    if (oldest != topics_.end()) topics_.erase(oldest);
  }
  return topics_.find(name)->second;
}

bool EventHub::can_replay(const Topic& topic, const Stream& stream, std::uint64_t& after) const {
  const std::string_view id = stream.last_event_id;
  if (id.size() <= epoch_.size() + 1 || id.substr(0, epoch_.size()) != epoch_ ||
      id[epoch_.size()] != '-') {
    return false;
  }
  std::uint64_t sequence = 0;
  const char* begin = id.data() + epoch_.size() + 1;
  const char* end = id.data() + id.size();
  if (const auto [rest, error] = std::from_chars(begin, end, sequence);
      error != std::errc{} || rest != end || sequence < topic.complete_since) {
    return false;
  }
  after = sequence;
  return true;
}

std::string EventHub::format(std::uint64_t sequence, const Event& event) const {
  std::string out = "id: " + epoch_ + "-" + std::to_string(sequence);
  if (event.last == Event::Last::yes) out += kEndSuffix;
  out += '\n';
  if (!event.name.empty()) out += "event: " + event.name + "\n";
  std::string_view data = event.data;
  while (true) {  // a line feed in the data begins another data line
    const auto end = data.find('\n');
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  return out + "\n";
}

}  // namespace mortise::api
