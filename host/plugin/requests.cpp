#include "plugin/requests.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <mortise/text.hpp>

#include "plugin/plain.hpp"

namespace mortise::plugin {
namespace {

Error wrong(std::string sentence) {
  return Error{Code::internal, std::move(sentence)};
}

std::string_view view(mt_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// Null with a size is no text.
bool fits(mt_str text, std::size_t most) {
  return text.size == 0 || (text.data != nullptr && text.size <= most);
}

// What a sentence about a request ends with: its method, target and origin, as far as they can be
// read.
std::string name_of(const mt_request& raw, const Limits& limits) {
  const auto word = [](mt_str text, std::size_t most) {
    return in_quotes(fits(text, most) ? view(text) : std::string_view());
  };
  return ": " + word(raw.method, limits.id_bytes) + " " + word(raw.target, limits.url_bytes) +
         " of origin " + word(raw.origin, limits.id_bytes);
}

// The memory that a request takes.
std::size_t bytes_of(const ports::ConnectorRequest& request) {
  std::size_t bytes = sizeof(request) + request.origin.size() + request.method.size() +
                      request.target.size() + request.body.size() +
                      request.writes.size() * sizeof(request.writes[0]);
  for (const auto& header : request.headers) {
    bytes += sizeof(header) + header.first.size() + header.second.size();
  }
  return bytes;
}

bool is_method(std::string_view method) {
  constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

// "." or "..", also with its dots encoded.
bool is_dots(std::string_view segment) {
  std::size_t dots = 0;
  while (!segment.empty()) {
    const bool encoded = segment.substr(0, 2) == "%2" && segment.size() > 2 &&
                         (segment[2] == 'e' || segment[2] == 'E');
    if (segment[0] != '.' && !encoded) return false;
    segment.remove_prefix(encoded ? 3 : 1);
    ++dots;
  }
  return dots == 1 || dots == 2;
}

// Path and query as they go into the request line: visible ASCII, no fragment. "//" at the start
// would name another host to some parsers, dot segments another path.
bool is_target(std::string_view target) {
  if (target.empty() || target[0] != '/' || target.substr(0, 2) == "//") return false;
  std::string_view path = target.substr(0, target.find('?'));
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const std::size_t end = std::min(path.find('/'), path.size());
    if (is_dots(path.substr(0, end))) return false;
    path.remove_prefix(end);
  }
  return std::all_of(target.begin(), target.end(),
                     [](char c) { return c > ' ' && c < 0x7F && c != '#' && c != '\\'; });
}

}  // namespace

// A token of RFC 9110 section 5.6.2.
bool is_header_name(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return c == '\r' || c == '\n' || c == '\0' || c == 0x7F ||
           (static_cast<unsigned char>(c) < ' ' && c != '\t');
  });
}

std::string lower_case(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool belongs_to_host(std::string_view name) {
  constexpr std::array<std::string_view, 10> kOurs = {"authorization",
                                                      "proxy-authorization",
                                                      "host",
                                                      "content-length",
                                                      "transfer-encoding",
                                                      "connection",
                                                      "cookie",
                                                      "upgrade",
                                                      "te",
                                                      "expect"};
  const std::string lower = lower_case(name);
  return std::find(kOurs.begin(), kOurs.end(), lower) != kOurs.end();
}

Result<std::vector<ports::ConnectorRequest>> RequestRules::take(const mt_step& step) const {
  if (step.request_count == 0 || step.requests == nullptr)
    return wrong("a step that sends nothing");
  if (step.request_count > limits_.requests_per_step) {
    return wrong("more than " + std::to_string(limits_.requests_per_step) +
                 " requests in one step");
  }
  std::vector<ports::ConnectorRequest> out;
  std::size_t bytes = 0;
  out.reserve(step.request_count);
  for (std::size_t i = 0; i < step.request_count; ++i) {
    const mt_request* raw = step.requests[i];
    if (raw == nullptr || !MT_HAS(raw, write_count))
      return wrong("a request of an impossible size");
    auto request = take(*raw);
    if (!request) return wrong(request.error().message + name_of(*raw, limits_));
    bytes += bytes_of(*request);
    if (bytes > limits_.bytes_per_step) {
      return wrong("more than " + std::to_string(limits_.bytes_per_step) + " bytes in one step");
    }
    out.push_back(*std::move(request));
  }
  return out;
}

Result<ports::ConnectorRequest> RequestRules::take(const mt_request& raw) const {
  if (!fits(raw.origin, limits_.id_bytes) || !fits(raw.method, limits_.id_bytes)) {
    return wrong("a request with too large an origin or method");
  }
  if (!fits(raw.target, limits_.url_bytes) || !fits(raw.body, limits_.body_bytes)) {
    return wrong("a request with too large a target or body");
  }
  ports::ConnectorRequest request;
  request.origin = view(raw.origin);
  request.method = view(raw.method);
  request.target = view(raw.target);
  request.body = view(raw.body);
  request.repeatable = (raw.flags & MT_REPEATABLE) != 0;
  request.fill_secret = operation_ == ports::Operation::open_channel;
  if (manifest_.origin(request.origin) == nullptr) {
    return wrong("a request to an origin that the manifest does not declare");
  }
  if (!is_method(request.method)) return wrong("a request with a method that is not allowed");
  if (!is_target(request.target))
    return wrong("a request with a target that is no path of its origin");
  if (!is_utf8(request.body)) return wrong("a request with a body that is not UTF-8");
  if (Status headers = take_headers(raw, request); !headers) return std::move(headers).error();

  if (raw.write_count > write_count_ || (raw.write_count != 0 && raw.writes == nullptr)) {
    return wrong("a request that carries out more writes than there are");
  }
  request.writes.assign(raw.writes, raw.writes + raw.write_count);
  const bool known = std::all_of(request.writes.begin(), request.writes.end(),
                                 [&](std::uint32_t index) { return index < write_count_; });
  if (!known) return wrong("a request for a write that nobody asked for");
  return request;
}

Status RequestRules::take_headers(const mt_request& raw, ports::ConnectorRequest& request) const {
  if (raw.header_count > limits_.headers_per_request ||
      (raw.header_count != 0 && raw.headers == nullptr)) {
    return wrong("a request with too many headers");
  }
  for (std::size_t i = 0; i < raw.header_count; ++i) {
    const mt_header& header = raw.headers[i];
    if (!fits(header.name, limits_.id_bytes) || !fits(header.value, limits_.url_bytes)) {
      return wrong("a request with too large a header, number " + std::to_string(i));
    }
    const std::string_view name = view(header.name);
    const std::string_view value = view(header.value);
    if (!is_header_name(name) || !is_header_value(value))
      return wrong("a request with a malformed header " + in_quotes(name));
    if (belongs_to_host(name)) {
      return wrong("a request that sets " + in_quotes(name) + ", which is the host's");
    }
    request.headers.emplace_back(name, value);
  }
  return {};
}

}  // namespace mortise::plugin
