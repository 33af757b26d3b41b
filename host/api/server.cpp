// The one file that knows cpp-httplib, and its version: 0.11.4. What it relies on:
// `listen_internal` gives every accepted socket to `process_and_close_socket` through the task
// queue; `process_request` reads one request from a Stream and writes the answer to it; the
// pre-routing handler comes before any body is read.
#include "api/server.hpp"

#include <httplib.h>
#include <openssl/rand.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <future>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

static_assert(std::string_view(CPPHTTPLIB_VERSION) == "0.11.4",
              "read process_request and listen_internal of the new version before moving on");

namespace mortise::api {

namespace {

constexpr int kBacklog = 4096;

/// What process_request reads and where it writes: memory only. The descriptor it reports is no
/// descriptor, because the library refuses those above FD_SETSIZE.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string input) : input_(std::move(input)) {}

  bool is_readable() const override { return read_ < input_.size(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    const std::size_t taken = std::min(size, input_.size() - read_);
    std::memcpy(to, input_.data() + read_, taken);
    read_ += taken;
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* from, std::size_t size) override {
    output_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return -1; }

  std::string take_output() { return std::move(output_); }

 private:
  std::string input_;
  std::size_t read_ = 0;
  std::string output_;
};

/// The library's accept loop hands sockets on by itself; a queue would only add a thread hop.
class InlineQueue final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override { task(); }
  void shutdown() override {}
};

/// A request on its way through the workers; once more with its answer, if that came later.
struct Job {
  Poller::ConnectionId id = 0;
  std::shared_ptr<Request> request;
  std::optional<Response> response;
};

/// What waits for a worker. Outlives the server as long as answers may still come.
class JobQueue {
 public:
  bool push(Job job, std::size_t at_most) {
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.size() >= at_most) return false;
      jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
    return true;
  }
  /// Waits for a job; nothing once closed and empty.
  std::optional<Job> pop() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (jobs_.empty()) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> jobs_;
  bool closed_ = false;
};

struct Exchange {
  Job* job = nullptr;
  bool ran = false;
};

// The pre-routing handler is given the library's request only; this is ours, for the time of one
// process_request call on this thread.
thread_local Exchange* current_exchange = nullptr;

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string random_epoch() {
  std::uint32_t value = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value);
  return std::to_string(value);
}

std::string peer_address(int socket) {
  std::string address;
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return address;
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(reinterpret_cast<sockaddr*>(&storage), length, host.data(), host.size(),
                    nullptr, 0, NI_NUMERICHOST) == 0) {
    address = host.data();
  }
  return address;
}

/// Without the library: what the parser refused (there is no request line to give it), streams.
std::string write_head(int status, const std::vector<Header>& headers) {
  std::string out =
      "HTTP/1.1 " + std::to_string(status) + " " + std::string(status_title(status)) + "\r\n";
  for (const Header& field : headers) {
    if (field.value.find_first_of("\r\n") != std::string::npos) continue;
    out += field.name + ": " + field.value + "\r\n";
  }
  return out + "Connection: close\r\n";
}

std::string whole_answer(const Response& response) {
  return write_head(response.status, response.headers) +
         "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
}

}  // namespace

