#include "core/json.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace mortise::core {
namespace {

// Counts what the parser has taken, so that our own refusals know their place.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* taken_;
};

Error error_at(std::string_view text, std::size_t offset, std::string_view what) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char character : text.substr(0, offset)) {
    if (character == '\n') {
      ++line;
      column = 1;
    } else if ((character & 0xC0) != 0x80) {  // continuation bytes are not columns
      ++column;
    }
  }
  return {Code::invalid, fmt::format("JSON at line {}, column {}: {}", line, column, what)};
}

// The library's message without its own position and without the text it quotes.
std::string_view reason_of(std::string_view message) {
  if (message.find("out_of_range") != std::string_view::npos) return "number out of range";
  constexpr std::string_view kBefore = "syntax error ";
  const std::size_t begin = message.find(kBefore);
  if (begin == std::string_view::npos) return "not JSON";
  message.remove_prefix(begin + kBefore.size());
  return message.substr(0, message.find("; last read"));
}

// Builds the document from the parser's events. Frames point into parents, which do not move while
// a child is open: an array grows only after its last child was closed.
class Builder {
 public:
  Builder(std::string_view text, const std::size_t* taken) : text_(text), taken_(taken) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return refuse("binary value"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    Json::object_t& object = frames_.back()->get_ref<Json::object_t&>();
    const auto [place, added] = object.try_emplace(std::move(name));
    if (!added) return refuse(fmt::format("duplicate key \"{}\"", place->first.substr(0, 64)));
    slot_ = &place->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& why) {
    error_ = error_at(text_, position > 0 ? position - 1 : 0, reason_of(why.what()));
    return false;
  }

  Result<Json> finish() {
    if (error_) return std::move(*error_);
    return std::move(root_);
  }

 private:
  Json& place(Json value) {
    if (frames_.empty()) return root_ = std::move(value);
    if (frames_.back()->is_object()) return *slot_ = std::move(value);
    Json::array_t& array = frames_.back()->get_ref<Json::array_t&>();
    return array.emplace_back(std::move(value));
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (frames_.size() == kMaxJsonDepth) {
      return refuse(fmt::format("nested more than {} deep", kMaxJsonDepth));
    }
    frames_.push_back(&place(std::move(value)));
    return true;
  }
  bool close() {
    frames_.pop_back();
    return true;
  }
  bool refuse(std::string_view what) {
    error_ = error_at(text_, *taken_ > 0 ? *taken_ - 1 : 0, what);
    return false;
  }

  std::string_view text_;
  const std::size_t* taken_;
  Json root_;
  std::vector<Json*> frames_;
  Json* slot_ = nullptr;
  std::optional<Error> error_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Error{Code::too_large,
                 fmt::format("JSON text of {} bytes, at most {} are read", text.size(), max_bytes)};
  }
  // The library takes a NUL for the end of input, whatever follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return error_at(text, nul, "a NUL byte");
  }
  std::size_t taken = 0;
  Builder builder(text, &taken);
  const CountingIterator begin(text.data(), &taken);
  const CountingIterator end(text.data() + text.size(), &taken);
  Json::sax_parse(begin, end, &builder);
  return builder.finish();
}

}  // namespace mortise::core
