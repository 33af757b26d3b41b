// What a handler sees: a request that was collected and validated whole, and the answer it gives.
// Nothing here knows sockets or the HTTP library.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mortise::api {

/// One header field. Names of requests are in lower case; those of responses as they should appear.
struct Header {
  std::string name;
  std::string value;
};

/// Who asks, as the guard found out.
struct Principal {
  enum class Kind { nobody, app, user };
  Kind kind = Kind::nobody;
  std::string id;          ///< the key's or session's id: owns idempotency keys and rate budgets
  std::string account_id;  ///< of a user: the one account that it may see
  std::string csrf;        ///< of a user with a cookie: the token that its page sends back
  std::int64_t expires_ms = 0;

  /// An app sees every account, a user its own.
  bool may_see(std::string_view account) const {
    return kind == Kind::app || (kind == Kind::user && account == account_id);
  }
};

/// A whole request. Owned by the worker that answers it; handlers borrow it for the call.
struct Request {
  std::string method;
  std::string target;           ///< as sent: raw path and query
  std::string path;             ///< raw, still percent-encoded
  std::string query;            ///< raw, without the question mark
  std::vector<Header> headers;  ///< names in lower case
  std::string body;             ///< de-chunked
  bool keep_alive = true;

  std::string peer;            ///< address of the other end of the socket
  std::string client_address;  ///< the peer, or what a trusted proxy says of its client
  std::string scheme = "http";
  std::string request_id;
  std::string route;  ///< the operation's name; empty while none was found
  std::chrono::steady_clock::time_point begin;
  Principal principal;
  std::vector<Header> rate;                        ///< RateLimit fields that the answer carries
  std::map<std::string, std::string> path_params;  ///< decoded, by the names of the route's pattern

  /// The value of a field that occurs once (the first where it may repeat).
  std::optional<std::string_view> header(std::string_view lower_case_name) const;
  /// A decoded path parameter; the empty string if the route has none of that name.
  const std::string& param(const std::string& name) const;
};

/// One server-sent event (WHATWG HTML section 9.2). `data` is one line of JSON.
struct Event {
  std::string name;
  std::string data;
  enum class Last { no, yes } last = Last::no;  ///< yes: the stream ends after it
};

/// For whom a stream is open, and how long: what allowed it ends some day.
struct StreamLease {
  std::string credential;   ///< Principal::id: when that is taken away, the stream ends
  std::string owner;        ///< all streams of one owner are counted together; empty: not counted
  std::size_t at_most = 0;  ///< streams that the owner may have at once
  std::chrono::milliseconds life{std::chrono::hours(24)};
  /// When its request came, before anybody looked who asks: what was ended since is not opened.
  std::chrono::steady_clock::time_point asked = std::chrono::steady_clock::time_point::max();
};

/// An answer that stays open: the hub sends what is published on `topic`. No thread waits for it.
struct Stream {
  StreamLease lease;
  std::string topic;
  std::uint64_t since =
      0;  ///< EventHub::now() taken before `first` was read, so that nothing is lost
  std::string last_event_id;  ///< as the client sent it; if the hub still knows what followed, that
                              ///< is replayed in place of `first`
  std::optional<Event> first;  ///< the state of things, sent before any live event
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
  std::optional<Stream> stream;  ///< present: status, body are ignored, the head is the hub's

  /// Present: the answer comes later, and no worker waits for it. Called once, on the worker; calls
  /// what it is given exactly once, on any thread. The request outlives that call.
  using Done = std::function<void(Response)>;
  std::function<void(Done)> later;

  /// Sets a field, replacing one of the same name.
  void set(std::string name, std::string value);
  bool has(std::string_view name) const;
};

/// ASCII only, whatever the locale.
bool equals_ignoring_case(std::string_view left, std::string_view right);
std::string lower_case(std::string_view text);
std::string_view trim(std::string_view text);  ///< blanks and tabs

/// The words that stand for a status in a status line and in a problem's `title`.
std::string_view status_title(int status);

}  // namespace mortise::api
