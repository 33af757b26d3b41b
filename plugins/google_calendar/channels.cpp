#include "channels.hpp"

#include <cstdlib>

#include <mortise/abi.h>

#include "common/json.hpp"
#include "times.hpp"

namespace google_calendar {

using common::dump;
using common::Json;
using common::parse;
using common::text;

std::string watch_body(std::string_view id, std::string_view address, std::int64_t expires_ms) {
  Json body{{"id", id}, {"type", "web_hook"}, {"address", address}, {"token", MT_CHANNEL_SECRET}};
  if (expires_ms != 0) body["expiration"] = std::to_string(expires_ms);
  return dump(body);
}

std::string stop_body(std::string_view id, std::string_view resource) {
  return dump(Json{{"id", id}, {"resourceId", resource}});
}

mortise::Result<mortise::Channel> read_channel(std::string_view text_in) {
  const Json answer = parse(text_in);
  mortise::Channel channel;
  channel.resource = text(answer, "resourceId");
  if (channel.resource.empty()) {
    return mortise::Error{mortise::Code::unavailable,
                          "Google's answer is not a channel that can be read"};
  }
  const std::int64_t expires_ms = std::strtoll(text(answer, "expiration").c_str(), nullptr, 10);
  if (expires_ms > 0 && expires_ms <= kLatestMs) channel.expires_ms = expires_ms;
  return channel;
}

}  // namespace google_calendar
