// Ids of our own records: "<prefix>_" and a UUIDv7 (RFC 9562 section 5.7) in lower-case base32hex
// (RFC 4648 section 7, no padding). Text order is order of creation, to the millisecond. Pure: time
// and randomness are given.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/records.hpp"

namespace mortise::core {

inline constexpr std::string_view kPlanPrefix = "pln";
inline constexpr std::string_view kModulePrefix = "mod";
inline constexpr std::string_view kWeekPrefix = "wek";
inline constexpr std::string_view kTaskPrefix = "tsk";
inline constexpr std::string_view kConnectionPrefix = "cnn";
inline constexpr std::string_view kConnectSessionPrefix = "cns";
inline constexpr std::string_view kRunPrefix = "run";
inline constexpr std::string_view kIntentPrefix = "int";
inline constexpr std::string_view kUserSessionPrefix = "ses";
inline constexpr std::string_view kEventPrefix = "evt";
inline constexpr std::string_view kConflictPrefix = "cfl";
inline constexpr std::string_view kNotificationPrefix = "ntf";

/// The external id of the plan that every account has, for appointments of their own.
inline constexpr const char* kBuiltInPlan = "calendar";

/// A new id, e.g. "run_0d1k2m...": prefix, underscore, 26 characters. `now_ms` must be within 48
/// bits and not negative; of `random` 74 bits are used.
std::string make_id(std::string_view prefix, Instant now_ms, std::span<const std::byte, 10> random);

/// Whether `text` is an id that make_id(prefix, ...) can have made. Says nothing about existence.
bool valid_id(std::string_view prefix, std::string_view text) noexcept;

}  // namespace mortise::core
