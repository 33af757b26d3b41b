#include "net/curl_transport.hpp"

#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "net/curl_exchange.hpp"

namespace mortise::net {
namespace {

void start_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

/// OpenSSL writes with write(2): a peer that is gone would kill the process through SIGPIPE.
void ignore_sigpipe_on_this_thread() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

class CurlTransport::Loop {
 public:
  Loop(CurlOptions options, ports::Executor& executor)
      : options_(std::move(options)), allowed_(options_.origins), executor_(executor) {
    start_curl_once();
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options_.connections_per_host);
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void send(ports::HttpRequest request, CurlExchange::Done done) {
    auto url = check(request);
    if (!url.ok()) return post(std::move(done), {std::move(url).error(), false});
    auto exchange = std::make_unique<CurlExchange>(std::move(request), std::move(url).value(),
                                                   options_, std::move(done));
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(exchange));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  Result<ParsedUrl> check(const ports::HttpRequest& request) const {
    if (auto status = check_request(request); !status.ok()) return std::move(status).error();
    auto url = parse_url(request.url);
    if (url.ok() && !allowed_.contains(*url)) {
      return Error{Code::invalid, origin_of(*url) + " is not a configured origin",
                   "origin_refused"};
    }
    return url;
  }

  void post(CurlExchange::Done done, ports::HttpOutcome outcome) {
    auto shared = std::make_shared<ports::HttpOutcome>(std::move(outcome));
    executor_.post([done = std::move(done), shared] { done(std::move(*shared)); });
  }

  void run() {
    ignore_sigpipe_on_this_thread();
    // What is new starts before the poll: a handle that is added is only driven by perform, and
    // poll would sleep beside it.
    while (start_queued()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      finish_done();
      curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    close_all();
  }

  /// False when the loop is to end.
  bool start_queued() {
    std::deque<std::unique_ptr<CurlExchange>> fresh;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
      fresh.swap(queue_);
    }
    for (auto& exchange : fresh) {
      CURL* easy = exchange->easy();
      if (easy == nullptr || curl_multi_add_handle(multi_, easy) != CURLM_OK) {
        post(exchange->take_done(), {Error{Code::unavailable, "no memory for a request"}, false});
        continue;
      }
      active_.emplace(easy, std::move(exchange));
    }
    return true;
  }

  void finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto found = active_.find(message->easy_handle);
      const CURLcode code = message->data.result;
      finish(found->second.get(), found->second->outcome(code));
      active_.erase(found);
    }
  }

  void finish(CurlExchange* exchange, ports::HttpOutcome outcome) {
    curl_multi_remove_handle(multi_, exchange->easy());
    post(exchange->take_done(), std::move(outcome));
  }

  void close_all() {
    const Error closing{Code::unavailable, "the host is stopping", "closing"};
    for (auto& [easy, exchange] : active_) {
      const bool maybe_sent = exchange->outcome(CURLE_ABORTED_BY_CALLBACK).maybe_sent;
      finish(exchange.get(), {closing, maybe_sent});
    }
    active_.clear();
    std::deque<std::unique_ptr<CurlExchange>> unsent;
    {
      const std::lock_guard lock(mutex_);
      unsent.swap(queue_);
    }
    for (auto& exchange : unsent) post(exchange->take_done(), {closing, false});
  }

  const CurlOptions options_;
  const AllowedOrigins allowed_;
  ports::Executor& executor_;
  CURLM* multi_ = nullptr;
  std::map<CURL*, std::unique_ptr<CurlExchange>> active_;  ///< touched by the thread only
  std::mutex mutex_;                                       ///< guards the two below
  std::deque<std::unique_ptr<CurlExchange>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

CurlTransport::CurlTransport(CurlOptions options, ports::Executor& executor)
    : loop_(std::make_unique<Loop>(std::move(options), executor)) {}

CurlTransport::~CurlTransport() = default;

void CurlTransport::send(ports::HttpRequest request, std::function<void(ports::HttpOutcome)> done) {
  loop_->send(std::move(request), std::move(done));
}

}  // namespace mortise::net
