#include "api/poller_loop.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace mortise::api {

namespace {

constexpr std::size_t kReadBytes = 32 * 1024;
constexpr std::size_t kSmallRequest = 2 * 1024;  // goes through however much others hold
constexpr std::size_t kLookedAt = 256;
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;
constexpr std::chrono::minutes kEndedKept(1);  // longer than a request waits for its stream

}  // namespace

Poller::Connection::~Connection() {
  ::close(socket);
}

void Poller::Loop::run() {
  std::array<epoll_event, 256> events{};
  while (!finished()) {
    const int ready =
        ::epoll_wait(poller_.epoll_, events.data(), static_cast<int>(events.size()), timeout_ms());
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 != 0) on_ready(event.data.u64, event.events);
    }
    take_commands();
    on_deadlines();
  }
  while (!connections_.empty()) close(connections_.begin()->first);
}

bool Poller::Loop::finished() const {
  if (drain_until_ == SteadyTime::max()) return false;
  return connections_.empty() || std::chrono::steady_clock::now() >= drain_until_;
}

int Poller::Loop::timeout_ms() const {
  SteadyTime next = drain_until_;
  if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
  if (next == SteadyTime::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void Poller::Loop::take_commands() {
  std::vector<Command> commands;
  {
    const std::lock_guard lock(poller_.mutex_);
    eventfd_t ignored = 0;
    ::eventfd_read(poller_.wake_, &ignored);
    commands.swap(poller_.commands_);
  }
  for (Command& command : commands) {
    std::visit([this](auto& each) { on(each); }, command);
  }
}

void Poller::Loop::on(Adopt& command) {
  const bool full = connections_.size() >= limits_.connections && !make_room();
  if (full || drain_until_ != SteadyTime::max()) {
    ::close(command.socket);
    return;
  }
  ::fcntl(command.socket, F_SETFD, FD_CLOEXEC);
  ::fcntl(command.socket, F_SETFL, ::fcntl(command.socket, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(command.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const ConnectionId id = ++last_id_;
  auto connection =
      std::make_unique<Connection>(command.socket, std::move(command.peer), limits_.http);
  epoll_event event{};
  event.events = connection->interest = EPOLLIN;
  event.data.u64 = id;
  if (::epoll_ctl(poller_.epoll_, EPOLL_CTL_ADD, connection->socket, &event) != 0) return;
  Connection& kept = *connections_.emplace(id, std::move(connection)).first->second;
  poller_.open_ = connections_.size();
  advance(id, kept);
}

// A new client matters more than one that waits for nothing: the longest idle connection goes.
bool Poller::Loop::make_room() {
  std::size_t looked_at = 0;
  for (const auto& [deadline, id] : deadlines_) {
    const Connection* connection = find(id);
    if (connection && connection->phase == Phase::reading &&
        connection->parser.state() == HttpParser::State::idle) {
      close(id);
      return true;
    }
    if (++looked_at == kLookedAt) break;
  }
  return false;
}

void Poller::Loop::on(Answer& command) {
  Connection* connection = find(command.id);
  if (!connection) return;
  connection->output = std::move(command.bytes);
  connection->sent = 0;
  connection->after = poller_.draining() ? After::close : command.after;
  connection->phase = Phase::writing;
  set_deadline(command.id, *connection, limits_.write_deadline);
  flush(command.id, *connection);
}

void Poller::Loop::on(OpenStream& command) {
  Connection* connection = find(command.id);
  if (!connection) return;
  if (poller_.draining()) return close(command.id);
  if (was_ended(command.stream)) {
    return refuse(command.id, *connection,
                  {401, "bad_credentials", "What let this in was taken away.", connection->origin});
  }
  StreamLease& lease = command.stream.lease;
  if (!lease.owner.empty()) {
    std::size_t& open = streams_of_[lease.owner];
    if (open >= lease.at_most) {
      return refuse(
          command.id, *connection,
          {429, "too_many_streams", "Close one of the event streams first.", connection->origin});
    }
    ++open;
  }
  connection->output = std::move(command.head);
  connection->sent = 0;
  connection->phase = Phase::streaming;
  connection->topic = command.stream.topic;
  connection->lease = std::move(lease);
  connection->lease_end = std::chrono::steady_clock::now() + connection->lease.life;
  set_stream_deadline(command.id, *connection);
  hub_.subscribe(command.stream, command.id,
                 [this](ConnectionId id, std::string_view bytes, Event::Last last) {
                   send_event(id, bytes, last);
                 });
  if ((connection = find(command.id))) flush(command.id, *connection);
}

/// Who asks was looked at before the stream is opened here: what let it in may be gone since.
bool Poller::Loop::was_ended(const Stream& stream) const {
  const StreamLease& lease = stream.lease;
  for (const std::string& name : {lease.credential, lease.owner, stream.topic}) {
    const auto found = ended_.find(name);
    if (found != ended_.end() && found->second >= lease.asked) return true;
  }
  return false;
}

void Poller::Loop::on(Publish& command) {
  hub_.publish(command.topic, command.sequence, command.event,
               [this](ConnectionId id, std::string_view bytes, Event::Last last) {
                 send_event(id, bytes, last);
               });
}

void Poller::Loop::on(EndStreams& command) {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::erase_if(ended_, [&](const auto& each) { return each.second + kEndedKept < now; });
  ended_[command.name] = now;
  std::vector<ConnectionId> ended;
  for (const auto& [id, connection] : connections_) {
    if (connection->phase != Phase::streaming) continue;
    const StreamLease& lease = connection->lease;
    if (lease.credential == command.name || lease.owner == command.name ||
        connection->topic == command.name) {
      ended.push_back(id);
    }
  }
  for (ConnectionId id : ended) end_stream(id, *find(id));
}

void Poller::Loop::on(Drain& command) {
  drain_until_ = std::min(drain_until_, command.until);
  std::vector<ConnectionId> idle;
  for (const auto& [id, connection] : connections_) {
    const bool waits = connection->phase == Phase::reading &&
                       connection->parser.state() == HttpParser::State::idle;
    if (waits || connection->phase == Phase::streaming) idle.push_back(id);
  }
  for (ConnectionId id : idle) close(id);
}

void Poller::Loop::on_ready(ConnectionId id, std::uint32_t events) {
  Connection* connection = find(id);
  if (!connection) return;
  if (connection->phase == Phase::handling) {
    // Nothing is asked for while a worker has the request: this is an error or a hang-up. The
    // answer has no reader; the connection goes when the worker is done with it.
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
      connection->after = After::close;
      ::epoll_ctl(poller_.epoll_, EPOLL_CTL_DEL, connection->socket, nullptr);
      connection->interest = 0;
    }
    return;
  }
  if ((events & EPOLLOUT) != 0) {
    flush(id, *connection);
    connection = find(id);
    if (!connection) return;
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(id, *connection);
}

void Poller::Loop::on_deadlines() {
  const SteadyTime now = std::chrono::steady_clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const ConnectionId id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    Connection* connection = find(id);
    if (!connection) continue;
    connection->deadline = {};
    on_deadline(id, *connection);
  }
}

void Poller::Loop::on_deadline(ConnectionId id, Connection& connection) {
  switch (connection.phase) {
    case Phase::reading:
      if (connection.parser.state() == HttpParser::State::idle) return close(id);
      return refuse(id, connection,
                    {408, "request_timeout", "The request did not arrive whole in time.",
                     connection.parser.origin()});
    case Phase::streaming:
      // Nothing read since the last heartbeat: the reader is gone or stuck.
      if (!connection.output.empty()) return close(id);
      if (std::chrono::steady_clock::now() >= connection.lease_end) {
        return end_stream(id, connection);
      }
      set_stream_deadline(id, connection);
      connection.output = ": heartbeat\n\n";
      connection.sent = 0;
      return flush(id, connection);
    case Phase::handling:
    case Phase::writing:
    case Phase::lingering:
      return close(id);
  }
}

void Poller::Loop::read(ConnectionId id, Connection& connection) {
  std::array<char, kReadBytes> buffer;
  const ssize_t got = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (got <= 0) return close(id);
  if (connection.phase == Phase::reading) {
    connection.parser.feed({buffer.data(), static_cast<std::size_t>(got)});
    return advance(id, connection);
  }
  if (connection.phase == Phase::lingering) {
    connection.sent += static_cast<std::size_t>(got);
    if (connection.sent > kLingerBytes) close(id);
  }
  // A stream's client has nothing to say: thrown away.
}

// Looks at what the parser has, after more bytes or after an answer.
void Poller::Loop::advance(ConnectionId id, Connection& connection) {
  count_buffer(connection);
  const HttpParser::State state = connection.parser.state();
  if (state == HttpParser::State::failed)
    return refuse(id, connection, connection.parser.failure());
  if (state == HttpParser::State::complete) return hand_over(id, connection);
  if (buffered_ > limits_.buffered_bytes && connection.counted > kSmallRequest) {
    return refuse(
        id, connection,
        {503, "busy", "Too many large requests are under way.", connection.parser.origin()});
  }
  if (state == HttpParser::State::idle && poller_.draining()) return close(id);
  if (connection.parser.take_continue()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    // Twenty-five bytes into an empty send buffer: if they do not fit, the client is gone.
    if (::send(connection.socket, kContinue.data(), kContinue.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(kContinue.size())) {
      return close(id);
    }
  }
  if (connection.timed != state) {  // one deadline per part, not per byte
    connection.timed = state;
    set_deadline(id, connection,
                 state == HttpParser::State::idle   ? limits_.idle_deadline
                 : state == HttpParser::State::head ? limits_.head_deadline
                                                    : limits_.body_deadline);
  }
  watch(id, connection, EPOLLIN);
}

void Poller::Loop::hand_over(ConnectionId id, Connection& connection) {
  clear_deadline(id, connection);
  watch(id, connection, 0);
  connection.phase = Phase::handling;
  connection.timed = HttpParser::State::complete;
  Request request = connection.parser.take();
  count_buffer(connection);
  request.peer = connection.peer;
  connection.origin = request.header("origin").value_or("");
  if (!poller_.callbacks_.on_request(id, std::move(request))) {
    refuse(id, connection, {503, "busy", "Too many requests are waiting.", connection.origin});
  }
}

void Poller::Loop::refuse(ConnectionId id, Connection& connection, const ParseFailure& failure) {
  connection.output = poller_.callbacks_.refuse(failure);
  connection.sent = 0;
  connection.after = After::close;
  connection.phase = Phase::writing;
  set_deadline(id, connection, limits_.linger);
  flush(id, connection);
}

void Poller::Loop::flush(ConnectionId id, Connection& connection) {
  while (connection.sent < connection.output.size()) {
    const ssize_t sent = ::send(connection.socket, connection.output.data() + connection.sent,
                                connection.output.size() - connection.sent, MSG_NOSIGNAL);
    if (sent > 0) {
      connection.sent += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      const bool streams = connection.phase == Phase::streaming;
      return watch(id, connection, streams ? EPOLLIN | EPOLLOUT : EPOLLOUT);
    } else if (errno != EINTR) {
      return close(id);
    }
  }
  std::string().swap(connection.output);
  connection.sent = 0;
  on_flushed(id, connection);
}

void Poller::Loop::on_flushed(ConnectionId id, Connection& connection) {
  if (connection.phase == Phase::streaming) {
    if (connection.ends) return begin_linger(id, connection);
    return watch(id, connection, EPOLLIN);
  }
  if (connection.after == After::close) return begin_linger(id, connection);
  connection.phase = Phase::reading;
  advance(id, connection);
}

// Closing with unread bytes makes the kernel send a reset, which may overtake the answer: say that
// nothing follows, then read on for a little while.
void Poller::Loop::begin_linger(ConnectionId id, Connection& connection) {
  ::shutdown(connection.socket, SHUT_WR);
  leave_topic(id, connection);
  connection.phase = Phase::lingering;
  connection.sent = 0;
  set_deadline(id, connection, limits_.linger);
  watch(id, connection, EPOLLIN);
}

// Whole events only: what a slow reader has not taken yet goes with the connection.
void Poller::Loop::end_stream(ConnectionId id, Connection& connection) {
  if (!connection.output.empty()) return close(id);
  begin_linger(id, connection);
}

void Poller::Loop::leave_topic(ConnectionId id, Connection& connection) {
  if (connection.topic.empty()) return;
  hub_.unsubscribe(std::exchange(connection.topic, {}), id);
  if (connection.lease.owner.empty()) return;
  const auto open = streams_of_.find(connection.lease.owner);
  if (--open->second == 0) streams_of_.erase(open);
}

void Poller::Loop::send_event(ConnectionId id, std::string_view bytes, Event::Last last) {
  Connection* connection = find(id);
  if (!connection || connection->phase != Phase::streaming || connection->ends) return;
  if (connection->output.size() - connection->sent + bytes.size() > limits_.stream_backlog_bytes) {
    return close(id);
  }
  const bool idle = connection->output.empty();
  connection->output.append(bytes);
  connection->ends = last == Event::Last::yes;
  if (idle) flush(id, *connection);
}

void Poller::Loop::watch(ConnectionId id, Connection& connection, std::uint32_t interest) {
  if (connection.interest == interest) return;
  epoll_event event{};
  event.events = connection.interest = interest;
  event.data.u64 = id;
  ::epoll_ctl(poller_.epoll_, EPOLL_CTL_MOD, connection.socket, &event);
}

void Poller::Loop::set_deadline(ConnectionId id, Connection& connection,
                                std::chrono::milliseconds after) {
  clear_deadline(id, connection);
  connection.deadline = std::chrono::steady_clock::now() + after;
  deadlines_.emplace(connection.deadline, id);
}

void Poller::Loop::set_stream_deadline(ConnectionId id, Connection& connection) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(connection.lease_end -
                                                                 std::chrono::steady_clock::now());
  set_deadline(id, connection, std::min(limits_.heartbeat, left));
}

void Poller::Loop::clear_deadline(ConnectionId id, Connection& connection) {
  if (connection.deadline != SteadyTime{}) deadlines_.erase({connection.deadline, id});
  connection.deadline = {};
}

void Poller::Loop::count_buffer(Connection& connection) {
  buffered_ -= connection.counted;
  connection.counted = connection.parser.buffered();
  buffered_ += connection.counted;
}

void Poller::Loop::close(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  leave_topic(id, connection);
  clear_deadline(id, connection);
  buffered_ -= connection.counted;
  connections_.erase(found);
  poller_.open_ = connections_.size();
}

Poller::Connection* Poller::Loop::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

}  // namespace mortise::api
