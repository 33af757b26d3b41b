#include "simulators/common/poster.hpp"

#include <httplib.h>

#include <algorithm>
#include <string_view>

namespace mortise::simulators {
namespace {

constexpr int kConnectSeconds = 2;
constexpr int kAnswerSeconds = 10;

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

}  // namespace

bool is_web_address(const std::string& url) {
  const bool clean =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f; });
  const bool web = starts_with(url, "http://") || starts_with(url, "https://");
  const std::string origin = split(url).origin;
  return clean && web && origin.size() > origin.find("://") + 3 &&
         httplib::Client(origin).is_valid();
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
    const auto answer = client_.send(request);
    return answer ? answer->status : 0;
  }

 private:
  std::string origin_;
  httplib::Client client_;
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
  return connection->send(post, address.target);
}

void Poster::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  if (connection_) connection_->stop();
}

}  // namespace mortise::simulators
