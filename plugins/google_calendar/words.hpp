// The words of kind `event` that are spelled one by one, and Google's members for them. When the
// event is, is said by several together: event_times.hpp. Pure.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace google_calendar {

inline constexpr std::array<std::string_view, 9> kWords = {"alerts",     "color",    "description",
                                                           "links",      "location", "participants",
                                                           "recurrence", "status",   "title"};

/// The member of the event resource that holds a word of kWords.
const char* google_name(std::string_view word);
/// Google's value for a word of kWords; null: none. `current`: the event as it is, if known; its
/// guests keep their answers.
nlohmann::json spell(std::string_view word, const nlohmann::json& fields, bool patch,
                     const nlohmann::json& current);
/// "transparent" or "opaque", from the extras in `x`.
nlohmann::json spell_transparency(const nlohmann::json& fields);
/// Puts what the event says by these words, and the extras, into `fields`.
void read_words(const nlohmann::json& event, nlohmann::json& fields);

}  // namespace google_calendar
