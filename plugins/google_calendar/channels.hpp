// Google's push channels: bodies of events.watch and channels.stop, and what is answered. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <mortise/result.hpp>
#include <mortise/values.hpp>

namespace google_calendar {

/// `expires_ms` 0: as long as Google will have it. The token is a placeholder that the host fills.
std::string watch_body(std::string_view id, std::string_view address, std::int64_t expires_ms);
std::string stop_body(std::string_view id, std::string_view resource);
mortise::Result<mortise::Channel> read_channel(std::string_view text);

}  // namespace google_calendar
