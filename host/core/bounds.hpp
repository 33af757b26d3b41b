// The bounds of every field of a record, in one place. They hold for whatever comes in; what is
// stored has passed them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mortise::core {

enum class TextUnit : std::uint8_t { characters, bytes };
enum class TextLines : std::uint8_t { one, many };

/// How much text a field takes. Characters are Unicode code points. One-line text has no control
/// characters; text of many lines may have line feeds and tabs.
struct TextBound {
  std::size_t max = 0;
  TextUnit unit = TextUnit::characters;
  TextLines lines = TextLines::one;
};

inline constexpr TextBound kTitleBound{2'000};
inline constexpr TextBound kNotesBound{64 * 1024, TextUnit::bytes, TextLines::many};
inline constexpr TextBound kUrlBound{2'048, TextUnit::bytes};
inline constexpr TextBound kExternalIdBound{128, TextUnit::bytes};
inline constexpr TextBound kLabelBound{200};  ///< skill level, learning style
inline constexpr TextBound kLocationBound{1'000};
inline constexpr TextBound kColorBound{32, TextUnit::bytes};
inline constexpr TextBound kEmailBound{254, TextUnit::bytes};  ///< RFC 5321 section 4.5.3.1.3
inline constexpr TextBound kNameBound{200};
inline constexpr TextBound kPhoneBound{32, TextUnit::bytes};
inline constexpr TextBound kLocaleBound{35, TextUnit::bytes};  ///< RFC 5646 section 4.4.1
inline constexpr TextBound kTierBound{64, TextUnit::bytes};
inline constexpr TextBound kRecurrenceBound{1'000, TextUnit::bytes};

/// The days that a record may name; room on both sides for arithmetic with them.
inline constexpr std::string_view kFirstRecordDay = "1900-01-01";
inline constexpr std::string_view kLastRecordDay = "2199-12-31";

inline constexpr std::size_t kMaxJsonFieldBytes = 64 * 1024;  ///< `extra`, `source`: canonical text
inline constexpr std::size_t kMaxReminders = 20;
inline constexpr std::int64_t kMaxReminderMinutes = 40'320;  ///< four weeks
inline constexpr std::size_t kMaxRecurrenceLines = 20;
inline constexpr std::size_t kMaxRecurrenceRules =
    4;                                               ///< RRULEs of them: each is counted by itself
inline constexpr std::size_t kMaxOverrides = 1'000;  ///< per series
inline constexpr std::size_t kMaxAttendees = 200;
inline constexpr std::int64_t kMaxDurationS = 1'000 * 3'600;
inline constexpr std::int64_t kMinWeeklyTimeS = 60;
inline constexpr std::int64_t kMaxWeeklyTimeS = 7 * 86'400;
inline constexpr std::size_t kMaxModules = 1'000;
inline constexpr std::size_t kMaxWeeks = 5'000;
inline constexpr std::int64_t kMaxWeekNumber = 100'000;
inline constexpr std::size_t kMaxTasks = 20'000;  ///< per plan

}  // namespace mortise::core
