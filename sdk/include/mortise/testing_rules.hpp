// What the host refuses of a connector, as far as one value shows it without a JSON library: the
// checks of the scripted host (testing.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mortise/text.hpp>
#include <mortise/values.hpp>

namespace mortise::testing {

/// The host's bounds.
struct Bounds {
  static constexpr std::size_t kIdBytes = 1024;  // ids, keys, versions, kinds, slots, header names
  static constexpr std::size_t kUrlBytes = 8 * 1024;  // URLs, titles, targets, header values
  static constexpr std::size_t kFieldsBytes = std::size_t{1024} * 1024;
  static constexpr std::size_t kIdentityBytes = std::size_t{64} * 1024;
  static constexpr std::size_t kBodyBytes = std::size_t{16} * 1024 * 1024;
  static constexpr std::size_t kHeaders = 64;                     // of a request
  static constexpr std::size_t kRequests = 1000;                  // of a step
  static constexpr std::size_t kReports = 100'000;                // of a step
  static constexpr std::int64_t kLatestMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z
};

/// A token of RFC 9110 section 5.6.2.
inline bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

/// Whether the host alone sets a header of this name.
inline bool is_reserved(std::string name) {
  constexpr std::array<std::string_view, 10> kReserved = {"authorization",
                                                          "proxy-authorization",
                                                          "host",
                                                          "content-length",
                                                          "transfer-encoding",
                                                          "connection",
                                                          "cookie",
                                                          "upgrade",
                                                          "te",
                                                          "expect"};
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

/// Whether a JSON object has the member "id", a text that is not empty.
inline bool has_id(std::string_view json) {
  std::size_t depth = 0;
  const auto past_space = [&](std::size_t at) {
    return std::min(json.find_first_not_of(" \t\r\n", at), json.size());
  };
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '{' || json[at] == '[') ++depth;
    if (json[at] == '}' || json[at] == ']') --depth;
    if (json[at] != '"') continue;
    const std::size_t begin = at + 1;
    for (at = begin; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\';
    if (at >= json.size()) return false;
    const std::size_t colon = past_space(at + 1);
    if (depth != 1 || json.substr(begin, at - begin) != "id" || json.substr(colon, 1) != ":")
      continue;
    const std::size_t value = past_space(colon + 1);
    return json.substr(value, 1) == "\"" && json.substr(value, 2) != "\"\"";
  }
  return false;
}

/// What the host hands to an operation instead of this answer, as far as that shows without a
/// manifest: 429, 529 and a 403 with an HTML page arrive as an error, without status and body.
inline Reply delivered(Reply reply) {
  if (reply.error) return reply;
  const bool limit = reply.status == 429 || reply.status == 529;
  const bool page = reply.status == 403 &&
                    reply.header("content-type").find("text/html") != std::string_view::npos;
  if (!limit && !page) return reply;
  Reply none;
  none.error =
      limit ? Error{Code::rate_limited, "the service answered " + std::to_string(reply.status)}
            : Error{Code::unavailable, "something in front of the service answered 403"};
  return none;
}

/// The breaches found so far, one sentence each.
class Breaches {
 public:
  const std::vector<std::string>& all() const noexcept { return all_; }

  void note(bool broken, std::string_view what, std::string_view of = {}) {
    if (broken) all_.push_back(std::string(what).append(of));
  }

  void check_text(std::string_view what, std::string_view text, std::size_t most,
                  std::string_view of = {}) {
    if (text.size() > most) note(true, std::string(what).append(of) + " is too large");
    if (!is_utf8(text)) note(true, std::string(what).append(of) + " is not valid UTF-8");
  }

  /// The host parses; here only what can be seen without a JSON library.
  void check_object(std::string_view what, std::string_view json, std::size_t most,
                    std::string_view of = {}) {
    check_text(what, json, most, of);
    const std::size_t first = json.find_first_not_of(" \t\r\n");
    const std::size_t last = json.find_last_not_of(" \t\r\n");
    if (first == std::string_view::npos || json[first] != '{' || json[last] != '}')
      note(true, std::string(what).append(of) + " is not a JSON object");
  }

  void check_instant(std::string_view what, std::int64_t ms, std::string_view of = {}) {
    if (ms < 0 || ms > Bounds::kLatestMs)
      note(true, std::string(what).append(of) + " is not within the years 1970 to 9999");
  }