class Server::Tamed final : public httplib::Server {
 public:
  Tamed(ServerOptions options, Callbacks callbacks)
      : options_(std::move(options)),
        callbacks_(std::move(callbacks)),
        poller_(options_.limits, random_epoch(),
                {[this](Poller::ConnectionId id, Request&& request) {
                   const auto& paths = options_.express_paths;
                   const bool express = std::any_of(
                       paths.begin(), paths.end(),
                       [&](const std::string& path) { return request.path.starts_with(path); });
                   return (express ? express_ : jobs_)
                       ->push({id, std::make_shared<Request>(std::move(request)), {}},
                              options_.waiting_requests);
                 },
                 [this](const ParseFailure& failure) {
                   return whole_answer(callbacks_.refuse(failure));
                 }}) {
    new_task_queue = [this] {
      accepting_.set_value();
      return new InlineQueue;
    };
    set_tcp_nodelay(true);
    // The library's default is SO_REUSEPORT, with which a second host would share the port unseen.
    set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& out) {
      run_handler(out);
      return HandlerResponse::Handled;
    });
    set_post_routing_handler([this](const httplib::Request&, httplib::Response& out) {
      if (poller_.draining()) out.set_header("Connection", "close");
      out.headers.erase("Keep-Alive");
      out.headers.erase("Accept-Ranges");
      if (!has_body(out.status)) out.headers.erase("Content-Length");
    });
  }

  ~Tamed() override { stop_all(std::chrono::milliseconds(0)); }

  Status start_all() {
    raise_file_limit();
    errno = 0;
    if (options_.port == 0) {
      port_ = bind_to_any_port(options_.address);
    } else {
      port_ = bind_to_port(options_.address, options_.port) ? options_.port : -1;
    }
    if (port_ <= 0) {
      return Error{Code::unavailable, "listening on " + options_.address + " port " +
                                          std::to_string(options_.port) + ": " +
                                          (errno != 0 ? std::strerror(errno) : "cannot be bound")};
    }
    ::listen(svr_sock_, kBacklog);
    ::fcntl(svr_sock_, F_SETFD, FD_CLOEXEC);
    if (auto started = poller_.start(); !started) return started;
    for (unsigned i = 0; i < options_.workers; ++i) {
      workers_.emplace_back([this] { work(*jobs_); });
    }
    workers_.emplace_back([this] { work(*express_); });
    acceptor_ = std::thread([this] { listen_after_bind(); });
    accepting_.get_future().wait();
    return {};
  }

  void stop_all(std::chrono::milliseconds drain) {
    if (acceptor_.joinable()) {
      stop();
      acceptor_.join();
    }
    poller_.drain(drain);
    jobs_->close();
    express_->close();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  int bound_port() const { return port_; }
  Poller& poller() { return poller_; }
  const Poller& poller() const { return poller_; }

 private:
  bool process_and_close_socket(socket_t socket) override {
    poller_.adopt(socket, peer_address(socket));
    return true;
  }

  void work(JobQueue& jobs) {
    while (auto job = jobs.pop()) answer(*job);
  }

  void answer(Job& job) {
    const Request& request = *job.request;
    const bool close = !request.keep_alive || poller_.draining();
    // The library gets what it needs to write an answer: the method, and whether to keep the
    // connection. The target was read already, and the library refuses some that are good; fields
    // such as Range or Accept-Encoding would set its own machinery in motion.
    MemoryStream stream(request.method + " / HTTP/1.1\r\n" +
                        (close ? "Connection: close\r\n\r\n" : "\r\n"));
    Exchange exchange{&job};
    current_exchange = &exchange;
    bool closed = false;
    process_request(stream, close, closed, nullptr);
    current_exchange = nullptr;
    if (!exchange.ran) {  // a method the library does not know
      const ParseFailure failure{501, "method", "This method is not offered here.",
                                 std::string(request.header("origin").value_or(""))};
      poller_.answer(job.id, whole_answer(callbacks_.refuse(failure)), Poller::After::close);
    } else if (job.response->later) {
      answer_later(job);
    } else if (job.response->stream) {
      poller_.answer(job.id, write_head(200, job.response->headers) + "\r\n",
                     *std::move(job.response->stream));
    } else {
      poller_.answer(job.id, stream.take_output(),
                     close ? Poller::After::close : Poller::After::next_request);
    }
  }

  // The connection stays with nobody until the answer is there; then a worker writes it.
  void answer_later(Job& job) {
    const auto later = std::move(job.response->later);
    std::weak_ptr<JobQueue> jobs = jobs_;
    later([jobs, id = job.id, request = job.request](Response response) {
      if (const auto queue = jobs.lock()) {
        queue->push({id, request, std::move(response)}, std::numeric_limits<std::size_t>::max());
      }
    });
  }

  void run_handler(httplib::Response& out) {
    Exchange& exchange = *current_exchange;
    Job& job = *exchange.job;
    exchange.ran = true;
    if (job.response) {
      callbacks_.finish(*job.request, *job.response);
    } else {
      job.response = callbacks_.handle(*job.request);
    }
    Response& response = *job.response;
    if (response.later) return;
    if (response.stream) {
      response.set("Content-Type", "text/event-stream");
      response.set("X-Accel-Buffering", "no");
      if (job.request->method != "HEAD") return;
      response.stream.reset();
      response.status = 200;
    }
    out.status = response.status;
    for (const Header& field : response.headers) out.set_header(field.name, field.value);
    if (has_body(response.status)) out.body = std::move(response.body);
  }

  void raise_file_limit() const {
    rlimit limit{};
    const rlim_t wanted = options_.limits.connections + 512;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  ServerOptions options_;
  Callbacks callbacks_;
  std::promise<void> accepting_;
  int port_ = -1;
  std::shared_ptr<JobQueue> jobs_ = std::make_shared<JobQueue>();
  std::shared_ptr<JobQueue> express_ = std::make_shared<JobQueue>();
  std::vector<std::thread> workers_;
  std::thread acceptor_;
  Poller poller_;  ///< last: its thread calls enqueue()
};

Server::Server(ServerOptions options, Callbacks callbacks)
    : tamed_(std::make_unique<Tamed>(std::move(options), std::move(callbacks))) {}

Server::~Server() = default;

Status Server::start() {
  return tamed_->start_all();
}
int Server::port() const {
  return tamed_->bound_port();
}
void Server::stop(std::chrono::milliseconds drain) {
  tamed_->stop_all(drain);
}
void Server::publish(std::string topic, Event event) {
  tamed_->poller().publish(std::move(topic), std::move(event));
}
void Server::end_streams(std::string name) {
  tamed_->poller().end_streams(std::move(name));
}
std::uint64_t Server::now() const {
  return tamed_->poller().now();
}
std::size_t Server::connections() const {
  return tamed_->poller().connections();
}

}  // namespace mortise::api
