#include "simulators/common/deliveries.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace mortise::simulators {
namespace {

constexpr int kThreads = 4;
constexpr std::size_t kTriesKept = 1000;
// How soon a step of the clock is seen.
constexpr std::chrono::milliseconds kLook{20};
constexpr std::chrono::seconds kLongestWait{15};

bool every(std::int64_t n, std::int64_t number) {
  return n > 0 && number % n == 0;
}

}  // namespace

Json DeliverySettings::to_json() const {
  return Json{{"paused", paused},
              {"delay_ms", delay_ms},
              {"lose_every", lose_every},
              {"duplicate_every", duplicate_every},
              {"late_every", late_every},
              {"late_ms", late_ms},
              {"retry_after_ms", retry_after_ms}};
}

std::string DeliverySettings::merge(const Json& json) {
  DeliverySettings merged = *this;
  try {
    for (const auto& [key, value] : json.items()) {
      if (key == "paused") {
        value.get_to(merged.paused);
      } else if (key == "delay_ms") {
        value.get_to(merged.delay_ms);
      } else if (key == "lose_every") {
        value.get_to(merged.lose_every);
      } else if (key == "duplicate_every") {
        value.get_to(merged.duplicate_every);
      } else if (key == "late_every") {
        value.get_to(merged.late_every);
      } else if (key == "late_ms") {
        value.get_to(merged.late_ms);
      } else if (key == "retry_after_ms") {
        value.get_to(merged.retry_after_ms);
      } else {
        return "unknown delivery setting " + key;
      }
    }
  } catch (const Json::exception& problem) {
    return problem.what();
  }
  const bool negative = merged.delay_ms < 0 || merged.late_ms < 0 || merged.lose_every < 0 ||
                        merged.duplicate_every < 0 || merged.late_every < 0;
  if (negative) return "delivery settings are not negative";
  *this = std::move(merged);
  return {};
}

Deliveries::Deliveries(const Clock& clock, DeliveryRules rules, std::function<void()> changed)
    : clock_(clock), rules_(std::move(rules)), changed_(std::move(changed)), posters_(kThreads) {
  settings_.retry_after_ms = rules_.retry_after_ms;
  working_ = kThreads;
  for (Poster& poster : posters_) threads_.emplace_back([this, &poster] { work(poster); });
}

Deliveries::~Deliveries() {
  stop();
}

void Deliveries::stop() {
  {
    std::unique_lock lock(mutex_);
    ending_ = true;
    wake_.notify_all();
    tried_.notify_all();
    // One may be just about to send: it is told until it has heard.
    do {
      for (Poster& poster : posters_) poster.stop();
    } while (!tried_.wait_for(lock, kLook, [this] { return working_ == 0; }));
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Deliveries::queue(Waiting waiting, std::int64_t due_ms) {
  queue_.emplace(Place{due_ms, ++last_place_}, std::move(waiting));
}

std::int64_t Deliveries::send(Notification notification, std::int64_t wait_ms) {
  const std::int64_t now_ms = clock_.pace_ms();
  std::int64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = ++last_number_;
    if (every(settings_.lose_every, number)) {
      ++counters_.lost;
      return number;
    }
    std::int64_t due_ms = now_ms + wait_ms + settings_.delay_ms;
    if (every(settings_.late_every, number)) {
      ++counters_.late;
      due_ms += settings_.late_ms;
    }
    const Waiting waiting{number, std::move(notification)};
    if (every(settings_.duplicate_every, number)) {
      ++counters_.doubled;
      queue(waiting, due_ms);
    }
    queue(waiting, due_ms);
  }
  wake_.notify_all();
  return number;
}

bool Deliveries::amend(std::int64_t number, const std::function<void(Notification&)>& change) {
  const std::scoped_lock lock(mutex_);
  const auto same = [number](const auto& entry) { return entry.second.number == number; };
  if (std::any_of(under_way_.begin(), under_way_.end(), same)) return false;
  // Of two copies the first may be out already.
  const auto sent = [number](const Tried& tried) { return tried.of == number; };
  if (std::any_of(tries_.rbegin(), tries_.rend(), sent)) return false;
  bool waits = false;
  for (auto& [place, waiting] : queue_) {
    if (waiting.number != number) continue;
    change(waiting.notification);
    waits = true;
  }
  return waits;
}

std::int64_t Deliveries::send_again(std::int64_t number) {
  Notification notification;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::find_if(tries_.rbegin(), tries_.rend(),
                                    [number](const Tried& tried) { return tried.of == number; });
    if (found == tries_.rend()) return 0;
    notification = found->notification;
  }
  return send(std::move(notification));
}

