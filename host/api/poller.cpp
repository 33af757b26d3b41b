#include "api/poller.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "api/poller_loop.hpp"

namespace mortise::api {

Poller::Poller(PollerLimits limits, std::string epoch, Callbacks callbacks)
    : limits_(limits), callbacks_(std::move(callbacks)), epoch_(std::move(epoch)) {}

Poller::~Poller() {
  drain(std::chrono::milliseconds(0));
  for (Command& command : commands_) {
    if (auto* adopt = std::get_if<Adopt>(&command)) ::close(adopt->socket);
  }
  if (wake_ >= 0) ::close(wake_);
  if (epoll_ >= 0) ::close(epoll_);
}

Status Poller::start() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  if (epoll_ < 0 || wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    return Error{Code::unavailable,
                 std::string("starting the HTTP poller: ") + std::strerror(errno)};
  }
  thread_ = std::thread([this] { Loop(*this).run(); });
  return {};
}

void Poller::adopt(int socket, std::string peer) {
  post(Adopt{socket, std::move(peer)});
}

void Poller::answer(ConnectionId id, std::string bytes, After after) {
  post(Answer{id, std::move(bytes), after});
}

void Poller::answer(ConnectionId id, std::string head, Stream stream) {
  post(OpenStream{id, std::move(head), std::move(stream)});
}

void Poller::end_streams(std::string name) {
  post(EndStreams{std::move(name)});
}

void Poller::publish(std::string topic, Event event) {
  bool first = false;
  {
    // Numbered under the lock, so that the queue holds events in the order of their numbers.
    const std::lock_guard lock(mutex_);
    first = commands_.empty();
    commands_.push_back(Publish{std::move(topic), ++sequence_, std::move(event)});
  }
  if (first) ::eventfd_write(wake_, 1);
}

void Poller::post(Command command) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = commands_.empty();
    commands_.push_back(std::move(command));
  }
  if (first) ::eventfd_write(wake_, 1);
}

void Poller::drain(std::chrono::milliseconds at_most) {
  if (!thread_.joinable()) return;
  draining_ = true;
  post(Drain{std::chrono::steady_clock::now() + at_most});
  thread_.join();
}

}  // namespace mortise::api
