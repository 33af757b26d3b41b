#include "core/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "core/words.hpp"
#include "core/zones.hpp"

namespace mortise::core {
namespace {

std::size_t size_in(std::string_view text, TextUnit unit) {
  if (unit == TextUnit::bytes) return text.size();
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

bool has_control_characters(std::string_view text, TextLines lines) {
  return std::any_of(text.begin(), text.end(), [lines](char byte) {
    const bool white = lines == TextLines::many && (byte == '\n' || byte == '\t');
    return (static_cast<unsigned char>(byte) < 0x20 && !white) || byte == 0x7F;
  });
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool is_http_url(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    return !rest.empty() && rest.front() != '/' && rest.find_first_of(" \"<>\\^`{|}") == rest.npos;
  }
  return false;
}

// Enough to tell an address from something else; whether it exists only a message can tell.
bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find_first_of(" ,;<>") == std::string_view::npos;
}

}  // namespace

void add_problem(std::vector<Problem>& problems, std::string pointer, std::string detail) {
  if (problems.size() < kMaxProblems) problems.push_back({std::move(pointer), std::move(detail)});
}

std::string pointer_to(std::string_view pointer, std::string_view member) {
  std::string text(pointer);
  text += '/';
  for (const char character : member) {
    if (character == '~') {
      text += "~0";
    } else if (character == '/') {
      text += "~1";
    } else {
      text += character;
    }
  }
  return text;
}

std::string pointer_to(std::string_view pointer, std::size_t index) {
  return fmt::format("{}/{}", pointer, index);
}

bool is_record_day(std::string_view text) {
  return text >= kFirstRecordDay && text <= kLastRecordDay && parse_day(text).ok();
}

bool is_record_local(std::string_view text) {
  return is_record_day(text.substr(0, kFirstRecordDay.size())) && parse_local(text).ok();
}

ObjectReader::ObjectReader(const Json& value, std::string pointer, std::vector<Problem>& problems)
    : object_(value.is_object() ? &value : nullptr),
      pointer_(std::move(pointer)),
      problems_(problems) {
  if (object_ == nullptr) add_problem(problems_, pointer_, "must be an object");
}

const Json* ObjectReader::member(std::string_view name) {
  known_.push_back(name);
  if (object_ == nullptr) return nullptr;
  const auto found = object_->find(name);
  return found == object_->end() ? nullptr : &*found;
}

bool ObjectReader::has(std::string_view name) const {
  return object_ != nullptr && object_->contains(name);
}

void ObjectReader::problem(std::string_view name, std::string detail) {
  add_problem(problems_, pointer_to(pointer_, name), std::move(detail));
}

const std::string* ObjectReader::string_member(std::string_view name, std::string& out) {
  const Json* const value = member(name);
  if (value == nullptr) return nullptr;
  if (value->is_null()) {
    out.clear();
    return nullptr;
  }
  if (value->is_string()) return value->get_ptr<const std::string*>();
  problem(name, "must be a string");
  return nullptr;
}

void ObjectReader::text(std::string_view name, std::string& out, TextBound bound) {
  const std::string* const value = string_member(name, out);
  if (value == nullptr) return;
  if (size_in(*value, bound.unit) > bound.max) {
    problem(name, fmt::format("must have at most {} {}", bound.max,
                              bound.unit == TextUnit::bytes ? "bytes" : "characters"));
  } else if (has_control_characters(*value, bound.lines)) {
    problem(name, bound.lines == TextLines::one ? "must be one line without control characters"
                                                : "must not have control characters");
  } else {
    out = *value;
  }
}

void ObjectReader::integer(std::string_view name, std::optional<std::int64_t>& out,
                           std::int64_t min, std::int64_t max) {
  const Json* const value = member(name);
  if (value == nullptr) return;
  if (value->is_null()) {
    out.reset();
    return;
  }
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX);
  if (!fits || value->get<std::int64_t>() < min || value->get<std::int64_t>() > max) {
    problem(name, fmt::format("must be an integer from {} to {}", min, max));
    return;
  }
  out = value->get<std::int64_t>();
}

