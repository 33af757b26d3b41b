// What Google's refusals mean.
#pragma once

#include <string>
#include <string_view>

#include <mortise/result.hpp>
#include <mortise/values.hpp>

namespace google_calendar {

/// `error.errors[0].reason` of an error body, or empty.
std::string reason_of(const mortise::Reply& reply);
/// The error for a reply that is no success. `what`: what was tried, "listing the calendar".
mortise::Error error_of(const mortise::Reply& reply, std::string_view what);
/// Google says that there is no such event (any more).
bool not_there(const mortise::Reply& reply);
/// Google does not take the sync token for one (any more): 400 where it cannot read it, beside the
/// 410 of one that is too old.
bool refuses_cursor(const mortise::Reply& reply);
/// Google refuses this one (400, 403), and says nothing by which others would fare no better.
bool refused_alone(const mortise::Reply& reply);
/// Whether the request may have taken effect although no answer says so.
bool may_have_worked(const mortise::Reply& reply);
/// Whether what comes after it would fare no better: no network, no grant, no room.
bool concerns_all(const mortise::Reply& reply);

}  // namespace google_calendar
