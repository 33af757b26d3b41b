// Sends HTTP requests out of the simulation: what the providers tell the apps.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "simulators/common/http.hpp"

namespace mortise::simulators {

/// One HTTP POST to an app.
struct Post {
  std::string url;  ///< http or https; certificates are verified
  Fields headers;
  std::string content_type;  ///< "": none is said
  std::string body;
};

/// True for an absolute http or https URL with a host.
bool is_web_address(const std::string& url);

/// One caller at a time, except for `stop`. Keeps the connection to the last host open.
class Poster {
 public:
  Poster();
  ~Poster();
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;

  /// The status of the answer; 0 if there was none within ten seconds. Redirects are not followed.
  /// If the open connection turns out to be dead it is sent again on a new one: twice, if the app
  /// closed it without a word after reading the first.
  int send(const Post& post);
  /// Cuts the request under way, from another thread. Nothing is sent any more.
  void stop();

 private:
  class Connection;
  std::mutex mutex_;
  std::shared_ptr<Connection> connection_;
  bool stopped_ = false;
};

}  // namespace mortise::simulators
