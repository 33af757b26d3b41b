#include "core/recurrence_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "core/bounds.hpp"
#include "core/words.hpp"
#include "core/zones.hpp"

namespace mortise::core {
namespace {

constexpr std::string_view kFrequencies[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
constexpr std::string_view kWeekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr std::int64_t kMostInterval = 1'000;
constexpr std::int64_t kMostCount = 100'000;

/// A part whose values are numbers, negative ones counting from the end.
struct NumberPart {
  std::string_view name;
  int most;
  bool from_end;
};
constexpr NumberPart kNumberParts[] = {{"BYMONTHDAY", 31, true},
                                       {"BYYEARDAY", 366, true},
                                       {"BYWEEKNO", 53, true},
                                       {"BYMONTH", 12, false},
                                       {"BYSETPOS", 366, true}};

template <class Range>
bool one_of(const Range& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool digits_only = !text.empty() && text.back() >= '0' && text.back() <= '9';
  if (error != std::errc() || end != text.data() + text.size() || !digits_only) return std::nullopt;
  return value;
}

std::optional<Stamp> read_stamp(std::string_view text) {
  Stamp stamp;
  const bool utc = text.ends_with('Z');
  if (utc) text.remove_suffix(1);
  const bool timed = text.size() == 15 && text[8] == 'T';
  if (!timed && (utc || text.size() != 8)) return std::nullopt;
  // The RFC's basic form, spelled as core/time.hpp reads it.
  const std::string day =
      fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2));
  if (day < kFirstRecordDay || day > kLastRecordDay) return std::nullopt;
  const std::string time =
      !timed ? "00:00:00"
             : fmt::format("{}:{}:{}", text.substr(9, 2), text.substr(11, 2), text.substr(13, 2));
  const Result<LocalSeconds> local = parse_local(day + "T" + time);
  if (!local) return std::nullopt;
  stamp.form = utc ? StampForm::utc : timed ? StampForm::local : StampForm::date;
  stamp.seconds = *local;
  return stamp;
}

std::string write_stamp(const Stamp& stamp) {
  std::string text = format_local(stamp.seconds);
  std::erase_if(text, [](char character) { return character == '-' || character == ':'; });
  if (stamp.form == StampForm::date) text.resize(8);
  if (stamp.form == StampForm::utc) text += 'Z';
  return text;
}

// Reads the value of an RRULE; every step fails once one has failed.
class RuleReader {
 public:
  Result<Rule> read(std::string_view value) {
    for (const std::string_view part : split_at(value, ';')) {
      const std::size_t equals = part.find('=');
      if (equals == part.npos) {
        return complaint(fmt::format("\"{}\" is no NAME=value", part.substr(0, 40)));
      }
      const std::string_view name = part.substr(0, equals);
      if (one_of(seen_, name)) return complaint(fmt::format("{} is there twice", name));
      seen_.push_back(name);
      if (auto wrong = read_part(name, part.substr(equals + 1))) return complaint(*wrong);
      if (name != "UNTIL" && name != "COUNT") {
        rule_.parts.append(rule_.parts.empty() ? "" : ";").append(part);
      }
    }
    if (auto wrong = whole()) return complaint(*wrong);
    return std::move(rule_);
  }

 private:
  static Error complaint(const std::string& what) { return {Code::invalid, what}; }

  std::optional<std::string> read_part(std::string_view name, std::string_view value) {
    if (name == "FREQ") return read_frequency(value);
    if (name == "BYDAY") return read_days(value);
    if (name == "UNTIL") {
      rule_.until = read_stamp(value);
      if (!rule_.until) return "UNTIL must be like 20261231 or 20261231T225959Z";
      return std::nullopt;
    }
    if (name == "COUNT") return read_count(value, rule_.count);
    if (name == "INTERVAL") {
      const auto interval = whole_number(value);
      if (interval && *interval >= 1 && *interval <= kMostInterval) return std::nullopt;
      return fmt::format("INTERVAL must be from 1 to {}", kMostInterval);
    }
    if (name == "WKST") {
      if (one_of(kWeekdays, value)) return std::nullopt;
      return "WKST must be a day like MO";
    }
    for (const NumberPart& part : kNumberParts) {
      if (part.name == name) return read_numbers(part, value);
    }
    if (name == "BYHOUR" || name == "BYMINUTE" || name == "BYSECOND") {
      return fmt::format("{} is not taken: a task has one time of day", name);
    }
    return fmt::format("{} is no part of a rule", name.substr(0, 40));
  }

  std::optional<std::string> read_frequency(std::string_view value) {
    frequency_ = value;
    if (one_of(kFrequencies, value)) return std::nullopt;
    return "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY";
  }

  static std::optional<std::string> read_count(std::string_view value,
                                               std::optional<std::int64_t>& count) {
    count = whole_number(value);
    if (count && *count >= 1 && *count <= kMostCount) return std::nullopt;
    return fmt::format("COUNT must be from 1 to {}", kMostCount);
  }

  static std::optional<std::string> read_numbers(const NumberPart& part, std::string_view value) {
    const std::vector<std::string_view> texts = split_at(value, ',');
    const bool all_good = std::all_of(texts.begin(), texts.end(), [&](std::string_view text) {
      const auto number = whole_number(text);
      return number && *number != 0 && *number <= part.most &&
             *number >= (part.from_end ? -part.most : 1);
    });
    if (all_good && texts.size() <= static_cast<std::size_t>(part.most)) return std::nullopt;
    return fmt::format("{} must be numbers from 1 to {}{}", part.name, part.most,
                       part.from_end ? ", or negative ones from the end" : "");
  }