void ObjectReader::day(std::string_view name, std::string& out) {
  const std::string* const value = string_member(name, out);
  if (value == nullptr) return;
  if (!value->empty() && !is_record_day(*value)) {
    problem(name, "must be a date like 2026-11-23");
    return;
  }
  out = *value;
}

void ObjectReader::zone(std::string_view name, std::string& out) {
  const std::string* const value = string_member(name, out);
  if (value == nullptr) return;
  if (!value->empty() && !zone_exists(*value)) {
    const std::optional<std::string> nearest = nearest_zone(*value);
    problem(name, fmt::format("must be an IANA time zone like Europe/Madrid{}",
                              nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : ""));
    return;
  }
  out = *value;
}

void ObjectReader::url(std::string_view name, std::string& out) {
  std::string read = out;
  const std::size_t before = problems_.size();
  text(name, read, kUrlBound);
  if (problems_.size() > before) return;
  if (!read.empty() && !is_http_url(read)) {
    problem(name, "must be an http or https URL");
    return;
  }
  out = std::move(read);
}

void ObjectReader::email(std::string_view name, std::string& out) {
  std::string read = out;
  const std::size_t before = problems_.size();
  text(name, read, kEmailBound);
  if (problems_.size() > before) return;
  if (!read.empty() && !is_email(read)) {
    problem(name, "must be an e-mail address");
    return;
  }
  out = std::move(read);
}

void ObjectReader::document(std::string_view name, JsonText& out, std::string_view fallback) {
  const Json* const value = member(name);
  if (value == nullptr) return;
  if (value->is_null()) {
    out = fallback;
    return;
  }
  const Result<JsonText> text = canonical_json(*value);
  if (!text) {
    problem(name, text.error().message);
  } else if (text->size() > kMaxJsonFieldBytes) {
    problem(name, fmt::format("must have at most {} bytes as JSON", kMaxJsonFieldBytes));
  } else {
    out = *text;
  }
}

const Json* ObjectReader::array(std::string_view name, std::size_t max) {
  const Json* const value = member(name);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_array()) {
    problem(name, "must be a list");
    return nullptr;
  }
  if (value->size() > max) {
    problem(name, fmt::format("must have at most {} elements", max));
    return nullptr;
  }
  return value;
}

std::optional<std::string> ObjectReader::word_text(std::string_view name,
                                                   std::string_view when_null) {
  const Json* const value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_null()) return std::string(when_null);
  if (value->is_string()) return value->get<std::string>();
  problem(name, "must be a string");
  return std::nullopt;
}

void ObjectReader::wrong_word(std::string_view name, std::string_view text,
                              const std::vector<std::string_view>& words) {
  problem(name,
          fmt::format("must be one of {}{}", fmt::join(words, ", "), did_you_mean(text, words)));
}

void ObjectReader::owned(std::initializer_list<std::string_view> names) {
  ignored(names);
  for (const std::string_view name : names) {
    if (has(name)) problem(name, "is set by the host");
  }
}

void ObjectReader::ignored(std::initializer_list<std::string_view> names) {
  ignored_.insert(ignored_.end(), names.begin(), names.end());
}

void ObjectReader::require(std::string_view name) {
  if (object_ == nullptr) return;
  const auto found = object_->find(name);
  const bool empty = found == object_->end() || found->is_null() ||
                     (found->is_string() && is_blank(found->get_ref<const std::string&>()));
  if (empty) problem(name, "is required");
}

void ObjectReader::finish() {
  if (object_ == nullptr) return;
  for (const auto& [name, value] : object_->items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    if (std::find(ignored_.begin(), ignored_.end(), name) != ignored_.end()) continue;
    const std::optional<std::string_view> nearest = nearest_word(name, known_);
    problem(name.substr(0, 128), nearest
                                     ? fmt::format("unknown field; did you mean \"{}\"?", *nearest)
                                     : "unknown field");
  }
}

}  // namespace mortise::core
