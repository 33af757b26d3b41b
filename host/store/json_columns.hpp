// Lists inside a record are one column of JSON text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"

namespace mortise::store {

/// Error: `invalid` if a text is not UTF-8.
Result<std::string> to_column(const std::vector<std::string>& list);
Result<std::string> to_column(const std::vector<core::Reminder>& list);
Result<std::string> to_column(const std::vector<core::Attendee>& list);
Result<std::string> to_column(const std::vector<core::Override>& list);
Result<std::string> to_column(const std::vector<core::Module>& list);

/// Error: `internal` if the text is not what to_column() makes.
Status from_column(std::string_view text, std::vector<std::string>& list);
Status from_column(std::string_view text, std::vector<core::Reminder>& list);
Status from_column(std::string_view text, std::vector<core::Attendee>& list);
Status from_column(std::string_view text, std::vector<core::Override>& list);
Status from_column(std::string_view text, std::vector<core::Module>& list);

}  // namespace mortise::store
