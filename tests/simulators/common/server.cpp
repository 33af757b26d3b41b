#include "simulators/common/server.hpp"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace mortise::simulators {
namespace {

constexpr int kThreads = 160;
constexpr int kIdleMs = 60'000;
constexpr int kSlowPieces = 8;
constexpr std::size_t kLargestBody = 32U << 20;

bool wait_for(int socket, short events, int timeout_ms) {
  pollfd watched{socket, events, 0};
  return ::poll(&watched, 1, timeout_ms) > 0;
}

/// One connection: a buffered stream that outlives its requests.
class Connection final : public httplib::Stream {
 public:
  explicit Connection(int socket) : socket_(socket) {}

  bool is_readable() const override { return begin_ < end_ || wait_for(socket_, POLLIN, kIdleMs); }
  bool is_writable() const override { return !cut_ && wait_for(socket_, POLLOUT, kIdleMs); }

  ssize_t read(char* to, size_t size) override {
    if (begin_ == end_) {
      if (!is_readable()) return -1;
      const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return got;
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
    }
    const std::size_t taken = std::min(size, end_ - begin_);
    std::copy_n(buffer_.data() + begin_, taken, to);
    begin_ += taken;
    return static_cast<ssize_t>(taken);
  }

  ssize_t write(const char* from, size_t size) override {
    const std::size_t piece = slow_ms_ > 0 ? size / kSlowPieces + 1 : size;
    for (std::size_t sent = 0; sent < size;) {
      if (!is_writable()) return -1;
      if (slow_ms_ > 0) {
        // Head and body come as two writes: together they take slow_ms_.
        wait_for(socket_, POLLRDHUP, slow_ms_ / (2 * kSlowPieces));
      }
      const ssize_t wrote =
          ::send(socket_, from + sent, std::min(piece, size - sent), MSG_NOSIGNAL);
      if (wrote <= 0) return -1;
      sent += static_cast<std::size_t>(wrote);
    }
    return static_cast<ssize_t>(size);
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    describe(ip, port, true);
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    describe(ip, port, false);
  }
  socket_t socket() const override { return socket_; }

  /// Nothing more is written.
  void cut() { cut_ = true; }
  bool is_cut() const { return cut_; }
  void slow_down(int total_ms) { slow_ms_ = total_ms; }
  /// The client has closed its side.
  bool abandoned() const { return wait_for(socket_, POLLRDHUP, 0); }

 private:
  void describe(std::string& ip, int& port, bool peer) const {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if ((peer ? ::getpeername(socket_, plain, &length) : ::getsockname(socket_, plain, &length)) !=
        0) {
      return;
    }
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> service{};
    if (::getnameinfo(plain, length, host.data(), host.size(), service.data(), service.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
      return;
    }
    ip = host.data();
    port = std::stoi(service.data());
  }

  int socket_;
  std::array<char, 16384> buffer_{};
  std::size_t begin_ = 0, end_ = 0;
  bool cut_ = false;
  int slow_ms_ = 0;
};

thread_local Connection* current = nullptr;

}  // namespace

class Server::Tamed final : public httplib::Server {
 public:
  explicit Tamed(simulators::Server::Handler handler) : answer_(std::move(handler)) {
    new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    set_tcp_nodelay(true);
    set_payload_max_length(kLargestBody);
    const auto answer = [this](const httplib::Request& from, httplib::Response& to) {
      serve(from, to);
    };
    Get(".*", answer);
    Post(".*", answer);
    Put(".*", answer);
    Patch(".*", answer);
    Delete(".*", answer);
    Options(".*", answer);
  }
  ~Tamed() override { finish(); }

  int begin(const std::string& host, int port) {
    const int bound = port == 0 ? bind_to_any_port(host) : (bind_to_port(host, port) ? port : 0);
    if (bound <= 0) return 0;
    loop_ = std::thread([this] { listen_after_bind(); });
    while (!is_running()) std::this_thread::yield();
    return bound;
  }

  void finish() {
    if (!loop_.joinable()) return;
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
      for (const int open : open_) ::shutdown(open, SHUT_RDWR);
    }
    released_.notify_all();
    stop();
    loop_.join();
  }

  void release() {
    {
      const std::scoped_lock lock(mutex_);
      ++releases_;
    }
    released_.notify_all();
  }

  int held() const { return held_; }

 private:
  bool process_and_close_socket(socket_t socket) override {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    {
      const std::scoped_lock lock(mutex_);
      if (ending_) ::shutdown(socket, SHUT_RDWR);
      open_.insert(socket);
    }
    Connection connection(socket);
    current = &connection;
    while (connection.is_readable()) {
      bool closed = false;
      connection.slow_down(0);
      if (!process_request(connection, false, closed, [](httplib::Request&) {}) || closed ||
          connection.is_cut()) {
        break;
      }
    }
    current = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      open_.erase(socket);
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
  }

  void serve(const httplib::Request& from, httplib::Response& to) {
    Request request;
    request.method = from.method;
    set_target(request, from.target);
    for (const auto& [name, value] : from.headers) {
      // The library adds these four itself: what was sent is all that counts.
      if (name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
          name == "LOCAL_PORT") {
        continue;
      }
      request.headers.emplace_back(name, value);
    }
    request.body = from.body;
    const Response response = answer_(request);
    to.status = response.status;
    for (const auto& [name, value] : response.headers) to.set_header(name, value);
    if (!response.body.empty()) to.set_content(response.body, response.content_type);
    deliver(response);
  }

  void deliver(const Response& response) {
    switch (response.delivery) {
      case Delivery::whole:
        pause(response.delay_ms);
        break;
      case Delivery::dropped:
        current->cut();
        break;
      case Delivery::held:
        hold();
        break;
      case Delivery::slow:
        current->slow_down(response.delay_ms);
        break;
    }
  }

  void pause(int delay_ms) {
    if (delay_ms <= 0) return;
    std::unique_lock lock(mutex_);
    released_.wait_for(lock, std::chrono::milliseconds(delay_ms), [this] { return ending_; });
  }

  void hold() {
    std::unique_lock lock(mutex_);
    const int seen = releases_;
    ++held_;
    while (!ending_ && releases_ == seen && !current->abandoned()) {
      released_.wait_for(lock, std::chrono::milliseconds(20));
    }
    --held_;
    if (releases_ == seen) current->cut();
  }

  simulators::Server::Handler answer_;
  std::thread loop_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::set<int> open_;
  std::atomic<int> held_ = 0;
  int releases_ = 0;
  bool ending_ = false;
};

Server::Server(Handler handler) : tamed_(std::make_unique<Tamed>(std::move(handler))) {}
Server::~Server() = default;
int Server::start(const std::string& host, int port) {
  return tamed_->begin(host, port);
}
void Server::release_holds() {
  tamed_->release();
}
int Server::held() const {
  return tamed_->held();
}
void Server::stop() {
  tamed_->finish();
}

}  // namespace mortise::simulators
