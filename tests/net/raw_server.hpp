// A server on a loopback socket that does exactly what a test says, byte by byte: what a
// well-behaved library would never do.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mortise::test {

/// One accepted connection, owned by the server's thread.
class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  virtual ~RawConnection() = default;
  /// Reads one request (head, and body by Content-Length). Empty when the peer is gone.
  std::string read_request() {
    std::string data;
    std::size_t wanted = std::string::npos;
    while (wanted == std::string::npos || data.size() < wanted) {
      char buffer[4096];
      const ssize_t got = receive(buffer, sizeof buffer);
      if (got <= 0) return {};
      data.append(buffer, static_cast<std::size_t>(got));
      const std::size_t end = data.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::size_t length = data.find("Content-Length: ");
      const std::size_t body =
          length == std::string::npos || length > end ? 0 : std::stoul(data.substr(length + 16));
      wanted = end + 4 + body;
    }
    return data;
  }
  /// False when the peer is gone.
  bool write(const std::string& data) {
    std::size_t done = 0;
    while (done < data.size()) {
      const ssize_t put = send(data.data() + done, data.size() - done);
      if (put <= 0) return false;
      done += static_cast<std::size_t>(put);
    }
    return true;
  }
  /// Blocks until the peer closes.
  void wait_closed() {
    char buffer[512];
    while (receive(buffer, sizeof buffer) > 0) {
    }
  }
  /// The server closes it.
  int fd() const { return fd_; }

 protected:
  /// As recv() and send() answer.
  virtual ssize_t receive(void* data, std::size_t size) { return ::recv(fd_, data, size, 0); }
  virtual ssize_t send(const void* data, std::size_t size) {
    return ::send(fd_, data, size, MSG_NOSIGNAL);
  }

 private:
  int fd_;
};

class RawServer {
 public:
  /// Called on the server's thread for each connection, one after the other; closes on return.
  using Script = std::function<void(RawConnection&)>;

  explicit RawServer(Script script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(listener_, 16);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    closing_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void serve() {
    while (!closing_) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections_;
      RawConnection connection(fd);
      script_(connection);
      close(fd);
    }
  }

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> closing_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace mortise::test
