#include "api/http_parser.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace mortise::api {

namespace {

constexpr std::size_t kChunkLineBytes = 256;
// Fields that mean something to us and would be read differently by different parsers if repeated.
constexpr std::array<std::string_view, 12> kSingletons = {
    "host",          "content-length",    "transfer-encoding", "content-type",
    "authorization", "idempotency-key",   "if-match",          "x-csrf-token",
    "origin",        "x-forwarded-proto", "last-event-id",     "expect"};

bool is_token_char(unsigned char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_token_char(static_cast<unsigned char>(c));
  });
}

bool has_control(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char raw) {
    const auto c = static_cast<unsigned char>(raw);
    return (c < 0x20 && c != '\t') || c == 0x7f;
  });
}

std::optional<std::uint64_t> parse_number(std::string_view text, unsigned radix,
                                          std::size_t max_digits) {
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    unsigned digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit >= radix) return std::nullopt;
    value = value * radix + digit;
  }
  return value;
}

bool list_has(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (equals_ignoring_case(trim(list.substr(0, comma)), wanted)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

HttpParser::State HttpParser::feed(std::string_view bytes) {
  if (state_ == State::failed) return state_;
  input_.append(bytes);
  if (state_ != State::complete) run();
  return state_;
}

void HttpParser::run() {
  while (state_ != State::complete && state_ != State::failed && step()) {
  }
  if (state_ == State::failed) {
    std::string().swap(input_);
    request_ = Request();
    consumed_ = searched_ = 0;
    return;
  }
  if (consumed_ > 0) {
    input_.erase(0, consumed_);
    searched_ -= std::min(searched_, consumed_);
    consumed_ = 0;
  }
  if (input_.empty()) std::string().swap(input_);  // an idle connection holds no buffer
}

bool HttpParser::step() {
  if (step_ == Step::fixed_body || step_ == Step::chunk_data) return append_body();
  std::string_view line;
  if (!next_line(line)) return false;
  switch (step_) {
    case Step::request_line:
      return on_request_line(line);
    case Step::headers:
      return line.empty() ? on_head_complete() : on_header(line);
    case Step::chunk_size:
      return on_chunk_size(line);
    case Step::chunk_end:
      if (!line.empty()) return fail(400, "bad_chunk", "A chunk is longer than its size says.");
      step_ = Step::chunk_size;
      return true;
    case Step::trailers:
      return line.empty() ? finish() : on_trailer(line);
    case Step::fixed_body:
    case Step::chunk_data:
      break;
  }
  return false;
}

// Gives the next line without its CRLF. False: not there yet, or failed.
bool HttpParser::next_line(std::string_view& line) {
  const bool in_body = step_ == Step::chunk_size || step_ == Step::chunk_end;
  if (state_ == State::idle && consumed_ < input_.size()) state_ = State::head;
  searched_ = std::max(searched_, consumed_);
  const auto end = input_.find('\n', searched_);
  const std::size_t length = (end == std::string::npos ? input_.size() : end + 1) - consumed_;
  if (in_body) {
    if (length > kChunkLineBytes) return fail(400, "bad_chunk", "A chunk's size line is too long.");
  } else if (head_bytes_ + length > limits_.head_bytes ||
             (step_ == Step::request_line && length > limits_.request_line_bytes)) {
    return head_too_large();
  }
  if (end == std::string::npos) {
    searched_ = input_.size();
    return false;
  }
  if (length < 2 || input_[end - 1] != '\r') {
    return fail(400, "bare_line_feed", "Lines end with CR LF; a bare LF was found.");
  }
  line = std::string_view(input_).substr(consumed_, length - 2);
  consumed_ = searched_ = end + 1;
  if (!in_body) head_bytes_ += length;
  if (has_control(line)) {
    return fail(400, "control_character", "The request holds a control character.");
  }
  return true;
}

bool HttpParser::head_too_large() {
  if (step_ == Step::request_line) {
    return fail(414, "target_too_long", "The request line is longer than this server accepts.");
  }
  return fail(431, "head_too_large", "The header fields are larger than this server accepts.");
}

bool HttpParser::on_request_line(std::string_view line) {
  if (line.empty()) {
    // RFC 9112 section 2.2: an empty line before a request is let through, once.
    if (head_bytes_ > 2) return fail(400, "bad_request_line", "The request line is empty.");
    state_ = State::idle;
    return true;
  }
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return fail(400, "bad_request_line", "The request line is not 'METHOD target HTTP/1.1'.");
  }
  const std::string_view version = line.substr(last + 1);
  request_.method = line.substr(0, first);
  request_.target = line.substr(first + 1, last - first - 1);
  if (!is_token(request_.method) || request_.method.size() > 32) {
    return fail(400, "bad_request_line", "The method is not a token.");
  }
  if (version == "HTTP/1.0") {
    http_1_0_ = true;
  } else if (version != "HTTP/1.1") {
    if (version.size() == 8 && version.substr(0, 5) == "HTTP/") {
      return fail(505, "http_version", "This server speaks HTTP/1.1.");
    }
    return fail(400, "bad_request_line", "The request line is not 'METHOD target HTTP/1.1'.");
  }
  step_ = Step::headers;
  return on_target();
}

bool HttpParser::on_target() {
  std::string_view target = request_.target;
  for (char raw : target) {
    const auto c = static_cast<unsigned char>(raw);
    if (c <= 0x20 || c >= 0x7f || c == '#') {
      return fail(400, "bad_target", "The target holds a character that must be percent-encoded.");
    }
  }
  if (request_.method == "CONNECT") return fail(501, "method", "CONNECT is not offered here.");
  if (target == "*" && request_.method == "OPTIONS") {
    request_.path = "*";
    return true;
  }
  for (std::string_view scheme : {"http://", "https://"}) {  // the absolute form
    if (target.substr(0, scheme.size()) != scheme) continue;
    target.remove_prefix(scheme.size());
    const auto slash = target.find_first_of("/?");
    if (slash == std::string_view::npos || target[slash] == '?') {
      return fail(400, "bad_target", "The target has no path.");
    }
    target.remove_prefix(slash);
    break;
  }
  if (target.empty() || target.front() != '/') {
    return fail(400, "bad_target", "The target does not begin with a slash.");
  }
  const auto question = target.find('?');
  request_.path = target.substr(0, question);
  if (question != std::string_view::npos) request_.query = target.substr(question + 1);
  return true;
}

bool HttpParser::on_header(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    return fail(400, "folded_header", "A header field is folded over two lines.");
  }
  if (++fields_ > limits_.headers) {
    return fail(431, "too_many_headers", "There are more header fields than this server accepts.");
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fail(400, "bad_header", "A header field is not 'name: value'.");
  }
  std::string name = lower_case(line.substr(0, colon));
  const bool singleton =
      std::find(kSingletons.begin(), kSingletons.end(), name) != kSingletons.end();
  if (singleton && request_.header(name)) {
    return fail(400, "repeated_header", "A header field that may occur once occurs twice.");
  }
  request_.headers.push_back({std::move(name), std::string(trim(line.substr(colon + 1)))});
  return true;
}