  void check(const Request& request) {
    const std::string in = " in " + request.method + " " + request.target.substr(0, 100);
    note(request.origin.empty() || request.origin.size() > Bounds::kIdBytes ||
             request.origin.find("://") != std::string::npos,
         "the origin is no name from the manifest", in);
    constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    note(std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end(),
         "the method is none of GET, POST, PUT, PATCH and DELETE", in);
    const std::string_view target = request.target;
    note(target.substr(0, 1) != "/" || target.substr(0, 2) == "//",
         "the target does not begin with one '/'", in);
    const bool plain = std::all_of(target.begin(), target.end(), [](char c) {
      return c > ' ' && c < 0x7F && c != '#' && c != '\\';
    });
    note(!plain, "the target is not percent-encoded", in);
    note(target.size() > Bounds::kUrlBytes, "the target is too large", in);
    note(request.headers.size() > Bounds::kHeaders, "there are too many headers", in);
    for (const Header& each : request.headers) check(each, in);
    check_text("the body", request.body, Bounds::kBodyBytes, in);
  }

  void check(const Item& item) {
    const std::string of = " of item " + item.id.substr(0, 100);
    const auto state = static_cast<std::int32_t>(item.state);
    note(state < MT_PRESENT || state > MT_OUT_OF_SCOPE, "no known state", of);
    note(item.id.empty(), "no id", of);
    note(item.state == ItemState::present && item.kind.empty(), "no kind", of);
    check_text("the kind", item.kind, Bounds::kIdBytes, of);
    check_text("the id", item.id, Bounds::kIdBytes, of);
    check_text("the key", item.key, Bounds::kIdBytes, of);
    check_text("the parent", item.parent_id, Bounds::kIdBytes, of);
    check_text("the version", item.version, Bounds::kIdBytes, of);
    if (!item.fields.empty()) check_object("fields", item.fields, Bounds::kFieldsBytes, of);
    check_text("the memo", item.memo, MT_MEMO_MAX, of);
    check_text("the URL", item.url, Bounds::kUrlBytes, of);
    check_text("the series", item.series, Bounds::kIdBytes, of);
    check_text("the slot", item.slot, Bounds::kIdBytes, of);
    check_instant("the edit time", item.edited_ms, of);
  }

  void check(const Outcome& outcome) {
    const std::string of = " in the outcome of write " + std::to_string(outcome.write);
    const auto result = static_cast<std::int32_t>(outcome.result);
    note(result < MT_DONE || result > MT_NOT_ATTEMPTED, "no known result", of);
    note(outcome.result == WriteResult::done && outcome.id.empty(), "done, but no id", of);
    note(outcome.result == WriteResult::failed && outcome.error.message.empty(),
         "failed, but no reason", of);
    check_text("the id", outcome.id, Bounds::kIdBytes, of);
    check_text("the parent", outcome.parent_id, Bounds::kIdBytes, of);
    check_text("the version", outcome.version, Bounds::kIdBytes, of);
    if (!outcome.fields.empty()) check_object("fields", outcome.fields, Bounds::kFieldsBytes, of);
    check_text("the memo", outcome.memo, MT_MEMO_MAX, of);
    check_text("the URL", outcome.url, Bounds::kUrlBytes, of);
  }

  void check(const Target& target) {
    note(target.id.empty() || target.kind.empty(), "a target without id or kind");
    check_text("the id of a target", target.id, Bounds::kIdBytes);
    check_text("the kind of a target", target.kind, Bounds::kIdBytes);
    check_text("the title of a target", target.title, Bounds::kUrlBytes);
    check_text("the URL of a target", target.url, Bounds::kUrlBytes);
  }

  void check(const Channel& channel) {
    check_text("the resource of a channel", channel.resource, Bounds::kIdBytes);
    check_instant("the end of a channel", channel.expires_ms);
  }

  void check_identity(std::string_view json) {
    check_object("the identity", json, Bounds::kIdentityBytes);
    note(!has_id(json), "the identity has no id");
  }

 private:
  void check(const Header& header, std::string_view in) {
    const bool clean = std::none_of(header.value.begin(), header.value.end(), [](char c) {
      return c == 0x7F || (static_cast<unsigned char>(c) < ' ' && c != '\t');
    });
    note(!is_token(header.name) || !clean, "a header is malformed", in);
    note(header.name.size() > Bounds::kIdBytes || header.value.size() > Bounds::kUrlBytes,
         "a header is too large", in);
    note(is_reserved(header.name), "'" + header.name + "' is set, which is the host's,", in);
  }

  std::vector<std::string> all_;
};

}  // namespace mortise::testing