// The first in line whose time has come and whose topic has nothing under way.
Deliveries::Queue::iterator Deliveries::next(std::int64_t now_ms) {
  for (auto it = queue_.begin(); it != queue_.end(); ++it) {
    const bool time = it->second.flushed || (!settings_.paused && it->first.first <= now_ms);
    if (time && under_way_.count(it->second.notification.topic) == 0) return it;
    if (!settings_.paused && it->first.first > now_ms) break;
  }
  return queue_.end();
}

void Deliveries::wait(std::unique_lock<std::mutex>& lock, std::int64_t now_ms) {
  if (queue_.empty() || settings_.paused) {
    wake_.wait(lock);
    return;
  }
  const std::chrono::milliseconds left(queue_.begin()->first.first - now_ms);
  wake_.wait_for(lock, left.count() > 0 ? std::min(kLook, left) : kLook);
}

void Deliveries::work(Poster& poster) {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const std::int64_t now_ms = clock_.pace_ms();
    const auto found = next(now_ms);
    if (found == queue_.end()) {
      wait(lock, now_ms);
      continue;
    }
    Waiting waiting = std::move(found->second);
    queue_.erase(found);
    const std::string topic = waiting.notification.topic;
    under_way_[topic] = waiting;
    const std::int64_t clearings = clearings_;
    lock.unlock();
    const int status = poster.send(rules_.prepared == nullptr
                                       ? waiting.notification.post
                                       : rules_.prepared(waiting.notification, waiting.tries + 1));
    lock.lock();
    if (ending_) break;  // cut short: it stays under way and is saved as waiting
    under_way_.erase(topic);
    if (clearings == clearings_) finish(std::move(waiting), status);
    lock.unlock();
    wake_.notify_all();
    tried_.notify_all();
    if (changed_) changed_();
    lock.lock();
  }
  --working_;
  tried_.notify_all();
}

void Deliveries::finish(Waiting tried, int status) {
  ++tried.tries;
  ++counters_.sent;
  ++counters_.statuses[status];
  tries_.push_back(
      {++last_try_, tried.number, tried.notification, tried.tries, status, clock_.now_ms()});
  if (tries_.size() > kTriesKept) tries_.pop_front();
  if (rules_.accepted(status)) {
    ++counters_.accepted;
    return;
  }
  ++(status == 0 ? counters_.unanswered : counters_.refused);
  if (tried.notification.once || !rules_.worth_another_try(status)) return;
  if (tried.tries > settings_.retry_after_ms.size()) {
    ++counters_.given_up;
    return;
  }
  ++counters_.tried_again;
  const std::int64_t pause_ms = settings_.retry_after_ms[tried.tries - 1];
  tried.flushed = false;
  queue(std::move(tried), clock_.pace_ms() + pause_ms);
}

bool Deliveries::is_waiting(const std::function<bool(const Waiting&)>& which) const {
  const auto fits = [&](const auto& entry) { return which(entry.second); };
  return std::any_of(queue_.begin(), queue_.end(), fits) ||
         std::any_of(under_way_.begin(), under_way_.end(), fits);
}

void Deliveries::await_try(std::int64_t number) {
  std::unique_lock lock(mutex_);
  tried_.wait_for(lock, kLongestWait, [&] {
    return ending_ || settings_.paused || !is_waiting([number](const Waiting& waiting) {
             return waiting.number == number && waiting.tries == 0;
           });
  });
}

void Deliveries::flush() {
  std::unique_lock lock(mutex_);
  for (auto& [place, waiting] : queue_) waiting.flushed = true;
  wake_.notify_all();
  tried_.wait_for(lock, kLongestWait, [this] {
    return ending_ || (under_way_.empty() &&
                       !is_waiting([](const Waiting& waiting) { return waiting.flushed; }));
  });
}

void Deliveries::clear() {
  {
    const std::scoped_lock lock(mutex_);
    ++clearings_;
    queue_.clear();
    tries_.clear();
    counters_ = {};
  }
  tried_.notify_all();
}

