#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "core/json.hpp"

namespace mortise::core {
namespace {

constexpr std::int64_t kMaxInteger = 9'007'199'254'740'991;  // 2^53 - 1

// The code point at `at` of valid UTF-8, moving `at` behind it; nothing if it is not valid.
std::optional<char32_t> next_code_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return text[at++];
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) return std::nullopt;
  char32_t point = lead & (0x7F >> size);
  for (std::size_t index = 1; index < size; ++index) {
    const auto byte = static_cast<unsigned char>(text[at + index]);
    if ((byte & 0xC0) != 0x80) return std::nullopt;
    point = point << 6 | (byte & 0x3F);
  }
  const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (overlong || surrogate || point > 0x10FFFF) return std::nullopt;
  at += size;
  return point;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!next_code_point(text, at)) return false;
  }
  return true;
}

// UTF-16 order of two UTF-8 strings. It differs from byte order only where one side is beyond the
// basic plane (a surrogate pair, 0xD800...) and the other between 0xE000 and 0xFFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  if (at == a.size() || at == b.size()) return a.size() < b.size();
  const auto rank = [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte >= 0xF0 ? byte - 2 : byte >= 0xEE ? byte + 0x10 : byte;
  };
  return rank(a[at]) < rank(b[at]);
}

class CanonicalWriter {
 public:
  Status write(const Json& value, std::size_t depth) {
    if (value.is_structured() && depth == kMaxJsonDepth) {
      return refuse(fmt::format("nested more than {} deep", kMaxJsonDepth));
    }
    switch (value.type()) {
      case Json::value_t::null:
        out_ += "null";
        return {};
      case Json::value_t::boolean:
        out_ += value.get<bool>() ? "true" : "false";
        return {};
      case Json::value_t::string:
        return write_string(value.get_ref<const std::string&>());
      case Json::value_t::number_integer:
      case Json::value_t::number_unsigned:
      case Json::value_t::number_float:
        return write_number(value);
      case Json::value_t::array:
        return write_array(value, depth);
      case Json::value_t::object:
        return write_object(value, depth);
      case Json::value_t::binary:
      case Json::value_t::discarded:
        break;
    }
    return refuse("a value that JSON does not have");
  }
  JsonText take() { return std::move(out_); }

 private:
  static Error refuse(std::string_view what) {
    return {Code::invalid, fmt::format("canonical JSON: {}", what)};
  }

  Status write_number(const Json& value) {
    if (value.is_number_float()) {
      const double number = value.get<double>();
      const bool integral = number >= -static_cast<double>(kMaxInteger) &&
                            number <= static_cast<double>(kMaxInteger) &&
                            number == static_cast<double>(static_cast<std::int64_t>(number));
      if (!integral) return refuse(fmt::format("{} is not an integer within 2^53 - 1", number));
      fmt::format_to(std::back_inserter(out_), "{}", static_cast<std::int64_t>(number));
      return {};
    }
    const bool over =
        value.is_number_unsigned()
            ? value.get<std::uint64_t>() > static_cast<std::uint64_t>(kMaxInteger)
            : value.get<std::int64_t>() < -kMaxInteger || value.get<std::int64_t>() > kMaxInteger;
    if (over) return refuse("an integer beyond 2^53 - 1");
    fmt::format_to(std::back_inserter(out_), "{}", value.get<std::int64_t>());
    return {};
  }

  Status write_string(std::string_view text) {
    if (!is_utf8(text)) return refuse("a string that is not UTF-8");
    out_ += '"';
    for (const char character : text) {
      switch (character) {
        case '"':
          out_ += "\\\"";
          break;
        case '\\':
          out_ += "\\\\";
          break;
        case '\b':
          out_ += "\\b";
          break;
        case '\f':
          out_ += "\\f";
          break;
        case '\n':
          out_ += "\\n";
          break;
        case '\r':
          out_ += "\\r";
          break;
        case '\t':
          out_ += "\\t";
          break;
        default:
          if (static_cast<unsigned char>(character) < 0x20) {
            fmt::format_to(std::back_inserter(out_), "\\u{:04x}", character);
          } else {
            out_ += character;
          }
      }
    }
    out_ += '"';
    return {};
  }

  Status write_array(const Json& array, std::size_t depth) {
    out_ += '[';
    for (std::size_t index = 0; index < array.size(); ++index) {
      if (index > 0) out_ += ',';
      if (Status status = write(array[index], depth + 1); !status) return status;
    }
    out_ += ']';
    return {};
  }

  Status write_object(const Json& object, std::size_t depth) {
    std::vector<Json::const_iterator> members;
    members.reserve(object.size());
    for (auto member = object.begin(); member != object.end(); ++member) members.push_back(member);
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return utf16_less(a.key(), b.key()); });
    out_ += '{';
    for (std::size_t index = 0; index < members.size(); ++index) {
      if (index > 0) out_ += ',';
      if (Status status = write_string(members[index].key()); !status) return status;
      out_ += ':';
      if (Status status = write(*members[index], depth + 1); !status) return status;
    }
    out_ += '}';
    return {};
  }

  JsonText out_;
};

}  // namespace

Result<JsonText> canonical_json(const Json& document) {
  CanonicalWriter writer;
  if (Status status = writer.write(document, 0); !status) return status.error();
  return writer.take();
}

}  // namespace mortise::core
