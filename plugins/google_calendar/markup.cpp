#include "markup.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace google_calendar {
namespace {

// What Google's own editor makes, and what mail programs leave in invitations.
constexpr std::array<std::string_view, 36> kTags = {
    "a",         "abbr", "b",   "big",   "blockquote", "br",  "center", "code",  "div",
    "em",        "font", "h1",  "h2",    "h3",         "h4",  "h5",     "h6",    "hr",
    "html-blob", "i",    "li",  "ol",    "p",          "pre", "s",      "small", "span",
    "strong",    "sub",  "sup", "table", "tbody",      "td",  "tr",     "u",     "ul"};
constexpr std::array<std::string_view, 11> kBreaksAfter = {
    "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "tr"};

struct Tag {
  std::string name;
  bool closing = false;
  std::size_t size = 0;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The known tag that `text` begins with.
std::optional<Tag> tag_at(std::string_view text) {
  Tag tag;
  std::size_t at = 1;
  if (at < text.size() && text[at] == '/') {
    tag.closing = true;
    ++at;
  }
  while (at < text.size() && tag.name.size() < 12 &&
         (is_letter(text[at]) || text[at] == '-' || (text[at] >= '0' && text[at] <= '9'))) {
    const char c = text[at++];
    tag.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (std::find(kTags.begin(), kTags.end(), tag.name) == kTags.end()) return std::nullopt;
  // "a <b and c> d" is a comparison: after the name only attributes, or the end.
  constexpr std::size_t kLongestTag = 4096;
  const std::size_t end = text.substr(0, kLongestTag).find('>', at);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at, end - at);
  const bool bare = rest.find_first_not_of(" /") == std::string_view::npos;
  const bool attributes =
      !rest.empty() && rest[0] == ' ' && rest.find('=') != std::string_view::npos;
  if (!bare && !attributes) return std::nullopt;
  tag.size = end + 1;
  return tag;
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

/// "&#39;" or "&#x27;" as a code point that may stand in text.
std::optional<unsigned> numeric(std::string_view name) {
  const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
  unsigned value = 0;
  const std::string_view digits = name.substr(hex ? 2 : 1);
  if (digits.empty() || digits.size() > 7) return std::nullopt;
  for (const char c : digits) {
    const unsigned digit = c >= '0' && c <= '9'          ? static_cast<unsigned>(c - '0')
                           : hex && c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                           : hex && c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                         : 99U;
    if (digit == 99U) return std::nullopt;
    value = value * (hex ? 16U : 10U) + digit;
  }
  const bool text = (value >= 0x20 || value == '\n' || value == '\t') && value <= 0x10FFFF &&
                    (value < 0xD800 || value > 0xDFFF);
  return text ? std::optional<unsigned>(value) : std::nullopt;
}

/// The size of the entity that `text` begins with, its meaning appended to `out`; 0: none.
std::size_t entity_at(std::string_view text, std::string& out) {
  const std::size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  const std::string_view name = text.substr(1, end - 1);
  constexpr std::pair<std::string_view, std::string_view> kNamed[] = {
      {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}};
  for (const auto& [word, meaning] : kNamed) {
    if (word != name) continue;
    out += meaning;
    return end + 1;
  }
  if (name[0] != '#') return 0;
  const auto code = numeric(name);
  if (!code) return 0;
  append_utf8(out, *code);
  return end + 1;
}

std::string escaped(std::string_view plain) {
  std::string out;
  for (const char c : plain) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string plain_of(std::string_view description) {
  std::string out;
  out.reserve(description.size());
  bool broke = false;  // the last thing was the end of a block
  for (std::size_t at = 0; at < description.size();) {
    const char c = description[at];
    if (c == '\r') {
      out += '\n';
      at += at + 1 < description.size() && description[at + 1] == '\n' ? 2 : 1;
      continue;
    }
    if (c == '<') {
      if (const auto tag = tag_at(description.substr(at))) {
        const bool block =
            std::find(kBreaksAfter.begin(), kBreaksAfter.end(), tag->name) != kBreaksAfter.end();
        if (tag->name == "br" || tag->name == "hr" || (tag->closing && block)) out += '\n';
        broke = tag->closing && block;
        at += tag->size;
        continue;
      }
    }
    const std::size_t entity = c == '&' ? entity_at(description.substr(at), out) : 0;
    if (entity == 0) out += c;
    at += std::max<std::size_t>(entity, 1);
    broke = false;
  }
  if (broke && !out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string_view first_characters(std::string_view text, std::size_t most) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && ++characters > most) return text.substr(0, at);
  }
  return text;
}

std::string description_of(std::string_view plain, std::size_t most) {
  std::string_view kept = first_characters(plain, most);
  if (plain_of(kept) == kept) return std::string(kept);
  std::string out = escaped(kept);
  // What escaping adds may go over the bound again: fewer characters then, never half an entity.
  while (first_characters(out, most).size() < out.size()) {
    const std::size_t over = out.size() - first_characters(out, most).size();
    std::size_t characters = 0;
    for (const char c : kept) characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    kept = first_characters(kept, characters - std::min(characters, over / 5 + 1));
    out = escaped(kept);
  }
  return out;
}

}  // namespace google_calendar