bool HttpParser::on_head_complete() {
  const auto host = request_.header("host");
  if (!host && !http_1_0_) return fail(400, "no_host", "The Host field is missing.");
  if (const auto encoding = request_.header("content-encoding");
      encoding && !equals_ignoring_case(*encoding, "identity")) {
    return fail(415, "content_encoding", "Bodies are taken uncompressed only.");
  }
  bool close = http_1_0_;
  for (const Header& field : request_.headers) {
    if (field.name == "connection" && list_has(field.value, "close")) close = true;
  }
  request_.keep_alive = !close;
  if (const auto expect = request_.header("expect")) {
    if (!equals_ignoring_case(*expect, "100-continue")) {
      return fail(417, "expectation", "Only 'Expect: 100-continue' is understood.");
    }
    expects_continue_ = !http_1_0_;
  }
  return on_framing();
}

bool HttpParser::on_framing() {
  const auto length = request_.header("content-length");
  const auto transfer = request_.header("transfer-encoding");
  if (transfer && (length || http_1_0_)) {
    return fail(400, "ambiguous_length", "The length of the body is given in two ways.");
  }
  if (transfer) {
    if (!equals_ignoring_case(*transfer, "chunked")) {
      return fail(501, "transfer_encoding", "The only transfer coding here is 'chunked'.");
    }
    state_ = State::body;
    step_ = Step::chunk_size;
    return true;
  }
  if (!length) return finish();
  const auto bytes = parse_number(*length, 10, 18);
  if (!bytes) return fail(400, "bad_content_length", "Content-Length is not a number.");
  if (*bytes > limits_.body_bytes) {
    return fail(413, "body_too_large", "The body is larger than this server accepts.");
  }
  if (*bytes == 0) return finish();
  missing_ = *bytes;
  state_ = State::body;
  step_ = Step::fixed_body;
  return true;
}

bool HttpParser::on_chunk_size(std::string_view line) {
  const auto semicolon = line.find(';');
  const auto size = parse_number(trim(line.substr(0, semicolon)), 16, 8);
  // Blanks are allowed before a semicolon only.
  const bool blank =
      !line.empty() &&
      (line.front() == ' ' || line.front() == '\t' ||
       (semicolon == std::string_view::npos && (line.back() == ' ' || line.back() == '\t')));
  if (!size || blank) return fail(400, "bad_chunk", "A chunk's size is not a hexadecimal number.");
  if (request_.body.size() + *size > limits_.body_bytes) {
    return fail(413, "body_too_large", "The body is larger than this server accepts.");
  }
  missing_ = *size;
  step_ = *size == 0 ? Step::trailers : Step::chunk_data;
  return true;
}

bool HttpParser::on_trailer(std::string_view line) {
  // Checked like any field, then forgotten: nothing here reads trailers.
  if (++fields_ > limits_.headers) {
    return fail(431, "too_many_headers", "There are more trailer fields than this server accepts.");
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fail(400, "bad_header", "A trailer field is not 'name: value'.");
  }
  return true;
}

bool HttpParser::append_body() {
  const std::size_t available = input_.size() - consumed_;
  const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(missing_, available));
  request_.body.append(input_, consumed_, taken);
  consumed_ += taken;
  missing_ -= taken;
  if (missing_ > 0) return false;
  if (step_ == Step::fixed_body) return finish();
  step_ = Step::chunk_end;
  return true;
}

bool HttpParser::finish() {
  expects_continue_ = false;
  state_ = State::complete;
  return true;
}

bool HttpParser::fail(int status, std::string_view reason, std::string_view detail) {
  failure_ = {status, std::string(reason), std::string(detail), origin()};
  state_ = State::failed;
  return false;
}

bool HttpParser::take_continue() {
  if (state_ != State::body || !expects_continue_) return false;
  expects_continue_ = false;
  return request_.body.empty() && input_.empty();
}

Request HttpParser::take() {
  Request out = std::move(request_);
  request_ = Request();
  state_ = State::idle;
  step_ = Step::request_line;
  http_1_0_ = expects_continue_ = false;
  head_bytes_ = fields_ = 0;
  missing_ = 0;
  searched_ = consumed_ = 0;
  run();
  return out;
}

}  // namespace mortise::api
