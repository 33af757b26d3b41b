#include "api/url.hpp"

#include <algorithm>

namespace mortise::api {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_clean(std::string_view text) {
  const bool control = std::any_of(text.begin(), text.end(), [](char raw) {
    const auto c = static_cast<unsigned char>(raw);
    return c < 0x20 || c == 0x7f;
  });
  return !control && is_utf8(text);
}

/// What stands between the ampersands, without what is empty.
std::vector<std::string_view> parts_of(std::string_view raw) {
  std::vector<std::string_view> parts;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('&'), raw.size());
    if (end > 0) parts.push_back(raw.substr(0, end));
    raw.remove_prefix(std::min(end + 1, raw.size()));
  }
  return parts;
}

std::optional<QueryParams::value_type> read_param(std::string_view part) {
  std::string text(part);
  std::replace(text.begin(), text.end(), '+', ' ');
  const auto equals = std::min(text.find('='), text.size());
  const std::string_view whole = text;
  auto name = percent_decode(whole.substr(0, equals));
  auto value = percent_decode(whole.substr(std::min(equals + 1, whole.size())));
  if (!name || !value) return std::nullopt;
  return QueryParams::value_type(*std::move(name), *std::move(value));
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (!is_clean(out)) return std::nullopt;
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                            (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(raw);
    } else {
      out.push_back('%');
      out.push_back(kDigits[c >> 4]);
      out.push_back(kDigits[c & 15]);
    }
  }
  return out;
}

std::optional<std::vector<std::string>> split_path(std::string_view raw) {
  std::vector<std::string> segments;
  if (raw.empty() || raw.front() != '/') return std::nullopt;
  raw.remove_prefix(1);
  if (raw.empty()) return segments;
  while (true) {
    const auto slash = raw.find('/');
    auto segment = percent_decode(raw.substr(0, slash));
    if (!segment || *segment == "." || *segment == "..") return std::nullopt;
    segments.push_back(*std::move(segment));
    if (slash == std::string_view::npos) return segments;
    raw.remove_prefix(slash + 1);
  }
}

std::optional<QueryParams> parse_query(std::string_view raw) {
  QueryParams out;
  for (const std::string_view part : parts_of(raw)) {
    auto param = read_param(part);
    if (!param || param->first.empty()) return std::nullopt;
    out.push_back(*std::move(param));
  }
  return out;
}

std::optional<std::string> query_value(std::string_view raw, std::string_view name) {
  for (const std::string_view part : parts_of(raw)) {
    auto param = read_param(part);
    if (param && param->first == name) return std::move(param->second);
  }
  return std::nullopt;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char c = byte(i);
    if (c < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    const unsigned char second = byte(i + 1);
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
        (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace mortise::api