void Deliveries::reset() {
  {
    const std::scoped_lock lock(mutex_);
    settings_ = {};
    settings_.retry_after_ms = rules_.retry_after_ms;
  }
  clear();
}

Json Deliveries::settings() const {
  const std::scoped_lock lock(mutex_);
  return settings_.to_json();
}

std::string Deliveries::merge_settings(const Json& json) {
  std::string problem;
  {
    const std::scoped_lock lock(mutex_);
    problem = settings_.merge(json);
  }
  wake_.notify_all();
  tried_.notify_all();
  return problem;
}

Json Deliveries::report(std::int64_t since) const {
  const std::scoped_lock lock(mutex_);
  Json statuses = Json::object();
  for (const auto& [status, count] : counters_.statuses) statuses[std::to_string(status)] = count;
  Json tries = Json::array();
  for (const Tried& tried : tries_) {
    if (tried.number <= since) continue;
    tries.push_back({{"number", tried.number},
                     {"notification", tried.of},
                     {"topic", tried.notification.topic},
                     {"label", tried.notification.label},
                     {"url", tried.notification.post.url},
                     {"try", tried.attempt},
                     {"status", tried.status},
                     {"at_ms", tried.at_ms}});
  }
  return Json{{"waiting", queue_.size() + under_way_.size()},
              {"counters",
               {{"sent", counters_.sent},
                {"accepted", counters_.accepted},
                {"refused", counters_.refused},
                {"unanswered", counters_.unanswered},
                {"tried_again", counters_.tried_again},
                {"given_up", counters_.given_up},
                {"lost", counters_.lost},
                {"doubled", counters_.doubled},
                {"late", counters_.late},
                {"statuses", std::move(statuses)}}},
              {"deliveries", std::move(tries)}};
}

Json Deliveries::save() const {
  const std::scoped_lock lock(mutex_);
  const std::int64_t now_ms = clock_.pace_ms();
  Json waiting = Json::array();
  const auto add = [&](const Waiting& one, std::int64_t due_in_ms) {
    Json headers = Json::array();
    for (const auto& [name, value] : one.notification.post.headers) {
      headers.push_back(Json::array({name, value}));
    }
    waiting.push_back({{"number", one.number},
                       {"topic", one.notification.topic},
                       {"label", one.notification.label},
                       {"url", one.notification.post.url},
                       {"headers", std::move(headers)},
                       {"content_type", one.notification.post.content_type},
                       {"body", one.notification.post.body},
                       {"key", one.notification.key},
                       {"once", one.notification.once},
                       {"tries", one.tries},
                       {"due_in_ms", due_in_ms}});
  };
  for (const auto& [topic, one] : under_way_) add(one, 0);
  for (const auto& [place, one] : queue_) add(one, std::max<std::int64_t>(place.first - now_ms, 0));
  return Json{{"settings", settings_.to_json()},
              {"last_number", last_number_},
              {"waiting", std::move(waiting)}};
}

void Deliveries::load(const Json& saved) {
  const std::int64_t now_ms = clock_.pace_ms();
  std::vector<std::pair<std::int64_t, Waiting>> waiting;
  for (const Json& entry : saved.at("waiting")) {
    Waiting one;
    entry.at("number").get_to(one.number);
    entry.at("topic").get_to(one.notification.topic);
    entry.at("label").get_to(one.notification.label);
    entry.at("url").get_to(one.notification.post.url);
    entry.at("headers").get_to(one.notification.post.headers);
    entry.at("content_type").get_to(one.notification.post.content_type);
    entry.at("body").get_to(one.notification.post.body);
    entry.at("key").get_to(one.notification.key);
    entry.at("once").get_to(one.notification.once);
    entry.at("tries").get_to(one.tries);
    waiting.emplace_back(now_ms + entry.at("due_in_ms").get<std::int64_t>(), std::move(one));
  }
  const auto last_number = saved.at("last_number").get<std::int64_t>();
  reset();
  merge_settings(saved.at("settings"));
  {
    const std::scoped_lock lock(mutex_);
    last_number_ = last_number;
    for (auto& [due_ms, one] : waiting) queue(std::move(one), due_ms);
  }
  wake_.notify_all();
}

}  // namespace mortise::simulators
