#include "simulators/common/poster.hpp"

#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace mortise::simulators {
namespace {

constexpr int kConnectSeconds = 2;
constexpr int kAnswerSeconds = 10;
constexpr std::chrono::milliseconds kAtOnce{500};

struct Address {
  std::string origin;  // "http://127.0.0.1:8080"
  std::string target;  // "/hooks/x?y"
};

Address split(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  const std::size_t end = std::min(url.find_first_of("/?#", scheme + 3), url.size());
  const std::string rest = url.substr(end, url.find('#', end) - end);
  return {url.substr(0, end), !rest.empty() && rest.front() == '/' ? rest : "/" + rest};
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool only(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

// "example.com", "127.0.0.1:8080", "[::1]:8080": nothing that the library could stumble over.
bool is_host(std::string_view text) {
  const bool six = !text.empty() && text.front() == '[';
  const std::size_t end = std::min(six ? text.find(']') : text.find(':'), text.size());
  const std::string_view name = text.substr(six ? 1 : 0, end - (six ? 1 : 0));
  const bool named =
      six ? end < text.size() && only(name, "0123456789abcdefABCDEF:.")
          : only(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-");
  const std::string_view rest = text.substr(std::min(end + (six ? 1 : 0), text.size()));
  if (!named || rest.empty()) return named;
  const std::string_view port = rest.substr(1);
  return rest.front() == ':' && port.size() <= 5 && only(port, "0123456789") &&
         std::stoi(std::string(port)) <= 65535;
}

}  // namespace

bool is_web_address(const std::string& url) {
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f; }))
    return false;
  const std::string origin = split(url).origin;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (starts_with(origin, scheme)) return is_host(std::string_view(origin).substr(scheme.size()));
  }
  return false;
}

class Poster::Connection {
 public:
  explicit Connection(std::string origin) : origin_(std::move(origin)), client_(origin_) {
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
    client_.set_connection_timeout(kConnectSeconds, 0);
    client_.set_read_timeout(kAnswerSeconds, 0);
  }

  const std::string& origin() const { return origin_; }
  void stop() { client_.stop(); }

  int send(const Post& post, const std::string& target) {
    httplib::Request request;
    request.method = "POST";
    request.path = target;
    request.body = post.body;
    for (const auto& [name, value] : post.headers) request.set_header(name.c_str(), value);
    if (!post.content_type.empty()) {
      request.set_header("Content-Type", post.content_type);
    }
    const auto began = std::chrono::steady_clock::now();
    const auto answer = client_.send(request);
    const bool at_once = std::chrono::steady_clock::now() - began < kAtOnce;
    stale_ = !answer && answered_ && at_once;
    answered_ = static_cast<bool>(answer);
    return answer ? answer->status : 0;
  }
  /// The last request failed at once on a connection that had worked before.
  bool stale() const { return stale_; }

 private:
  std::string origin_;
  httplib::Client client_;
  bool answered_ = false;
  bool stale_ = false;
};

Poster::Poster() = default;
Poster::~Poster() = default;

int Poster::send(const Post& post) {
  const Address address = split(post.url);
  std::shared_ptr<Connection> connection;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return 0;
    if (!connection_ || connection_->origin() != address.origin) {
      connection_ = std::make_shared<Connection>(address.origin);
    }
    connection = connection_;
  }
  const int status = connection->send(post, address.target);
  if (!connection->stale()) return status;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return 0;
  }
  return connection->send(post, address.target);
}

void Poster::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  if (connection_) connection_->stop();
}

}  // namespace mortise::simulators
