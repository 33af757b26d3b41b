#include "net/channel_secret.hpp"

#include <strings.h>

#include <algorithm>
#include <string_view>

#include <mortise/abi.h>

#include "core/hex.hpp"
#include "net/encoding.hpp"

namespace mortise::net {
namespace {

constexpr std::string_view kPlaceholder = MT_CHANNEL_SECRET;

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, from)) {
    out.append(text, from, at - from).append(with);
    from = at + what.size();
  }
  return out.append(text, from);
}

// As the inside of a JSON string (RFC 8259 section 7).
std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < ' ') {
      core::append_hex(out += "\\u00", {&c, 1});
    } else {
      out += c;
    }
  }
  return out;
}

bool is_form(const ports::HttpHeaders& headers) {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  return std::any_of(headers.begin(), headers.end(), [&](const auto& each) {
    return strcasecmp(each.first.c_str(), "content-type") == 0 &&
           strncasecmp(each.second.c_str(), kForm.data(), kForm.size()) == 0;
  });
}

}  // namespace

Result<std::string> fill_channel_secret(const ports::ConnectorRequest& request,
                                        const core::Secret& secret) {
  if (!request.fill_secret || request.body.find(kPlaceholder) == std::string::npos) {
    return request.body;
  }
  if (secret.empty()) {
    return Error{Code::invalid, "a request that takes a channel's secret, and there is none"};
  }
  const std::string_view plain = secret.reveal_for_use();
  const bool form = is_form(request.headers);
  return replaced(request.body, kPlaceholder, form ? percent_encode(plain) : json_escaped(plain));
}

void hide_channel_secret(ports::HttpReply& reply, const core::Secret& secret) {
  if (secret.empty()) return;
  const std::string_view plain = secret.reveal_for_use();
  const std::string escaped = json_escaped(plain);
  reply.body = replaced(replaced(reply.body, escaped, kPlaceholder), plain, kPlaceholder);
  for (auto& [name, value] : reply.headers) value = replaced(value, plain, kPlaceholder);
}

}  // namespace mortise::net