  std::optional<std::string> read_days(std::string_view value) {
    const std::vector<std::string_view> texts = split_at(value, ',');
    for (std::string_view text : texts) {
      if (text.size() < 2 || !one_of(kWeekdays, text.substr(text.size() - 2)) ||
          texts.size() > 7 * 53) {
        return "BYDAY must be days like MO, 2TU or -1FR";
      }
      text.remove_suffix(2);
      if (text.empty()) continue;
      const auto nth = whole_number(text);
      if (!nth || *nth == 0 || *nth < -53 || *nth > 53) {
        return "BYDAY must count from 1 to 53, or from the end";
      }
      counts_days_ = true;
    }
    return std::nullopt;
  }

  bool has(std::string_view name) const { return one_of(seen_, name); }

  std::optional<std::string> whole() const {
    if (!has("FREQ")) return "FREQ is missing";
    if (rule_.count && rule_.until) return "COUNT and UNTIL exclude each other";
    const bool by_month_or_year = frequency_ == "MONTHLY" || frequency_ == "YEARLY";
    if (has("BYSETPOS") && !by_month_or_year) return "BYSETPOS goes with MONTHLY and YEARLY";
    if (counts_days_ && !by_month_or_year) return "counted days go with MONTHLY and YEARLY";
    return std::nullopt;
  }

  Rule rule_;
  std::string_view frequency_;
  std::vector<std::string_view> seen_;
  bool counts_days_ = false;
};

Result<DateList> read_dates(std::string_view head, std::string_view value) {
  DateList dates;
  const std::vector<std::string_view> parameters = split_at(head, ';');
  dates.leaves_out = parameters.front() == "EXDATE";
  for (std::size_t at = 1; at < parameters.size(); ++at) {
    const std::string_view parameter = parameters[at];
    if (parameter.starts_with("TZID=")) {
      dates.zone = parameter.substr(5);
      if (zone_exists(dates.zone)) continue;
      return to_instant(0, dates.zone).error();
    }
    if (parameter == "VALUE=DATE" || parameter == "VALUE=DATE-TIME") continue;
    return Error{Code::invalid, fmt::format("{} is not taken", parameter.substr(0, 40))};
  }
  for (const std::string_view text : split_at(value, ',')) {
    const std::optional<Stamp> stamp = read_stamp(text);
    if (!stamp) {
      return Error{Code::invalid, fmt::format("\"{}\" is no date like 20261123 or 20261123T180000",
                                              text.substr(0, 40))};
    }
    dates.stamps.push_back(*stamp);
  }
  return dates;
}

/// A line before its parts are understood.
struct Halves {
  std::string_view head;  // "EXDATE;TZID=Europe/Madrid"
  std::string_view value;
  bool is_rule = false;
};

std::optional<Halves> halves_of(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos || line.size() > kRecurrenceBound.max) return std::nullopt;
  const bool printable =
      std::all_of(line.begin(), line.end(), [](char byte) { return byte > 0x20 && byte < 0x7F; });
  const Halves halves{line.substr(0, colon), line.substr(colon + 1),
                      line.substr(0, colon) == "RRULE"};
  const std::string_view name = halves.head.substr(0, halves.head.find(';'));
  const bool known = halves.is_rule || name == "RDATE" || name == "EXDATE";
  if (!printable || !known || halves.value.empty()) return std::nullopt;
  return halves;
}

constexpr const char* kNoLine =
    "must be a line of RFC 5545 that begins with RRULE, RDATE or EXDATE";

}  // namespace

std::optional<std::string> recurrence_complaint(std::string_view line) {
  const std::optional<Halves> halves = halves_of(line);
  if (!halves) return kNoLine;
  if (!halves->is_rule) {
    const Result<DateList> dates = read_dates(halves->head, halves->value);
    if (!dates) return dates.error().message;
    return std::nullopt;
  }
  const Result<Rule> rule = RuleReader().read(halves->value);
  if (!rule) return rule.error().message;
  if (!happens(*rule)) return "is a rule by which nothing ever happens";
  return std::nullopt;
}

Result<RecurrenceLines> read_recurrence_lines(const std::vector<std::string>& lines) {
  RecurrenceLines read;
  for (const std::string& line : lines) {
    const std::optional<Halves> halves = halves_of(line);
    if (!halves) return Error{Code::invalid, std::string("a recurrence line ") + kNoLine};
    if (halves->is_rule) {
      Result<Rule> rule = RuleReader().read(halves->value);
      if (!rule) return rule.error();
      read.rules.push_back(std::move(*rule));
    } else {
      Result<DateList> dates = read_dates(halves->head, halves->value);
      if (!dates) return dates.error();
      read.dates.push_back(std::move(*dates));
    }
  }
  return read;
}

std::string to_line(const Rule& rule) {
  std::string line = "RRULE:" + rule.parts;
  if (rule.until) line += ";UNTIL=" + write_stamp(*rule.until);
  if (rule.count) line += fmt::format(";COUNT={}", *rule.count);
  return line;
}

std::string to_line(const DateList& dates) {
  std::string line = dates.leaves_out ? "EXDATE" : "RDATE";
  const bool all_dates =
      std::all_of(dates.stamps.begin(), dates.stamps.end(),
                  [](const Stamp& stamp) { return stamp.form == StampForm::date; });
  if (all_dates) line += ";VALUE=DATE";
  if (!dates.zone.empty() && !all_dates) line += ";TZID=" + dates.zone;
  char separator = ':';
  for (const Stamp& stamp : dates.stamps) {
    line += separator + write_stamp(stamp);
    separator = ',';
  }
  return line;
}

}  // namespace mortise::core
