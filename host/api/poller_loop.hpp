// The poller's thread: its connections and what may happen to them. Private to poller*.cpp.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "api/poller.hpp"

namespace mortise::api {

using SteadyTime = std::chrono::steady_clock::time_point;

/// One socket. `reading` -> `handling` (a worker has the request) -> `writing` -> `reading`, or
/// `streaming` (a listener of the hub), or `lingering` (refused; what still comes is thrown away).
struct Poller::Connection {
  enum class Phase { reading, handling, writing, streaming, lingering };

  Connection(int socket_in, std::string peer_in, HttpLimits limits)
      : socket(socket_in), peer(std::move(peer_in)), parser(limits) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket;
  std::string peer;
  std::string origin;  ///< of the request that a worker has
  HttpParser parser;
  Phase phase = Phase::reading;
  After after = After::next_request;
  HttpParser::State timed = HttpParser::State::complete;  ///< what `deadline` was set for
  std::string output;
  std::size_t sent = 0;
  std::string topic;
  StreamLease lease;
  SteadyTime lease_end{};
  bool ends = false;        ///< a stream whose last event is in `output`
  std::size_t counted = 0;  ///< its share of Loop::buffered_
  SteadyTime deadline{};
  std::uint32_t interest = 0;
};

class Poller::Loop {
 public:
  explicit Loop(Poller& poller)
      : poller_(poller), limits_(poller.limits_), hub_(poller.epoch_, poller.limits_.hub) {}

  void run();

 private:
  using Phase = Connection::Phase;

  bool finished() const;
  int timeout_ms() const;
  void take_commands();
  void on(Adopt& command);
  void on(Answer& command);
  void on(OpenStream& command);
  void on(Publish& command);
  void on(EndStreams& command);
  bool was_ended(const Stream& stream) const;
  void on(Drain& command);
  bool make_room();
  void on_ready(ConnectionId id, std::uint32_t events);
  void on_deadlines();
  void on_deadline(ConnectionId id, Connection& connection);

  void read(ConnectionId id, Connection& connection);
  void advance(ConnectionId id, Connection& connection);
  void hand_over(ConnectionId id, Connection& connection);
  void refuse(ConnectionId id, Connection& connection, const ParseFailure& failure);
  void begin_linger(ConnectionId id, Connection& connection);
  void flush(ConnectionId id, Connection& connection);
  void on_flushed(ConnectionId id, Connection& connection);
  void end_stream(ConnectionId id, Connection& connection);
  void leave_topic(ConnectionId id, Connection& connection);
  void set_stream_deadline(ConnectionId id, Connection& connection);
  void send_event(ConnectionId id, std::string_view bytes, Event::Last last);

  void watch(ConnectionId id, Connection& connection, std::uint32_t interest);
  void set_deadline(ConnectionId id, Connection& connection, std::chrono::milliseconds after);
  void clear_deadline(ConnectionId id, Connection& connection);
  void count_buffer(Connection& connection);
  void close(ConnectionId id);
  Connection* find(ConnectionId id);

  Poller& poller_;
  const PollerLimits& limits_;
  EventHub hub_;
  std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::set<std::pair<SteadyTime, ConnectionId>> deadlines_;
  std::unordered_map<std::string, std::size_t> streams_of_;  ///< by owner
  std::map<std::string, SteadyTime> ended_;                  ///< what end_streams() named lately
  ConnectionId last_id_ = 0;
  std::size_t buffered_ = 0;
  SteadyTime drain_until_ = SteadyTime::max();
};

}  // namespace mortise::api
