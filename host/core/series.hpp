// A recurring task taken apart: what recurrence.cpp counts with. Internal to core. Pure and
// thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "core/recurrence_lines.hpp"

namespace mortise::core {

/// When one occurrence originally starts.
struct Slot {
  LocalSeconds wall = 0;   ///< by rule; in a gap no clock shows it
  LocalSeconds shown = 0;  ///< what the clock shows
};

/// Times are told by keys: an instant, or for a series of days their midnight as if in UTC. The
/// zone is known, so asking it cannot fail.
class Series {
 public:
  /// `zone`: for a task that names none. Errors: `invalid` for a task that does not repeat, an
  /// unknown zone, lines that are not good.
  static Result<Series> of(const Task& task, std::string_view zone);

  const RecurrenceLines& lines() const { return lines_; }
  bool by_day() const { return by_day_; }
  const std::string& zone() const { return zone_; }

  Instant key(LocalSeconds wall) const;
  Instant start_key() const { return key(start_); }
  /// Of a slot as it is spelled. Error `invalid`: it is spelled for another kind of series.
  Result<Instant> key_of(std::string_view slot) const;
  /// What the clock shows then.
  LocalSeconds shown(Instant key) const;
  std::string spell(LocalSeconds shown) const;

  /// All occurrences from `first` up to and with `last`, by their keys. Error `too_large`:
  /// kMostCounted.
  Result<std::map<Instant, Slot>> slots(Instant first, Instant last) const;

  /// When the rule alone happens, from the start of the series up to `last` and to its own end; at
  /// most `most` times.
  Result<std::vector<LocalSeconds>> rule_walls(const Rule& rule, Instant last,
                                               std::size_t most) const;

  /// The last instant (or day) that an UNTIL lets happen.
  Instant until_key(const Stamp& until) const;
  /// The same UNTIL in the type of the series.
  Stamp fitting_until(const Stamp& until) const;
  /// An UNTIL that lets happen what is before the slot with this key, and not it.
  Stamp until_before(Instant slot_key) const;

  /// Where on the series' wall clock something written in a line is.
  LocalSeconds wall_of(const Stamp& stamp, const std::string& line_zone) const;

 private:
  void add(std::map<Instant, Slot>& found, LocalSeconds wall, Instant first, Instant last) const;
  void leave_out(std::map<Instant, Slot>& found) const;
  Day day_in(const Stamp& stamp) const;

  std::string zone_;
  bool by_day_ = false;
  LocalSeconds start_ = 0;
  RecurrenceLines lines_;
};

}  // namespace mortise::core
