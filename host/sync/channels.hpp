// Push channels: one per connection and target, opened before they are needed, renewed before they
// lapse, stopped when they are not wanted any more. Every step is stored before the service is
// asked, so that a crash leaves a row behind and no channel that nobody knows of.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ports/run_queue.hpp"
#include "ports/secrets.hpp"
#include "ports/upkeep.hpp"
#include "sync/coroutine.hpp"
#include "sync/ports.hpp"

namespace mortise::sync {

struct ChannelOptions {
  std::string public_url;  ///< where services reach this host; empty: push is off
  /// Whoever waits for a channel waits no longer than this.
  std::int64_t patience_ms = 5'000;
};

/// Thread-safe; one thing at a time per connection. A renewal is a second channel: it is stored as
/// open, and the first as closing, before that one is stopped. What could not be stopped is tried
/// again by sweep() until it would have ended by itself; its notifications do no harm.
class PushChannels {
 public:
  /// Why push is off for a connection, as ports::PushStatus says it.
  using Reason = std::string;

  PushChannels(Ports ports, const ports::Secrets& secrets, ports::RunQueue& runs,
               ChannelOptions options);

  /// Told on the executor after keep() or open() changed something. Set before anything is asked.
  void on_change(std::function<void(const std::string& connection_id)> changed);

  /// Nothing new is begun; what is under way ends with the answer it waits for.
  void stop();
  /// Waits until nothing is under way; false after `timeout_ms`.
  bool idle(std::int64_t timeout_ms);

  /// As ports::Upkeep::arrived and leaving.
  void open(const std::string& connection_id, std::function<void()> done);
  void close(const std::string& connection_id, std::function<void()> done);

  /// Does what is due for a connection now: opens, renews, stops what is not wanted.
  void keep(const std::string& connection_id);
  /// The same, also where the service had refused: something may have been put right.
  void refresh(const std::string& connection_id);
  /// As keep(), and looks at what keep() takes for granted: channels that an earlier process left
  /// half opened or half closed, and ones that say nothing although things change.
  void sweep(const std::string& connection_id);

  /// The wall clock was set back by so much: what was put off is so no longer than meant.
  void set_back(std::int64_t by_ms);

  /// When keep() has something to do; nothing: not before something else changes.
  std::optional<core::Instant> due(const core::Connection& connection) const;
  ports::PushStatus status(const core::Connection& connection) const;

 private:
  /// What is remembered of a connection while the process lives.
  struct Work {
    bool busy = false;
    bool again = false;     ///< asked for while busy
    bool sweeping = false;  ///< the next turn looks at leftovers, too
    bool choosing = false;  ///< the next turn may choose the default target
    bool leaving = false;   ///< no channel is opened until it has arrived again
    std::vector<std::function<void()>> waiting;
    std::int64_t failures = 0;   ///< of opening, in a row
    core::Instant retry_ms = 0;  ///< nothing is opened before
    std::string message;
  };
  /// What a connector said. `certain`: nothing was opened, for the service refused every request
  /// (4xx) or never got it.
  struct Answer {
    std::optional<ports::ChannelReport> channel;
    std::vector<ports::TargetChoice> targets;
    std::optional<Error> error;
    bool certain = true;
  };
  /// A connection, what it wants and what it has.
  struct View {
    core::Connection connection;
    std::shared_ptr<ports::Connector> connector;
    std::vector<core::Channel> channels;
    Reason off;  ///< empty: it wants a channel
    const core::Channel* live(core::Instant now_ms) const;
  };

  void ask_turn(const std::string& connection_id, void (*mark)(Work&),
                std::function<void()> done = {});
  Detached take_turns(std::string connection_id);
  Task<bool> turn(std::string connection_id, Work asked);
  Result<View> look(const std::string& connection_id) const;
  Reason why_off(const core::Connection& connection, const ports::Connector* connector) const;
  Task<bool> choose_target(View& view);
  Task<bool> open_one(const View& view, bool had_one);
  Status keep_opened(const View& view, const core::Channel& opened,
                     const ports::ChannelReport& report);
  Task<bool> close_one(const View& view, core::Channel channel, bool anyway);
  Task<Answer> ask(const View& view, ports::Call call, core::Secret secret);
  bool change(const std::string& id, const std::function<void(core::Channel&)>& edit);
  bool forget(const core::Channel& channel);
  bool is_silent(const std::string& connection_id, core::Instant heard_ms) const;
  void note_failure(const View& view, const Error& error);
  void note_success(const std::string& connection_id);
  std::function<void()> bounded(std::function<void()> done);
  std::string address_of(const std::string& connector, const std::string& id) const;
  std::string random_uuid() const;
  core::Secret random_secret() const;
  void log(std::string_view level, const std::string& line) const;

  Ports ports_;
  const ports::Secrets& secrets_;
  ports::RunQueue& runs_;
  const ChannelOptions options_;
  const Reason address_trouble_;  ///< why the public URL is of no use, or empty
  std::function<void(const std::string&)> changed_;
  const ports::CancelFlag stopping_;
  mutable std::mutex mutex_;  ///< guards the two below; never held across a port call
  std::map<std::string, Work> works_;
  int under_way_ = 0;
  std::condition_variable quiet_;
};

}  // namespace mortise::sync
